//! A server that reads metadata and sends some of its own.
//!
//! Metadata are words beside the messages. A client's come with the request head, before its first message. A
//! server's come twice: with the response head, and with the trailers after the last message, when it knows what
//! became of the call.
//!
//! ```text
//!   client   HEADERS timestamp   DATA DATA ..
//!   server                       HEADERS location, timestamp   DATA DATA ..   HEADERS timestamp
//! ```
//!
//! The response head leaves with the first message. Where a client waits for the head before it says anything, the
//! server has to send it on its own.

use std::future::pending;

use examples::Time;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use wirewright::{InvalidMetadata, Metadata, Request, Response, Sender, Server, Status, Streaming};

struct Echoes;

impl Echo for Echoes {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        print_arrival("UnaryEcho", request.metadata());
        let EchoRequest { message } = request.into_inner();
        println!("request received: message:{message:?}, sending echo");
        let mut response = Response::new(EchoResponse { message });
        *response.metadata_mut() = head()?;
        *response.trailers_mut() = trailers()?;
        Ok(response)
    }

    async fn server_streaming_echo(
        &self,
        request: Request<EchoRequest>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        print_arrival("ServerStreamingEcho", request.metadata());
        *replies.headers_mut() = head()?;
        let EchoRequest { message } = request.into_inner();
        println!("request received: message:{message:?}");
        for _ in 0..10 {
            println!("echo message {message}");
            replies.send(EchoResponse { message: message.clone() }).await?;
        }
        *replies.trailers_mut() = trailers()?;
        Ok(())
    }

    async fn client_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<EchoResponse>, Status> {
        print_arrival("ClientStreamingEcho", requests.metadata());
        let mut requests = requests.into_inner();
        requests.send_headers(head()?)?;
        let mut last = EchoRequest::default();
        while let Some(request) = requests.message().await? {
            println!("request received: message:{:?}, building echo", request.message);
            last = request;
        }
        println!("echo last received message");
        let mut response = Response::new(EchoResponse { message: last.message });
        *response.trailers_mut() = trailers()?;
        Ok(response)
    }

    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        print_arrival("BidirectionalStreamingEcho", requests.metadata());
        *replies.headers_mut() = head()?;
        // There is no message yet that the head could travel with.
        replies.flush().await?;
        let mut requests = requests.into_inner();
        while let Some(EchoRequest { message }) = requests.message().await? {
            println!("request received message:{message:?}, sending echo");
            replies.send(EchoResponse { message }).await?;
        }
        *replies.trailers_mut() = trailers()?;
        Ok(())
    }
}

/// Prints what came with a call. A key may have several values, and they keep their order.
fn print_arrival(method: &str, metadata: &Metadata) {
    println!("--- {method} ---");
    if metadata.contains_key("timestamp") {
        println!("timestamp from metadata:");
        for (number, value) in metadata.get_all("timestamp").enumerate() {
            println!(" {number}. {value}");
        }
    }
}

fn head() -> Result<Metadata, Status> {
    let mut metadata = Metadata::new();
    metadata.insert("location", "MTV").map_err(not_metadata)?;
    metadata.insert("timestamp", &Time::now().stamp().to_string()).map_err(not_metadata)?;
    Ok(metadata)
}

fn trailers() -> Result<Metadata, Status> {
    let mut metadata = Metadata::new();
    metadata.insert("timestamp", &Time::now().stamp().to_string()).map_err(not_metadata)?;
    Ok(metadata)
}

/// Some names belong to gRPC, and values are printable ASCII; here neither is ever violated.
fn not_metadata(why: InvalidMetadata) -> Status {
    Status::internal(why.to_string())
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    println!("server listening at {}", incoming.local_address()?);
    Server::builder().add_service(EchoServer::new(Echoes)).serve_until(incoming, pending()).await?;
    Ok(())
}
