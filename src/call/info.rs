//! `CallInfo`: what every moment of a call may know about it.
//!
//! In: the request head, on either side. Out: path, peer, deadline, and a place where interceptors leave
//! values for one another and for the handler.
//!
//! Must not know: messages, metadata (which moments hand over by reference), or how the call will end.

#[cfg(feature = "tap")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use http::{Extensions, Uri};

use crate::deadline::Deadline;
use crate::method::MethodKind;
use crate::peer::PeerInfo;
#[cfg(feature = "server")]
use crate::wire::RequestHead;

/// One call, as interceptors see it.
#[derive(Debug)]
pub struct CallInfo {
    side: Side,
    /// `:scheme`, `:authority` and `:path` of the request.
    uri: Uri,
    kind: MethodKind,
    deadline: Option<Deadline>,
    /// A client learns it when a connection is picked, after the first moment.
    peer: OnceLock<PeerInfo>,
    extensions: Mutex<Extensions>,
    /// Where the call's latest stream is on record: the connection in the upper half, the stream in the lower.
    #[cfg(feature = "tap")]
    line: AtomicU64,
}

/// Which end of a call this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that makes the call.
    Client,
    /// The end that answers it.
    Server,
}

impl CallInfo {
    /// A unary call, until [`set_kind`](CallInfo::set_kind) says otherwise.
    pub(crate) fn new(side: Side, uri: Uri, deadline: Option<Deadline>) -> CallInfo {
        let (kind, peer, extensions) = (MethodKind::Unary, OnceLock::new(), Mutex::default());
        CallInfo {
            side,
            uri,
            kind,
            deadline,
            peer,
            extensions,
            #[cfg(feature = "tap")]
            line: AtomicU64::new(0),
        }
    }

    /// Which end of the call this is.
    pub fn side(&self) -> Side {
        self.side
    }

    /// The full path of the method, for example `/helloworld.Greeter/SayHello`.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The authority that the call is made to: a virtual host of the server.
    pub fn authority(&self) -> Option<&str> {
        self.uri.authority().map(|authority| authority.as_str())
    }

    /// Which sides stream.
    pub fn kind(&self) -> MethodKind {
        self.kind
    }

    /// When the call must have ended.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// The other end. A client knows it once a connection has been picked, so not yet in `start`.
    pub fn peer(&self) -> Option<&PeerInfo> {
        self.peer.get()
    }

    /// Leaves a value for later moments, other interceptors and the handler, in place of one of its type.
    pub fn insert_extension<T: Clone + Send + Sync + 'static>(&self, value: T) {
        self.extensions.lock().unwrap_or_else(PoisonError::into_inner).insert(value);
    }

    /// A copy of a value that was left.
    pub fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.extensions.lock().unwrap_or_else(PoisonError::into_inner).get().cloned()
    }

    /// Where the call goes.
    #[cfg(feature = "client")]
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Every value that was left so far.
    #[cfg(feature = "server")]
    pub(crate) fn extensions(&self) -> Extensions {
        self.extensions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes over the values that a caller put beside the request.
    #[cfg(feature = "client")]
    pub(crate) fn with_extensions(mut self, extensions: Extensions) -> Self {
        self.extensions = Mutex::new(extensions);
        self
    }

    /// Says where the call's stream is on record.
    #[cfg(feature = "tap")]
    pub(crate) fn set_line(&self, conn: u32, stream: u32) {
        self.line.store(u64::from(conn) << 32 | u64::from(stream), Ordering::Relaxed);
    }

    /// The connection and the stream by which the call is on record; numbers of either begin with 1.
    #[cfg(feature = "tap")]
    pub(crate) fn line(&self) -> (Option<u32>, Option<u32>) {
        let line = self.line.load(Ordering::Relaxed);
        // Lossless: the two halves.
        let halves = [(line >> 32) as u32, line as u32];
        let [conn, stream] = halves.map(|number| (number > 0).then_some(number));
        (conn, stream)
    }

    /// Says which sides stream, before anybody asks.
    pub(crate) fn set_kind(&mut self, kind: MethodKind) {
        self.kind = kind;
    }

    /// The service: all between the first and the last slash of the path.
    #[cfg(feature = "server")]
    pub(crate) fn service(&self) -> &str {
        RequestHead::split(&self.uri).map_or("", |(service, _)| service)
    }

    /// The method: all after the last slash of the path.
    #[cfg(feature = "server")]
    pub(crate) fn method(&self) -> &str {
        RequestHead::split(&self.uri).map_or("", |(_, method)| method)
    }

    /// Says who is at the other end, where that is known from the beginning.
    #[cfg(feature = "server")]
    pub(crate) fn with_peer(mut self, peer: PeerInfo) -> Self {
        self.peer = OnceLock::from(peer);
        self
    }

    /// Says who is at the other end, once.
    #[cfg(feature = "client")]
    pub(crate) fn set_peer(&self, peer: PeerInfo) {
        // A second connection for the same call changes nothing that an interceptor has seen.
        let _ = self.peer.set(peer);
    }
}
