//! A server whose interceptor changes metadata in all three places.
//!
//! An [`Interceptor`] sees every call of every service that is added after it, at its four moments. Three of them
//! have metadata: what the client sent, what goes out with the response head, and what goes out with the trailers.

use std::future::pending;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use wirewright::{CallInfo, Interceptor, Metadata, Request, Response, Sender, Server, Status, Streaming};

/// Adds a key to each block of metadata.
struct Stamp;

impl Interceptor for Stamp {
    /// Before the handler starts: it will find the key as if the client had sent it.
    async fn start(&self, _: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        metadata.append("key1", "value1").map_err(|why| Status::internal(why.to_string()))
    }

    /// When the response head is about to leave. This moment cannot refuse anything.
    fn headers(&self, _: &CallInfo, metadata: &mut Metadata) {
        let _always_valid = metadata.insert("header-key", "val");
    }

    /// When the call is over, well or not.
    fn end(&self, _: &CallInfo, _: &Result<(), Status>, trailers: &mut Metadata) {
        let _always_valid = trailers.insert("trailer-key", "val");
    }
}

struct Echoes;

impl Echo for Echoes {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        print_arrival("UnaryEcho", request.metadata());
        let EchoRequest { message } = request.into_inner();
        Ok(Response::new(EchoResponse { message }))
    }

    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        print_arrival("BidirectionalStreamingEcho", requests.metadata());
        let mut requests = requests.into_inner();
        while let Some(EchoRequest { message }) = requests.message().await? {
            replies.send(EchoResponse { message }).await?;
        }
        Ok(())
    }
}

fn print_arrival(method: &str, metadata: &Metadata) {
    println!("--- {method} ---");
    println!("key1 from metadata: ");
    for (number, value) in metadata.get_all("key1").enumerate() {
        println!(" {number}. {value}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    println!("Server listening at {}", incoming.local_address()?);
    Server::builder()
        .intercept(Stamp)
        .add_service(EchoServer::new(Echoes))
        .serve_until(incoming, pending())
        .await?;
    Ok(())
}
