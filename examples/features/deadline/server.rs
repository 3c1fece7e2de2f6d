//! A server that works only as long as somebody waits.
//!
//! A deadline is part of the call: it arrives with the request head, and when it has passed, the library drops the
//! handler and answers DEADLINE_EXCEEDED. A handler that makes calls of its own passes the deadline on, so that
//! the whole tree of calls ends with the one at its root. This server calls itself: `[propagate me]` in front of a
//! message means to hand on what follows it, after some 800 ms.

use std::future::pending;
use std::time::Duration;

use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoClient, EchoRequest, EchoResponse, EchoServer};
use tokio::time::sleep;
use wirewright::{Deadline, Endpoint, Request, Response, Sender, Server, Status, Streaming};

struct Echoes {
    /// A client of this very server.
    next: EchoClient,
}

impl Echo for Echoes {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        let deadline = request.deadline();
        let EchoRequest { message } = request.into_inner();
        self.answer(message, deadline).await.map(Response::new)
    }

    async fn bidirectional_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
        replies: &mut Sender<EchoResponse>,
    ) -> Result<(), Status> {
        let deadline = requests.deadline();
        let mut requests = requests.into_inner();
        while let Some(EchoRequest { message }) = requests.message().await? {
            replies.send(self.answer(message, deadline).await?).await?;
        }
        Err(Status::invalid_argument("request message not received"))
    }
}

impl Echoes {
    async fn answer(&self, message: String, deadline: Option<Deadline>) -> Result<EchoResponse, Status> {
        if let Some(rest) = message.strip_prefix("[propagate me]") {
            sleep(Duration::from_millis(800)).await;
            let mut onward = Request::new(EchoRequest { message: rest.into() });
            if let Some(deadline) = deadline {
                onward = onward.with_deadline(deadline);
            }
            return self.next.unary_echo(onward).await.map(Response::into_inner);
        }
        if message == "delay" {
            sleep(Duration::from_millis(1_500)).await;
        }
        Ok(EchoResponse { message })
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_052, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    let next = EchoClient::new(Endpoint::new(format!("localhost:{port}"))?.lazy());
    let echoes = EchoServer::new(Echoes { next });
    Server::builder().add_service(echoes).serve_until(incoming, pending()).await?;
    Ok(())
}
