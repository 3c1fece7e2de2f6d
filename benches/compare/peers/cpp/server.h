// The server: one thread takes unary calls from one completion queue, which is the least that C-core needs for a core.
// Streams, of which only the memory is measured, are left to its callbacks.
#pragma once

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "echoes.grpc.pb.h"

// What lies in a file.
inline std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The window of a stream, as all servers of the comparison have it.
constexpr int kWindowBytes = 1024 * 1024;

using bench::Echo;
using bench::Echoes;
using Service = Echoes::WithAsyncMethod_Unary<Echoes::WithCallbackMethod_PingPong<Echoes::Service>>;

// Sends back what comes.
class PingPong final : public grpc::ServerBidiReactor<Echo, Echo> {
  public:
    PingPong() { StartRead(&message_); }
    void OnReadDone(bool more) override { more ? StartWrite(&message_) : Finish(grpc::Status::OK); }
    void OnWriteDone(bool sent) override { sent ? StartRead(&message_) : Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }

  private:
    Echo message_;
};

class Echoing final : public Service {
  public:
    grpc::ServerBidiReactor<Echo, Echo>* PingPong(grpc::CallbackServerContext*) override { return new ::PingPong; }
};

// A unary call, from before it comes until it has been answered.
class Call {
  public:
    Call(Service* service, grpc::ServerCompletionQueue* queue)
        : service_(service), queue_(queue), answer_(&context_) {
        service->RequestUnary(&context_, &request_, &answer_, queue, queue, this);
    }

    // What it waited for has happened: a request came, or the answer went.
    void proceed(bool fine) {
        if (answered_ || !fine) return delete this;
        new Call(service_, queue_);
        answered_ = true;
        request_.Swap(&reply_);
        answer_.Finish(reply_, grpc::Status::OK, this);
    }

  private:
    Service* service_;
    grpc::ServerCompletionQueue* queue_;
    grpc::ServerContext context_;
    Echo request_, reply_;
    grpc::ServerAsyncResponseWriter<Echo> answer_;
    bool answered_ = false;
};

inline int serve(const std::string& tls) {
    auto credentials = grpc::InsecureServerCredentials();
    if (!tls.empty()) {
        grpc::SslServerCredentialsOptions options;
        options.pem_key_cert_pairs.push_back({read(tls + "/key.pem"), read(tls + "/cert.pem")});
        credentials = grpc::SslServerCredentials(options);
    }
    Echoing service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
    builder.AddListeningPort("127.0.0.1:0", credentials, &port).RegisterService(&service);
    const std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server) return 1;
    std::cout << port << std::endl;
    // As many calls may come at once as the comparison has in flight.
    for (int at = 0; at < 1000; ++at) new Call(&service, queue.get());
    void* call;
    bool fine;
    while (queue->Next(&call, &fine)) static_cast<Call*>(call)->proceed(fine);
    return 0;
}
