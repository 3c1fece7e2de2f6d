//! `ServerCall`: a call that has arrived, before it is known which handler answers it.
//!
//! In: a parsed request head and the two halves of its stream. Out: what generated code hands to a handler, and a
//! [`Running`] that runs it. Every method is "begin": interceptors start, the request is read as far as its kind
//! wants; what fails on the way is answered here, and the handler never runs.
//!
//! Must not know: services, routers, connections.

use std::sync::Arc;

use super::clock;
use super::info::{CallInfo, Side};
use super::interceptor::{Direction, Interceptor};
use super::request_reader::RequestReader;
use super::running::{Replies, Running, Stop, Wire};
use super::sender::Sender;
use super::shared::{CallSettings, CallShared};
use super::streaming::{Streaming, decode};
use crate::deadline::Deadline;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::method::{Method, MethodKind};
use crate::peer::PeerInfo;
use crate::request::Request;
use crate::status::Status;
use crate::transport::{RecvHalf, SendHalf};
use crate::wire::{ContentType, RequestHead, Trailers};

/// A call that has arrived. Generated code asks for its method and begins it.
pub struct ServerCall<I: Interceptor> {
    head: RequestHead,
    send: SendHalf,
    recv: RecvHalf,
    interceptors: Arc<I>,
    settings: Arc<CallSettings>,
    peer: PeerInfo,
}

/// The call is over: it was answered, or nobody waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended;

impl<I: Interceptor> ServerCall<I> {
    pub(crate) fn new(
        head: RequestHead,
        halves: (SendHalf, RecvHalf),
        interceptors: Arc<I>,
        settings: Arc<CallSettings>,
        peer: PeerInfo,
    ) -> Self {
        let (send, recv) = halves;
        ServerCall { head, send, recv, interceptors, settings, peer }
    }

    /// The method's own name: what stands after the last slash of the path.
    pub fn method(&self) -> &str {
        self.head.method()
    }

    /// Begins a call with one message each way: reads the message.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the call ended before its handler: it has been answered.
    pub async fn unary<Q: Message, R: Message>(
        self,
        method: &Method<Q, R>,
    ) -> Result<(Request<Q>, Running<I, R>), Ended> {
        let (request, begun) = self.begin_single(method.kind()).await?;
        Ok((request, begun.into_running()))
    }

    /// Begins a call whose server streams: reads the message.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the call ended before its handler: it has been answered.
    pub async fn server_streaming<Q: Message, R: Message>(
        self,
        method: &Method<Q, R>,
    ) -> Result<(Request<Q>, Sender<R>, Running<I, R>), Ended> {
        let (request, begun) = self.begin_single(method.kind()).await?;
        Ok((request, begun.sender(), begun.into_running()))
    }

    /// Begins a call whose client streams.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the call ended before its handler: it has been answered.
    pub async fn client_streaming<Q: Message, R: Message>(
        self,
        method: &Method<Q, R>,
    ) -> Result<(Request<Streaming<Q>>, Running<I, R>), Ended> {
        let (request, begun) = self.begin_stream(method.kind()).await?;
        Ok((request, begun.into_running()))
    }

    /// Begins a call where both sides stream.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the call ended before its handler: it has been answered.
    pub async fn bidi_streaming<Q: Message, R: Message>(
        self,
        method: &Method<Q, R>,
    ) -> Result<(Request<Streaming<Q>>, Sender<R>, Running<I, R>), Ended> {
        let (request, begun) = self.begin_stream(method.kind()).await?;
        Ok((request, begun.sender(), begun.into_running()))
    }

