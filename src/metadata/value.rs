//! Values of metadata: printable ASCII, or any bytes as base64.
//!
//! In: text or bytes. Out: a header value, and back. Source: PROTOCOL-HTTP2, "Requests": ASCII-Value is
//! `1*( %x20-%x7E )`; Binary-Header values are base64, and a line may join several with commas.
//!
//! Must not know: keys, beyond whether they end in `-bin`.

use bytes::Bytes;
use http::header::HeaderValue;

use super::{InvalidMetadata, binary, key};

/// One value of metadata, as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text: printable ASCII.
    Ascii(&'a str),
    /// The decoded bytes of a `-bin` key.
    Binary(Bytes),
    /// What is neither: bytes outside ASCII, which HTTP permits and gRPC does not, or base64 that does not
    /// decode. A receiver must not fail on them (PROTOCOL-HTTP2), so they are handed on as they are.
    Opaque(&'a [u8]),
}

/// The values that one header line holds.
pub(super) fn read<'a>(name: &str, value: &'a HeaderValue) -> impl Iterator<Item = Value<'a>> {
    let (text, list) = match key::is_binary(name) {
        true => (None, Some(split_binary(value))),
        false => (Some(value.to_str().map_or(Value::Opaque(value.as_bytes()), Value::Ascii)), None),
    };
    text.into_iter().chain(list.into_iter().flatten())
}

/// The binary values that one header line holds, split at its commas.
pub(super) fn split_binary(value: &HeaderValue) -> impl Iterator<Item = Value<'_>> {
    value.as_bytes().split(|byte| *byte == b',').map(|part| {
        let part = part.trim_ascii();
        binary::decode(part).map_or(Value::Opaque(part), |bytes| Value::Binary(Bytes::from(bytes)))
    })
}

/// The header value for a text of the application.
pub(super) fn parse_text(key: &str, value: &str) -> Result<HeaderValue, InvalidMetadata> {
    let invalid = || InvalidMetadata::Value { key: key.to_owned() };
    if !value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err(invalid());
    }
    HeaderValue::from_str(value).map_err(|_| invalid())
}

/// The header value for bytes of the application.
pub(super) fn from_binary(value: &[u8]) -> HeaderValue {
    // Base64 has only characters that a header value may have, so the second arm is for the compiler.
    HeaderValue::try_from(binary::encode(value)).unwrap_or(HeaderValue::from_static(""))
}
