//! A server that stops without breaking anything off.
//!
//! A graceful shutdown tells every connection that no new call will be answered (HTTP/2's GOAWAY), lets the calls
//! that are under way come to their end, and then returns. Whoever calls meanwhile goes elsewhere, and whoever was
//! answered was answered in full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use examples::log;
use examples::log::Fatal;
use examples::pb::grpc::examples::echo::{Echo, EchoRequest, EchoResponse, EchoServer};
use tokio::sync::Notify;
use tokio::time::sleep;
use wirewright::{Request, Response, Server, Status, Streaming};

/// Counts unary calls, and tells their number at the end of a stream.
struct CountingEcho {
    unary_calls: AtomicU32,
    stream_started: Arc<Notify>,
}

impl Echo for CountingEcho {
    async fn unary_echo(&self, request: Request<EchoRequest>) -> Result<Response<EchoResponse>, Status> {
        self.unary_calls.fetch_add(1, Ordering::Relaxed);
        let EchoRequest { message } = request.into_inner();
        Ok(Response::new(EchoResponse { message }))
    }

    async fn client_streaming_echo(
        &self,
        requests: Request<Streaming<EchoRequest>>,
    ) -> Result<Response<EchoResponse>, Status> {
        self.stream_started.notify_one();
        let mut requests = requests.into_inner();
        while requests.message().await?.is_some() {}
        let message = self.unary_calls.load(Ordering::Relaxed).to_string();
        Ok(Response::new(EchoResponse { message }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let mut flags = examples::flag::Flags::read();
    let port = flags.port("port", 50_052, "the port to listen on");
    flags.finish();

    let incoming = examples::listen(port)?;
    let stream_started = Arc::new(Notify::new());
    let echo = CountingEcho { unary_calls: AtomicU32::new(0), stream_started: Arc::clone(&stream_started) };

    // Any future can be the reason to stop; most servers wait for a signal of the operating system.
    let a_second_into_the_stream = async move {
        stream_started.notified().await;
        sleep(Duration::from_secs(1)).await;
        log!("Initiating graceful shutdown...");
    };
    Server::builder()
        .add_service(EchoServer::new(echo))
        .serve_until(incoming, a_second_into_the_stream)
        .await?;
    log!("Server stopped gracefully.");
    Ok(())
}
