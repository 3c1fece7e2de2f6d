//! What can be wrong with bytes, and the status that each fault deserves.
//!
//! In: nothing; the other files of this room construct these values. Out: one
//! [`Status`] per fault, through the only conversion there is, so that two
//! places can never answer the same fault differently. A fault names the
//! guilty: the byte, the size, the header that was wrong.
//!
//! Sources: PROTOCOL-HTTP2 "Requests", "Responses" and "Length-Prefixed-
//! Message"; grpc's doc/statuscodes.md for who raises which code; grpc's
//! doc/compression.md for encodings. Must not know: calls, connections, or on
//! which side of the wire it runs. Faults that exist on both sides with
//! different codes are therefore two variants.

use http::StatusCode;

use super::timeout::InvalidTimeout;
use crate::{Code, Status};

/// A fault in the bytes or header fields of a call.
///
/// Every value is already safe to show and to send: text that came from the
/// peer is escaped and bounded before it enters a variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The first byte of a message prefix is neither 0 nor 1.
    #[error("message flag is {0}, but only 0 (plain) and 1 (compressed) exist")]
    BadFlag(u8),
    /// A message is longer than this side is willing to hold.
    #[error("message of {size} bytes is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The length that the prefix claims or that encoding would need, in bytes.
        size: u64,
        /// The largest length allowed, in bytes.
        limit: usize,
    },
    /// The stream ended inside a prefix or inside a message.
    #[error("stream ended inside a message: {received} of {expected} bytes arrived")]
    Truncated {
        /// How many bytes the unfinished part has, or 5 inside a prefix.
        expected: u64,
        /// How many of them arrived.
        received: u64,
    },
    /// A message encoded itself to another length than it had announced.
    #[error("message announced {announced} bytes and wrote {written}")]
    LengthMismatch {
        /// What `encoded_len` said.
        announced: usize,
        /// What `encode` wrote.
        written: usize,
    },
    /// A message is flagged compressed although no `grpc-encoding` says how.
    #[error("message is flagged compressed, but grpc-encoding is absent or identity")]
    CompressedWithoutEncoding,
    /// A request with another HTTP method than POST.
    #[error("HTTP method {0} is not POST")]
    NotPost(String),
    /// A request whose content-type is absent or not of gRPC.
    #[error("content-type {0} is not application/grpc")]
    NotGrpc(String),
    /// A request in a message format other than protobuf.
    #[error("content-type {0} names a message format this server does not speak")]
    RequestFormat(String),
    /// A request path that is not `/service/method`.
    #[error("malformed method name: {0}")]
    BadPath(String),
    /// A request that names its host more than once.
    #[error("host is given {0} times")]
    ManyHosts(usize),
    /// A `grpc-timeout` that does not follow its grammar.
    #[error("malformed grpc-timeout: {0}")]
    BadTimeout(#[from] InvalidTimeout),
    /// A `-bin` header that is not base64. Holds the name of the header.
    #[error("malformed {0}: not base64")]
    BadBinary(String),
    /// A block with more header fields than this side is willing to hold.
    #[error("{count} header fields are more than the limit of {limit}")]
    TooManyFields {
        /// How many fields arrived.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// A request compressed with something this server does not know.
    #[error("grpc-encoding {0} is not supported by this server")]
    RequestEncoding(String),
    /// A response compressed with something this client never offered.
    #[error("grpc-encoding {0} was not offered by this client")]
    ResponseEncoding(String),
    /// A response in a message format other than the one asked for.
    #[error("content-type {0} is not the message format of the request")]
    ResponseFormat(String),
    /// Trailers that carry no `grpc-status`.
    #[error("trailers without grpc-status")]
    MissingStatus,
    /// Trailers whose `grpc-status` is not one decimal number.
    #[error("malformed grpc-status: {0}")]
    BadStatus(String),
    /// `grpc-status-details-bin` speaks of another code than `grpc-status`.
    #[error("grpc-status-details-bin mismatch: it says {details}, grpc-status says {status}")]
    DetailsMismatch {
        /// The code in `grpc-status`.
        status: u32,
        /// The code inside the details.
        details: i32,
    },
}

impl WireError {
    /// The HTTP status of a refusal, for peers that do not speak gRPC.
    ///
    /// A peer that does speak it reads `grpc-status` and never looks here, so
    /// every fault that only gRPC can commit stays with 200.
    pub(super) const fn http_status(&self) -> StatusCode {
        match self {
            // RFC 9110 section 15.5.6: known, but not for this target.
            Self::NotPost(_) => StatusCode::METHOD_NOT_ALLOWED,
            // PROTOCOL-HTTP2 "Requests" asks for 415 by number.
            Self::NotGrpc(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            // RFC 6585 section 5 has a number for too many fields.
            Self::TooManyFields { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            // What grpc-go answers to unreadable call definitions.
            Self::BadTimeout(_) | Self::BadBinary(_) | Self::ManyHosts(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        }
    }

    /// The status code of this fault; the table of the room.
    ///
    /// ```text
    ///  fault                              code                because
    ///  --------------------------------  ------------------  ------------------------------------
    ///  flag, truncation, bad lengths     INTERNAL            statuscodes: framing is our business
    ///  flagged without an encoding       INTERNAL            PROTOCOL-HTTP2 "Compressed-Flag"
    ///  message over the limit            RESOURCE_EXHAUSTED  statuscodes, on either side
    ///  encoding unknown to the server    UNIMPLEMENTED       compression.md
    ///  encoding unknown to the client    INTERNAL            compression.md
    ///  not POST, bad timeout, bad -bin   INTERNAL            as grpc-go; 4xx beside it
    ///  not gRPC at all (415)             UNKNOWN             what 415 maps to, see `tables`
    ///  path is not /service/method       UNIMPLEMENTED       no such method can exist
    ///  message format unknown            UNIMPLEMENTED       the server lacks a codec
    ///  response in another format        INTERNAL            the peer broke its promise
    ///  too many header fields            RESOURCE_EXHAUSTED  a limit of ours, as for messages
    ///  no grpc-status, or not a number   UNKNOWN             http-grpc-status-mapping.md, 200
    ///  details contradict the status     INTERNAL            as grpc-go
    /// ```
    ///
    /// INVALID_ARGUMENT is absent on purpose: statuscodes.md keeps it, with six
    /// others, for applications.
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } | Self::TooManyFields { .. } => Code::ResourceExhausted,
            Self::RequestEncoding(_) | Self::RequestFormat(_) | Self::BadPath(_) => Code::Unimplemented,
            Self::NotGrpc(_) | Self::MissingStatus | Self::BadStatus(_) => Code::Unknown,
            Self::BadFlag(_)
            | Self::Truncated { .. }
            | Self::LengthMismatch { .. }
            | Self::CompressedWithoutEncoding
            | Self::NotPost(_)
            | Self::ManyHosts(_)
            | Self::BadTimeout(_)
            | Self::BadBinary(_)
            | Self::ResponseEncoding(_)
            | Self::ResponseFormat(_)
            | Self::DetailsMismatch { .. } => Code::Internal,
        }
    }
}

impl From<WireError> for Status {
    fn from(error: WireError) -> Status {
        Status::new(error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_code_and_its_http_status() {
        let text = || "x".to_owned();
        let table = [
            (WireError::BadFlag(7), Code::Internal, 200),
            (WireError::TooLarge { size: 2, limit: 1 }, Code::ResourceExhausted, 200),
            (WireError::Truncated { expected: 2, received: 1 }, Code::Internal, 200),
            (WireError::LengthMismatch { announced: 2, written: 1 }, Code::Internal, 200),
            (WireError::CompressedWithoutEncoding, Code::Internal, 200),
            (WireError::NotPost(text()), Code::Internal, 405),
            (WireError::NotGrpc(text()), Code::Unknown, 415),
            (WireError::RequestFormat(text()), Code::Unimplemented, 200),
            (WireError::BadPath(text()), Code::Unimplemented, 200),
            (WireError::ManyHosts(2), Code::Internal, 400),
            (WireError::BadTimeout(InvalidTimeout::Length(0)), Code::Internal, 400),
            (WireError::BadBinary(text()), Code::Internal, 400),
            (WireError::TooManyFields { count: 2, limit: 1 }, Code::ResourceExhausted, 431),
            (WireError::RequestEncoding(text()), Code::Unimplemented, 200),
            (WireError::ResponseEncoding(text()), Code::Internal, 200),
            (WireError::ResponseFormat(text()), Code::Internal, 200),
            (WireError::MissingStatus, Code::Unknown, 200),
            (WireError::BadStatus(text()), Code::Unknown, 200),
            (WireError::DetailsMismatch { status: 1, details: 2 }, Code::Internal, 200),
        ];
        for (error, code, http_status) in table {
            assert_eq!(error.http_status().as_u16(), http_status, "{error}");
            assert!(code.raised_by_library(), "{error}");
            let message = error.to_string();
            let status = Status::from(error);
            assert_eq!((status.code(), status.message()), (code, message.as_str()));
        }
    }

    #[test]
    fn where_both_statuses_speak_they_agree_or_the_grpc_one_says_more() {
        // A peer that knows HTTP only maps 415 as this room does, and 400 likewise.
        for error in [WireError::NotGrpc(String::new()), WireError::ManyHosts(2)] {
            let mapped = crate::wire::tables::code_from_http(error.http_status().as_u16());
            assert_eq!(mapped, error.code());
        }
    }
}
