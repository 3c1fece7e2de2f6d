//! `ServerCall`: a call that has arrived, before it is known which handler answers it.
//!
//! In: a parsed request head and the two halves of its stream. Out: what generated code hands to a handler, and a
//! [`Running`] that runs it. Every method is "begin": interceptors start, the request is read as far as its kind
//! wants; what fails on the way is answered here, and the handler never runs.
//!
//! Must not know: services, routers, connections.

use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;

use super::answer::{Replies, Stop, Wire};
use super::clock;
use super::halves::CallHalves;
use super::info::{CallInfo, Side};
use super::inlet::Inlet;
use super::interceptor::{Direction, Interceptor};
use super::outbox::Outbox;
use super::request_reader::RequestReader;
use super::running::Running;
use super::sender::Sender;
use super::shared::{CallSettings, CallShared};
use super::streaming::Streaming;
use super::unfold::unfold;
use crate::deadline::Deadline;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::method::{Method, MethodKind};
use crate::peer::PeerInfo;
use crate::policy::conduct::Offence;
use crate::request::Request;
use crate::status::Status;
use crate::transport::{RecvHalf, SendHalf};
use crate::wire::{ContentType, RequestHead, Trailers};

/// A call that has arrived. Generated code asks for its method and begins it.
///
/// It is a pointer, because a call is handed from future to future, and each of them holds what it was given once as
/// its argument and once as its variable; a runtime copies all that whenever it moves a task.
pub struct ServerCall<I: Interceptor>(Box<Arrived<I>>);

/// All of a call but its handler and the messages of that.
pub(super) struct Arrived<I: Interceptor> {
    pub(super) call: Held<I>,
    pub(super) wire: Wire,
    reader: RequestReader,
    /// Of the request, until the handler has it; of the trailers, once it has answered.
    pub(super) metadata: Metadata,
}

/// A call, with what lies between halves and the wire if there are any.
pub(super) enum Held<I: Interceptor> {
    /// The handler has its messages by value.
    Alone(CallShared<I>),
    /// It has halves, which may outlive it.
    Shared(Arc<CallHalves<I>>),
}

/// The call is over: it was answered, or nobody waits for an answer.
///
/// A service that ends a call by itself says `Ended::default()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What the client did, if that is why.
    pub(crate) offence: Option<Offence>,
}

impl Ended {
    pub(super) const fn by(offence: Offence) -> Ended {
        Ended { offence: Some(offence) }
    }
}

impl<I: Interceptor> ServerCall<I> {
    pub(crate) fn new(
        head: RequestHead,
        (send, recv): (SendHalf, RecvHalf),
        interceptors: Arc<I>,
        settings: Arc<CallSettings>,
        peer: PeerInfo,
    ) -> Self {
        let deadline = head.timeout.map(|timeout| Deadline::after(clock::now(), timeout));
        let encoding = head.accept_encoding.choose(settings.outgoing().unwrap_or(head.encoding));
        let replies = Replies { accept: head.accept_encoding, encoding };
        let wire = Wire::new(send, head.content_type, replies, deadline, settings.write_stall);
        let reader = RequestReader::new(recv, head.encoding, settings.receive);
        let info = CallInfo::new(Side::Server, head.uri, deadline).with_peer(peer);
        let call = Held::Alone(CallShared::new(interceptors, info, settings));
        ServerCall(Box::new(Arrived { call, wire, reader, metadata: head.metadata }))
    }

    /// The method's own name: what stands after the last slash of the path.
    pub fn method(&self) -> &str {
        self.0.call.info.method()
    }

    /// The whole path, for example `/helloworld.Greeter/SayHello`.
    pub fn path(&self) -> &str {
        self.0.call.info.path()
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
        let mut call = self.of_kind(method.kind());
        let request = call.read_one().await?;
        Ok((request, Running::new(call)))
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
        let (mut call, shared) = self.of_kind(method.kind()).share();
        let request = call.read_one().await?;
        Ok((request, call.sender(shared), Running::new(call)))
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
        let (mut call, shared) = self.of_kind(method.kind()).share();
        let request = call.read_many(shared).await?;
        Ok((request, Running::new(call)))
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
        let (mut call, shared) = self.of_kind(method.kind()).share();
        let request = call.read_many(shared.clone()).await?;
        Ok((request, call.sender(shared), Running::new(call)))
    }

    /// Answers a method that the service does not have. Interceptors do not see such a call.
    ///
    /// # Errors
    ///
    /// [`Ended`] if the caller did not hear it.
    pub async fn unimplemented(mut self) -> Result<(), Ended> {
        let Arrived { call, wire, .. } = &mut *self.0;
        let (service, method) = (call.info.service(), call.info.method());
        let status = Status::unimplemented(format!("unknown method {method} for service {service}"));
        refuse(&mut wire.send, wire.content_type.clone(), status)
    }

