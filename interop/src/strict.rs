//! The server that h2spec talks to: ours, at the end of a slow road.
//!
//! In: `--port`. Out: answers. h2spec is no client of gRPC, so every request of its is refused, with a head and a
//! sentence as DATA; what is tested is everything below that.
//!
//! A case of h2spec opens a stream and then breaks a rule on it. A server that has answered and closed the stream
//! between the two rightly ignores what comes later (RFC 9113, section 5.1, "closed"), and h2spec takes that for a
//! fault. So the bytes of one breath of the client are delivered together:
//!
//! ```text
//!   h2spec   HEADERS ------ WINDOW_UPDATE too large
//!   road            ....................  both  ---> server
//! ```

use std::future::pending;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use wirewright::transport::Incoming;
use wirewright::{Address, PeerInfo, Server};

use crate::official::{Answers, flags};
use crate::protocol::grpc::testing::TestServiceServer;

/// Answers h2spec.
#[derive(Debug, Parser)]
#[command(name = "h2-server")]
struct Flags {
    /// The port to listen on, on every address of the machine.
    #[arg(long)]
    port: u16,
}

/// Serves on the port that the command line names.
///
/// # Errors
///
/// Says that there is no such port.
pub async fn run_server() -> Result<(), String> {
    let address = SocketAddr::from((Ipv6Addr::UNSPECIFIED, flags::<Flags>().port));
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let server = Server::builder().add_service(TestServiceServer::new(Answers::new(address)));
    server.serve_until(SlowRoads(listener), pending()).await.map_err(|error| error.to_string())
}

/// Connections whose bytes arrive in breaths.
struct SlowRoads(TcpListener);

impl Incoming for SlowRoads {
    type Io = SlowRoad;

    async fn accept(&mut self) -> io::Result<(SlowRoad, PeerInfo)> {
        let (stream, address) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok((SlowRoad { stream, state: State::Quiet }, PeerInfo::new(Address::Tcp(address))))
    }
}

/// A socket that lets a breath of bytes gather before it is read.
struct SlowRoad {
    stream: TcpStream,
    state: State,
}

/// Where in a breath the reader is.
enum State {
    /// Nothing has arrived.
    Quiet,
    /// Something has; more may be under way.
    Gathering(Pin<Box<Sleep>>),
    /// All of it is being read.
    Reading,
}

impl AsyncRead for SlowRoad {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match &mut self.state {
                State::Quiet => {
                    ready!(self.stream.poll_read_ready(cx))?;
                    self.state = State::Gathering(Box::pin(sleep(BREATH)));
                }
                State::Gathering(until) => {
                    ready!(until.as_mut().poll(cx));
                    self.state = State::Reading;
                }
                State::Reading => match Pin::new(&mut self.stream).poll_read(cx, buf) {
                    Poll::Pending => self.state = State::Quiet,
                    read => return read,
                },
            }
        }
    }
}

impl AsyncWrite for SlowRoad {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// h2spec writes the frames of a case within a millisecond, on a busy machine within some.
const BREATH: Duration = Duration::from_millis(20);
