//! A client that changes its mind.
//!
//! To cancel a call is to drop it: there is no function for it, and no token to pass around. Any way in which a
//! future comes to be dropped will do, a `select!` whose other branch won as well as the end of a scope. The server
//! hears of it at once, as HTTP/2's RST_STREAM with the reason CANCEL.

use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{EchoClient, EchoRequest};
use wirewright::{Endpoint, Request};

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let address = flags.text("addr", "localhost:50051", "the address to connect to");
    flags.finish();

    let echo = EchoClient::new(Endpoint::new(&address)?.lazy());
    let head = Request::new(()).with_timeout(Duration::from_secs(10));
    let (mut requests, mut replies) = echo.bidirectional_streaming_echo(head).await?;

    for message in ["hello", "world"] {
        println!("sending message {message:?}");
        requests.send(EchoRequest { message: message.into() }).await?;
    }
    // Both answers are read first, so that the call is known to work.
    for _ in 0..2 {
        let reply = replies.message().await?.ok_or("the call has ended early")?;
        println!("received message {:?}", reply.message);
    }

    println!("cancelling context");
    drop(replies);

    // One half is enough to end a call. The other one may notice now or later; it never blocks.
    println!("sending message \"closed\"");
    let _noticed = requests.send(EchoRequest { message: "closed".into() }).await;
    Ok(())
}
