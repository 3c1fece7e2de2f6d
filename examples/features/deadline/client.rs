//! A client that waits for one second and no longer.
//!
//! The deadline holds for the whole call, from the moment it is made until its status is known, streams included.
//! Both ends keep to it: if the server's DEADLINE_EXCEEDED is late, the client does not wait for it.

use std::time::Duration;

use examples::go;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use wirewright::{Code, Endpoint, Request, Status};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50052", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    let unary = [
        // Answered at once.
        ("world", Code::Ok),
        // Answered after 1.5 seconds.
        ("delay", Code::DeadlineExceeded),
        // Handed on after 0.8 seconds, with the 0.2 that are left.
        ("[propagate me]world", Code::Ok),
        // Handed on once more, which takes another 0.8.
        ("[propagate me][propagate me]world", Code::DeadlineExceeded),
    ];
    let mut number = 0;
    for (message, want) in unary {
        number += 1;
        report(number, want, unary_call(&echo, message).await);
    }
    for (message, want) in unary.into_iter().filter(|(message, _)| message.starts_with('[')) {
        number += 1;
        report(number, want, streaming_call(&echo, message).await);
    }
    Ok(())
}

async fn unary_call(echo: &EchoClient, message: &str) -> Result<(), Status> {
    echo.unary_echo(for_a_second(EchoRequest { message: message.into() })).await?;
    Ok(())
}

async fn streaming_call(echo: &EchoClient, message: &str) -> Result<(), Status> {
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(for_a_second(())).await?;
    requests.send(EchoRequest { message: message.into() }).await?;
    replies.message().await?;
    Ok(())
}

fn for_a_second<T>(message: T) -> Request<T> {
    Request::new(message).with_timeout(Duration::from_secs(1))
}

fn report(number: u32, want: Code, end: Result<(), Status>) {
    println!("[{number}] wanted = {}, got = {}", go::code(want), go::code_of(&end));
}
