//! `Channel`: makes calls.
//!
//! In: a method and a request. Out: a response, or the halves of a stream. A channel is a handle: cloning it is
//! cheap, all clones share one connection, and `&self` suffices for everything.
//!
//! ```text
//!   deadline         the earlier of the call's own and the channel's default
//!   start            interceptors may wait, change metadata, refuse
//!   connection       waits for one that is ready; fails at once in TRANSIENT_FAILURE
//!   stream           HEADERS leave; from here on it is the call room's
//! ```
//!
//! Must not know: how connections come about (`subchannel`), or what is on the wire.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::uri::{Authority, Parts, PathAndQuery, Scheme, Uri};

use super::attempt::{Policies, Streams, Tries, pause};
use super::subchannel::{Patience, Subchannel};
use crate::call::client_call::{self, Failed, Upload};
use crate::call::{
    Again, Authenticated, CallHalves, CallInfo, CallSettings, CallShared, Credentials, Interceptor, Sender,
    Side, Stack, Streaming, now, within,
};
use crate::deadline::Deadline;
use crate::message::Message;
use crate::metadata::Metadata;
use crate::method::{Method, MethodDescriptor};
use crate::policy::connectivity::ConnectivityState;
use crate::request::Request;
use crate::response::Response;
use crate::status::Status;
use crate::wire::{AcceptEncoding, Encoding};

/// Makes calls to one target.
///
/// Generated clients wrap it; its own methods take a [`Method`] and are what they call.
#[derive(Debug)]
pub struct Channel<I = ()> {
    core: Arc<Core>,
    interceptors: Arc<I>,
}

/// What all clones of a channel share.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) subchannel: Subchannel,
    pub(super) defaults: CallDefaults,
}

/// What a call has if its request says nothing else.
#[derive(Debug)]
pub(super) struct CallDefaults {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) user_agent: HeaderValue,
    pub(super) timeout: Option<Duration>,
    pub(super) wait_for_ready: bool,
    pub(super) accept_encoding: AcceptEncoding,
    pub(super) settings: Arc<CallSettings>,
    pub(super) policies: Policies,
}

impl Channel {
    pub(super) fn new(subchannel: Subchannel, defaults: CallDefaults) -> Channel {
        Channel { core: Arc::new(Core { subchannel, defaults }), interceptors: Arc::new(()) }
    }
}

impl<I> Channel<I> {
    /// The state of the channel's connection, as gRPC names it.
    pub fn state(&self) -> ConnectivityState {
        self.core.subchannel.state()
    }

    /// Waits until the state is another than `from`, and returns it.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing but states that came and went unseen.
    pub async fn state_changed(&self, from: ConnectivityState) -> ConnectivityState {
        self.core.subchannel.state_changed(from).await
    }

    /// Connects an idle channel now rather than with its next call.
    ///
    /// Must be called within a tokio runtime.
    pub fn wake(&self) {
        self.core.subchannel.want();
    }

    /// Ends the channel for all its clones: calls under way go on, new ones fail `UNAVAILABLE`.
    ///
    /// Must be called within a tokio runtime.
    pub fn shut_down(&self) {
        self.core.subchannel.shut_down();
    }

    pub(super) async fn connected(&self) -> Result<(), Status> {
        self.core.subchannel.ready(Patience::Fails).await.map(|_| ())
    }
}

impl<I: Interceptor> Channel<I> {
    /// This channel with one more interceptor, inside those it has.
    pub fn intercept<N: Interceptor>(self, next: N) -> Channel<Stack<I, N>> {
        let interceptors = Arc::new(Stack::new(self.interceptors, next));
        Channel { core: self.core, interceptors }
    }

    /// This channel with credentials for each of its calls, inside the interceptors it has.
    ///
    /// They are asked at the start of every call and refused on a channel without TLS. A channel with others, or with
    /// more, is a clone away: for credentials of a single call, make it on such a clone.
    pub fn credentials<C: Credentials>(self, credentials: C) -> Channel<Stack<I, Authenticated<C>>> {
        self.intercept(Authenticated::new(credentials))
    }

