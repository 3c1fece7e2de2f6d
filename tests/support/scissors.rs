//! A pipe that is cut, or goes silent, after a chosen byte in a chosen direction.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wirewright::Address;
use wirewright::transport::{Connector, PipeConnector};

/// Which bytes are counted, as seen by the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Read,
    Written,
}

/// What happens after the last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Both ends read the end of the stream.
    Closed,
    /// The client gets an error.
    Reset,
    /// Nothing moves any more, and nobody is told.
    Stalled,
}

/// Connects once, with a fate; later connections are refused.
pub struct Scissors {
    inner: PipeConnector,
    used: AtomicBool,
    fate: Fate,
    limits: [usize; 2],
    counts: Arc<[AtomicUsize; 2]>,
}

impl Scissors {
    /// Lets `limit` bytes pass in one direction, and everything in the other.
    pub fn new(inner: PipeConnector, way: Way, limit: usize, fate: Fate) -> Scissors {
        let mut limits = [usize::MAX; 2];
        limits[way as usize] = limit;
        Scissors { inner, used: AtomicBool::new(false), fate, limits, counts: Arc::default() }
    }

    /// How many bytes have been read and written.
    pub fn counts(&self) -> Arc<[AtomicUsize; 2]> {
        self.counts.clone()
    }
}

impl Connector for Scissors {
    type Io = Cut<<PipeConnector as Connector>::Io>;

    async fn connect(&self, address: &Address) -> io::Result<Self::Io> {
        if self.used.swap(true, Ordering::Relaxed) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let inner = Some(self.inner.connect(address).await?);
        Ok(Cut { inner, fate: self.fate, limits: self.limits, counts: self.counts.clone() })
    }
}

/// A connection before or after its fate.
pub struct Cut<T> {
    inner: Option<T>,
    fate: Fate,
    limits: [usize; 2],
    counts: Arc<[AtomicUsize; 2]>,
}

impl<T> Cut<T> {
    /// How many bytes may still pass; none in either direction once one has used up its own.
    fn left(&mut self, way: Way) -> usize {
        let left = |n: usize| self.limits[n] - self.counts[n].load(Ordering::Relaxed);
        let (read, written) = (left(0), left(1));
        if read == 0 || written == 0 {
            if self.fate != Fate::Stalled {
                self.inner = None;
            }
            return 0;
        }
        if way == Way::Read { read } else { written }
    }

    fn passed(&self, way: Way, bytes: usize) {
        self.counts[way as usize].fetch_add(bytes, Ordering::Relaxed);
    }

    /// What an attempt meets after the last byte.
    fn fated(&self, of_closed: io::Result<()>) -> Poll<io::Result<()>> {
        match self.fate {
            Fate::Closed => Poll::Ready(of_closed),
            Fate::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Fate::Stalled => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Cut<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = self.left(Way::Read).min(buf.remaining());
        let Some(inner) = self.inner.as_mut().filter(|_| room > 0) else {
            return self.fated(Ok(()));
        };
        let mut part = vec![0; room];
        let mut step = ReadBuf::new(&mut part);
        ready!(Pin::new(inner).poll_read(cx, &mut step))?;
        buf.put_slice(step.filled());
        let bytes = step.filled().len();
        self.passed(Way::Read, bytes);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Cut<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = self.left(Way::Written).min(bytes.len());
        let Some(inner) = self.inner.as_mut().filter(|_| room > 0) else {
            let broken = Err(io::ErrorKind::BrokenPipe.into());
            return self.fated(broken).map(|fated| fated.map(|()| 0));
        };
        let written = ready!(Pin::new(inner).poll_write(cx, &bytes[..room]))?;
        self.passed(Way::Written, written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().map_or(Poll::Ready(Ok(())), |inner| Pin::new(inner).poll_shutdown(cx))
    }
}
