//! `Sniffed`: remembers the first bytes that a peer sent, so that an error can say what it speaks.
//!
//! In: an [`Io`]. Out: the same bytes, and a guess at the protocol of a peer with whom HTTP/2 failed. The usual
//! mistakes are a TLS client at a plain port, a plain client at a TLS port, and HTTP/1.1.
//!
//! Must not know: what is done about it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::io::Io;

/// An [`Io`] whose first read is remembered.
#[derive(Debug)]
pub(super) struct Sniffed<T: Io> {
    inner: T,
    first: FirstBytes,
}

/// The first bytes that came, once they have come.
#[derive(Clone, Debug, Default)]
pub(super) struct FirstBytes(Arc<OnceLock<([u8; KEPT], usize)>>);

impl<T: Io> Sniffed<T> {
    pub(super) fn new(inner: T) -> (Self, FirstBytes) {
        let first = FirstBytes::default();
        (Sniffed { inner, first: first.clone() }, first)
    }
}

impl FirstBytes {
    /// What the peer seems to speak, if it is not HTTP/2.
    pub(super) fn guess(&self) -> Option<&'static str> {
        let (bytes, len) = self.0.get()?;
        let seen = bytes.get(..*len)?;
        let begins = |with: &[u8]| seen.starts_with(with);
        if begins(&[0x16, 0x03]) {
            Some("the peer sent a TLS ClientHello to a plaintext port")
        } else if begins(&[0x15, 0x03]) {
            Some("the peer answered with a TLS alert: it wants TLS, and this side speaks plaintext")
        } else if begins(b"HTTP/") {
            Some("the peer answered in HTTP/1: it does not speak HTTP/2")
        } else if begins(b"PRI ") {
            None
        } else if METHODS.iter().any(|method| begins(method)) {
            Some("the peer sent an HTTP/1 request")
        } else {
            None
        }
    }
}

impl<T: Io> AsyncRead for Sniffed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.0.get().is_some() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let new = buf.filled().get(before..).unwrap_or_default();
        let mut kept = [0; KEPT];
        let len = new.len().min(KEPT);
        for (to, from) in kept.iter_mut().zip(new) {
            *to = *from;
        }
        // Only the first read counts; a second setter cannot be, as one task reads.
        let _ = self.first.0.set((kept, len));
        Poll::Ready(Ok(()))
    }
}

impl<T: Io> AsyncWrite for Sniffed<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// A socket that is closed with bytes unread is reset, and a reset destroys what the peer has not read yet: the GOAWAY
/// that says why (RFC 9113, section 5.4.1). So what has arrived is read first.
impl<T: Io> Drop for Sniffed<T> {
    fn drop(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut unread = [0; UNREAD_BYTES];
        for _ in 0..MAX_LAST_READS {
            let mut buf = ReadBuf::new(&mut unread);
            let read = Pin::new(&mut self.inner).poll_read(&mut cx, &mut buf);
            if !matches!(read, Poll::Ready(Ok(()))) || buf.filled().is_empty() {
                return;
            }
        }
    }
}

/// Read at once by one who throws it away.
const UNREAD_BYTES: usize = 1024;

/// A full window of HTTP/2, 64 KiB; a peer that sends on and on does not keep its socket open.
const MAX_LAST_READS: usize = 64;

/// Enough for the longest beginning that is told apart.
const KEPT: usize = 8;

/// How an HTTP/1 request begins.
const METHODS: [&[u8]; 7] = [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"DELETE ", b"CONNECT "];

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    async fn guess(sent: &[u8]) -> Option<&'static str> {
        let (near, mut far) = duplex(64);
        let (mut sniffed, first) = Sniffed::new(near);
        far.write_all(sent).await.unwrap();
        drop(far);
        let mut read = Vec::new();
        sniffed.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, sent);
        first.guess()
    }

    #[tokio::test]
    async fn the_usual_mistakes_are_told_apart() {
        assert!(guess(&[0x16, 3, 1, 2, 0, 1]).await.unwrap().contains("ClientHello"));
        assert!(guess(&[0x15, 3, 3, 0, 2, 2, 70]).await.unwrap().contains("wants TLS"));
        assert!(guess(b"HTTP/1.1 400 Bad Request").await.unwrap().contains("HTTP/1"));
        assert!(guess(b"GET / HTTP/1.1\r\n").await.unwrap().contains("request"));
        assert_eq!(guess(b"PRI * HTTP/2.0\r\n").await, None);
        assert_eq!(guess(&[0, 0, 18, 4, 0, 0, 0, 0, 0]).await, None);
        assert_eq!(guess(b"").await, None);
    }
}
