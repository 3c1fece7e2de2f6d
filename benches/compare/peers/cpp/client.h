// The client: so many calls at a time, in one thread and on one completion queue. It obeys standard input as all
// clients of the comparison do (src/load.rs).
#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "echoes.grpc.pb.h"
#include "server.h"

struct Work {
    std::string port;
    int in_flight;
    size_t size;
    int connections;
};

using Clock = std::chrono::steady_clock;

// User and system time of this process, all its threads together, in nanoseconds.
inline long cpu_time() {
    long nanos = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        long ran = 0;
        std::ifstream(task.path() / "schedstat") >> ran;
        nanos += ran;
    }
    return nanos;
}

// A caller: it makes one call after another.
class Caller {
  public:
    Caller(Echoes::Stub* stub, grpc::CompletionQueue* queue, size_t size) : stub_(stub), queue_(queue), size_(size) {}

    void call() {
        before_ = Clock::now();
        context_ = std::make_unique<grpc::ClientContext>();
        Echo request;
        request.set_payload(std::string(size_, 'x'));
        answer_ = stub_->AsyncUnary(context_.get(), request, queue_);
        answer_->Finish(&reply_, &status_, this);
    }

    // How long the call took, which has ended.
    long ended() const {
        if (!status_.ok() || reply_.payload().size() != size_) {
            std::cerr << "the call failed: " << status_.error_message() << std::endl;
            std::exit(1);
        }
        return std::chrono::nanoseconds(Clock::now() - before_).count();
    }

  private:
    Echoes::Stub* stub_;
    grpc::CompletionQueue* queue_;
    size_t size_;
    Clock::time_point before_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Echo>> answer_;
    Echo reply_;
    grpc::Status status_;
};

// Has them call for so long, and prints what came of it.
inline void go(std::deque<Caller>& callers, grpc::CompletionQueue& queue, std::chrono::milliseconds length) {
    std::vector<long> times;
    const long cpu = cpu_time();
    const auto start = Clock::now();
    for (Caller& caller : callers) caller.call();
    size_t calling = callers.size();
    void* tag;
    bool fine;
    while (calling > 0 && queue.Next(&tag, &fine)) {
        auto* caller = static_cast<Caller*>(tag);
        times.push_back(caller->ended());
        Clock::now() - start > length ? static_cast<void>(--calling) : caller->call();
    }
    const long wall = std::chrono::nanoseconds(Clock::now() - start).count();
    const long used = cpu_time() - cpu;
    std::sort(times.begin(), times.end());
    const auto within = [&](size_t permille) { return times[(times.size() * permille + 999) / 1000 - 1]; };
    std::cout << times.size() << ' ' << wall << ' ' << used << ' ' << within(500) << ' ' << within(990) << ' '
              << within(999) << ' ' << times.back() << std::endl;
}

inline int call(const Work& work, const std::string& tls) {
    auto credentials = grpc::InsecureChannelCredentials();
    if (!tls.empty()) {
        grpc::SslCredentialsOptions options;
        options.pem_root_certs = read(tls + "/cert.pem");
        credentials = grpc::SslCredentials(options);
    }
    std::vector<std::unique_ptr<Echoes::Stub>> stubs;
    for (int at = 0; at < work.connections; ++at) {
        grpc::ChannelArguments arguments;
        // Channels to one address share a connection unless they differ.
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kWindowBytes);
        stubs.push_back(Echoes::NewStub(grpc::CreateCustomChannel("localhost:" + work.port, credentials, arguments)));
    }
    grpc::CompletionQueue queue;
    std::deque<Caller> callers;
    for (int at = 0; at < work.in_flight; ++at) {
        callers.emplace_back(stubs[static_cast<size_t>(at) % stubs.size()].get(), &queue, work.size);
    }
    std::string word;
    for (long millis; std::cin >> word >> millis;) go(callers, queue, std::chrono::milliseconds(millis));
    return 0;
}
