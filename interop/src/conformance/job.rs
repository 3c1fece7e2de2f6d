//! One call, made as the runner wants it.
//!
//! In: an instruction. Out: what the call gave: messages as the caller read them, everything else as the call's own
//! moments told it (`witness`).
//!
//! Cancelling a call means dropping what one holds of it: the future of a unary call, the upload, the reading half.
//! A request that is to be cancelled before its end is dropped unfinished, and its reading half then says how the
//! call ended.

use std::time::Duration;

use prost::Name;
use tokio::time::{sleep, timeout};
use wirewright::{Closed, Message, Method, Request, Response, Sender, Status, Streaming};

use super::channels::{Channels, Witnessed};
use super::witness::{Testimony, Witness};
use super::{failure, pairs};
use crate::protocol::connectrpc::conformance::v1::client_compat_request::cancel::CancelTiming;
use crate::protocol::connectrpc::conformance::v1::{
    CONFORMANCE_SERVICE_BIDI_STREAM, CONFORMANCE_SERVICE_CLIENT_STREAM, CONFORMANCE_SERVICE_IDEMPOTENT_UNARY,
    CONFORMANCE_SERVICE_SERVER_STREAM, CONFORMANCE_SERVICE_UNARY, CONFORMANCE_SERVICE_UNIMPLEMENTED,
    ClientCompatRequest, ClientResponseResult, ConformancePayload, StreamType,
};

/// Makes the call.
///
/// # Errors
///
/// Says what kept the call from being made as wanted. How a call that was made failed is part of its report.
pub(super) async fn perform(
    channels: &Channels,
    request: ClientCompatRequest,
) -> Result<ClientResponseResult, String> {
    let job = Job { channel: channels.get(&request)?, cancel: Cancel::read(&request), request };
    match job.request.method() {
        "Unary" => job.unary(&CONFORMANCE_SERVICE_UNARY, |reply| reply.payload).await,
        "IdempotentUnary" => job.unary(&CONFORMANCE_SERVICE_IDEMPOTENT_UNARY, |reply| reply.payload).await,
        "Unimplemented" => job.unary(&CONFORMANCE_SERVICE_UNIMPLEMENTED, |_| None).await,
        "ServerStream" => job.server_stream(&CONFORMANCE_SERVICE_SERVER_STREAM, |reply| reply.payload).await,
        "ClientStream" => job.client_stream(&CONFORMANCE_SERVICE_CLIENT_STREAM, |reply| reply.payload).await,
        "BidiStream" => job.bidi_stream(&CONFORMANCE_SERVICE_BIDI_STREAM, |reply| reply.payload).await,
        other => Err(format!("the service has no method {other}")),
    }
}

/// One call to be made.
struct Job {
    channel: Witnessed,
    cancel: Cancel,
    request: ClientCompatRequest,
}

/// When to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancel {
    Never,
    BeforeCloseSend,
    AfterCloseSend(Duration),
    AfterReplies(usize),
}

/// What the caller itself has seen of a call.
#[derive(Default)]
struct Heard {
    payloads: Vec<ConformancePayload>,
    /// Messages that the call ended too early for.
    unsent: usize,
    /// How the call ended, unless it was dropped first.
    end: Option<Result<(), Status>>,
}

/// What a reply carries.
type Payload<R> = fn(R) -> Option<ConformancePayload>;

impl Job {
    async fn unary<Q, R>(
        &self,
        method: &Method<Q, R>,
        payload: Payload<R>,
    ) -> Result<ClientResponseResult, String>
    where
        Q: prost::Message + Name + Default + 'static,
        R: Message,
    {
        let (request, testimony) = self.request(self.only_message()?)?;
        let call = self.channel.unary(method, request);
        let mut heard = Heard::default();
        if let Some(response) = self.unless_cancelled(call).await {
            heard.response(response, payload);
        }
        heard.report(testimony).await
    }

