//! A client that shows all metadata it gets.
//!
//! What belongs to HTTP/2 or to gRPC itself, such as `content-type` and `grpc-status`, is not metadata, and does
//! not show up in it.

use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use wirewright::metadata::Value;
use wirewright::{Endpoint, Metadata, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    unary(&echo).await?;
    bidirectional(&echo).await
}

async fn unary(echo: &EchoClient) -> Result<(), Fatal> {
    let response = echo.unary_echo(in_time(words())).await?;
    println!("UnaryEcho: {}", response.get_ref().message);
    print_all("headers", response.metadata());
    print_all("trailers", response.trailers());
    Ok(())
}

async fn bidirectional(echo: &EchoClient) -> Result<(), Fatal> {
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(in_time(())).await?;
    requests.send(words()).await?;
    requests.finish().await?;
    while let Some(reply) = replies.message().await? {
        println!("BidiStreaming Echo: {}", reply.message);
    }
    print_all("headers", replies.headers().await?);
    print_all("trailers", replies.trailers().ok_or("the call ended without trailers")?);
    Ok(())
}

fn in_time<T>(message: T) -> Request<T> {
    Request::new(message).with_timeout(Duration::from_secs(10))
}

fn words() -> EchoRequest {
    EchoRequest { message: "hello world".into() }
}

fn print_all(block: &str, metadata: &Metadata) {
    println!("Received {block}:");
    for (key, value) in metadata.iter() {
        match value {
            Value::Ascii(text) => println!("{key}: [{text}]"),
            Value::Binary(bytes) => println!("{key}: [{} bytes]", bytes.len()),
            Value::Opaque(bytes) => println!("{key}: [{} bytes that are not metadata]", bytes.len()),
        }
    }
}
