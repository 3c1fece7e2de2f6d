//! `Request`: a message, or a stream of them, with what travels beside it.
//!
//! In: on the client, a message and the caller's wishes; on the server, what arrived. Out: the same to the
//! other end of the house. One type serves both sides, because a server often passes on what it received.
//!
//! Must not know: how any of it is written on the wire.

use std::time::Duration;

use http::Extensions;

use crate::deadline::Deadline;
use crate::metadata::Metadata;
use crate::peer::PeerInfo;

/// A message, or [`Streaming`](crate::Streaming) messages, with metadata and a deadline.
///
/// ```
/// use std::time::Duration;
/// use wirewright::Request;
///
/// let mut request = Request::new("world".to_owned()).with_timeout(Duration::from_secs(1));
/// request.metadata_mut().insert("x-request-id", "4711")?;
/// # Ok::<(), wirewright::InvalidMetadata>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request<T> {
    message: T,
    metadata: Metadata,
    /// Client: how long the whole call may take.
    timeout: Option<Duration>,
    /// Server: what `grpc-timeout` meant when it arrived. Client: an instant that the caller has fixed.
    deadline: Option<Deadline>,
    /// Server: who calls.
    peer: Option<PeerInfo>,
    /// Values that interceptors leave for the handler; they never travel.
    extensions: Extensions,
    /// Client: how to compress the messages, if not as the channel does.
    encoding: Option<&'static str>,
    /// Client: whether to wait for a server that cannot be reached now, if not as the channel does.
    wait_for_ready: Option<bool>,
    /// Server: whether the message came compressed.
    was_compressed: bool,
}

impl<T> Request<T> {
    /// A request with this message, no metadata and no deadline.
    pub fn new(message: T) -> Self {
        Request {
            message,
            metadata: Metadata::new(),
            timeout: None,
            deadline: None,
            peer: None,
            extensions: Extensions::new(),
            encoding: None,
            wait_for_ready: None,
            was_compressed: false,
        }
    }

    /// The metadata beside the message.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The same, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// Lets the whole call take this long at most, from the moment it is made until its status is known.
    ///
    /// It travels as `grpc-timeout`, and both ends keep to it. Where a deadline is set too, the earlier holds.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets the call last until this instant at most.
    ///
    /// A handler that makes calls of its own passes on `request.deadline()` this way, so that no work is done
    /// for a caller who has stopped waiting.
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Compresses the messages of this call with an encoding that the channel has, such as `gzip`; `identity` for
    /// none.
    pub fn with_encoding(mut self, name: &'static str) -> Self {
        self.encoding = Some(name);
        self
    }

    /// The encoding, if one was set.
    pub fn encoding(&self) -> Option<&'static str> {
        self.encoding
    }

    /// Waits for a server that cannot be reached now, up to the deadline, rather than fail `UNAVAILABLE` at once.
    ///
    /// A call that was sent is not affected (gRPC `wait-for-ready.md`).
    pub fn with_wait_for_ready(mut self, wait: bool) -> Self {
        self.wait_for_ready = Some(wait);
        self
    }

    /// Whether to wait for a server that cannot be reached now, if it was said.
    pub fn wait_for_ready(&self) -> Option<bool> {
        self.wait_for_ready
    }

    /// Whether the message came compressed: known on a server, for a request of one message.
    pub fn was_compressed(&self) -> bool {
        self.was_compressed
    }

    /// The timeout, if one was set.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// When the call must have ended; on a server this is what the client's `grpc-timeout` meant on arrival.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Who calls: known on a server.
    pub fn peer(&self) -> Option<&PeerInfo> {
        self.peer.as_ref()
    }

    /// Values that interceptors left for the handler.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The same, to be changed.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// The message.
    pub fn get_ref(&self) -> &T {
        &self.message
    }

    /// The message, to be changed.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.message
    }

    /// The message alone.
    pub fn into_inner(self) -> T {
        self.message
    }

    /// The same request with another message.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Request<U> {
        Request {
            message: change(self.message),
            metadata: self.metadata,
            timeout: self.timeout,
            deadline: self.deadline,
            peer: self.peer,
            extensions: self.extensions,
            encoding: self.encoding,
            wait_for_ready: self.wait_for_ready,
            was_compressed: self.was_compressed,
        }
    }
}

/// What the call room needs of a request; both houses go through it.
#[cfg(feature = "transport")]
impl<T> Request<T> {
    /// A request as a server hands it to a handler.
    pub(crate) fn arrived(
        message: T,
        metadata: Metadata,
        deadline: Option<Deadline>,
        peer: Option<PeerInfo>,
        extensions: Extensions,
    ) -> Self {
        Request { metadata, deadline, peer, extensions, ..Request::new(message) }
    }

    /// This request, as its message came.
    pub(crate) fn with_was_compressed(mut self, was_compressed: bool) -> Self {
        self.was_compressed = was_compressed;
        self
    }

    /// The message, the metadata and the extensions of a request about to be sent.
    pub(crate) fn into_parts(self) -> (T, Metadata, Extensions) {
        (self.message, self.metadata, self.extensions)
    }
}

/// Anything that can be made a request: a message, or a request itself.
///
/// It lets generated clients take `client.say_hello(hello)` and `client.say_hello(Request::new(hello))` alike.
pub trait IntoRequest<T> {
    /// The request.
    fn into_request(self) -> Request<T>;
}

impl<T> IntoRequest<T> for T {
    fn into_request(self) -> Request<T> {
        Request::new(self)
    }
}

impl<T> IntoRequest<T> for Request<T> {
    fn into_request(self) -> Request<T> {
        self
    }
}