    /// Makes a call with one message each way.
    ///
    /// # Errors
    ///
    /// The status that the call ended with.
    ///
    /// # Cancellation
    ///
    /// Dropping the future cancels the call: the server's handler is dropped.
    pub async fn unary<Q: Message, R: Message>(
        &self,
        method: &Method<Q, R>,
        request: Request<Q>,
    ) -> Result<Response<R>, Status> {
        let wishes = self.wishes(&request)?;
        let (mut message, metadata, call) = self.begin(method.describe(), request);
        let result = {
            // Lent, because a future holds what it is given once more.
            let attempts = pin!(async {
                let metadata = start(&call, metadata).await?;
                let message = client_call::encode_request(&call, &mut message, wishes.encoding)?;
                let policy = self.core.defaults.policies.of(call.info.path());
                let mut tries = Tries::new(policy, message.len(), &call.settings);
                loop {
                    let opened = self.core.open_stream(&call, &metadata, wishes, tries.previous()).await;
                    let end = match opened {
                        Ok((send, recv)) => client_call::unary(&call, message.clone(), send, recv).await,
                        Err(status) => Err(Failed { status, was_answered: false }),
                    };
                    let Failed { status, was_answered } = match end {
                        Ok(response) => return Ok(response),
                        Err(failed) => failed,
                    };
                    match tries.judge(&call, &status, status.metadata(), was_answered) {
                        Some(wait) => pause(wait).await,
                        None => return Err(status),
                    }
                }
            });
            within(call.info.deadline(), attempts).await
        };
        match result {
            Ok(mut response) => {
                call.end(&Ok(()), response.trailers_mut());
                Ok(response)
            }
            Err(status) => Err(call.fail(status)),
        }
    }

    /// Makes a call whose server streams.
    ///
    /// Returns when the request is on its way; the server need not have said anything. If it refuses the call, the
    /// first message says so.
    ///
    /// # Errors
    ///
    /// The status of a call that could not be sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future, or the stream it returns, cancels the call.
    pub async fn server_streaming<Q: Message, R: Message>(
        &self,
        method: &Method<Q, R>,
        request: Request<Q>,
    ) -> Result<Streaming<R>, Status> {
        let wishes = self.wishes(&request)?;
        let (mut message, metadata, call) = self.begin(method.describe(), request);
        let call = Arc::new(CallHalves::new(call));
        let streaming = within(call.info.deadline(), async {
            let metadata = start(&call, metadata).await?;
            let message = client_call::encode_request(&call, &mut message, wishes.encoding)?;
            let mut streams = self.streams(call.clone(), metadata, wishes, message.len());
            // The first stream is as good as any.
            let halves = streams.reopen(Duration::ZERO).await?;
            Ok(client_call::server_streaming(call.clone(), message, halves, streams).await)
        });
        streaming.await.map_err(|status| call.fail(status))
    }

    /// Makes a call whose client streams.
    ///
    /// # Errors
    ///
    /// The status of a call that could not be sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future, or the upload it returns, cancels the call.
    pub async fn client_streaming<Q: Message, R: Message>(
        &self,
        method: &Method<Q, R>,
        head: Request<()>,
    ) -> Result<Upload<Q, R>, Status> {
        Ok(Upload::new(self.open_both(method.describe(), head).await?))
    }

    /// Makes a call where both sides stream.
    ///
    /// Both halves are here before the server has said anything.
    ///
    /// # Errors
    ///
    /// The status of a call that could not be sent.
    ///
    /// # Cancellation
    ///
    /// Dropping the future, or one of the halves before its end, cancels the call.
    pub async fn bidi_streaming<Q: Message, R: Message>(
        &self,
        method: &Method<Q, R>,
        head: Request<()>,
    ) -> Result<(Sender<Q>, Streaming<R>), Status> {
        self.open_both(method.describe(), head).await
    }

