//! `CallShared`: what everything about one call shares.
//!
//! In: interceptors and the call's facts. Out: the moments, as they are reported, and the end exactly once.
//!
//! Must not know: streams or tasks; what else there is where the application holds halves (`halves`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "client")]
use std::sync::{Mutex, PoisonError};
#[cfg(any(feature = "server", all(feature = "tap", feature = "client")))]
use std::time::Duration;

use super::compress::Encodings;
#[cfg(feature = "server")]
use super::half_message::HalfMessages;
use super::info::CallInfo;
use super::interceptor::{Direction, Interceptor};
#[cfg(feature = "tap")]
use super::listener::{self, Listener};
#[cfg(feature = "client")]
use super::replay::ReplayRoom;
#[cfg(feature = "server")]
use super::write_stall::WRITE_STALL;
use crate::message::Message;
use crate::metadata::Metadata;
#[cfg(feature = "client")]
use crate::policy::throttle::Throttle;
use crate::status::Status;
#[cfg(feature = "client")]
use crate::transport::{Phase, TransportError};
use crate::wire::Encoding;

/// One call: its moments, its facts, its settings.
pub(crate) struct CallShared<I: Interceptor> {
    interceptors: Arc<I>,
    pub(crate) info: CallInfo,
    pub(crate) settings: Arc<CallSettings>,
    /// Whether the first moment has come.
    started: AtomicBool,
    /// Whether the last one has.
    ended: AtomicBool,
}

/// What all calls of a channel or a server have in common.
#[derive(Clone, Debug)]
pub(crate) struct CallSettings {
    /// The largest message that may arrive, in bytes after decompression.
    pub(crate) receive: usize,
    /// The largest message that may be sent, in bytes before compression.
    pub(crate) send: usize,
    /// The encodings that this side knows.
    pub(crate) encodings: Encodings,
    /// The one in which messages are sent if nobody says otherwise.
    pub(crate) outgoing: Option<&'static str>,
    /// What a server suffers of messages that are not here yet.
    #[cfg(feature = "server")]
    pub(crate) half_messages: HalfMessages,
    /// How long a client may leave what a server sends it on a stream.
    #[cfg(feature = "server")]
    pub(crate) write_stall: Duration,
    /// What a client's calls keep of what they have sent.
    #[cfg(feature = "client")]
    pub(crate) replays: Arc<ReplayRoom>,
    /// How much a client asks again.
    #[cfg(feature = "client")]
    pub(crate) throttle: Option<Arc<Mutex<Throttle>>>,
    /// Who is told what leaves no bytes, if anybody is.
    #[cfg(feature = "tap")]
    pub(crate) listener: Option<Arc<dyn Listener>>,
}

impl CallSettings {
    /// The encoding in which messages are sent if nobody says otherwise.
    pub(crate) fn outgoing(&self) -> Option<Encoding> {
        self.outgoing.map(|name| self.encodings.named(name))
    }
}

impl Default for CallSettings {
    fn default() -> Self {
        CallSettings {
            receive: MAX_RECEIVE_BYTES,
            send: usize::MAX,
            encodings: Encodings::default(),
            outgoing: None,
            #[cfg(feature = "server")]
            half_messages: HalfMessages::default(),
            #[cfg(feature = "server")]
            write_stall: WRITE_STALL,
            #[cfg(feature = "client")]
            replays: Arc::default(),
            #[cfg(feature = "client")]
            throttle: None,
            #[cfg(feature = "tap")]
            listener: None,
        }
    }
}

impl<I: Interceptor> CallShared<I> {
    pub(crate) fn new(interceptors: Arc<I>, info: CallInfo, settings: Arc<CallSettings>) -> Self {
        let (started, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        CallShared { interceptors, info, settings, started, ended }
    }

    /// The first moment.
    pub(crate) async fn start(&self, metadata: &mut Metadata) -> Result<(), Status> {
        self.started.store(true, Ordering::Release);
        self.interceptors.start(&self.info, metadata).await
    }

    pub(crate) fn message<M: Message>(&self, direction: Direction, message: &mut M) -> Result<(), Status> {
        self.interceptors.message(&self.info, direction, message)
    }

    pub(crate) fn headers(&self, metadata: &mut Metadata) {
        self.interceptors.headers(&self.info, metadata);
    }

    /// Another attempt follows one that ended like this.
    #[cfg(all(feature = "tap", feature = "client"))]
    pub(crate) fn again(&self, end: &Status, wait: Duration) {
        if let Some(listener) = &self.settings.listener {
            listener::retry(&**listener, &self.info, end, wait);
        }
    }

    /// So many bytes wait for the peer's window.
    #[cfg(all(feature = "tap", feature = "client"))]
    pub(super) fn blocked(&self, waiting: usize) {
        if let Some(listener) = &self.settings.listener {
            listener::blocked(&**listener, &self.info, waiting);
        }
    }

    /// The last moment of a call that failed; gives its status back.
    #[cfg(feature = "client")]
    pub(crate) fn fail(&self, status: Status) -> Status {
        let status = self.with_peer(status);
        let end = Err(status.clone());
        self.end(&end, &mut Metadata::new());
        status
    }

    /// An answer that cannot be read does not know whose it is; the call does.
    #[cfg(feature = "client")]
    fn with_peer(&self, status: Status) -> Status {
        let source =
            std::error::Error::source(&status).and_then(|source| source.downcast_ref::<TransportError>());
        match (source, self.info.peer()) {
            (Some(error), Some(peer)) if error.phase() == Phase::Decode && error.peer().is_none() => {
                let error = error.clone().with_peer(peer.address().clone());
                status.with_source(error)
            }
            _ => status,
        }
    }

    /// The last moment; only the first report counts, and none if there was no first moment.
    pub(crate) fn end(&self, end: &Result<(), Status>, trailers: &mut Metadata) {
        if self.started.load(Ordering::Acquire) && !self.ended.swap(true, Ordering::AcqRel) {
            #[cfg(feature = "client")]
            if let (Ok(()), Some(throttle)) = (end, &self.settings.throttle) {
                throttle.lock().unwrap_or_else(PoisonError::into_inner).on_success();
            }
            #[cfg(feature = "tap")]
            if let (Err(status), Some(listener)) = (end, &self.settings.listener) {
                listener::failed(&**listener, &self.info, status);
            }
            self.interceptors.end(&self.info, end, trailers);
        }
    }
}

/// A call that nobody ended was dropped: by its caller, with its task, or with the runtime.
impl<I: Interceptor> Drop for CallShared<I> {
    fn drop(&mut self) {
        if !*self.ended.get_mut() {
            #[cfg(feature = "tap")]
            if let Some(listener) = self.settings.listener.as_ref().filter(|_| *self.started.get_mut()) {
                listener::dropped(&**listener, &self.info);
            }
            let end = Err(Status::cancelled("the call was dropped before it ended"));
            // The drop may come from a panic of one interceptor, and a second panic on the way would end the process.
            let _ = catch_unwind(AssertUnwindSafe(|| self.end(&end, &mut Metadata::new())));
        }
    }
}

/// What every gRPC implementation ships with, so that a peer tested against one is not refused by another.
const MAX_RECEIVE_BYTES: usize = 4 * 1024 * 1024;
