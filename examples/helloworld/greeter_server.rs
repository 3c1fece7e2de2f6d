//! A server for the smallest service there is.
//!
//! ```text
//!   cargo run -p examples --bin greeter_server
//!   cargo run -p examples --bin greeter_client          in another terminal
//! ```
//!
//! A service is a trait that was generated from the `.proto` file; to have one is to implement it. Everything
//! between the trait and the network, from the HTTP/2 frames up to the status at the end, is the library's part.
//! Any client of `helloworld.Greeter` can call this server, in whichever language it is written.

use std::future::pending;

use examples::log;
use examples::log::Fatal;
use examples::pb::helloworld::{Greeter, GreeterServer, HelloReply, HelloRequest};
use wirewright::{Request, Response, Server, Status};

/// Greets whoever asks.
struct PoliteGreeter;

/// The trait has one method for each `rpc` of the service. A handler takes a request and returns a response or a
/// status; both carry metadata beside the message, and neither is needed here.
impl Greeter for PoliteGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        log!("Received: {name}");
        Ok(Response::new(HelloReply { message: format!("Hello {name}") }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    log!("server listening at {}", incoming.local_address()?);

    // The second argument says when to stop; this server runs until it is killed.
    Server::builder().add_service(GreeterServer::new(PoliteGreeter)).serve_until(incoming, pending()).await?;
    Ok(())
}