    /// Answers a method that the service does not have. Interceptors do not see such a call.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    pub async fn unimplemented(mut self) -> Result<(), Ended> {
        let (service, method) = (self.head.service(), self.head.method());
        let status = Status::unimplemented(format!("unknown method {method} for service {service}"));
        refuse(&mut self.send, self.head.content_type, status)
    }

    /// The first moment: deadline, interceptors.
    async fn begin(self, kind: MethodKind) -> Result<(Begun<I>, RequestReader, Metadata), Ended> {
        let ServerCall { head, send, recv, interceptors, settings, peer } = self;
        let deadline = head.timeout.map(|timeout| Deadline::after(clock::now(), timeout));
        let info = CallInfo::new(Side::Server, head.uri, kind, deadline);
        info.set_peer(peer);
        let call = Arc::new(CallShared::new(interceptors, info, settings.clone()));
        let encoding = head.accept_encoding.choose(settings.outgoing().unwrap_or(head.encoding));
        let replies = Replies { accept: head.accept_encoding, encoding };
        let wire = Wire::new(send, kind, head.content_type, replies, deadline);
        let mut begun = Begun { call: call.clone(), wire };
        let mut metadata = head.metadata;
        let started = match deadline {
            Some(deadline) if deadline.has_passed(clock::now()) => Err(Stop::Deadline),
            _ => begun.wire.race(None, call.start(&mut metadata)).await,
        };
        begun.go_on(started)?;
        Ok((begun, RequestReader::new(recv, kind, head.encoding, settings), metadata))
    }

    /// The first moment, and the one message of the request.
    async fn begin_single<Q: Message>(self, kind: MethodKind) -> Result<(Request<Q>, Begun<I>), Ended> {
        let (mut begun, mut reader, metadata) = self.begin(kind).await?;
        let read = begun.wire.race(None, async {
            let arrived = reader.single().await?;
            let mut message = decode::<Q>(arrived.bytes)?;
            begun.call.message(Direction::Request, &mut message)?;
            Ok((message, arrived.compressed))
        });
        let read = read.await;
        let (message, compressed) = begun.go_on(read)?;
        Ok((begun.request(message, metadata).with_was_compressed(compressed), begun))
    }

    /// The first moment, and the request as it comes.
    async fn begin_stream<Q: Message>(
        self,
        kind: MethodKind,
    ) -> Result<(Request<Streaming<Q>>, Begun<I>), Ended> {
        let (begun, reader, metadata) = self.begin(kind).await?;
        let messages = Streaming::of_request(reader, begun.call.clone());
        Ok((begun.request(messages, metadata), begun))
    }
}

/// Answers a call that has no handler with a Trailers-Only response.
pub(crate) fn refuse(send: &mut SendHalf, content_type: ContentType, status: Status) -> Result<(), Ended> {
    let trailers = Trailers { end: Err(status), metadata: Metadata::new() };
    send.send_head(trailers.into_response(content_type), true).map_err(|_| Ended)
}

impl<I: Interceptor> std::fmt::Debug for ServerCall<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerCall").field("path", &self.head.path()).finish_non_exhaustive()
    }
}

/// A call that has begun.
struct Begun<I: Interceptor> {
    call: Arc<CallShared<I>>,
    wire: Wire,
}

impl<I: Interceptor> Begun<I> {
    /// What a step of the beginning gave; if it failed, the call is answered here.
    fn go_on<T>(&mut self, step: Result<Result<T, Status>, Stop>) -> Result<T, Ended> {
        let (status, stop) = match step {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(status)) => (status, None),
            Err(stop) => (stop.status(), Some(stop)),
        };
        // Whether the caller hears it or not, the call is over.
        let _ = self.wire.end(&self.call, Err(status), None, Metadata::new(), stop);
        Err(Ended)
    }

    fn request<T>(&self, message: T, metadata: Metadata) -> Request<T> {
        let info = &self.call.info;
        Request::arrived(message, metadata, info.deadline(), info.peer().cloned(), info.extensions())
    }

    fn sender<R: Message>(&self) -> Sender<R> {
        Sender::new(self.call.clone(), self.wire.replies.encoding)
    }

    fn into_running<R: Message>(self) -> Running<I, R> {
        Running::new(self.call, self.wire)
    }
}
