//! One call as its caller sees it, on a stream that a channel has opened.
//!
//! In: a request message, or none yet, and the two halves of a stream. Out: a response, or the halves that the
//! application holds.
//!
//! ```text
//!   unary              one future, no task: sends and reads in turn, in the caller's own task
//!   server streaming   sends the message, then hands out Streaming
//!   client streaming   hands out Upload = Sender + Streaming; a pilot's task walks to the wire
//!   bidi streaming     hands out both at once, before the server has said anything
//! ```
//!
//! Must not know: how the stream came to be (`client::channel`).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;

use super::halves::CallHalves;
use super::interceptor::{Direction, Interceptor};
use super::pilot::{self, Again, OneMessage};
use super::replay::Replay;
use super::response_reader::{Item, ResponseReader};
use super::sender::{Closed, Sender};
use super::shared::CallShared;
use super::streaming::Streaming;
use super::unfold::unfold;
use super::writer::Writer;
use crate::message::Message;
use crate::response::Response;
use crate::status::Status;
use crate::transport::{RecvHalf, SendHalf};
use crate::wire::Encoding;

/// The one message of a request, ready for the wire.
pub(crate) fn encode_request<I: Interceptor, Q: Message>(
    call: &CallShared<I>,
    message: &mut Q,
    encoding: Encoding,
) -> Result<Bytes, Status> {
    call.message(Direction::Request, message)?;
    let mut buffer = BytesMut::new();
    call.settings.encodings.encode(message, encoding, call.settings.send, &mut buffer)?;
    Ok(buffer.freeze())
}

/// An attempt that failed.
pub(crate) struct Failed {
    pub(crate) status: Status,
    /// Whether the response had begun.
    pub(crate) was_answered: bool,
}

/// Sends one message and reads one, in the caller's task.
pub(crate) async fn unary<I: Interceptor, R: Message>(
    call: &CallShared<I>,
    message: Bytes,
    send: SendHalf,
    recv: RecvHalf,
) -> Result<Response<R>, Failed> {
    let mut was_answered = false;
    let end = exchange(call, message, send, recv, &mut was_answered).await;
    end.map_err(|status| Failed { status, was_answered })
}

async fn exchange<I: Interceptor, R: Message>(
    call: &CallShared<I>,
    message: Bytes,
    send: SendHalf,
    recv: RecvHalf,
    was_answered: &mut bool,
) -> Result<Response<R>, Status> {
    let mut request = Request::new(send, message);
    let mut reader = ResponseReader::new(recv, call.info.kind(), call.settings.receive);
    let head = poll_fn(|cx| {
        // Sending goes on while the head is waited for. If it fails, the reading half knows why.
        let _ = request.poll(cx, call);
        reader.poll_head(cx, &call.settings)
    })
    .await?;
    *was_answered = head.is_some();
    let head = head.map(|mut head| {
        call.headers(&mut head);
        head
    });
    let mut message = None;
    let trailers = loop {
        let item = poll_fn(|cx| {
            let _ = request.poll(cx, call);
            reader.poll_item(cx, &call.settings)
        });
        match item.await? {
            Item::Message(arrived) => message = Some(arrived),
            Item::End(trailers) => break trailers,
        }
    };
    // The order of the call has refused an OK without a message already.
    let arrived = message.ok_or_else(|| Status::unimplemented("status OK without a response message"))?;
    let mut message: R = unfold(arrived.bytes, &call.settings)?;
    call.message(Direction::Response, &mut message)?;
    Ok(Response::arrived(message, head.unwrap_or_default(), trailers, arrived.compressed))
}

/// Sends one message and hands out the reading half.
///
/// Waits only while the peer has no room for the message.
pub(crate) async fn server_streaming<I: Interceptor, R: Message>(
    call: Arc<CallHalves<I>>,
    message: Bytes,
    (send, recv): (SendHalf, RecvHalf),
    again: impl Again,
) -> Streaming<R> {
    let reader = ResponseReader::new(recv, call.info.kind(), call.settings.receive);
    let mut request = Request::new(send, message.clone());
    // If the peer refuses to hear it all, the reading half knows why.
    let _ = poll_fn(|cx| request.poll(cx, &call)).await;
    let next = OneMessage { call: call.clone(), again, message };
    Streaming::of_attempt(reader, Box::new(next), call)
}

