//! `Wire`: the answering side of a stream, and what may stop a handler.
//!
//! In: pieces of the application to be run, and what they want to be said. Out: frames in the order that the
//! protocol allows, or the reason why nobody listens any more.
//!
//! ```text
//!   poll_race    the piece         ready -> its result            panicked -> UNKNOWN
//!                the outbox        head, then messages, as far as the peer has room
//!                is the peer gone? yes -> Stop::Peer
//!                has the time come? yes -> Stop::Deadline
//! ```
//!
//! Source: PROTOCOL-HTTP2, "Responses": the head is sent with the first message, so that an error before it is one
//! block, Trailers-Only; `statuscodes.md`: a handler that panics ends `UNKNOWN`.
//!
//! Must not know: what the pieces are (`server_call`, `running`).

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::clock;
use super::interceptor::Interceptor;
use super::outbox::{Head, Outbox};
use super::server_call::Ended;
use super::shared::CallShared;
use super::write_stall::WriteStall;
use crate::deadline::Deadline;
use crate::metadata::Metadata;
use crate::method::MethodKind;
use crate::policy::conduct::Offence;
use crate::status::Status;
use crate::transport::{SendHalf, TransportError};
use crate::wire::{AcceptEncoding, AnswerState, ContentType, Encoding, Event, ResponseHead, Trailers};

/// The answering side of the stream.
pub(super) struct Wire {
    pub(super) send: SendHalf,
    pub(super) content_type: ContentType,
    pub(super) replies: Replies,
    pub(super) deadline: Option<Deadline>,
    /// Rings at the deadline; made when this call waits for the first time.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Encoded messages that have not been handed over yet.
    pub(super) bytes: Bytes,
    /// What has been said of the response, and so what may be said next.
    pub(super) order: AnswerState,
    /// How long the client may leave what is sent, and since when it has; made when something first waits.
    patience: Duration,
    stall: Option<Box<WriteStall>>,
    /// Why the call did not go on, if it did not.
    stopped: Option<Stop>,
}

/// How answers may be compressed.
pub(super) struct Replies {
    /// What the client can read.
    pub(super) accept: AcceptEncoding,
    /// What is used if the handler says nothing: the encoding of the request, if the client can read it too.
    pub(super) encoding: Encoding,
}

/// Why a handler does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Deadline,
    Peer(TransportError),
    /// The client has taken next to nothing for so long.
    Stalled(Duration),
}

impl Stop {
    fn status(&self) -> Status {
        match self {
            Stop::Deadline => clock::exceeded(),
            Stop::Stalled(patience) => {
                Status::cancelled(format!("the caller has taken next to nothing for {patience:?}"))
            }
            // Whatever broke the stream, to a handler it means that nobody waits for its answer any more.
            Stop::Peer(error) => {
                Status::cancelled(format!("the caller is gone: {error}")).with_source(error.clone())
            }
        }
    }
}

impl Wire {
    /// Answers with one message, until [`set_kind`](Wire::set_kind) says otherwise.
    pub(super) fn new(
        send: SendHalf,
        content_type: ContentType,
        replies: Replies,
        deadline: Option<Deadline>,
        patience: Duration,
    ) -> Self {
        Wire {
            send,
            content_type,
            replies,
            deadline,
            alarm: None,
            bytes: Bytes::new(),
            order: AnswerState::new(MethodKind::Unary),
            patience,
            stall: None,
            stopped: None,
        }
    }

    /// Says which sides stream, before anything is said.
    pub(super) fn set_kind(&mut self, kind: MethodKind) {
        self.order = AnswerState::new(kind);
    }

    /// Notes that the call does not go on, and says what it ends with.
    pub(super) fn stopped_by(&mut self, stop: Stop) -> Status {
        let status = stop.status();
        self.stopped = Some(stop);
        status
    }

    /// Whether the call does not go on.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Runs the beginning of a call, before there is anything to be said.
    pub(super) async fn race<T>(
        &mut self,
        mut future: Pin<&mut impl Future<Output = Result<T, Status>>>,
    ) -> Result<Result<T, Status>, Stop> {
        poll_fn(|cx| self.poll_race(cx, None, |cx| future.as_mut().poll(cx))).await
    }

