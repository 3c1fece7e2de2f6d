//! `Running`: a handler at work, raced with its deadline and with the peer's patience; then the answer.
//!
//! In: a handler's future. Out: frames, and the end of the call. The call's own task does everything: while the
//! handler waits, what it has sent goes to the wire.
//!
//! ```text
//!   poll the handler     ready -> its result            panicked -> UNKNOWN
//!   empty the outbox     head, then messages, as far as the peer has room
//!   is the peer gone?    yes -> drop the handler, end(CANCELLED)
//!   has the time come?   yes -> drop the handler, DEADLINE_EXCEEDED
//! ```
//!
//! Source: PROTOCOL-HTTP2, "Responses": the head is sent with the first message, so that an error before it is one
//! block, Trailers-Only; `statuscodes.md`: a handler that panics ends `UNKNOWN`.
//!
//! Must not know: what the handler does, or how the call was begun (`server_call`).

use std::future::poll_fn;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::time::Sleep;

use super::clock;
use super::interceptor::{Direction, Interceptor};
use super::outbox::{Head, Outbox};
use super::sender::Sender;
use super::server_call::Ended;
use super::shared::CallShared;
use crate::deadline::Deadline;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::method::MethodKind;
use crate::response::Response;
use crate::status::Status;
use crate::transport::{SendHalf, TransportError};
use crate::wire::{AcceptEncoding, AnswerState, ContentType, Encoding, Event, ResponseHead, Trailers};

/// A call whose handler is at work, or has just ended.
pub struct Running<I: Interceptor, R> {
    call: Arc<CallShared<I>>,
    wire: Wire,
    /// Why the handler was stopped, if it was.
    stopped: Option<Stop>,
    messages: PhantomData<fn(R)>,
}

/// The answering side of the stream.
pub(super) struct Wire {
    pub(super) send: SendHalf,
    pub(super) content_type: ContentType,
    pub(super) replies: Replies,
    pub(super) deadline: Option<Deadline>,
    /// Taken from the outbox, and not handed over yet.
    bytes: Bytes,
    /// What has been said of the response, and so what may be said next.
    order: AnswerState,
}

/// How answers may be compressed.
pub(super) struct Replies {
    /// What the client can read.
    pub(super) accept: AcceptEncoding,
    /// What is used if the handler says nothing: the encoding of the request, if the client can read it too.
    pub(super) encoding: Encoding,
}

/// A response of one message, ready for the wire.
struct Answer {
    head: Head,
    message: Bytes,
    trailers: Metadata,
}

/// Why a handler does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Deadline,
    Peer(TransportError),
}

impl Stop {
    pub(super) fn status(&self) -> Status {
        match self {
            Stop::Deadline => clock::exceeded(),
            // Whatever broke the stream, to a handler it means that nobody waits for its answer any more.
            Stop::Peer(error) => Status::cancelled(format!("the caller is gone: {error}")),
        }
    }
}

impl<I: Interceptor, R: Message> Running<I, R> {
    pub(super) fn new(call: Arc<CallShared<I>>, wire: Wire) -> Self {
        Running { call, wire, stopped: None, messages: PhantomData }
    }

    /// Runs the handler until it ends, its deadline passes, or the caller goes away.
    ///
    /// # Errors
    ///
    /// What the handler returned; `UNKNOWN` if it panicked; or why it was stopped.
    pub async fn run<T>(&mut self, handler: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let (call, mut handler) = (&self.call, pin!(handler));
        let handler = poll_fn(|cx| {
            let result = handler.as_mut().poll(cx);
            if call.info.kind().client_streams() {
                call.poll_unread(cx);
            }
            result
        });
        match self.wire.race(Some(&call.outbox), handler).await {
            Ok(result) => result,
            Err(stop) => {
                let status = stop.status();
                self.call.outbox.close();
                self.stopped = Some(stop);
                Err(status)
            }
        }
    }