    /// The call, now that its method is known.
    fn of_kind(mut self, kind: MethodKind) -> Box<Arrived<I>> {
        let Arrived { call, wire, reader, .. } = &mut *self.0;
        if let Held::Alone(call) = call {
            call.info.set_kind(kind);
        }
        wire.set_kind(kind);
        reader.set_kind(kind);
        self.0
    }
}

impl<I: Interceptor> Held<I> {
    /// What its handler has sent and the wire has not.
    pub(super) fn outbox(&self) -> Option<&Outbox> {
        self.halves().map(|halves| &halves.outbox)
    }

    /// What the wire has brought and its handler has not read.
    pub(super) fn inlet(&self) -> Option<&Inlet> {
        self.halves().map(|halves| &halves.inlet)
    }

    fn halves(&self) -> Option<&CallHalves<I>> {
        match self {
            Held::Alone(_) => None,
            Held::Shared(halves) => Some(halves),
        }
    }
}

impl<I: Interceptor> Deref for Held<I> {
    type Target = CallShared<I>;

    fn deref(&self) -> &CallShared<I> {
        match self {
            Held::Alone(call) => call,
            Held::Shared(call) => call,
        }
    }
}

/// Answers a call that has no handler with a Trailers-Only response.
pub(crate) fn refuse(send: &mut SendHalf, content_type: ContentType, status: Status) -> Result<(), Ended> {
    let trailers = Trailers { end: Err(status), metadata: Metadata::new() };
    send.send_head(trailers.into_response(content_type), true).map_err(|_| Ended::default())
}

impl<I: Interceptor> Arrived<I> {
    /// The call, and what the halves of its handler hold on to.
    fn share(self: Box<Self>) -> (Box<Self>, Arc<CallHalves<I>>) {
        let Arrived { call, wire, reader, metadata } = *self;
        let shared = match call {
            Held::Alone(call) => Arc::new(CallHalves::new(call)),
            Held::Shared(call) => call,
        };
        let call = Held::Shared(shared.clone());
        (Box::new(Arrived { call, wire, reader, metadata }), shared)
    }

    /// The first moment, and the one message of the request.
    async fn read_one<Q: Message>(&mut self) -> Result<Request<Q>, Ended> {
        self.start().await?;
        let read = {
            let Arrived { call, reader, .. } = self;
            let read = pin!(async {
                let arrived = reader.single(&call.settings).await?;
                let mut message = unfold::<Q>(arrived.bytes, &call.settings)?;
                call.message(Direction::Request, &mut message)?;
                Ok((message, arrived.compressed))
            });
            self.wire.race(read).await
        };
        let is_unreadable = matches!(read, Ok(Err(_)));
        let read = self.go_on(read);
        let (message, compressed) =
            read.map_err(|ended| if is_unreadable { Ended::by(Offence::Refused) } else { ended })?;
        Ok(self.request(message).with_was_compressed(compressed))
    }

    /// The first moment, and the request as it comes.
    async fn read_many<Q: Message>(
        &mut self,
        shared: Arc<CallHalves<I>>,
    ) -> Result<Request<Streaming<Q>>, Ended> {
        self.start().await?;
        let (reader, recv) = self.reader.take();
        shared.inlet.begin(recv);
        let messages = Streaming::of_request(reader, shared);
        Ok(self.request(messages))
    }

    /// The first moment: deadline, interceptors.
    async fn start(&mut self) -> Result<(), Ended> {
        let started = match self.wire.deadline {
            Some(deadline) if deadline.has_passed(clock::now()) => Err(Stop::Deadline),
            _ => self.wire.race(pin!(self.call.start(&mut self.metadata))).await,
        };
        self.go_on(started)
    }

    /// What a step of the beginning gave; if it failed, the call is answered here.
    fn go_on<T>(&mut self, step: Result<Result<T, Status>, Stop>) -> Result<T, Ended> {
        let status = match step {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(status)) => status,
            Err(stop) => self.wire.stopped_by(stop),
        };
        // Whether the caller hears it or not, the call is over.
        let ended = self.wire.end(&self.call, Err(status), None, Metadata::new());
        Err(ended.err().unwrap_or_default())
    }

    fn request<T>(&mut self, message: T) -> Request<T> {
        let info = &self.call.info;
        let metadata = std::mem::take(&mut self.metadata);
        Request::arrived(message, metadata, info.deadline(), info.peer().cloned(), info.extensions())
    }

    fn sender<R: Message>(&self, shared: Arc<CallHalves<I>>) -> Sender<R> {
        Sender::new(shared, self.wire.replies.encoding)
    }
}

impl<I: Interceptor> std::fmt::Debug for ServerCall<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerCall").field("path", &self.0.call.info.path()).finish_non_exhaustive()
    }
}
