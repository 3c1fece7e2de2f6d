//! `Running`: a handler at work, raced with its deadline and with the peer's patience; then the answer.
//!
//! In: a handler's future. Out: frames, and the end of the call. The call's own task does everything: while the
//! handler waits, what it has sent goes to the wire.
//!
//! ```text
//!   run     the handler, until it ends or is stopped (`answer`)
//!   reply   head, message, trailers                           where one message is returned
//!   close   what the handler has sent, trailers               where it streamed
//! ```
//!
//! Must not know: what the handler does, or how the call was begun (`server_call`).

use std::marker::PhantomData;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use pin_project_lite::pin_project;

use super::answer::{caught, observed};
use super::inlet::Inlet;
use super::interceptor::{Direction, Interceptor};
use super::outbox::{Head, Outbox};
use super::sender::Sender;
use super::server_call::{Arrived, Ended};
use crate::message::Message;
use crate::metadata::Metadata;
use crate::response::Response;
use crate::status::Status;

/// A call whose handler is at work, or has just ended.
pub struct Running<I: Interceptor, R> {
    arrived: Box<Arrived<I>>,
    messages: PhantomData<fn(R)>,
}

impl<I: Interceptor, R: Message> Running<I, R> {
    pub(super) fn new(arrived: Box<Arrived<I>>) -> Self {
        Running { arrived, messages: PhantomData }
    }

    /// Runs the handler until it ends, its deadline passes, or the caller goes away.
    ///
    /// # Errors
    ///
    /// What the handler returned; `UNKNOWN` if it panicked; or why it was stopped.
    pub fn run<T, F>(&mut self, handler: F) -> impl Future<Output = Result<T, Status>> + use<'_, T, F, I, R>
    where
        F: Future<Output = Result<T, Status>>,
    {
        Run { running: self, handler }
    }

    /// Answers with one message, or with an error.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    pub fn reply(
        mut self,
        reply: Result<Response<R>, Status>,
    ) -> impl Future<Output = Result<(), Ended>> + Send + use<I, R> {
        // The response is taken apart now, because the future would hold it for as long as the call lasts.
        let mut end = self.begin_reply(reply);
        async move {
            let Arrived { wire, metadata, .. } = &mut *self.arrived;
            if end.is_ok()
                && let Err(stop) = wire.write_bytes().await
            {
                end = Err(wire.stopped_by(stop));
            }
            let trailers = if end.is_ok() { take(metadata) } else { Metadata::new() };
            self.end(end, None, trailers)
        }
    }

    /// Ends a response that streamed.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    #[expect(clippy::manual_async_fn, reason = "an async fn would hold its arguments twice while it waits")]
    pub fn close(
        mut self,
        replies: Sender<R>,
        end: Result<(), Status>,
    ) -> impl Future<Output = Result<(), Ended>> + Send + use<I, R> {
        async move {
            let Arrived { call, wire, .. } = &mut *self.arrived;
            let outbox = call.outbox();
            let refusal = outbox.and_then(Outbox::take_refusal);
            let mut end = refusal.map_or(end, Err);
            // What was sent before the end still travels, unless there is nobody to hear it.
            if !wire.is_stopped()
                && let Some(outbox) = outbox
                && let Err(stop) = wire.write_outbox(outbox).await
            {
                end = Err(wire.stopped_by(stop));
            }
            let (head, trailers) = replies.into_ends();
            self.end(end, head, trailers)
        }
    }

    /// Sends the head of an answer, and lays out what is to follow it.
    fn begin_reply(&mut self, reply: Result<Response<R>, Status>) -> Result<(), Status> {
        let encoded = reply.and_then(|response| caught(|| self.encode(response)));
        let Arrived { call, wire, .. } = &mut *self.arrived;
        // Only a handler that reads a stream can have sent a head before its answer.
        if let Some(outbox) = call.outbox() {
            wire.send_early_head(outbox);
        }
        let mut head = encoded?;
        if wire.order.is_untouched() {
            observed(|| call.headers(&mut head.metadata))?;
            wire.send_head(head);
        }
        Ok(())
    }

    /// Lays out message and trailers of a response, and gives its head.
    fn encode(&mut self, response: Response<R>) -> Result<Head, Status> {
        let Arrived { call, wire, metadata, .. } = &mut *self.arrived;
        let settings = &call.settings;
        let encoding = match response.encoding() {
            Some(name) => wire.replies.accept.choose(settings.encodings.named(name)),
            None => wire.replies.encoding,
        };
        let (mut message, head, trailers) = response.into_parts();
        call.message(Direction::Response, &mut message)?;
        let mut buffer = BytesMut::new();
        settings.encodings.encode(&message, encoding, settings.send, &mut buffer)?;
        wire.bytes = buffer.freeze();
        *metadata = trailers;
        Ok(Head { metadata: head, encoding })
    }

    fn end(
        &mut self,
        end: Result<(), Status>,
        head: Option<Metadata>,
        trailers: Metadata,
    ) -> Result<(), Ended> {
        let Arrived { call, wire, .. } = &mut *self.arrived;
        wire.end(call, end, head, trailers)
    }
}

pin_project! {
    /// A handler at work.
    ///
    /// It is written by hand because an `async fn` would hold the handler twice, as its argument and as what it polls.
    struct Run<'a, I: Interceptor, R, F> {
        running: &'a mut Running<I, R>,
        #[pin]
        handler: F,
    }
}

impl<I, R, T, F> Future for Run<'_, I, R, F>
where
    I: Interceptor,
    F: Future<Output = Result<T, Status>>,
{
    type Output = Result<T, Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Status>> {
        let this = self.project();
        let Arrived { call, wire, .. } = &mut *this.running.arrived;
        let call = &*call;
        let raced = wire.poll_race(cx, call.outbox(), |cx| {
            // Whether the handler reads or not, what has come is taken from the engine.
            if let Some(inlet) = call.inlet() {
                inlet.poll_fill(cx);
            }
            this.handler.poll(cx)
        });
        Poll::Ready(ready!(raced).unwrap_or_else(|stop| {
            call.outbox().into_iter().for_each(Outbox::close);
            Err(wire.stopped_by(stop))
        }))
    }
}

/// A handler may have left its request to others, who must not wait for what nobody takes in any more.
impl<I: Interceptor, R> Drop for Running<I, R> {
    fn drop(&mut self) {
        self.arrived.call.inlet().into_iter().for_each(Inlet::close);
    }
}

impl<I: Interceptor, R> std::fmt::Debug for Running<I, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("call", &self.arrived.call.info.path()).finish_non_exhaustive()
    }
}