    /// Answers with one message, or with an error.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    pub async fn reply(mut self, reply: Result<Response<R>, Status>) -> Result<(), Ended> {
        let answer = reply.and_then(|response| caught(|| self.encode(response)));
        match answer {
            Ok(mut answer) => {
                self.wire.send_early_head(&self.call.outbox);
                if self.wire.order.is_untouched() {
                    self.call.headers(&mut answer.head.metadata);
                    self.wire.send_head(answer.head);
                }
                if let Err(stop) = self.wire.write_all(answer.message).await {
                    return self.end(Err(stop.status()), None, Metadata::new(), Some(stop));
                }
                self.end(Ok(()), None, answer.trailers, None)
            }
            Err(status) => {
                self.wire.send_early_head(&self.call.outbox);
                let stopped = self.stopped.take();
                self.end(Err(status), None, Metadata::new(), stopped)
            }
        }
    }

    /// Ends a response that streamed.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    pub async fn close(mut self, replies: Sender<R>, end: Result<(), Status>) -> Result<(), Ended> {
        let (head, trailers) = replies.into_ends();
        let mut end = match self.call.outbox.take_refusal() {
            Some(refusal) => Err(refusal),
            None => end,
        };
        // What was sent before the end still travels, unless there is nobody to hear it.
        if self.stopped.is_none()
            && let Err(stop) = self.wire.write_outbox(&self.call.outbox).await
        {
            end = Err(stop.status());
            self.stopped = Some(stop);
        }
        let stopped = self.stopped.take();
        self.end(end, head, trailers, stopped)
    }

    fn encode(&self, response: Response<R>) -> Result<Answer, Status> {
        let encoding = match response.encoding() {
            Some(name) => self.wire.replies.accept.choose(self.call.settings.encodings.named(name)),
            None => self.wire.replies.encoding,
        };
        let (mut message, head, trailers) = response.into_parts();
        self.call.message(Direction::Response, &mut message)?;
        let mut buffer = BytesMut::new();
        let settings = &self.call.settings;
        settings.encodings.encode(&message, encoding, settings.send, &mut buffer)?;
        Ok(Answer { head: Head { metadata: head, encoding }, message: buffer.freeze(), trailers })
    }

    fn end(
        mut self,
        end: Result<(), Status>,
        head: Option<Metadata>,
        trailers: Metadata,
        stopped: Option<Stop>,
    ) -> Result<(), Ended> {
        self.wire.end(&self.call, end, head, trailers, stopped)
    }
}

impl Wire {
    pub(super) fn new(
        send: SendHalf,
        kind: MethodKind,
        content_type: ContentType,
        replies: Replies,
        deadline: Option<Deadline>,
    ) -> Self {
        Wire { send, content_type, replies, deadline, bytes: Bytes::new(), order: AnswerState::new(kind) }
    }

    /// Polls a future of the application, and between its turns the outbox, the peer and the clock.
    ///
    /// A panic in the future is caught: it ends this call and no other.
    pub(super) async fn race<T>(
        &mut self,
        outbox: Option<&Outbox>,
        future: impl Future<Output = Result<T, Status>>,
    ) -> Result<Result<T, Status>, Stop> {
        let mut future = pin!(future);
        let mut alarm = pin!(self.alarm());
        poll_fn(|cx| {
            match caught(|| Ok(future.as_mut().poll(cx))) {
                Ok(Poll::Ready(result)) => return Poll::Ready(Ok(result)),
                Ok(Poll::Pending) => {}
                Err(panicked) => return Poll::Ready(Ok(Err(panicked))),
            }
            if let Some(outbox) = outbox {
                // Pending is fine: the handler goes on while the peer has no room.
                if let Poll::Ready(Err(error)) = self.poll_outbox(cx, outbox) {
                    return Poll::Ready(Err(Stop::Peer(error)));
                }
            }
            if let Poll::Ready(error) = self.send.poll_broken(cx) {
                return Poll::Ready(Err(Stop::Peer(error)));
            }
            poll_alarm(alarm.as_mut(), cx).map(Err)
        })
        .await
    }