    async fn open_both<Q: Message, R: Message>(
        &self,
        method: MethodDescriptor,
        head: Request<()>,
    ) -> Result<(Sender<Q>, Streaming<R>), Status> {
        let wishes = self.wishes(&head)?;
        let ((), metadata, call) = self.begin(method, head);
        let call = Arc::new(CallHalves::new(call));
        let halves = within(call.info.deadline(), async {
            let metadata = start(&call, metadata).await?;
            let mut streams = self.streams(call.clone(), metadata, wishes, 0);
            Ok((streams.reopen(Duration::ZERO).await?, streams))
        });
        let (halves, streams) = halves.await.map_err(|status| call.fail(status))?;
        Ok(client_call::both_halves(call, halves, wishes.encoding, streams))
    }

    /// What a call is before anything has happened.
    fn begin<T>(&self, method: MethodDescriptor, request: Request<T>) -> (T, Metadata, CallShared<I>) {
        let defaults = &self.core.defaults;
        let timeout = request.timeout().or(defaults.timeout).map(|timeout| Deadline::after(now(), timeout));
        let deadline = Deadline::earliest(timeout, request.deadline());
        let (message, metadata, extensions) = request.into_parts();
        let mut info = CallInfo::new(Side::Client, defaults.uri(method.path()), deadline);
        info.set_kind(method.kind());
        let info = info.with_extensions(extensions);
        (message, metadata, CallShared::new(self.interceptors.clone(), info, defaults.settings.clone()))
    }

    /// What the request asks of its attempts, or the channel in its place.
    fn wishes<T>(&self, request: &Request<T>) -> Result<Wishes, Status> {
        let defaults = &self.core.defaults;
        let encoding = match request.encoding() {
            None => defaults.settings.outgoing().unwrap_or_default(),
            Some("identity") => Encoding::Identity,
            Some(name) => match defaults.settings.encodings.named(name) {
                Encoding::Identity => {
                    let help = "add it with Endpoint::compression";
                    return Err(Status::internal(format!(
                        "the channel has no compressor named {name:?}: {help}"
                    )));
                }
                named => named,
            },
        };
        let patience = match request.wait_for_ready().unwrap_or(defaults.wait_for_ready) {
            true => Patience::Waits,
            false => Patience::Fails,
        };
        Ok(Wishes { encoding, patience })
    }

    /// The attempts of a call that streams.
    fn streams(
        &self,
        call: Arc<CallHalves<I>>,
        metadata: Metadata,
        wishes: Wishes,
        kept_bytes: usize,
    ) -> Streams<I> {
        let policy = self.core.defaults.policies.of(call.info.path());
        let tries = Tries::new(policy, kept_bytes, &call.settings);
        Streams { core: self.core.clone(), call, metadata, wishes, tries }
    }
}

/// What a request asks of its attempts.
#[derive(Clone, Copy)]
pub(super) struct Wishes {
    pub(super) encoding: Encoding,
    pub(super) patience: Patience,
}

impl CallDefaults {
    fn uri(&self, path: &'static str) -> Uri {
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        // Paths come from generated constants. With one that is no path the call goes to "/", which every server
        // refuses.
        let path = PathAndQuery::from_maybe_shared(bytes::Bytes::from_static(path.as_bytes()));
        parts.path_and_query = Some(path.unwrap_or_else(|_| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl<I> Clone for Channel<I> {
    fn clone(&self) -> Self {
        Channel { core: self.core.clone(), interceptors: self.interceptors.clone() }
    }
}

/// The first moment of a call.
async fn start<I: Interceptor>(call: &CallShared<I>, mut metadata: Metadata) -> Result<Metadata, Status> {
    call.start(&mut metadata).await?;
    Ok(metadata)
}
