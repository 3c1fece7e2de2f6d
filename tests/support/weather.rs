//! The weather of a scenario: what a network does to bytes that arrive all the same.
//!
//! In: a connection. Out: the same connection, on which a read gives one byte at a time, or what comes is late. What
//! must hold in fair weather must hold in any. (A network that loses bytes is the subject of `scissors`.)

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use wirewright::transport::{Connector, Incoming, Io, PipeConnector, PipeIncoming, pipe};
use wirewright::{Address, PeerInfo};

/// What happens to whatever is read, at either end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sky {
    /// It comes at once, as much as there is.
    Fair,
    /// It comes one byte at a time.
    Dripping,
    /// It comes a while after it was sent.
    Late,
}

impl Sky {
    /// Every weather.
    pub const ALL: [Sky; 3] = [Sky::Fair, Sky::Dripping, Sky::Late];

    /// A network inside the process that has this weather at both of its ends.
    pub fn pipe(self) -> (Under<PipeConnector>, Under<PipeIncoming>) {
        let (connector, incoming) = pipe();
        (self.over(connector), self.over(incoming))
    }

    /// One end of a network, under this sky.
    pub fn over<T>(self, inner: T) -> Under<T> {
        Under { sky: self, inner }
    }

    fn weathered<T>(self, inner: T) -> Weathered<T> {
        Weathered { sky: self, inner, late: None }
    }
}

/// One end of a network, under a sky.
pub struct Under<T> {
    sky: Sky,
    inner: T,
}

impl Connector for Under<PipeConnector> {
    type Io = Weathered<<PipeConnector as Connector>::Io>;

    async fn connect(&self, address: &Address) -> io::Result<Self::Io> {
        Ok(self.sky.weathered(self.inner.connect(address).await?))
    }
}

impl Incoming for Under<PipeIncoming> {
    type Io = Weathered<<PipeIncoming as Incoming>::Io>;

    async fn accept(&mut self) -> io::Result<(Self::Io, PeerInfo)> {
        let (io, peer) = self.inner.accept().await?;
        Ok((self.sky.weathered(io), peer))
    }
}

/// One end of a connection.
pub struct Weathered<T> {
    sky: Sky,
    inner: T,
    /// What has come and is not here yet.
    late: Option<(Pin<Box<Sleep>>, Vec<u8>)>,
}

impl<T: Io> AsyncRead for Weathered<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if let Some((alarm, bytes)) = &mut self.late {
                ready!(alarm.as_mut().poll(cx));
                let fits = bytes.len().min(buf.remaining());
                buf.put_slice(&bytes[..fits]);
                bytes.drain(..fits);
                if bytes.is_empty() {
                    self.late = None;
                }
                return Poll::Ready(Ok(()));
            }
            if self.sky == Sky::Fair {
                return Pin::new(&mut self.inner).poll_read(cx, buf);
            }
            let room = if self.sky == Sky::Dripping { 1 } else { LATE_BYTES };
            let mut part = vec![0; room.min(buf.remaining())];
            let mut step = ReadBuf::new(&mut part);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut step))?;
            let read = step.filled();
            if self.sky == Sky::Dripping || read.is_empty() {
                buf.put_slice(read);
                return Poll::Ready(Ok(()));
            }
            self.late = Some((Box::pin(sleep(LATENCY)), read.to_vec()));
        }
    }
}

impl<T: Io> AsyncWrite for Weathered<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Long enough for anything to arrive, in any weather.
pub async fn a_while() {
    sleep(10 * LATENCY).await;
}

/// From one continent to another; the clock of these tests is paused, so nobody waits for it.
const LATENCY: Duration = Duration::from_millis(100);

/// What travels together: a socket's usual buffer.
const LATE_BYTES: usize = 64 * 1024;
