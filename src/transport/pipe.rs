//! `pipe()`: a network inside the process.
//!
//! In: nothing. Out: a connector and an incoming that meet in memory, with real HTTP/2 between them, so that
//! what is tested over a pipe is the same code that runs over a socket. The pipe has weather: it can hand over
//! one byte at a time, or break after so many.
//!
//! Must not know: HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::mpsc;

use super::incoming::Incoming;
use super::io::Connector;
use crate::peer::{Address, PeerInfo};

/// A network inside the process, in fair weather.
pub fn pipe() -> (PipeConnector, PipeIncoming) {
    pipe_with(Weather::default())
}

/// A network inside the process, in this weather on the connecting side.
pub fn pipe_with(weather: Weather) -> (PipeConnector, PipeIncoming) {
    let (tx, rx) = mpsc::unbounded_channel();
    (PipeConnector { tx, weather }, PipeIncoming { rx })
}

/// How badly a pipe behaves.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// The most bytes that one read or write moves; at least 1.
    pub step_bytes: usize,
    /// The connection breaks, both ways, once the connecting side has written so many bytes.
    pub cut_after_bytes: Option<usize>,
}

impl Default for Weather {
    fn default() -> Self {
        Weather { step_bytes: usize::MAX, cut_after_bytes: None }
    }
}

/// The connecting end of a pipe; every call of `connect` makes a new connection.
#[derive(Clone, Debug)]
pub struct PipeConnector {
    tx: mpsc::UnboundedSender<DuplexStream>,
    weather: Weather,
}

impl Connector for PipeConnector {
    type Io = Weathered;

    async fn connect(&self, _address: &Address) -> io::Result<Weathered> {
        let (near, far) = duplex(BUFFER_BYTES);
        let refused = |_| io::Error::new(io::ErrorKind::ConnectionRefused, "nobody accepts on this pipe");
        self.tx.send(far).map_err(refused)?;
        Ok(Weathered { inner: near, weather: self.weather, written: 0 })
    }
}

/// The accepting end of a pipe.
#[derive(Debug)]
pub struct PipeIncoming {
    rx: mpsc::UnboundedReceiver<DuplexStream>,
}

impl Incoming for PipeIncoming {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, PeerInfo)> {
        match self.rx.recv().await {
            Some(stream) => Ok((stream, PeerInfo::new(Address::Memory))),
            // Every connector is gone, so nobody will ever come: a listener would wait too.
            None => std::future::pending().await,
        }
    }
}

/// The connecting end of one connection, in its weather.
#[derive(Debug)]
pub struct Weathered {
    inner: DuplexStream,
    weather: Weather,
    written: usize,
}

impl Weathered {
    fn step(&self) -> usize {
        self.weather.step_bytes.max(1)
    }

    /// What may still be written before the connection breaks.
    fn left(&self) -> usize {
        self.weather.cut_after_bytes.map_or(usize::MAX, |limit| limit.saturating_sub(self.written))
    }
}

impl AsyncRead for Weathered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left() == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let room = buf.remaining().min(self.step());
        if room == buf.remaining() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let mut part = vec![0; room];
        let mut step = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut step))?;
        buf.put_slice(step.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Weathered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = self.left().min(self.step()).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let part = bytes.get(..room).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, part))?;
        self.written = self.written.saturating_add(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// What each direction holds before the writer waits: a socket's usual buffer, so that back-pressure over a
/// pipe sets in where it would over a network.
const BUFFER_BYTES: usize = 64 * 1024;