    async fn server_stream<Q, R>(
        &self,
        method: &Method<Q, R>,
        payload: Payload<R>,
    ) -> Result<ClientResponseResult, String>
    where
        Q: prost::Message + Name + Default + 'static,
        R: Message,
    {
        let (request, testimony) = self.request(self.only_message()?)?;
        let mut heard = Heard::default();
        match self.channel.server_streaming(method, request).await {
            Ok(mut replies) => {
                let _cancelled =
                    self.unless_cancelled(self.read_all(&mut replies, payload, &mut heard)).await;
            }
            Err(status) => heard.end(Err(status)),
        }
        heard.report(testimony).await
    }

    async fn client_stream<Q, R>(
        &self,
        method: &Method<Q, R>,
        payload: Payload<R>,
    ) -> Result<ClientResponseResult, String>
    where
        Q: prost::Message + Name + Default + 'static,
        R: Message,
    {
        let messages: Vec<Q> = self.messages()?;
        let (request, testimony) = self.request(())?;
        let mut heard = Heard::default();
        let mut upload = match self.channel.client_streaming(method, request).await {
            Ok(upload) => upload,
            Err(status) => {
                heard.end(Err(status));
                return heard.report(testimony).await;
            }
        };
        let total = messages.len();
        for (sent, message) in messages.into_iter().enumerate() {
            self.pause().await;
            if let Err(Closed) = upload.send(message).await {
                heard.unsent = total - sent;
                break;
            }
        }
        if self.cancel == Cancel::BeforeCloseSend {
            drop(upload);
        } else if let Some(response) = self.unless_cancelled(upload.finish()).await {
            heard.response(response, payload);
        }
        heard.report(testimony).await
    }

    async fn bidi_stream<Q, R>(
        &self,
        method: &Method<Q, R>,
        payload: Payload<R>,
    ) -> Result<ClientResponseResult, String>
    where
        Q: prost::Message + Name + Default + 'static,
        R: Message,
    {
        let messages: Vec<Q> = self.messages()?;
        let (request, testimony) = self.request(())?;
        let mut heard = Heard::default();
        let (mut requests, mut replies) = match self.channel.bidi_streaming(method, request).await {
            Ok(halves) => halves,
            Err(status) => {
                heard.end(Err(status));
                return heard.report(testimony).await;
            }
        };
        self.send_all(messages, &mut requests, &mut replies, payload, &mut heard).await;
        if self.cancel == Cancel::BeforeCloseSend {
            drop(requests);
        } else {
            // If the call has ended already, the reading half says how.
            let _ = requests.finish().await;
        }
        let _cancelled = self.unless_cancelled(self.read_all(&mut replies, payload, &mut heard)).await;
        drop(replies);
        heard.report(testimony).await
    }

    /// Sends the messages; in full duplex reads a reply after each.
    async fn send_all<Q: Message, R: Message>(
        &self,
        messages: Vec<Q>,
        requests: &mut Sender<Q>,
        replies: &mut Streaming<R>,
        payload: Payload<R>,
        heard: &mut Heard,
    ) {
        let total = messages.len();
        for (sent, message) in messages.into_iter().enumerate() {
            self.pause().await;
            if let Err(Closed) = requests.send(message).await {
                heard.unsent = total - sent;
                return;
            }
            if self.request.stream_type() == StreamType::FullDuplexBidiStream {
                heard.read(replies, payload).await;
            }
            if heard.end.is_some() || self.cancel.is_due(heard) {
                return;
            }
        }
    }

    /// Reads to the end, or until it is time to cancel.
    async fn read_all<R: Message>(&self, replies: &mut Streaming<R>, payload: Payload<R>, heard: &mut Heard) {
        while heard.end.is_none() && !self.cancel.is_due(heard) {
            heard.read(replies, payload).await;
        }
    }

