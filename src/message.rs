//! `Message`: what a call carries, as far as this library needs to know it.
//!
//! In: a value of the application. Out: bytes of known length, and back. Everything that implements
//! `prost::Message` is a message here; [`RawMessage`] is for those who forward bytes without reading them.
//!
//! Must not know: the five-byte prefix, compression or limits (`wire::encoder`, `wire::decoder`).

use bytes::{BufMut, Bytes, BytesMut};

/// A value that travels in a call.
///
/// The length is asked for first, so that a message is encoded once, straight into the buffer that is handed
/// to the connection. Protobuf messages made by prost have it for free; the blanket implementation also makes
/// `()` an empty message (`google.protobuf.Empty`).
pub trait Message: Sized + Send + Sync + 'static {
    /// Whether reading it makes objects of its parts, which take more memory than its bytes; true unless said.
    ///
    /// Then a message that holds very many parts is refused before it is read.
    const UNFOLDS: bool = true;

    /// The exact number of bytes that [`encode`](Message::encode) appends.
    fn encoded_len(&self) -> usize;

    /// Appends the encoded message to `buf`.
    fn encode(&self, buf: &mut BytesMut);

    /// Reads a message from exactly these bytes.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the bytes are not such a message; the call then ends `INTERNAL`
    /// (`statuscodes.md`: a request or response that could not be parsed).
    fn decode(bytes: Bytes) -> Result<Self, DecodeError>;
}

impl<M: prost::Message + Default + 'static> Message for M {
    fn encoded_len(&self) -> usize {
        prost::Message::encoded_len(self)
    }

    fn encode(&self, buf: &mut BytesMut) {
        // `BytesMut` grows, so prost has no reason to refuse: its only error is a buffer that is too small.
        prost::Message::encode_raw(self, buf);
    }

    fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        <M as prost::Message>::decode(bytes).map_err(|error| DecodeError::new(error.to_string()))
    }
}

/// A message whose bytes nobody here reads: for proxies, recorders and command lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawMessage(pub Bytes);

impl Message for RawMessage {
    const UNFOLDS: bool = false;

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn encode(&self, buf: &mut BytesMut) {
        buf.put_slice(&self.0);
    }

    fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        Ok(RawMessage(bytes))
    }
}

/// The bytes are not such a message; says what was wrong with them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(String);

impl DecodeError {
    /// An error with this explanation.
    pub fn new(explanation: impl Into<String>) -> DecodeError {
        DecodeError(explanation.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded<M: Message>(message: &M) -> Bytes {
        let mut buf = BytesMut::new();
        message.encode(&mut buf);
        assert_eq!(buf.len(), message.encoded_len());
        buf.freeze()
    }

    #[test]
    fn the_unit_value_is_an_empty_message() {
        assert!(encoded(&()).is_empty());
        assert_eq!(<() as Message>::decode(Bytes::new()), Ok(()));
    }

    #[test]
    fn a_string_is_the_wrapper_message_of_protobuf() {
        let bytes = encoded(&"world".to_owned());
        assert_eq!(&bytes[..], b"\x0a\x05world");
        assert_eq!(<String as Message>::decode(bytes), Ok("world".to_owned()));
    }

    #[test]
    fn raw_bytes_pass_untouched() {
        let raw = RawMessage(Bytes::from_static(&[0xff, 0, 1]));
        assert_eq!(RawMessage::decode(encoded(&raw)), Ok(raw));
    }

    #[test]
    fn nonsense_is_an_error_and_says_why() {
        let error = <String as Message>::decode(Bytes::from_static(&[0x0a, 0x7f])).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
}
