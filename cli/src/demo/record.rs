//! A connector whose sockets remember what they carried.
//!
//! In: an address. Out: a connection that works like any other, and beside it a log of every chunk of bytes that
//! was written or read, with the time. This is all that it takes to listen in; the library above it and the socket
//! below it do not notice.
//!
//! ```text
//!   channel --- HTTP/2 --- Tapped --- socket
//!                            |
//!                         EventLog    chunk, direction, time
//! ```
//!
//! Must not know: what the bytes mean.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wirewright::Address;
use wirewright::inspect::{Direction, EventLog};
use wirewright::transport::{Connector, Io, SocketConnector};

/// Connects as the library does by default, and records what the connection carries.
///
/// One recorder is meant for one connection; its clones share the log.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    log: Arc<Mutex<EventLog>>,
    start: Instant,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder { log: Arc::default(), start: Instant::now() }
    }
}

impl Recorder {
    /// What was recorded so far.
    pub(super) fn log(&self) -> EventLog {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn record(&self, direction: Direction, bytes: &[u8]) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.record(direction, self.start.elapsed(), bytes);
    }
}

impl Connector for Recorder {
    type Io = Tapped;

    async fn connect(&self, address: &Address) -> io::Result<Tapped> {
        Ok(Tapped { io: SocketConnector::default().connect(address).await?, recorder: self.clone() })
    }
}

/// The client's end of a connection, with somebody listening in.
pub(super) struct Tapped {
    io: Box<dyn Io>,
    recorder: Recorder,
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let read = buf.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            self.recorder.record(Direction::ToClient, read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.recorder.record(Direction::ToServer, bytes.get(..written).unwrap_or(bytes));
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
