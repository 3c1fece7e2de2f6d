//! The server's end of a connection: accept streams until it is drained or gone.
//!
//! In: an [`Io`]. Out: one [`Accepted`] after another. Polling for the next stream also moves the bytes of all
//! others. Source: RFC 9113, sections 3.4 and 6.8.
//!
//! Must not know: what a stream is answered with, or when to drain (`server::serving`).

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::configure;
use super::recv_half::RecvHalf;
use super::send_half::SendHalf;
use crate::transport::error::{Cause, Phase, TransportError};
use crate::transport::gather::{Gathered, Outlet};
use crate::transport::io::Io;
use crate::transport::settings::Http2Settings;
use crate::transport::sniff::{FirstBytes, Sniffed};

/// A connection that accepts streams.
pub(crate) struct ServerConnection<T: Io> {
    connection: h2::server::Connection<Gathered<Sniffed<T>>, Bytes>,
    outlet: Outlet<Sniffed<T>>,
    first: FirstBytes,
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
    /// Begins HTTP/2: waits for the client's preface.
    pub(crate) async fn begin(io: T, settings: &Http2Settings) -> Result<Self, TransportError> {
        let (io, first) = Sniffed::new(io);
        let mut builder = h2::server::Builder::new();
        let (io, outlet) = Gathered::new(io);
        let mut handshake = pin!(configure!(builder, settings).handshake(io));
        match poll_fn(|cx| outlet.poll_turn(cx, |cx| handshake.as_mut().poll(cx))).await {
            Ok(connection) => Ok(ServerConnection { connection, outlet, first }),
            Err(error) => Err(explain(&first, error).with_phase(Phase::Handshake)),
        }
    }

    /// The next stream; `None` when the connection has ended in good order, or, if `until_idle`, when no stream is
    /// open.
    ///
    /// While it is not polled, no stream of the connection moves.
    pub(crate) fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
        until_idle: bool,
    ) -> Poll<Option<Result<Accepted, TransportError>>> {
        let ServerConnection { connection, outlet, first } = self;
        let accepted = match outlet.poll_turn(cx, |cx| connection.poll_accept(cx)) {
            Poll::Ready(Some(accepted)) => accepted,
            Poll::Ready(None) => return Poll::Ready(None),
            // The end of a stream has frames to be sent, so it wakes this task.
            Poll::Pending if until_idle && !connection.has_streams() && outlet.is_drained() => {
                return Poll::Ready(None);
            }
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(Some(match accepted {
            Ok((request, respond)) => {
                let (head, stream) = request.into_parts();
                let (send, recv) = (SendHalf::accepted(respond), RecvHalf::accepted(stream));
                Ok(Accepted { head, send, recv })
            }
            Err(error) => Err(explain(first, error)),
        }))
    }

    /// Takes no new streams and lets those that stand end: GOAWAY with the highest stream id, a PING to learn
    /// what the client had sent by then, GOAWAY with the last id (RFC 9113, section 6.8).
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
