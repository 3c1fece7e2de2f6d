//! A client whose interceptor shows a token and keeps a log.
//!
//! Interceptors on a channel see every call that is made through it. They are part of the channel's type, so a call
//! through three of them is three direct function calls.

use std::any::type_name;
use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use examples::{Time, go};
use wirewright::{
    CallInfo, Direction, Endpoint, Interceptor, Message, Metadata, MethodKind, Request, Status,
};

/// Shows who calls.
struct Token(&'static str);

impl Interceptor for Token {
    async fn start(&self, _: &CallInfo, metadata: &mut Metadata) -> Result<(), Status> {
        let value = format!("Bearer {}", self.0);
        metadata.insert("authorization", &value).map_err(|why| Status::internal(why.to_string()))
    }
}

/// Writes down what passes.
struct Log;

impl Interceptor for Log {
    /// What one moment knows and a later one needs is left with the call.
    async fn start(&self, call: &CallInfo, _: &mut Metadata) -> Result<(), Status> {
        call.insert_extension(Time::now());
        Ok(())
    }

    fn message<M: Message>(&self, call: &CallInfo, direction: Direction, _: &mut M) -> Result<(), Status> {
        if call.kind() != MethodKind::Unary {
            let verb = match direction {
                Direction::Request => "Send",
                Direction::Response => "Receive",
            };
            println!("LOG:\t{verb} a message (Type: {}) at {}", type_name::<M>(), Time::now().rfc3339());
        }
        Ok(())
    }

    fn end(&self, call: &CallInfo, end: &Result<(), Status>, _: &mut Metadata) {
        let start = call.extension::<Time>().unwrap_or_else(Time::now).rfc3339();
        let error = end.as_ref().err().map_or("<nil>".to_owned(), |status| go::error(status).to_string());
        let now = Time::now().rfc3339();
        println!("LOG:\tRPC: {}, start time: {start}, end time: {now}, err: {error}", call.path());
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    let ca_file = flags.text("ca_file", "", "whom to trust, instead of the built-in authority");
    flags.finish();

    // A token in the clear is everybody's token.
    let endpoint = Endpoint::new(&address)?.tls(examples::tls::client(&ca_file, "x.test.example.com")?);
    // A request passes the interceptor first that was added first.
    let channel = endpoint.lazy().intercept(Log).intercept(Token("some-secret-token"));
    let echo = EchoClient::new(channel);
    unary(&echo).await?;
    bidirectional(&echo).await
}

async fn unary<I: Interceptor>(echo: &EchoClient<I>) -> Result<(), Fatal> {
    let reply = echo.unary_echo(in_time(EchoRequest { message: "hello world".into() })).await?;
    println!("UnaryEcho: {}", reply.get_ref().message);
    Ok(())
}

async fn bidirectional<I: Interceptor>(echo: &EchoClient<I>) -> Result<(), Fatal> {
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(in_time(())).await?;
    for number in 1..=5 {
        requests.send(EchoRequest { message: format!("Request {number}") }).await?;
    }
    requests.finish().await?;
    while let Some(reply) = replies.message().await? {
        println!("BidiStreaming Echo: {}", reply.message);
    }
    Ok(())
}

fn in_time<T>(message: T) -> Request<T> {
    Request::new(message).with_timeout(Duration::from_secs(10))
}
