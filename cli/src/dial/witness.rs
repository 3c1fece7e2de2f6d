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
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use wirewright::Address;
use wirewright::transport::{Connector, Io, SocketConnector};

/// Connects as the library does, and remembers; its clones share what they remember.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    first: Arc<Mutex<Vec<u8>>>,
    keepalive: Option<Duration>,
}

impl Witness {
    /// Remembers nothing yet. With a length of time, the system probes connections that are idle for so long: a probe
    /// of TCP, as nothing here sends HTTP/2's PING.
    pub(super) fn new(keepalive: Option<Duration>) -> Witness {
        Witness { first: Arc::default(), keepalive }
    }

    /// What the server said first on the last connection.
    pub(super) fn first_bytes(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn tcp(&self, stream: io::Result<TcpStream>) -> io::Result<Box<dyn Io>> {
        let stream = stream?;
        stream.set_nodelay(true)?;
        if let Some(idle) = self.keepalive {
            let probe = TcpKeepalive::new().with_time(idle).with_interval(idle);
            SockRef::from(&stream).set_tcp_keepalive(&probe)?;
        }
        Ok(Box::new(stream))
    }
}

impl Connector for Witness {
    type Io = Watched;

    async fn connect(&self, address: &Address) -> io::Result<Watched> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let io = match address {
            Address::Tcp(address) => self.tcp(TcpStream::connect(address).await).await?,
            Address::Name(name, port) => self.tcp(TcpStream::connect((name.as_str(), *port)).await).await?,
            other => SocketConnector::default().connect(other).await?,
        };
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
