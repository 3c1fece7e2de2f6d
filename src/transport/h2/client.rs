//! The client's end of a connection: dial in, wait for SETTINGS, open streams.
//!
//! In: an [`Io`]. Out: an [`Opener`] to clone for every call, and a [`Driver`] that some task must poll.
//! Source: RFC 9113, section 3.4; gRPC `connectivity-semantics-and-api.md`: a connection is READY only when the
//! server's SETTINGS have arrived.
//!
//! A stream that breaks is asked how far it had come ([`Origin::explain`]): h2 says of a stream that its connection
//! broke, and says in other places why the connection did, and what had been written by then.
//!
//! Must not know: when to connect, or again (`client::subchannel`); when to ask a silent server (`client::driving`).

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::configure;
use super::pings::Pings;
use super::recv_half::RecvHalf;
use super::send_half::SendHalf;
use crate::peer::Address;
use crate::policy::retry::Fate;
use crate::transport::error::{Cause, Initiator, Phase, TransportError};
use crate::transport::gather::{Gathered, Outlet};
use crate::transport::io::Io;
use crate::transport::line::{Line, Slot};
use crate::transport::settings::Http2Settings;
use crate::transport::sniff::{FirstBytes, Sniffed};

/// Opens streams on one connection. Clones are cheap: every call takes one.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    inner: h2::client::SendRequest<Bytes>,
    line: Arc<Line>,
}

/// The connection itself: moves bytes as long as it is polled.
pub(crate) struct Driver {
    connection: h2::client::Connection<Gathered<Sniffed<Box<dyn Io>>>, Bytes>,
    outlet: Outlet<Sniffed<Box<dyn Io>>>,
    first: FirstBytes,
    pings: Pings,
    line: Arc<Line>,
    /// What had been read when the peer was last seen to have said something.
    seen: u64,
}

/// The right to open one stream.
#[derive(Debug)]
pub(crate) struct Berth {
    inner: h2::client::SendRequest<Bytes>,
    slot: Slot,
}

/// What a stream owes its connection, and what it can learn from it.
#[derive(Debug)]
pub(crate) struct Origin {
    inner: h2::client::SendRequest<Bytes>,
    slot: Slot,
    /// What had been written when the stream was opened.
    written: u64,
    /// Whether the response has begun.
    answered: bool,
}

/// Begins HTTP/2 on these bytes. The connection may be used once [`Driver::ready`] has returned.
pub(crate) async fn connect(
    io: Box<dyn Io>,
    peer: Address,
    settings: &Http2Settings,
) -> Result<(Opener, Driver), TransportError> {
    let (io, first) = Sniffed::new(io);
    let (io, outlet) = Gathered::new(io);
    let line = Arc::new(Line::new(peer, outlet.traffic(), settings.streams_per_connection));
    let mut builder = h2::client::Builder::new();
    configure!(builder, settings).enable_push(false).initial_max_send_streams(UNSETTLED);
    let (inner, mut connection) = builder.handshake(io).await?;
    let pings = Pings::new(connection.ping_pong());
    let driver = Driver { connection, outlet, first, pings, line: line.clone(), seen: 0 };
    Ok((Opener { inner, line }, driver))
}

impl Opener {
    /// Why the connection takes no new streams, as far as is known here; `None` if it takes them.
    pub(crate) fn closed(&mut self) -> Option<TransportError> {
        match refusal(&mut self.inner) {
            Some(error) => Some(error.into()),
            None => self.line.is_closed().then(|| Cause::UsedUp.into()),
        }
    }

    /// Waits until the server allows one more stream, in line with all others who wait.
    ///
    /// `None` if the connection takes no new streams any more.
    pub(crate) async fn berth(mut self) -> Option<Berth> {
        let slot = match self.line.try_slot() {
            Some(slot) => slot,
            None => {
                let mut probe = self.inner.clone();
                let is_open = move || refusal(&mut probe).is_none();
                if refusal(&mut self.inner).is_some() {
                    return None;
                }
                self.line.slot(is_open).await?
            }
        };
        Some(Berth { inner: self.inner, slot })
    }
}

impl Berth {
    /// Opens a stream with this head.
    ///
    /// # Errors
    ///
    /// If the connection takes no new streams: then nothing has been sent.
    pub(crate) fn open(
        mut self,
        head: http::Request<()>,
        end: bool,
    ) -> Result<(SendHalf, RecvHalf), TransportError> {
        // Read before the stream exists: what is written later may be its head.
        let written = self.slot.line.traffic.written();
        match self.inner.send_request(head, end) {
            Ok((response, stream)) => {
                let Berth { inner, slot } = self;
                let origin = Origin { inner, slot, written, answered: false };
                Ok((SendHalf::opened(stream, end), RecvHalf::opened(response, origin)))
            }
            Err(error) => {
                let error = TransportError::from(error).with_fate(Fate::NeverSent);
                Err(error.with_peer(self.slot.line.peer.clone()))
            }
        }
    }
}

