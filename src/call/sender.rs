//! `Sender`: the writing half of a call, the same on both sides.
//!
//! In: messages of the application. Out: encoded bytes in the call's outbox, from where one writer takes them to
//! the wire. A client's sender ends the request with `finish`; a server's is lent to the handler, which ends the
//! response by returning.
//!
//! Must not know: streams, windows, or why the call ended. A send that fails says [`Closed`], which has no code:
//! the end of the call has it, and turns up where ends always do, on the reading half or as the handler's fate.

use std::fmt;
use std::future::poll_fn;
use std::mem::take;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_core::Stream;

use super::halves::Hook;
use super::info::Side;
use super::interceptor::Direction;
use super::outbox::{Gone, Head};
use crate::message::Message;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::wire::Encoding;

/// The writing half of a call.
///
/// Small messages that are sent while the wire is busy travel together. Nothing is held back: as soon as the
/// sending task waits for anything, what it has sent is on its way.
///
/// A client's sender that is dropped before [`finish`](Sender::finish) cancels the call, so that an upload cut
/// short never looks complete.
pub struct Sender<T> {
    hook: Arc<dyn Hook<T>>,
    outgoing: Outgoing,
}

/// How the messages of one half leave, and how far it is.
pub(crate) struct Outgoing {
    pub(crate) direction: Direction,
    /// What the head says of compression.
    pub(crate) encoding: Encoding,
    /// Whether the next message is compressed, if the encoding allows it.
    pub(crate) compressing: bool,
    headers_sent: bool,
    /// Whether the last message has left room for another.
    has_room: bool,
    finished: bool,
    /// A server's metadata, if it has any to send.
    metadata: Option<Box<ServerMetadata>>,
}

/// What a server sends beside messages.
#[derive(Default)]
struct ServerMetadata {
    /// Until the head leaves.
    headers: Metadata,
    /// Until the call ends.
    trailers: Metadata,
}

/// The call has ended, so nothing more can be sent.
///
/// It has no code, because the sending half never learns why: a client asks its reading half; a handler may
/// simply return it with `?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call has ended: nothing more can be sent")]
pub struct Closed;

impl From<Closed> for Status {
    fn from(_: Closed) -> Status {
        Status::cancelled("the call ended while messages were being sent")
    }
}

impl From<Gone> for Closed {
    fn from(_: Gone) -> Closed {
        Closed
    }
}

impl<T: Message> Sender<T> {
    pub(crate) fn new(hook: Arc<dyn Hook<T>>, encoding: Encoding) -> Self {
        let (direction, headers_sent) = match hook.info().side() {
            // Its head has left before there was a sender.
            Side::Client => (Direction::Request, true),
            Side::Server => (Direction::Response, false),
        };
        let outgoing = Outgoing {
            direction,
            encoding,
            compressing: true,
            headers_sent,
            has_room: true,
            finished: false,
            metadata: None,
        };
        Sender { hook, outgoing }
    }

    /// Sends a message: queues it, and waits only while the wire is behind.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the call has ended, or if an interceptor or the size limit refused the message, which ends
    /// it.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped before it is ready has sent nothing.
    pub async fn send(&mut self, message: T) -> Result<(), Closed> {
        if !self.outgoing.has_room {
            poll_fn(|cx| self.hook.outbox().poll_room(cx)).await?;
        }
        self.outgoing.has_room = self.hook.send(&mut self.outgoing, message)?;
        Ok(())
    }

    /// Switches compression off, or on again, from the next message on.
    ///
    /// Messages are compressed one by one, so what is small or dense already, or a secret beside text that an
    /// attacker chooses, can be left out. Without an agreed encoding nothing is compressed anyway.
    pub fn compress(&mut self, on: bool) {
        self.outgoing.compressing = on;
    }

    /// Sends every message of a stream.
    ///
    /// # Errors
    ///
    /// As [`send`](Sender::send); the rest of the stream is then dropped.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped loses at most the message that was waiting for room.
    pub async fn send_all(&mut self, messages: impl Stream<Item = T> + Send) -> Result<(), Closed> {
        let mut messages: Pin<&mut _> = pin!(messages);
        while let Some(message) = poll_fn(|cx| messages.as_mut().poll_next(cx)).await {
            self.send(message).await?;
        }
        Ok(())
    }

    /// Waits until everything sent so far has been handed to the connection.
    ///
    /// On a server this sends the head at once if nothing was sent before, so that a client sees the metadata of
    /// a response whose first message is long in coming.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the call ends first.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing.
    pub async fn flush(&mut self) -> Result<(), Closed> {
        if let Some(head) = self.outgoing.take_head(|headers| self.hook.headers(headers)) {
            self.outgoing.has_room = self.hook.outbox().push_head(head)?;
        }
        Ok(poll_fn(|cx| self.hook.outbox().poll_flushed(cx)).await?)
    }

    /// A server's head metadata. Changes count until the first message is sent, with which the head leaves.
    pub fn headers_mut(&mut self) -> &mut Metadata {
        &mut self.outgoing.metadata.get_or_insert_default().headers
    }

    /// A server's trailers metadata. Changes count until the handler returns.
    pub fn trailers_mut(&mut self) -> &mut Metadata {
        &mut self.outgoing.metadata.get_or_insert_default().trailers
    }

    /// Ends a client's request. The messages sent before are still on their way.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the call has ended already.
    pub async fn finish(mut self) -> Result<(), Closed> {
        self.outgoing.finished = true;
        Ok(self.hook.outbox().finish()?)
    }
}

impl Outgoing {
    /// A server's head, if it has not left: what `headers` has seen and may have changed.
    #[inline]
    pub(crate) fn take_head(&mut self, headers: impl FnOnce(&mut Metadata)) -> Option<Head> {
        if self.headers_sent {
            return None;
        }
        self.headers_sent = true;
        let mut head = self.metadata.as_mut().map(|metadata| take(&mut metadata.headers)).unwrap_or_default();
        headers(&mut head);
        Some(Head { metadata: head, encoding: self.encoding })
    }
}

#[cfg(feature = "server")]
impl<T> Sender<T> {
    /// What a server needs to end the response: the head if it was not sent, and the trailers.
    pub(crate) fn into_ends(mut self) -> (Option<Metadata>, Metadata) {
        let ServerMetadata { headers, trailers } = *self.outgoing.metadata.take().unwrap_or_default();
        ((!self.outgoing.headers_sent).then_some(headers), trailers)
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if !self.outgoing.finished && self.outgoing.direction == Direction::Request {
            self.hook.outbox().abandon();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("call", &self.hook.info().path()).finish_non_exhaustive()
    }
}