    /// Ends the call: reports its end, and sends trailers or the one block that is everything.
    pub(super) fn end<I: Interceptor>(
        &mut self,
        call: &CallShared<I>,
        end: Result<(), Status>,
        head: Option<Metadata>,
        mut trailers: Metadata,
        stopped: Option<Stop>,
    ) -> Result<(), Ended> {
        let end = end.map_err(Status::for_answer);
        if let Some(Stop::Peer(_)) = stopped {
            call.end(&end, &mut trailers);
            self.send.cancel();
            return Err(Ended);
        }
        // An error before the first message is one block, unless a head was prepared that would be lost with it.
        let head = head.filter(|head| self.order.is_untouched() && (end.is_ok() || !head.is_empty()));
        if let Some(mut head) = head {
            call.headers(&mut head);
            self.send_head(Head { metadata: head, encoding: Encoding::Identity });
        }
        call.end(&end, &mut trailers);
        let trailers = Trailers { end, metadata: trailers };
        let sent = match self.order.is_untouched() {
            true => self.send.send_head(trailers.into_response(self.content_type.clone()), true),
            false => self.send.send_trailers(trailers.into_headers()),
        };
        sent.map_err(|_| Ended)
    }

    /// Sends the head, unless it was sent. If the stream is gone, whoever writes next finds out.
    fn send_head(&mut self, head: Head) {
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
    fn send_early_head(&mut self, outbox: &Outbox) {
        if let Some(head) = outbox.take().head {
            self.send_head(head);
        }
    }

    /// Hands over these bytes, by the deadline.
    async fn write_all(&mut self, mut bytes: Bytes) -> Result<(), Stop> {
        if self.send.send_unasked(&mut bytes, false).map_err(Stop::Peer)? {
            return Ok(());
        }
        let mut alarm = pin!(self.alarm());
        poll_fn(|cx| match self.send.poll_send(cx, &mut bytes, false) {
            Poll::Ready(sent) => Poll::Ready(sent.map_err(Stop::Peer)),
            Poll::Pending => poll_alarm(alarm.as_mut(), cx).map(Err),
        })
        .await
    }

    /// Hands over all that is in the outbox, by the deadline.
    async fn write_outbox(&mut self, outbox: &Outbox) -> Result<(), Stop> {
        let mut alarm = pin!(self.alarm());
        poll_fn(|cx| match self.poll_outbox(cx, outbox) {
            Poll::Ready(sent) => Poll::Ready(sent.map_err(Stop::Peer)),
            Poll::Pending => poll_alarm(alarm.as_mut(), cx).map(Err),
        })
        .await
    }

    /// Ready when the outbox is empty and all of it is handed over.
    fn poll_outbox(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<Result<(), TransportError>> {
        loop {
            if !self.bytes.is_empty() {
                ready!(self.send.poll_send(cx, &mut self.bytes, false))?;
                outbox.handed_over();
            }
            let taken = outbox.take();
            if let Some(head) = taken.head {
                self.send_head(head);
                outbox.handed_over();
            } else if taken.bytes.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.bytes = taken.bytes;
        }
    }

    fn alarm(&self) -> Option<Sleep> {
        self.deadline.map(|deadline| tokio::time::sleep_until(deadline.instant().into()))
    }
}

impl<I: Interceptor, R> std::fmt::Debug for Running<I, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("call", &self.call.info.path()).finish_non_exhaustive()
    }
}

fn poll_alarm(alarm: Pin<&mut Option<Sleep>>, cx: &mut Context<'_>) -> Poll<Stop> {
    match alarm.as_pin_mut() {
        Some(sleep) => sleep.poll(cx).map(|()| Stop::Deadline),
        None => Poll::Pending,
    }
}

/// Runs a piece of the application. If it panics, this is what the caller hears: that it happened. What the panic
/// said may hold secrets, and stays in the panic hook.
fn caught<T>(piece: impl FnOnce() -> Result<T, Status>) -> Result<T, Status> {
    catch_unwind(AssertUnwindSafe(piece)).unwrap_or_else(|_| Err(Status::unknown("the handler panicked")))
}
