//! `Streaming`: the reading half of a call, the same on both sides.
//!
//! In: encoded messages, from a request or a response. Out: decoded ones, one at a time, and how it ended.
//!
//! Must not know: windows or frames. Who does not read is not sent more; that is arranged below.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
#[cfg(feature = "client")]
use tokio::sync::oneshot;
#[cfg(feature = "client")]
use tokio::time::Sleep;

#[cfg(feature = "client")]
use super::clock;
use super::compress::Arrived;
use super::halves::Hook;
use super::interceptor::Direction;
#[cfg(feature = "server")]
use super::outbox::Head;
#[cfg(feature = "client")]
use super::pilot::{Landing, TakeOver, taken_over};
#[cfg(feature = "server")]
use super::request_reader::RequestReader;
#[cfg(feature = "client")]
use super::response_reader::{Item, ResponseReader};
#[cfg(feature = "server")]
use super::sender::Closed;
use super::unfold::unfold;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::status::Status;
#[cfg(feature = "server")]
use crate::wire::Encoding;

/// The reading half of a call.
///
/// ```text
///   while let Some(message) = streaming.message().await? { .. }
///   streaming.trailers()
/// ```
///
/// On a server, `None` means that the client has ended its request in good order. On a client it means that the
/// call ended with status OK; every other end is an `Err`. After the first error or end, only `None` follows.
///
/// A client that drops it before the end cancels the call. A server may drop it at any time.
pub struct Streaming<T> {
    hook: Arc<dyn Hook<T>>,
    source: Source,
    /// Whether the last message was compressed on the wire.
    compressed: bool,
    /// What only a client has.
    #[cfg(feature = "client")]
    heard: Option<Box<Heard>>,
}

/// What a client has heard beside messages, and what it waits for.
#[cfg(feature = "client")]
#[derive(Default)]
struct Heard {
    head: Option<Metadata>,
    trailers: Option<Metadata>,
    /// Fires at the call's deadline; made when this half waits for the first time.
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Pointers, because a handler's future holds its half, and every future that the half passes through holds it again.
enum Source {
    #[cfg(feature = "server")]
    Request(Box<RequestReader>),
    /// A response, and what may follow it as long as it has not begun.
    #[cfg(feature = "client")]
    Response(Box<ResponseReader>, Option<Box<dyn TakeOver>>),
    /// A response that a pilot waits for.
    #[cfg(feature = "client")]
    Awaited(oneshot::Receiver<Landing>),
    /// Cancelled here, and not yet told.
    #[cfg(feature = "client")]
    Cancelled(Status),
    /// After the first error or end.
    Over,
}

impl<T: Message> Streaming<T> {
    /// The response of a first attempt, and what may follow it.
    #[cfg(feature = "client")]
    pub(super) fn of_attempt(
        reader: ResponseReader,
        next: Box<dyn TakeOver>,
        hook: Arc<dyn Hook<T>>,
    ) -> Self {
        Self::new(Source::Response(Box::new(reader), Some(next)), hook)
    }

    /// The response that a pilot will come to.
    #[cfg(feature = "client")]
    pub(super) fn of_pilot(landed: oneshot::Receiver<Landing>, hook: Arc<dyn Hook<T>>) -> Self {
        Self::new(Source::Awaited(landed), hook)
    }

    #[cfg(feature = "server")]
    pub(super) fn of_request(reader: RequestReader, hook: Arc<dyn Hook<T>>) -> Self {
        Self::new(Source::Request(Box::new(reader)), hook)
    }

    fn new(source: Source, hook: Arc<dyn Hook<T>>) -> Self {
        Streaming {
            hook,
            source,
            compressed: false,
            #[cfg(feature = "client")]
            heard: None,
        }
    }

