//! The header names that gRPC gives a meaning, spelled once.
//!
//! They are statics, not constants, because a `HeaderName` built anew at each
//! use would have to be compared byte by byte as often.
//!
//! Source: PROTOCOL-HTTP2 "Requests" and "Responses"; `te` and `content-type`
//! come from HTTP. Must not know: values.

use http::HeaderName;

/// How long the call may take: `timeout`.
pub(super) static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// How the messages of this half are compressed: `encoding`.
pub(super) static GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// How the messages of the other half may be compressed: `encoding`.
pub(super) static GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// The code a call ended with: `trailers`.
pub(super) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The text a call ended with: `percent`.
pub(super) static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// The whole status a call ended with, as a message: `details`.
pub(super) static GRPC_STATUS_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
