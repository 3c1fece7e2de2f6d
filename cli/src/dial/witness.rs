//! A connector that remembers what the server said first.
//!
//! In: an address. Out: a socket, and beside it the first bytes that came through it, below TLS. When HTTP/2 cannot
//! begin, they tell what the server speaks instead, without a second connection.
//!
//! Must not know: what the bytes mean (`speaks`).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wirewright::Address;
use wirewright::transport::{Connector, Io, SocketConnector};

/// Connects as the library does, and remembers; its clones share what they remember.
#[derive(Clone, Debug, Default)]
pub(super) struct Witness {
    first: Arc<Mutex<Vec<u8>>>,
}

impl Witness {
    /// What the server said first on the last connection.
    pub(super) fn first_bytes(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Connector for Witness {
    type Io = Watched;

    async fn connect(&self, address: &Address) -> io::Result<Watched> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let io = SocketConnector::default().connect(address).await?;
        Ok(Watched { io, first: self.first.clone() })
    }
}

/// A socket whose first bytes are remembered.
pub(super) struct Watched {
    io: Box<dyn Io>,
    first: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT_BYTES.saturating_sub(first.len());
        first.extend(buf.filled().iter().skip(before).take(room));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// A line of greeting fits, and no more is ever looked at.
const KEPT_BYTES: usize = 64;