    /// The next message; `None` when the stream has ended well.
    ///
    /// # Errors
    ///
    /// On a client, how the call ended. On a server, what is wrong with the request; a handler mostly returns it.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing.
    pub async fn message(&mut self) -> Result<Option<T>, Status> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// [`message`](Streaming::message), for those who poll.
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Status>> {
        match &mut self.source {
            Source::Over => Poll::Ready(Ok(None)),
            #[cfg(feature = "server")]
            Source::Request(reader) => {
                let (settings, inlet) = (self.hook.settings(), self.hook.inlet());
                let message = ready!(reader.poll_message(cx, settings, |cx| inlet.poll_chunk(cx)));
                let message = message.and_then(|arrived| match arrived {
                    Some(arrived) => self.read(Direction::Request, arrived).map(Some),
                    None => Ok(None),
                });
                if !matches!(message, Ok(Some(_))) {
                    self.stop_reading();
                }
                Poll::Ready(message)
            }
            #[cfg(feature = "client")]
            Source::Response(..) | Source::Awaited(_) | Source::Cancelled(_) => self.poll_response(cx),
        }
    }

    /// Whether the last message came compressed.
    pub fn was_compressed(&self) -> bool {
        self.compressed
    }

    fn read(&mut self, direction: Direction, arrived: Arrived) -> Result<T, Status> {
        self.compressed = arrived.compressed;
        let mut message = unfold::<T>(arrived.bytes, self.hook.settings())?;
        self.hook.message(direction, &mut message)?;
        Ok(message)
    }
}

#[cfg(feature = "server")]
impl<T> Streaming<T> {
    /// Leaves the rest of a request to the call, which goes on.
    fn stop_reading(&mut self) {
        match std::mem::replace(&mut self.source, Source::Over) {
            Source::Request(_) => self.hook.inlet().discard(),
            other => self.source = other,
        }
    }
}

#[cfg(feature = "server")]
impl<T: Message> Streaming<T> {
    /// On a server: sends the response head now, with this metadata.
    ///
    /// It leaves with the first message otherwise, which for a client that streams is at the very end; a client that
    /// waits for the head before it sends anything would wait for ever. Only the first head counts. Where the
    /// handler has a [`Sender`](super::Sender) too, its `flush` does the same.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the call has ended.
    pub fn send_headers(&mut self, mut metadata: Metadata) -> Result<(), Closed> {
        self.hook.headers(&mut metadata);
        let head = Head { metadata, encoding: Encoding::Identity };
        self.hook.outbox().push_head(head)?;
        Ok(())
    }
}

#[cfg(feature = "client")]
impl<T: Message> Streaming<T> {
    /// On a client: waits for the metadata of the response head.
    ///
    /// It is empty if the call failed before its head, with a Trailers-Only response: the status then comes with
    /// the first message, and the metadata with the status.
    ///
    /// # Errors
    ///
    /// How the call ended, if it ended without any response.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing.
    pub async fn headers(&mut self) -> Result<&Metadata, Status> {
        poll_fn(|cx| self.poll_headers(cx)).await?;
        Ok(self.heard().head.get_or_insert_default())
    }

    /// On a client: cancels the call. The stream is reset with CANCEL, and the server's handler is dropped.
    ///
    /// The next [`message`](Streaming::message) is the error `CANCELLED`, or `DEADLINE_EXCEEDED` if the time has come
    /// already; messages that have arrived and were not asked for are lost. Does nothing to a call that is over.
    /// Dropping this half cancels as well; this is for those who want to read the end like any other.
    pub fn cancel(&mut self) {
        if matches!(self.source, Source::Response(..) | Source::Awaited(_)) {
            let status = self.fail(Status::cancelled("the call was cancelled by its caller"));
            self.source = Source::Cancelled(status);
        }
    }

    /// On a client: the metadata of the trailers, after the last message of a call that ended well.
    pub fn trailers(&self) -> Option<&Metadata> {
        self.heard.as_ref()?.trailers.as_ref()
    }

    /// On a client: the metadata of the head and of the trailers, as far as they have come.
    pub(super) fn take_metadata(&mut self) -> (Metadata, Metadata) {
        let heard = self.heard.take().unwrap_or_default();
        (heard.head.unwrap_or_default(), heard.trailers.unwrap_or_default())
    }

    fn heard(&mut self) -> &mut Heard {
        self.heard.get_or_insert_default()
    }