impl Origin {
    /// The response has begun.
    pub(super) fn answered(&mut self) {
        self.answered = true;
    }

    /// What it means that the stream has broken like this.
    pub(super) fn explain(&mut self, cause: Cause) -> TransportError {
        let fate = self.fate(&cause);
        let line = &self.slot.line;
        let error = match cause {
            // To a stream every end of its connection looks alike; the connection knows more.
            Cause::Io(_) | Cause::Closed => match line.epitaph() {
                Some(epitaph) => epitaph.clone(),
                None => match refusal(&mut self.inner) {
                    Some(error) if error.is_go_away() => error.into(),
                    _ => cause.into(),
                },
            },
            cause => cause.into(),
        };
        error.with_fate(fate).with_peer(line.peer.clone())
    }

    fn fate(&self, cause: &Cause) -> Fate {
        match cause {
            _ if self.answered => Fate::Committed,
            _ if self.slot.line.traffic.written() == self.written => Fate::NeverSent,
            // h2 ends a stream with the peer's GOAWAY only if it is above the last one that the frame names.
            Cause::GoAway { by: Initiator::Peer, .. } => Fate::Refused,
            // RFC 9113, section 8.7: the peer has not processed the stream in any way.
            Cause::Reset { reason: REFUSED_STREAM, by: Initiator::Peer } => Fate::Refused,
            _ => Fate::Unknown,
        }
    }
}

impl Driver {
    /// Waits for the server's SETTINGS.
    pub(crate) async fn ready(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| match self.poll_connection(cx) {
            Poll::Ready(Err(error)) if !matches!(error.cause(), Cause::Io(_)) => Poll::Ready(Err(error)),
            // h2 tells nobody that SETTINGS have come, but they change this number (see UNSETTLED). A server that says
            // in the same breath that it is leaving (GOAWAY), and leaves, has been reached all the same.
            _ if self.connection.max_concurrent_send_streams() != UNSETTLED => {
                self.line.set_limit(self.connection.max_concurrent_send_streams());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(end) => Poll::Ready(Err(end.err().unwrap_or(Cause::Closed.into()))),
            Poll::Pending => Poll::Pending,
        })
        .await
        .map_err(|error: TransportError| error.with_phase(Phase::Handshake))
    }

    /// Moves bytes, and is ready when the connection has ended.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let polled = self.poll_connection(cx);
        if polled.is_ready() {
            self.line.close();
        }
        polled
    }

    /// Whether the peer has said something since this was last asked.
    pub(crate) fn has_heard(&mut self) -> bool {
        let read = self.line.traffic.read();
        let has_heard = read != self.seen;
        self.seen = read;
        if has_heard {
            self.line.set_limit(self.connection.max_concurrent_send_streams());
            self.line.recheck();
        }
        has_heard
    }

    /// Sends a PING, unless one is under way.
    pub(crate) fn ping(&mut self) {
        self.pings.send();
    }

    /// Ready when the PING was answered.
    pub(crate) fn poll_pong(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pings.poll_pong(cx)
    }

    /// How many calls have a stream here or wait for one.
    pub(crate) fn calls(&self) -> usize {
        self.line.calls()
    }

    /// Whether nobody is left who could open a stream or has one.
    pub(crate) fn is_forsaken(&self) -> bool {
        Arc::strong_count(&self.line) == 1
    }

    /// Gives the connection up: its calls end with this error.
    pub(crate) fn bury(self, why: TransportError) {
        self.line.bury(why);
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let Driver { connection, outlet, first, .. } = self;
        let polled = outlet.poll_turn(cx, |cx| Pin::new(&mut *connection).poll(cx));
        polled.map_err(|error| match first.guess() {
            Some(explanation) => Cause::NotHttp2 { explanation, error: error.to_string() }.into(),
            None => error.into(),
        })
    }
}

/// Why a connection takes no new streams, if it takes none.
fn refusal(opener: &mut h2::client::SendRequest<Bytes>) -> Option<h2::Error> {
    // Only an error is of interest: who has opened nothing has nothing to wait for.
    match opener.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(error)) => Some(error),
        _ => None,
    }
}

/// How many streams h2 believes it may open before the server's SETTINGS have come. The server's own number is a
/// `u32`, and h2 takes an absent one for `usize::MAX`, so this value is neither: while it stands, no SETTINGS have
/// arrived. No stream is opened before that.
const UNSETTLED: usize = (u32::MAX as usize).wrapping_add(1);

/// RFC 9113, section 7.
const REFUSED_STREAM: u32 = 0x7;
