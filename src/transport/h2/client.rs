//! The client's end of a connection: dial in, wait for SETTINGS, open streams.
//!
//! In: an [`Io`]. Out: an [`Opener`] to clone for every call, and a [`Driver`] that some task must run.
//! Source: RFC 9113, section 3.4; gRPC `connectivity-semantics-and-api.md`: a connection is READY only when the
//! server's SETTINGS have arrived.
//!
//! Must not know: when to connect, or again (`client::subchannel`).

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::configure;
use super::recv_half::RecvHalf;
use super::send_half::SendHalf;
use crate::transport::error::TransportError;
use crate::transport::gather::{Gathered, Outlet};
use crate::transport::io::Io;
use crate::transport::settings::Http2Settings;
use crate::transport::sniff::{FirstBytes, Sniffed};

/// Opens streams on one connection. Clones are cheap: every call takes one.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    inner: h2::client::SendRequest<Bytes>,
}

/// The connection itself: moves bytes as long as it is polled.
pub(crate) struct Driver {
    connection: h2::client::Connection<Gathered<Sniffed<Box<dyn Io>>>, Bytes>,
    outlet: Outlet<Sniffed<Box<dyn Io>>>,
    first: FirstBytes,
}

/// Begins HTTP/2 on these bytes. The connection may be used once [`Driver::ready`] has returned.
pub(crate) async fn connect(
    io: Box<dyn Io>,
    settings: &Http2Settings,
) -> Result<(Opener, Driver), TransportError> {
    let (io, first) = Sniffed::new(io);
    let (io, outlet) = Gathered::new(io);
    let mut builder = h2::client::Builder::new();
    configure!(builder, settings).enable_push(false).initial_max_send_streams(UNSETTLED);
    let (inner, connection) = builder.handshake(io).await?;
    Ok((Opener { inner }, Driver { connection, outlet, first }))
}

impl Opener {
    /// Whether the connection takes new streams, as far as is known here.
    pub(crate) fn is_open(&mut self) -> bool {
        // Only an error is of interest: a clone that has opened nothing has nothing to wait for.
        !matches!(self.inner.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_)))
    }

    /// Opens a stream with this head.
    ///
    /// Beyond the peer's limit of streams the head waits in the engine until another stream ends.
    ///
    /// # Errors
    ///
    /// If the connection takes no new streams: then nothing has been sent.
    pub(crate) fn open(
        &mut self,
        head: http::Request<()>,
        end: bool,
    ) -> Result<(SendHalf, RecvHalf), TransportError> {
        let (response, stream) = self.inner.send_request(head, end)?;
        Ok((SendHalf::opened(stream, end), RecvHalf::opened(response)))
    }
}

impl Driver {
    /// Waits for the server's SETTINGS.
    pub(crate) async fn ready(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| match self.poll_connection(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Err(TransportError::Closed)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // h2 tells nobody that SETTINGS have come, but they change this number (see UNSETTLED).
            Poll::Pending if self.connection.max_concurrent_send_streams() != UNSETTLED => {
                Poll::Ready(Ok(()))
            }
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Moves bytes until the connection ends, and says how it ended.
    pub(crate) async fn run(mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.poll_connection(cx)).await
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Driver { connection, outlet, first } = self;
        let polled = outlet.poll_turn(cx, |cx| Pin::new(&mut *connection).poll(cx));
        polled.map_err(|error| match first.guess() {
            Some(explanation) => TransportError::NotHttp2 { explanation, error: error.to_string() },
            None => error.into(),
        })
    }
}

/// How many streams h2 believes it may open before the server's SETTINGS have come. The server's own number is a
/// `u32`, and h2 takes an absent one for `usize::MAX`, so this value is neither: while it stands, no SETTINGS have
/// arrived. No stream is opened before that.
const UNSETTLED: usize = (u32::MAX as usize).wrapping_add(1);
