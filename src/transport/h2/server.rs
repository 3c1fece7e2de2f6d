//! The server's end of a connection: accept streams until it is drained or gone.
//!
//! In: an [`Io`]. Out: one [`Accepted`] after another. Polling for the next stream also moves the bytes of all
//! others. Source: RFC 9113, sections 3.4 and 6.8.
//!
//! Must not know: what a stream is answered with, or when to drain (`server::serving`).

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::configure;
use super::pings::Pings;
use super::recv_half::RecvHalf;
use super::send_half::SendHalf;
use crate::transport::error::{Cause, Phase, TransportError};
use crate::transport::gather::{Gathered, Outlet, Traffic};
use crate::transport::io::Io;
use crate::transport::pace::Pace;
use crate::transport::settings::Http2Settings;
use crate::transport::sniff::{FirstBytes, Sniffed};

/// A connection that accepts streams.
pub(crate) struct ServerConnection<T: Io> {
    connection: h2::server::Connection<Gathered<Sniffed<T>>, Bytes>,
    outlet: Outlet<Sniffed<T>>,
    first: FirstBytes,
    traffic: Arc<Traffic>,
    pings: Pings,
    /// What had been read when the peer was last seen to have said something.
    seen: u64,
}

/// A stream that a client has opened.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The request head.
    pub(crate) head: http::request::Parts,
    /// Whether the head was also the end of the request.
    pub(crate) send: SendHalf,
    /// What the client says after its head.
    pub(crate) recv: RecvHalf,
}

impl<T: Io> ServerConnection<T> {
    /// Begins HTTP/2: waits for the client's preface. Connections that share a pace take turns.
    pub(crate) async fn begin(io: T, settings: &Http2Settings, pace: &Pace) -> Result<Self, TransportError> {
        let (io, first) = Sniffed::new(io);
        let mut builder = h2::server::Builder::new();
        let (io, outlet) = Gathered::new(io);
        outlet.take_turns(pace);
        let mut handshake = pin!(configure!(builder, settings).handshake(io));
        match poll_fn(|cx| outlet.poll_turn(cx, |cx| handshake.as_mut().poll(cx))).await {
            Ok(mut connection) => {
                let (traffic, pings) = (outlet.traffic(), Pings::new(connection.ping_pong()));
                // The preface alone is a beginning too: SETTINGS are owed.
                Ok(ServerConnection { connection, outlet, first, traffic, pings, seen: 0 })
            }
            Err(error) => Err(explain(&first, error).with_phase(Phase::Handshake)),
        }
    }

    /// The next stream; `None` when the connection has ended in good order.
    ///
    /// While it is not polled, no stream of the connection moves.
    pub(crate) fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Accepted, TransportError>>> {
        let ServerConnection { connection, outlet, first, .. } = self;
        let accepted = ready!(outlet.poll_turn(cx, |cx| connection.poll_accept(cx)));
        Poll::Ready(accepted.map(|accepted| match accepted {
            Ok((request, respond)) => {
                let (head, stream) = request.into_parts();
                let (send, recv) = (SendHalf::accepted(respond), RecvHalf::accepted(stream));
                Ok(Accepted { head, send, recv })
            }
            Err(error) => Err(explain(first, error)),
        }))
    }

    /// Moves the bytes of all streams and accepts none: those that come wait in the engine, which cuts a peer that
    /// takes too many of them back.
    pub(crate) fn poll_streams(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let ServerConnection { connection, outlet, first, .. } = self;
        outlet.poll_turn(cx, |cx| connection.poll_closed(cx)).map_err(|error| explain(first, error))
    }

    /// Reads nothing from the peer, or reads again; what is to be sent is sent.
    pub(crate) fn rest(&self, is_resting: bool) {
        self.outlet.rest(is_resting);
    }

    /// Tells the peer that it has passed a limit (GOAWAY with `ENHANCE_YOUR_CALM`), as far as the socket takes it at once.
    /// All streams are over.
    pub(crate) fn poll_dismiss(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.outlet.rest(false);
        self.connection.abrupt_shutdown(h2::Reason::ENHANCE_YOUR_CALM);
        // Whatever comes of it, the connection is about to be dropped.
        let _ = self.poll_streams(cx);
        Poll::Ready(())
    }

    /// Whether no stream is open and all that was written is sent. The end of a stream has frames to be sent, so it
    /// wakes whoever polls.
    pub(crate) fn is_idle(&self) -> bool {
        !self.connection.has_streams() && self.outlet.is_drained()
    }

    /// Whether streams are open.
    pub(crate) fn has_streams(&self) -> bool {
        self.connection.has_streams()
    }

    /// Whether the peer has said something since this was last asked.
    pub(crate) fn has_heard(&mut self) -> bool {
        let read = self.traffic.read();
        let has_heard = read != self.seen;
        self.seen = read;
        has_heard
    }

    /// How many bytes the socket has taken so far, if it has some to take.
    pub(crate) fn owed(&self) -> Option<u64> {
        self.outlet.is_full().then(|| self.traffic.sent())
    }

    /// Sends a PING, unless one is under way.
    pub(crate) fn ping(&mut self) {
        self.pings.send();
    }

    /// Ready when the PING was answered.
    pub(crate) fn poll_pong(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pings.poll_pong(cx)
    }

    /// Takes no new streams and lets those that stand end: GOAWAY with the highest stream id, a PING to learn
    /// what the client had sent by then, GOAWAY with the last id (RFC 9113, section 6.8). Said again, it changes nothing.
    pub(crate) fn drain(&mut self) {
        self.connection.graceful_shutdown();
    }
}

fn explain(first: &FirstBytes, error: h2::Error) -> TransportError {
    match first.guess() {
        Some(explanation) => Cause::NotHttp2 { explanation, error: error.to_string() }.into(),
        None => error.into(),
    }
}
