//! Two services on one server.
//!
//! A server has any number of services. Which one a call is for stands in its path, `/helloworld.Greeter/SayHello`,
//! so they share the port, and every connection to it, without knowing of each other.

use std::future::pending;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use examples::pb::helloworld::{Greeter, GreeterServer, HelloReply, HelloRequest};
use wirewright::{Request, Response, Server, Status};

struct Greetings;

impl Greeter for Greetings {
    async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
        let message = format!("Hello {}", request.into_inner().name);
        Ok(Response::new(HelloReply { message }))
    }
}

struct Echoes;

impl Echo for Echoes {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let EchoRequest { message } = request.into_inner();
        Ok(Response::new(EchoResponse { message }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    println!("server listening at {}", incoming.local_address()?);
    Server::builder()
        .add_service(GreeterServer::new(Greetings))
        .add_service(EchoServer::new(Echoes))
        .serve_until(incoming, pending())
        .await?;
    Ok(())
}
