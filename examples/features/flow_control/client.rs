//! A client that sends until it has to wait.
//!
//! The server reads nothing at first, so `send` comes to a stop as soon as the window that the server has granted
//! is used up. Then it is the other way round; see the server.

use std::pin::pin;
use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use tokio::time::{sleep, timeout};
use wirewright::{Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50052", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    let head = Request::new(()).with_timeout(Duration::from_secs(10));
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(head).await?;
    log!("New stream began.");

    let mut sent = 0;
    let mut blocked = false;
    while !blocked {
        let mut sending = pin!(requests.send(EchoRequest { message: EIGHT_KIB_OF_NOTHING.into() }));
        match timeout(Duration::from_secs(1), sending.as_mut()).await {
            Ok(sent) => sent?,
            Err(_) => {
                log!("Sending is blocked.");
                blocked = true;
                // It goes on when the server begins to read.
                sending.await?;
            }
        }
        sent += 1;
    }
    log!("Sent {sent} messages.");
    requests.finish().await?;

    // Nothing is read for two seconds, so the server finds its window used up.
    sleep(Duration::from_secs(2)).await;
    let mut read = 0;
    while replies.message().await?.is_some() {
        read += 1;
    }
    log!("Read {read} messages.");
    log!("Stream ended successfully.");
    Ok(())
}

/// A message that is large enough to fill a window soon.
const EIGHT_KIB_OF_NOTHING: &str = match std::str::from_utf8(&[0; 8 * 1024]) {
    Ok(text) => text,
    Err(_) => "",
};
