//! A client whose server stops in the middle of a call.
//!
//! The stream is opened before the server stops and ended after that: it has to come to a good end all the same,
//! while new calls are refused. At the end both sides have counted the same number of calls.

use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use examples::{go, log};
use tokio::time::sleep;
use wirewright::{Deadline, Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50052", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    // One deadline for everything that follows.
    let deadline = Deadline::after(std::time::Instant::now(), Duration::from_secs(20));
    let stream = echo.client_streaming_echo(Request::new(()).with_deadline(deadline)).await?;

    let mut unary_calls = 0;
    let refusal = loop {
        let hello = EchoRequest { message: "Hello".into() };
        match echo.unary_echo(Request::new(hello).with_deadline(deadline)).await {
            Ok(reply) => {
                unary_calls += 1;
                sleep(Duration::from_millis(200)).await;
                log!("{}", reply.get_ref().message);
            }
            Err(status) => break status,
        }
    };
    log!("Error calling `UnaryEcho`. Server graceful stop initiated: {}", go::error(&refusal));
    log!("Successful unary requests made by client: {unary_calls}");

    let counted = stream.finish().await?.into_inner().message;
    if counted != unary_calls.to_string() {
        return Err(format!("the server counted {counted} calls, the client {unary_calls}").into());
    }
    log!("Successful unary requests processed by server and made by client are same.");
    Ok(())
}
