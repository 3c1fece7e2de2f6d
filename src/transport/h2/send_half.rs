//! `SendHalf`: what this side says on one stream.
//!
//! In: a head, bytes, trailers, or a reset. Out: frames, never more of them than the peer has room for.
//!
//! ```text
//!   server:  Answer --send_head--> Open --send_trailers--> Done
//!   client:                        Open --finish---------> Done
//!                    any --reset or a failed write-------> Done
//! ```
//!
//! Must not know: what the bytes mean. One task polls it; see the room's front page.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;

use crate::transport::error::{Cause, Initiator, TransportError};

/// The sending half of a stream.
#[derive(Debug)]
pub(crate) struct SendHalf {
    state: State,
}

#[derive(Debug)]
enum State {
    /// A server that has not sent its head.
    #[cfg(feature = "server")]
    Answer(h2::server::SendResponse<Bytes>),
    /// Between the head and the end.
    Open(h2::SendStream<Bytes>),
    /// After the end, or after the stream has broken.
    Done,
}

impl SendHalf {
    /// The half of a stream that a client has opened; `done` if its head was also its end.
    #[cfg(feature = "client")]
    pub(super) fn opened(stream: h2::SendStream<Bytes>, done: bool) -> Self {
        SendHalf { state: if done { State::Done } else { State::Open(stream) } }
    }

    /// The half of a stream that a server has accepted.
    #[cfg(feature = "server")]
    pub(super) fn accepted(respond: h2::server::SendResponse<Bytes>) -> Self {
        SendHalf { state: State::Answer(respond) }
    }

    /// The stream's number, while anything may still be sent on it.
    #[cfg(any(feature = "client", feature = "tap"))]
    pub(crate) fn stream_id(&self) -> Option<u32> {
        match &self.state {
            #[cfg(feature = "server")]
            State::Answer(respond) => Some(respond.stream_id().as_u32()),
            State::Open(stream) => Some(stream.stream_id().as_u32()),
            State::Done => None,
        }
    }

    /// Sends the response head; with `end` it is also the end of the stream.
    #[cfg(feature = "server")]
    pub(crate) fn send_head(&mut self, head: http::Response<()>, end: bool) -> Result<(), TransportError> {
        let State::Answer(respond) = &mut self.state else {
            return Err(Cause::Closed.into());
        };
        let sent = respond.send_response(head, end);
        self.state = match sent {
            Ok(stream) if !end => State::Open(stream),
            Ok(_) => State::Done,
            Err(error) => {
                self.state = State::Done;
                return Err(error.into());
            }
        };
        Ok(())
    }

    /// Hands over bytes as far as the peer has room for them; ready when all are handed over.
    ///
    /// With `end`, the last of them ends the stream; an empty `bytes` then sends an empty frame that does.
    pub(crate) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &mut Bytes,
        end: bool,
    ) -> Poll<Result<(), TransportError>> {
        let State::Open(stream) = &mut self.state else {
            return Poll::Ready(Err(Cause::Closed.into()));
        };
        let sent = match bytes.is_empty() {
            // An empty frame needs no room, and without `end` there is no reason to send one.
            true if end => stream.send_data(Bytes::new(), true).map_err(TransportError::from),
            true => return Poll::Ready(Ok(())),
            false => ready!(poll_within_window(stream, cx, bytes, end)),
        };
        if end || sent.is_err() {
            self.state = State::Done;
        }
        Poll::Ready(sent)
    }

    /// Hands over a few bytes at once, window or not.
    ///
    /// The first message of a call is mostly small, and a window that has just been opened mostly has room, so
    /// asking first would be a detour. The cost is that up to [`UNASKED_BYTES`] of a stream may wait in the
    /// engine. Returns whether it was done; `false` means: use [`poll_send`](SendHalf::poll_send).
    pub(crate) fn send_unasked(&mut self, bytes: &mut Bytes, end: bool) -> Result<bool, TransportError> {
        let State::Open(stream) = &mut self.state else {
            return Err(Cause::Closed.into());
        };
        if bytes.len() > UNASKED_BYTES || (bytes.is_empty() && !end) {
            return Ok(bytes.is_empty());
        }
        let sent = stream.send_data(std::mem::take(bytes), end);
        if end || sent.is_err() {
            self.state = State::Done;
        }
        Ok(sent.map(|()| true)?)
    }

    /// Sends the trailers, which end the stream.
    #[cfg(feature = "server")]
    pub(crate) fn send_trailers(&mut self, trailers: HeaderMap) -> Result<(), TransportError> {
        match std::mem::replace(&mut self.state, State::Done) {
            State::Open(mut stream) => Ok(stream.send_trailers(trailers)?),
            _ => Err(Cause::Closed.into()),
        }
    }

    /// Resets the stream with `CANCEL`: nobody here wants it any more.
    pub(crate) fn cancel(&mut self) {
        match std::mem::replace(&mut self.state, State::Done) {
            #[cfg(feature = "server")]
            State::Answer(mut respond) => respond.send_reset(h2::Reason::CANCEL),
            State::Open(mut stream) => stream.send_reset(h2::Reason::CANCEL),
            State::Done => {}
        }
    }

    /// Ready when the stream has been reset, or its connection is gone; pending as long as it is alive.
    pub(crate) fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<TransportError> {
        let reset = match &mut self.state {
            #[cfg(feature = "server")]
            State::Answer(respond) => respond.poll_reset(cx),
            State::Open(stream) => stream.poll_reset(cx),
            State::Done => return Poll::Pending,
        };
        let broken = match ready!(reset) {
            Ok(reason) => Cause::Reset { reason: reason.into(), by: Initiator::Peer }.into(),
            Err(error) => error.into(),
        };
        self.state = State::Done;
        Poll::Ready(broken)
    }
}

fn poll_within_window(
    stream: &mut h2::SendStream<Bytes>,
    cx: &mut Context<'_>,
    bytes: &mut Bytes,
    end: bool,
) -> Poll<Result<(), TransportError>> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let room = match stream.capacity() {
            0 => match ready!(stream.poll_capacity(cx)) {
                Some(Ok(_)) => stream.capacity(),
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Err(Cause::Closed.into())),
            },
            room => room,
        };
        if room == 0 {
            // Woken for capacity that is gone again: ask once more, which stores the waker.
            continue;
        }
        let part = bytes.split_to(room.min(bytes.len()));
        let last = end && bytes.is_empty();
        if let Err(error) = stream.send_data(part, last) {
            return Poll::Ready(Err(error.into()));
        }
    }
    Poll::Ready(Ok(()))
}

/// One frame of the smallest size that every peer accepts.
const UNASKED_BYTES: usize = 16 * 1024;