    /// Polls a piece of the application, and between its turns the outbox, the peer and the clock.
    ///
    /// A panic in the piece is caught: it ends this call and no other.
    pub(super) fn poll_race<T>(
        &mut self,
        cx: &mut Context<'_>,
        outbox: Option<&Outbox>,
        piece: impl FnOnce(&mut Context<'_>) -> Poll<Result<T, Status>>,
    ) -> Poll<Result<Result<T, Status>, Stop>> {
        match caught(|| Ok(piece(cx))) {
            Ok(Poll::Ready(result)) => return Poll::Ready(Ok(result)),
            Ok(Poll::Pending) => {}
            Err(panicked) => return Poll::Ready(Ok(Err(panicked))),
        }
        if let Some(outbox) = outbox {
            // Pending is fine: the handler goes on while the peer has no room.
            if let Poll::Ready(Err(stop)) = self.poll_outbox(cx, outbox) {
                return Poll::Ready(Err(stop));
            }
        }
        if let Poll::Ready(error) = self.send.poll_broken(cx) {
            return Poll::Ready(Err(Stop::Peer(error)));
        }
        self.poll_alarm(cx).map(Err)
    }

    /// Ends the call: reports its end, and sends trailers or the one block that is everything.
    pub(super) fn end<I: Interceptor>(
        &mut self,
        call: &CallShared<I>,
        end: Result<(), Status>,
        head: Option<Metadata>,
        mut trailers: Metadata,
    ) -> Result<(), Ended> {
        let mut end = end.map_err(Status::for_answer);
        if let Some(Stop::Peer(_) | Stop::Stalled(_)) = self.stopped {
            // Nobody is there, or nobody hears, so a panic is not told either.
            let _ = observed(|| call.end(&end, &mut trailers));
            self.send.cancel();
            return Err(Ended { offence: self.offence() });
        }
        // An error before the first message is one block, unless a head was prepared that would be lost with it.
        let head = head.filter(|head| self.order.is_untouched() && (end.is_ok() || !head.is_empty()));
        if let Some(mut head) = head {
            match observed(|| call.headers(&mut head)) {
                Ok(()) => self.send_head(Head { metadata: head, encoding: Encoding::Identity }),
                Err(panicked) => end = Err(panicked),
            }
        }
        if let Err(panicked) = observed(|| call.end(&end, &mut trailers)) {
            end = Err(panicked);
        }
        let trailers = Trailers { end, metadata: trailers };
        let sent = match self.order.is_untouched() {
            true => self.send.send_head(trailers.into_response(self.content_type.clone()), true),
            false => self.send.send_trailers(trailers.into_headers()),
        };
        sent.map_err(|_| Ended::default())
    }

    /// What the peer did, if it stopped the call: it broke HTTP/2, or has had the work and not waited for the answer.
    fn offence(&self) -> Option<Offence> {
        let Some(Stop::Peer(error)) = &self.stopped else {
            return None;
        };
        match error.reason() {
            Some(PROTOCOL_ERROR | FLOW_CONTROL_ERROR | FRAME_SIZE_ERROR) => Some(Offence::Broken),
            Some(_) if self.order.is_untouched() => Some(Offence::TakenBack),
            _ => None,
        }
    }

    /// Sends the head, unless it was sent. If the stream is gone, whoever writes next finds out.
    pub(super) fn send_head(&mut self, head: Head) {
        let Ok(order) = self.order.on(Event::Head) else {
            return;
        };
        self.order = order;
        let head = ResponseHead {
            content_type: self.content_type.clone(),
            encoding: head.encoding,
            accept_encoding: AcceptEncoding::default(),
            metadata: head.metadata,
        };
        let _ = self.send.send_head(head.into_response(), false);
    }

    /// Sends the head that a handler wanted to leave before its answer, if it did.
    pub(super) fn send_early_head(&mut self, outbox: &Outbox) {
        if let Some(head) = outbox.take().head {
            self.send_head(head);
        }
    }

    /// Hands over the bytes that wait, by the deadline.
    pub(super) async fn write_bytes(&mut self) -> Result<(), Stop> {
        if self.send.send_unasked(&mut self.bytes, false).map_err(Stop::Peer)? {
            return Ok(());
        }
        poll_fn(|cx| match self.poll_bytes(cx) {
            Poll::Ready(sent) => Poll::Ready(sent),
            Poll::Pending => self.poll_alarm(cx).map(Err),
        })
        .await
    }

    /// Hands over all that is in the outbox, by the deadline.
    pub(super) async fn write_outbox(&mut self, outbox: &Outbox) -> Result<(), Stop> {
        poll_fn(|cx| match self.poll_outbox(cx, outbox) {
            Poll::Ready(sent) => Poll::Ready(sent),
            Poll::Pending => self.poll_alarm(cx).map(Err),
        })
        .await
    }

    /// Ready when the outbox is empty and all of it is handed over.
    fn poll_outbox(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<Result<(), Stop>> {
        loop {
            if !self.bytes.is_empty() {
                ready!(self.poll_bytes(cx))?;
                outbox.handed_over();
            }
            let taken = outbox.take();
            if let Some(head) = taken.head {
                self.send_head(head);
                if taken.bytes.is_empty() {
                    outbox.handed_over();
                }
            } else if taken.bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.bytes = taken.bytes;
        }
    }

    /// Ready when the bytes that wait are handed over, or the client has left them for too long.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        let before = self.bytes.len();
        let sent = self.send.poll_send(cx, &mut self.bytes, false);
        if sent.is_pending() {
            let patience = self.patience;
            let stall = self.stall.get_or_insert_with(|| Box::new(WriteStall::new(patience)));
            let more = before.saturating_sub(self.bytes.len());
            return stall.poll(cx, more).map(|()| Err(Stop::Stalled(patience)));
        }
        if let Some(stall) = &mut self.stall {
            stall.paid();
        }
        sent.map_err(Stop::Peer)
    }

    /// Ready when the deadline has come.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let alarm = || Box::pin(tokio::time::sleep_until(deadline.instant().into()));
        self.alarm.get_or_insert_with(alarm).as_mut().poll(cx).map(|()| Stop::Deadline)
    }
}

/// Lets interceptors see a moment that they cannot refuse, other than by a panic.
pub(super) fn observed(moment: impl FnOnce()) -> Result<(), Status> {
    caught(|| {
        moment();
        Ok(())
    })
}

/// Runs a piece of the application. If it panics, this is what the caller hears: that it happened. What the panic
/// said may hold secrets, and stays in the panic hook.
pub(super) fn caught<T>(piece: impl FnOnce() -> Result<T, Status>) -> Result<T, Status> {
    catch_unwind(AssertUnwindSafe(piece)).unwrap_or_else(|_| Err(Status::unknown("the handler panicked")))
}

/// RFC 9113, section 7: what an engine resets a stream with whose peer has broken a rule. Others say that a call was given
/// up, or that a frame came late, as frames of honest peers do.
const PROTOCOL_ERROR: u32 = 0x1;
const FLOW_CONTROL_ERROR: u32 = 0x3;
const FRAME_SIZE_ERROR: u32 = 0x6;
