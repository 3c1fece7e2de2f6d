//! A server whose interceptor checks a token and keeps a log.
//!
//! What every call needs, and no handler should have to think of, is an interceptor's: who may call, what is
//! counted, what is logged. A call that is refused at its start never reaches its handler.

use std::any::type_name;
use std::future::pending;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use examples::{Time, go};
use wirewright::{
    CallInfo, Direction, Interceptor, Message, Metadata, MethodKind, Request, Response, Sender, Server,
    Status, Streaming,
};

/// Lets in who knows the token, and writes down what passes.
struct Guard;

impl Interceptor for Guard {
    async fn start(&self, _: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        let token = metadata.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match token {
            // A real service would look the token up, or check who signed it.
            Some("some-secret-token") => Ok(()),
            _ => Err(Status::unauthenticated("invalid token")),
        }
    }

    fn message<M: Message>(&self, call: &CallInfo, direction: Direction, _: &mut M) -> Result<(), Status> {
        // As in grpc-go's example, only streams are logged message by message.
        if call.kind() != MethodKind::Unary {
            let verb = match direction {
                Direction::Request => "Receive",
                Direction::Response => "Send",
            };
            println!("LOG:\t{verb} a message (Type: {}) at {}", type_name::<M>(), Time::now().rfc3339());
        }
        Ok(())
    }

    fn end(&self, _: &CallInfo, end: &Result<(), Status>, _: &mut Metadata) {
        if let Err(status) = end {
            println!("LOG:\tRPC failed with error: {}", go::error(status));
        }
    }
}

struct Echoes;

impl Echo for Echoes {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let EchoRequest { message } = request.into_inner();
        println!("unary echoing message {message:?}");
        Ok(Response::new(EchoResponse { message }))
    }

    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        let mut requests = requests.into_inner();
        while let Some(EchoRequest { message }) = requests.message().await? {
            println!("bidi echoing message {message:?}");
            replies.send(EchoResponse { message }).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    let cert_file = flags.text("cert_file", "", "the server's certificate, instead of the built-in one");
    let key_file = flags.text("key_file", "", "the key that belongs to the certificate");
    flags.finish();

    let incoming = examples::listen(port)?;
    Server::builder()
        .tls(examples::tls::server(&cert_file, &key_file)?)
        .intercept(Guard)
        .add_service(EchoServer::new(Echoes))
        .serve_until(incoming, pending())
        .await?;
    Ok(())
}
