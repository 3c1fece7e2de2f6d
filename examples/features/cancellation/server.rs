//! A server whose caller changes its mind.
//!
//! When a client cancels a call, or its connection breaks, nobody waits for the answer any more. The handler is not
//! told: it is dropped where it stands, at its current `await`, and with it all that it holds, so locks are given
//! back, files closed and calls of its own cancelled in turn. What has to be said or done at that moment belongs
//! into the `Drop` of something that the handler holds.

use std::future::pending;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use wirewright::{Request, Sender, Server, Status, Streaming};

struct Echoes;

impl Echo for Echoes {
    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        let mut watch = Watch { over: false };
        let mut requests = requests.into_inner();
        while let Some(EchoRequest { message }) = requests.message().await? {
            println!("echoing message {message:?}");
            replies.send(EchoResponse { message }).await?;
        }
        watch.over = true;
        Ok(())
    }
}

/// Notices when a handler does not get to its end.
struct Watch {
    over: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.over {
            println!("server: the call was cancelled, and its handler dropped");
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_051, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    println!("server listening at port {}", incoming.local_address()?);
    Server::builder().add_service(EchoServer::new(Echoes)).serve_until(incoming, pending()).await?;
    Ok(())
}
