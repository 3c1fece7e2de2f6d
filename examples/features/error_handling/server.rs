//! A server that says what is wrong with a request.
//!
//! A handler fails by returning a [`Status`]: one of the 16 codes that the caller can act on, and a sentence that
//! a developer can read. No reply is sent then; on the wire the whole response is one block of trailers.

use std::future::pending;

use examples::log::Fatal;
use examples::pb::helloworld::{Greeter, GreeterServer, HelloReply, HelloRequest};
use wirewright::{Request, Response, Server, Status};

struct StrictGreeter;

impl Greeter for StrictGreeter {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let HelloRequest { name } = request.into_inner();
        if name.is_empty() {
            return Err(Status::invalid_argument("request missing required field: Name"));
        }
        Ok(Response::new(HelloReply { message: format!("Hello {name}") }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_052, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    Server::builder().add_service(GreeterServer::new(StrictGreeter)).serve_until(incoming, pending()).await?;
    Ok(())
}
