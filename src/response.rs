//! `Response`: a message, or a stream of them, with the metadata that came before and after it.
//!
//! In: on the server, a handler's answer; on the client, what arrived. Out: the same to the other side.
//! The head's metadata travels in Response-Headers, the trailers' after the last message
//! (PROTOCOL-HTTP2, "Responses").
//!
//! Must not know: how any of it is written on the wire.

use crate::metadata::Metadata;

/// A message, or [`Streaming`](crate::Streaming) messages, with metadata.
#[derive(Clone, Debug)]
pub struct Response<T> {
    message: T,
    /// Travels before the message.
    metadata: Metadata,
    /// Travels after it, beside the status. Empty on the client while a stream is still open:
    /// `Streaming::trailers` has them then.
    trailers: Metadata,
    /// Server: how to compress the message, if not as the request was.
    encoding: Option<&'static str>,
    /// Client: whether the message came compressed.
    was_compressed: bool,
}

impl<T> Response<T> {
    /// A response with this message and no metadata.
    pub fn new(message: T) -> Self {
        Self::from_parts(message, Metadata::new(), Metadata::new())
    }

    /// The metadata of the head.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The same, to be changed.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// The metadata of the trailers.
    pub fn trailers(&self) -> &Metadata {
        &self.trailers
    }

    /// The same, to be changed.
    pub fn trailers_mut(&mut self) -> &mut Metadata {
        &mut self.trailers
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

    /// The message, the head's metadata and the trailers'.
    pub fn into_parts(self) -> (T, Metadata, Metadata) {
        (self.message, self.metadata, self.trailers)
    }

    /// A response of these three parts.
    pub fn from_parts(message: T, metadata: Metadata, trailers: Metadata) -> Self {
        Response { message, metadata, trailers, encoding: None, was_compressed: false }
    }

    /// The same response with another message.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            message: change(self.message),
            metadata: self.metadata,
            trailers: self.trailers,
            encoding: self.encoding,
            was_compressed: self.was_compressed,
        }
    }

    /// Compresses the message with an encoding that the server has, such as `gzip`; `identity` for none.
    ///
    /// A client that has not said that it accepts the encoding gets the message uncompressed
    /// (`compression.md`). Without this, the answer is compressed as the request was.
    pub fn with_encoding(mut self, name: &'static str) -> Self {
        self.encoding = Some(name);
        self
    }

    /// The encoding, if one was set.
    pub fn encoding(&self) -> Option<&'static str> {
        self.encoding
    }

    /// Whether the message came compressed: known on a client, for a response of one message.
    pub fn was_compressed(&self) -> bool {
        self.was_compressed
    }

    /// A response as a client hands it to its caller.
    #[cfg(feature = "client")]
    pub(crate) fn arrived(message: T, metadata: Metadata, trailers: Metadata, was_compressed: bool) -> Self {
        Response { was_compressed, ..Self::from_parts(message, metadata, trailers) }
    }
}
