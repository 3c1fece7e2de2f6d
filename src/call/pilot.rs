//! The pilot: brings a call of a client to the beginning of its response, over as many attempts as it takes.
//!
//! In: a request that streams, or one message; the stream of the first attempt; and a way to another. Out: a reader at
//! the response, handed to the application's reading half once; and the rest of the request on the wire.
//!
//! ```text
//!            outbox             head
//!   Sender ---------> pilot <--------- stream 1     broken before a head: judged, and then
//!                       |  \---------- stream 2     what was sent is sent again
//!                       v
//!   Streaming: the reader, with the head; from here on nothing is made again
//! ```
//!
//! Until the response begins the pilot alone polls the stream: only the receiving half learns why a stream broke, and
//! the application may be sending all that time without looking there. A call that streams its request has a pilot from
//! the start, in the task that writes. One that sends a single message does without, and sets a pilot to work when its
//! first attempt has failed ([`TakeOver`]).
//!
//! Spec: gRFC A6 "When Retries are Valid": the response head is the point of no return. Must not know: where streams
//! come from, or why a failure is judged as it is (`client::attempt`).

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::halves::CallHalves;
use super::interceptor::Interceptor;
use super::response_reader::ResponseReader;
use super::writer::Writer;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::transport::{RecvHalf, SendHalf};

/// How a call gets another stream.
pub(crate) trait Again: Send + 'static {
    /// How long to wait before another attempt after one that ended like this; `None` if that is how the call ends.
    fn judge(&mut self, end: &Status, trailers: &Metadata) -> Option<Duration>;

    /// Waits, and opens another stream; or the status of a call that gets none.
    fn reopen(&mut self, wait: Duration)
    -> impl Future<Output = Result<(SendHalf, RecvHalf), Status>> + Send;
}

/// Where the response begins: a reader, and the head if it has been read; or how the call ended before that.
pub(super) type Landing = Result<(Box<ResponseReader>, Option<Metadata>), Status>;

/// What becomes of a call of one message whose first attempt has failed.
pub(super) trait TakeOver: Send {
    /// Sets a pilot to work, if the call is to be made again.
    fn take_over(self: Box<Self>, end: &Status, trailers: &Metadata) -> Option<oneshot::Receiver<Landing>>;
}

/// A request of one message.
pub(super) struct OneMessage<I: Interceptor, A> {
    pub(super) call: Arc<CallHalves<I>>,
    pub(super) again: A,
    pub(super) message: Bytes,
}

impl<I: Interceptor, A: Again> TakeOver for OneMessage<I, A> {
    fn take_over(self: Box<Self>, end: &Status, trailers: &Metadata) -> Option<oneshot::Receiver<Landing>> {
        let OneMessage { call, mut again, message } = *self;
        let wait = again.judge(end, trailers)?;
        let (landing, landed) = oneshot::channel();
        tokio::spawn(async move {
            let mut alarm = pin!(alarm(&call));
            let mut landing = landing;
            let opened = wanted(again.reopen(wait), &mut landing, alarm.as_mut()).await;
            match opened {
                Some(Ok((send, recv))) => {
                    let writer = Writer::of_one(send, message);
                    fly(&call, again, writer, recv, landing, alarm).await;
                }
                Some(Err(status)) => drop(landing.send(Err(status))),
                None => {}
            }
        });
        Some(landed)
    }
}

/// What waits for another attempt after a first one that came to this, if there is to be one. A response that has begun,
/// and a failure that stands, are the end of all attempts.
pub(super) fn taken_over(
    polled: &Poll<Result<Option<Metadata>, Status>>,
    reader: &ResponseReader,
    next: &mut Option<Box<dyn TakeOver>>,
) -> Option<oneshot::Receiver<Landing>> {
    let Poll::Ready(result) = polled else {
        return None;
    };
    let next = next.take()?;
    match result {
        Ok(Some(_)) => None,
        Ok(None) => reader.early_end().and_then(|(end, trailers)| next.take_over(end, trailers)),
        Err(end) => next.take_over(end, &Metadata::new()),
    }
}

/// Writes the request and waits for the response, on the first stream or a later one.
pub(super) async fn run<I: Interceptor>(
    call: Arc<CallHalves<I>>,
    again: impl Again,
    writer: Writer,
    recv: RecvHalf,
    landing: oneshot::Sender<Landing>,
) {
    let alarm = pin!(alarm(&call));
    fly(&call, again, writer, recv, landing, alarm).await;
    call.outbox.close();
}

