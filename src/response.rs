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
}

impl<T> Response<T> {
    /// A response with this message and no metadata.
    pub fn new(message: T) -> Self {
        Response { message, metadata: Metadata::new(), trailers: Metadata::new() }
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
        Response { message, metadata, trailers }
    }

    /// The same response with another message.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response { message: change(self.message), metadata: self.metadata, trailers: self.trailers }
    }
}
