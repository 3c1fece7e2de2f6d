//! `content-type`: whether this is gRPC, and in which message format.
//!
//! In: a header value. Out: what it says, and the value to answer with.
//!
//! ```text
//!   application/grpc              gRPC, protobuf by default
//!   application/grpc+proto        gRPC, protobuf by name
//!   application/grpc;charset=x    the same as without the parameter
//!   application/grpc+json         gRPC, in a format that is not spoken here
//!   application/grpc-web+proto    another protocol
//!   text/html                     not gRPC at all
//! ```
//!
//! Source: PROTOCOL-HTTP2 "Requests", the rule `Content-Type`. A response
//! repeats the spelling of its request, because clients compare. Must not know:
//! what happens to those who send the wrong one.

use http::HeaderValue;

/// What a `content-type` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentType {
    /// `application/grpc`: gRPC, with protobuf unsaid.
    Grpc,
    /// `application/grpc+proto`: gRPC, with protobuf said.
    Proto,
    /// Anything else, as it came: another message format or not gRPC at all.
    Other(HeaderValue),
}

impl ContentType {
    /// Reads a header value.
    ///
    /// Media types are case-insensitive (RFC 9110 section 8.3.1) and may carry
    /// parameters; no parameter means anything to gRPC.
    pub fn parse(value: &HeaderValue) -> ContentType {
        // The usual spelling first; whatever else means the same takes a closer look.
        if value.as_bytes() == GRPC.as_bytes() {
            return ContentType::Grpc;
        }
        let media_type = media_type(value.as_bytes());
        if media_type.eq_ignore_ascii_case(GRPC.as_bytes()) {
            ContentType::Grpc
        } else if media_type.eq_ignore_ascii_case(GRPC_PROTO.as_bytes()) {
            ContentType::Proto
        } else {
            ContentType::Other(value.clone())
        }
    }

    /// Whether this is gRPC, in whatever message format.
    pub fn is_grpc(&self) -> bool {
        self.subtype().is_some()
    }

    /// Whether this is gRPC in the message format spoken here, protobuf.
    pub const fn is_supported(&self) -> bool {
        matches!(self, ContentType::Grpc | ContentType::Proto)
    }

    /// The name of the message format; empty if unsaid, `None` if not gRPC.
    pub fn subtype(&self) -> Option<&str> {
        let value = match self {
            ContentType::Grpc => return Some(""),
            ContentType::Proto => return Some("proto"),
            ContentType::Other(value) => value,
        };
        let (head, tail) = media_type(value.as_bytes()).split_at_checked(GRPC.len())?;
        let subtype = tail.strip_prefix(b"+")?;
        let subtype = std::str::from_utf8(subtype).ok()?;
        head.eq_ignore_ascii_case(GRPC.as_bytes()).then_some(subtype)
    }

    /// The header value that says this.
    pub fn as_header(&self) -> HeaderValue {
        match self {
            ContentType::Grpc => HeaderValue::from_static(GRPC),
            ContentType::Proto => HeaderValue::from_static(GRPC_PROTO),
            ContentType::Other(value) => value.clone(),
        }
    }
}

/// The part before the parameters.
fn media_type(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// The media type of gRPC.
const GRPC: &str = "application/grpc";

/// The media type of gRPC that names protobuf.
const GRPC_PROTO: &str = "application/grpc+proto";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_told_apart() {
        let other = |text: &'static str| ContentType::Other(HeaderValue::from_static(text));
        let table = [
            ("application/grpc", ContentType::Grpc, Some("")),
            ("application/grpc ; charset=utf-8", ContentType::Grpc, Some("")),
            ("Application/GRPC", ContentType::Grpc, Some("")),
            ("application/grpc+proto", ContentType::Proto, Some("proto")),
            ("application/grpc+PROTO;x=y", ContentType::Proto, Some("proto")),
            ("application/grpc+json", other("application/grpc+json"), Some("json")),
            ("application/grpc+", other("application/grpc+"), Some("")),
            ("application/grpc-web", other("application/grpc-web"), None),
            ("application/grpc-web+proto", other("application/grpc-web+proto"), None),
            ("application/grpcx", other("application/grpcx"), None),
            ("application/json", other("application/json"), None),
            ("text/html; charset=utf-8", other("text/html; charset=utf-8"), None),
            ("", other(""), None),
            (";application/grpc", other(";application/grpc"), None),
        ];
        for (text, expected, subtype) in table {
            let parsed = ContentType::parse(&HeaderValue::from_static(text));
            assert_eq!(parsed.subtype(), subtype, "{text:?}");
            assert_eq!(parsed.is_grpc(), subtype.is_some(), "{text:?}");
            assert_eq!(parsed.is_supported(), matches!(expected, ContentType::Grpc | ContentType::Proto));
            assert_eq!(parsed, expected, "{text:?}");
        }
    }

    #[test]
    fn an_answer_repeats_the_spelling_of_the_question() {
        for text in ["application/grpc", "application/grpc+proto", "application/grpc+json"] {
            let value = HeaderValue::from_static(text);
            assert_eq!(ContentType::parse(&value).as_header(), value);
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_not_grpc() {
        let value = HeaderValue::from_bytes(b"application/grpc+\xff").unwrap();
        assert!(!ContentType::parse(&value).is_grpc());
    }
}