async fn fly<I: Interceptor>(
    call: &CallHalves<I>,
    mut again: impl Again,
    mut writer: Writer,
    recv: RecvHalf,
    mut landing: oneshot::Sender<Landing>,
    mut alarm: Pin<&mut Option<Sleep>>,
) {
    let new_reader = |recv| Box::new(ResponseReader::new(recv, call.info.kind(), call.settings.receive));
    let mut reader = new_reader(recv);
    loop {
        let step = step(call, &mut writer, &mut reader, &mut landing, alarm.as_mut()).await;
        let wait = match &step {
            Step::Failed(end) if writer.can_restart() => again.judge(end, &Metadata::new()),
            Step::Head(None) if writer.can_restart() => match reader.early_end() {
                Some((end, trailers)) => again.judge(end, trailers),
                None => None,
            },
            _ => None,
        };
        let landed = match (wait, step) {
            (Some(wait), _) => match wanted(again.reopen(wait), &mut landing, alarm.as_mut()).await {
                Some(Ok((send, recv))) => {
                    writer.restart(send);
                    reader = new_reader(recv);
                    continue;
                }
                Some(Err(status)) => return drop(landing.send(Err(status))),
                None => return,
            },
            (None, Step::Head(head)) => Ok((reader, head)),
            (None, Step::Unread) => Ok((reader, None)),
            (None, Step::Failed(status)) => return drop(landing.send(Err(status))),
            // Both halves are dropped, which cancels the stream.
            (None, Step::Unwanted) => return writer.cancel(),
        };
        drop(again);
        writer.commit();
        // If nobody waits for it any more, the stream is cancelled with it.
        let _ = landing.send(landed);
        return finish(call, writer, alarm).await;
    }
}

/// What ends the wait for a response.
enum Step {
    /// Its head; `None` if it came in one block, or was not gRPC.
    Head(Option<Metadata>),
    /// The stream broke.
    Failed(Status),
    /// More was sent than can be kept, so that this attempt is the last.
    Unread,
    /// The application wants no response any more, or its time is up.
    Unwanted,
}

/// Writes, and waits for the response to begin.
async fn step<I: Interceptor>(
    call: &CallHalves<I>,
    writer: &mut Writer,
    reader: &mut ResponseReader,
    landing: &mut oneshot::Sender<Landing>,
    mut alarm: Pin<&mut Option<Sleep>>,
) -> Step {
    poll_fn(|cx| {
        // Whether it can write or not, the reading half says what the stream has come to.
        let _ = writer.poll(cx, call);
        match reader.poll_head(cx, &call.settings) {
            Poll::Ready(Ok(head)) => return Poll::Ready(Step::Head(head)),
            Poll::Ready(Err(status)) => return Poll::Ready(Step::Failed(status)),
            Poll::Pending => {}
        }
        let is_late = alarm.as_mut().as_pin_mut().is_some_and(|alarm| alarm.poll(cx).is_ready());
        if is_late || landing.poll_closed(cx).is_ready() {
            return Poll::Ready(Step::Unwanted);
        }
        if writer.is_forgetful() { Poll::Ready(Step::Unread) } else { Poll::Pending }
    })
    .await
}

/// Waits for something as long as the application waits for the response; `None` once it does not.
async fn wanted<T>(
    future: impl Future<Output = T>,
    landing: &mut oneshot::Sender<Landing>,
    mut alarm: Pin<&mut Option<Sleep>>,
) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        let is_late = alarm.as_mut().as_pin_mut().is_some_and(|alarm| alarm.poll(cx).is_ready());
        if is_late || landing.poll_closed(cx).is_ready() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Writes the rest of the request: nobody asks any more what became of it.
async fn finish<I: Interceptor>(
    call: &CallHalves<I>,
    mut writer: Writer,
    mut alarm: Pin<&mut Option<Sleep>>,
) {
    poll_fn(|cx| {
        let done = writer.poll(cx, call);
        if done.is_pending() && alarm.as_mut().as_pin_mut().is_some_and(|alarm| alarm.poll(cx).is_ready()) {
            // The reading half has its own alarm and reports; here the peer is told.
            writer.cancel();
            return Poll::Ready(());
        }
        done
    })
    .await;
}

/// Rings at the deadline of the call, if it has one.
fn alarm<I: Interceptor>(call: &CallHalves<I>) -> Option<Sleep> {
    call.info.deadline().map(|deadline| tokio::time::sleep_until(deadline.instant().into()))
}