    /// What a future gives whose request has ended; `None` if it is time to cancel before.
    async fn unless_cancelled<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        match self.cancel {
            Cancel::AfterCloseSend(delay) => timeout(delay, future).await.ok(),
            _ => Some(future.await),
        }
    }

    /// Waits as long as the instruction says before each message.
    async fn pause(&self) {
        if self.request.request_delay_ms > 0 {
            sleep(milliseconds(self.request.request_delay_ms)).await;
        }
    }

    /// The request with all that travels beside it.
    fn request<T>(&self, message: T) -> Result<(Request<T>, Testimony), String> {
        let mut request = Request::new(message);
        *request.metadata_mut() = pairs::metadata(&self.request.request_headers)?;
        if let Some(timeout) = self.request.timeout_ms {
            request = request.with_timeout(milliseconds(timeout));
        }
        let testimony = Witness::attend(&mut request);
        Ok((request, testimony))
    }

    fn messages<Q: prost::Message + Name + Default>(&self) -> Result<Vec<Q>, String> {
        let messages = self.request.request_messages.iter().map(|any| any.to_msg::<Q>());
        messages.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    fn only_message<Q: prost::Message + Name + Default>(&self) -> Result<Q, String> {
        let count = self.request.request_messages.len();
        match (self.messages()?.pop(), count) {
            (Some(message), 1) => Ok(message),
            _ => Err(format!("this method takes one message, and there are {count}")),
        }
    }
}

impl Cancel {
    fn read(request: &ClientCompatRequest) -> Cancel {
        let Some(cancel) = &request.cancel else {
            return Cancel::Never;
        };
        match cancel.cancel_timing {
            // The suite's default.
            None => Cancel::AfterCloseSend(Duration::ZERO),
            Some(CancelTiming::BeforeCloseSend(())) => Cancel::BeforeCloseSend,
            Some(CancelTiming::AfterCloseSendMs(delay)) => Cancel::AfterCloseSend(milliseconds(delay)),
            Some(CancelTiming::AfterNumResponses(count)) => Cancel::AfterReplies(count as usize),
        }
    }

    fn is_due(self, heard: &Heard) -> bool {
        matches!(self, Cancel::AfterReplies(count) if heard.payloads.len() >= count)
    }
}

impl Heard {
    /// Reads the next reply, or the end.
    async fn read<R: Message>(&mut self, replies: &mut Streaming<R>, payload: Payload<R>) {
        match replies.message().await {
            Ok(Some(reply)) => self.payloads.push(of(payload, reply)),
            Ok(None) => self.end(Ok(())),
            Err(status) => self.end(Err(status)),
        }
    }

    /// The one reply of a call that has no more, or its failure.
    fn response<R>(&mut self, response: Result<Response<R>, Status>, payload: Payload<R>) {
        let end = response.map(|response| self.payloads.push(of(payload, response.into_inner())));
        self.end(end);
    }

    fn end(&mut self, end: Result<(), Status>) {
        self.end = Some(end);
    }

    /// The report: what the caller saw, and what the witness did.
    async fn report(self, testimony: Testimony) -> Result<ClientResponseResult, String> {
        let seen = testimony.hear().await?;
        let code = |status: &Status| status.code();
        let witnessed = seen.failure.as_ref().map(code);
        if let Some(told) = self.end.map(|end| end.as_ref().err().map(code)).filter(|told| *told != witnessed)
        {
            return Err(format!("the caller was told {told:?}, and interceptors {witnessed:?}"));
        }
        Ok(ClientResponseResult {
            response_headers: pairs::headers(&seen.head),
            payloads: self.payloads,
            error: seen.failure.as_ref().map(failure::error),
            response_trailers: pairs::headers(&seen.trailers),
            num_unsent_requests: i32::try_from(self.unsent).unwrap_or(i32::MAX),
            ..ClientResponseResult::default()
        })
    }
}

/// What a reply carries; an empty one counts too.
fn of<R>(payload: Payload<R>, reply: R) -> ConformancePayload {
    payload(reply).unwrap_or_default()
}

fn milliseconds(count: u32) -> Duration {
    Duration::from_millis(u64::from(count))
}