    fn poll_headers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        loop {
            let polled = match &mut self.source {
                Source::Response(reader, next) if reader.awaits_head() => {
                    let polled = reader.poll_head(cx, self.hook.settings());
                    if let Some(landed) = taken_over(&polled, reader, next) {
                        self.source = Source::Awaited(landed);
                        continue;
                    }
                    polled
                }
                Source::Awaited(landed) => match Pin::new(landed).poll(cx) {
                    Poll::Ready(Ok(Ok((reader, head)))) => {
                        let awaits_head = reader.awaits_head();
                        self.source = Source::Response(reader, None);
                        if awaits_head {
                            continue;
                        }
                        Poll::Ready(Ok(head))
                    }
                    Poll::Ready(Ok(Err(status))) => Poll::Ready(Err(status)),
                    // At its deadline, or with its runtime.
                    Poll::Ready(Err(_)) => Poll::Ready(Err(Status::cancelled("the call was given up"))),
                    Poll::Pending => Poll::Pending,
                },
                Source::Cancelled(status) => {
                    let status = status.clone();
                    self.source = Source::Over;
                    return Poll::Ready(Err(status));
                }
                _ => return Poll::Ready(Ok(())),
            };
            return match polled {
                Poll::Ready(Ok(head)) => {
                    if let Some(mut head) = head {
                        self.hook.headers(&mut head);
                        self.heard().head = Some(head);
                    }
                    Poll::Ready(Ok(()))
                }
                Poll::Ready(Err(status)) => Poll::Ready(Err(self.fail(status))),
                Poll::Pending => self.poll_alarm(cx).map(Err),
            };
        }
    }

    fn poll_response(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, Status>> {
        ready!(self.poll_headers(cx))?;
        let Source::Response(reader, _) = &mut self.source else {
            return Poll::Ready(Ok(None));
        };
        match reader.poll_item(cx, self.hook.settings()) {
            Poll::Ready(Ok(Item::Message(bytes))) => Poll::Ready(
                self.read(Direction::Response, bytes).map(Some).map_err(|status| self.fail(status)),
            ),
            Poll::Ready(Ok(Item::End(mut trailers))) => {
                self.hook.end(&Ok(()), &mut trailers);
                self.heard().trailers = Some(trailers);
                self.leave();
                Poll::Ready(Ok(None))
            }
            Poll::Ready(Err(status)) => Poll::Ready(Err(self.fail(status))),
            Poll::Pending => self.poll_alarm(cx).map(Err),
        }
    }

    /// Ready with `DEADLINE_EXCEEDED` at the call's deadline.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Status> {
        let Some(deadline) = self.hook.info().deadline() else {
            return Poll::Pending;
        };
        let alarm = || Box::pin(tokio::time::sleep_until(deadline.instant().into()));
        let alarm = self.heard().alarm.get_or_insert_with(alarm);
        ready!(alarm.as_mut().poll(cx));
        Poll::Ready(self.fail(clock::exceeded()))
    }

    /// The call is over with this status, or with a better one that is known here.
    fn fail(&mut self, status: Status) -> Status {
        let status = match (self.hook.outbox().take_refusal(), self.hook.info().deadline()) {
            // We reset the call because an outgoing message was refused, so that is why it failed.
            (Some(refusal), _) => refusal,
            (None, Some(deadline)) => clock::after_deadline(status, deadline),
            (None, None) => status,
        };
        let end = Err(status);
        self.hook.end(&end, &mut Metadata::new());
        self.leave();
        match end {
            Err(status) => status,
            Ok(()) => clock::exceeded(),
        }
    }

    /// Lets go of the stream, and tells the sending half.
    fn leave(&mut self) {
        self.source = Source::Over;
        self.hook.outbox().close();
    }
}

impl<T: Message> Stream for Streaming<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx).map(Result::transpose)
    }
}

impl<T> Drop for Streaming<T> {
    fn drop(&mut self) {
        #[cfg(feature = "server")]
        self.stop_reading();
        #[cfg(feature = "client")]
        if matches!(self.source, Source::Response(..) | Source::Awaited(_)) {
            let end = Err(Status::cancelled("the reading half was dropped before the call ended"));
            self.hook.end(&end, &mut Metadata::new());
            // Also a request that has ended, and is only waiting for the wire, is not wanted any more.
            self.hook.outbox().close();
        }
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("call", &self.hook.info().path()).finish_non_exhaustive()
    }
}