/// Hands out both halves, and sets a pilot to work.
pub(crate) fn both_halves<I: Interceptor, Q: Message, R: Message>(
    call: Arc<CallHalves<I>>,
    (send, recv): (SendHalf, RecvHalf),
    encoding: Encoding,
    again: impl Again,
) -> (Sender<Q>, Streaming<R>) {
    let (landing, landed) = oneshot::channel();
    let writer = Writer::new(send, Replay::new(&call.settings.replays));
    tokio::spawn(pilot::run(call.clone(), again, writer, recv, landing));
    (Sender::new(call.clone(), encoding), Streaming::of_pilot(landed, call))
}

/// A call whose request streams and whose response is one message.
///
/// Dropping it before [`finish`](Upload::finish) has returned cancels the call.
#[derive(Debug)]
pub struct Upload<Q, R> {
    sender: Sender<Q>,
    response: Streaming<R>,
}

impl<Q: Message, R: Message> Upload<Q, R> {
    pub(crate) fn new((sender, response): (Sender<Q>, Streaming<R>)) -> Self {
        Upload { sender, response }
    }

    /// Sends a message: queues it, and waits only while the wire is behind.
    ///
    /// # Errors
    ///
    /// [`Closed`] if the server has ended the call early; [`finish`](Upload::finish) says how.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped before it is ready has sent nothing.
    pub async fn send(&mut self, message: Q) -> Result<(), Closed> {
        self.sender.send(message).await
    }

    /// Switches compression off, or on again, from the next message on.
    pub fn compress(&mut self, on: bool) {
        self.sender.compress(on);
    }

    /// The two halves, for those who want to send from one task and read in another.
    pub fn into_halves(self) -> (Sender<Q>, Streaming<R>) {
        (self.sender, self.response)
    }

    /// Ends the request and waits for the response.
    ///
    /// # Errors
    ///
    /// How the call ended, if not with one message and status OK.
    ///
    /// # Cancellation
    ///
    /// Dropping the future cancels the call.
    pub async fn finish(self) -> Result<Response<R>, Status> {
        let Upload { sender, mut response } = self;
        // If the call has ended already, the reading half says how.
        let _ = sender.finish().await;
        let mut message = None;
        while let Some(next) = response.message().await? {
            message = Some(next);
        }
        let message = message.ok_or_else(|| Status::unimplemented("status OK without a response message"))?;
        let (head, trailers) = response.take_metadata();
        Ok(Response::arrived(message, head, trailers, response.was_compressed()))
    }
}

/// A request of one message on its way.
struct Request {
    send: SendHalf,
    message: Bytes,
    done: bool,
    /// How much was waiting for the peer's window when that was noted last.
    #[cfg(feature = "tap")]
    noted: usize,
}

impl Request {
    fn new(send: SendHalf, message: Bytes) -> Request {
        Request {
            send,
            message,
            done: false,
            #[cfg(feature = "tap")]
            noted: 0,
        }
    }

    /// Ready when the whole request has been handed over, or can never be.
    fn poll<I: Interceptor>(&mut self, cx: &mut Context<'_>, _call: &CallShared<I>) -> Poll<()> {
        if !self.done {
            let at_once = self.send.send_unasked(&mut self.message, true);
            if !matches!(at_once, Ok(true) | Err(_)) {
                let sent = self.send.poll_send(cx, &mut self.message, true);
                #[cfg(feature = "tap")]
                if sent.is_pending()
                    && std::mem::replace(&mut self.noted, self.message.len()) != self.message.len()
                {
                    _call.blocked(self.message.len());
                }
                let _ = ready!(sent);
            }
            self.done = true;
        }
        Poll::Ready(())
    }
}
