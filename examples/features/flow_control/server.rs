//! A server that is slow to read, and then writes more than its client reads.
//!
//! Each side of a stream grants the other a window: so many bytes may be on their way. When it is used up, `send`
//! waits, until the reader has taken something out. A fast sender is thus slowed down to the pace of its reader,
//! and memory is bounded without anybody having to count.

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use tokio::time::{sleep, timeout};
use wirewright::{Request, Sender, Server, Status, Streaming};

struct SlowReader;

impl Echo for SlowReader {
    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        log!("New stream began.");
        let mut requests = requests.into_inner();
        // Nothing is read for two seconds, so the client finds its window used up.
        sleep(Duration::from_secs(2)).await;

        let mut read = 0;
        while requests.message().await?.is_some() {
            read += 1;
        }
        log!("Read {read} messages.");

        // Now it is the client that does not read.
        let mut sent = 0;
        let mut blocked = false;
        while !blocked {
            let mut sending = pin!(replies.send(EchoResponse { message: EIGHT_KIB_OF_NOTHING.into() }));
            match timeout(Duration::from_secs(1), sending.as_mut()).await {
                Ok(sent) => sent?,
                Err(_) => {
                    log!("Sending is blocked.");
                    blocked = true;
                    // It goes on when the client begins to read.
                    sending.await?;
                }
            }
            sent += 1;
        }
        log!("Sent {sent} messages.");
        log!("Stream ended successfully.");
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_052, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    Server::builder().add_service(EchoServer::new(SlowReader)).serve_until(incoming, pending()).await?;
    Ok(())
}

/// A message that is large enough to fill a window soon.
const EIGHT_KIB_OF_NOTHING: &str = match std::str::from_utf8(&[0; 8 * 1024]) {
    Ok(text) => text,
    Err(_) => "",
};
