//! Error details: what a status says to programs, beside its code for libraries and its sentence for people.
//!
//! In: messages to attach to a [`Status`]. Out: the same on the other side, asked for by type. The ten types that
//! every gRPC service shares are here; any message that knows its name ([`prost::Name`]) can be a detail.
//!
//! ```text
//!   google.rpc.Status                                  trailer grpc-status-details-bin, in base64
//!     1 code        int32      8                       equal to grpc-status, or the receiver believes neither
//!     2 message     string     "too many greetings"
//!     3 details     Any        type_url "type.googleapis.com/google.rpc.RetryInfo", value 0a 02 08 05
//!     3 details     Any        ...
//! ```
//!
//! A message of protobuf is its fields one after the other, and a repeated field is there several times. So a detail
//! is attached by appending one more field 3 to the bytes, without reading those that are there.
//!
//! Nothing here fails because of what a peer sent: a detail of an unknown type, or one that cannot be read, is an
//! [`Any`] whose bytes are kept; and what is no `google.rpc.Status` at all has no details, but stays readable as
//! [`Status::details`].
//!
//! Source: google/rpc/status.proto, google/rpc/error_details.proto, google/protobuf/any.proto; the protobuf guide,
//! "Encoding". Must not know: trailers, base64, or what wins if the codes differ (`wire::trailers`).

mod messages;

use bytes::{Bytes, BytesMut};
use prost::{Message as _, Name};

pub use self::messages::{
    BadRequest, DebugInfo, ErrorInfo, FieldViolation, Help, Link, LocalizedMessage, PreconditionFailure,
    PreconditionViolation, QuotaFailure, QuotaViolation, RequestInfo, ResourceInfo, RetryInfo,
};
use crate::message::DecodeError;
use crate::status::Status;

/// `google.protobuf.Any`: a message, and the name of its type.
///
/// A detail whose type this program does not know is kept as it came.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct Any {
    /// Where a description of the type might be found, a slash, and the full name of the type.
    #[prost(string, tag = "1")]
    pub type_url: String,
    /// The encoded message.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

impl Any {
    /// Packs a message.
    pub fn pack<M: Name>(message: &M) -> Any {
        Any { type_url: format!("{DOMAIN}{}", M::full_name()), value: message.encode_to_vec().into() }
    }

    /// The full name of the type, such as `google.rpc.RetryInfo`: what stands after the last slash.
    pub fn type_name(&self) -> &str {
        self.type_url.rsplit('/').next().unwrap_or_default()
    }

    /// Whether this is a message of this type, by its name.
    pub fn is<M: Name>(&self) -> bool {
        self.type_name() == M::full_name()
    }

    /// The message, if it is of this type.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the name is another, or the bytes are no such message.
    pub fn unpack<M: Name + Default>(&self) -> Result<M, DecodeError> {
        if !self.is::<M>() {
            let (found, expected) = (self.type_name(), M::full_name());
            return Err(DecodeError::new(format!("expected a {expected}, found {found:?}")));
        }
        M::decode(self.value.clone()).map_err(|error| DecodeError::new(error.to_string()))
    }
}

/// `google.rpc.Status`: the code and the message once more, and the details.
#[derive(Clone, PartialEq, prost::Message)]
struct StatusMessage {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// Rich errors: messages that travel with a status.
impl Status {
    /// This status with one more detail.
    ///
    /// The receiver asks for it by type with [`error_detail`](Status::error_detail). Details travel in the trailers,
    /// which careful peers limit to 8 KiB: say what a program can act on, and leave the rest to the log.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wirewright::Status;
    /// use wirewright::error_details::{BadRequest, RetryInfo};
    ///
    /// let refusal = Status::invalid_argument("the name is missing")
    ///     .with_error_detail(&BadRequest::field("name", "must not be empty"));
    /// let field = &refusal.error_detail::<BadRequest>().unwrap().field_violations[0];
    /// assert_eq!(field.field, "name");
    ///
    /// let busy = Status::unavailable("come back").with_error_detail(&RetryInfo::after(Duration::from_secs(5)));
    /// assert_eq!(busy.error_detail::<RetryInfo>().unwrap().retry_delay(), Some(Duration::from_secs(5)));
    /// ```
    pub fn with_error_detail<M: Name>(self, detail: &M) -> Status {
        let mut bytes = BytesMut::from(&self.details()[..]);
        if bytes.is_empty() {
            let (code, message) = (self.code().as_u32().cast_signed(), cut(self.message()).to_owned());
            append(&mut bytes, &StatusMessage { code, message, ..StatusMessage::default() });
        }
        append(&mut bytes, &StatusMessage { details: vec![Any::pack(detail)], ..StatusMessage::default() });
        self.with_details(bytes)
    }

    /// The first detail of this type that can be read.
    pub fn error_detail<M: Name + Default>(&self) -> Option<M> {
        self.error_details().find_map(|any| any.unpack().ok())
    }

    /// Every detail in order, of known types and others; none if [`details`](Status::details) holds something else
    /// than a `google.rpc.Status`.
    pub fn error_details(&self) -> impl Iterator<Item = Any> {
        StatusMessage::decode(self.details().clone()).unwrap_or_default().details.into_iter()
    }
}

/// Appends the fields of a message, which merges them with those before.
fn append(bytes: &mut BytesMut, message: &StatusMessage) {
    // `BytesMut` grows, so prost has no reason to refuse: its only error is a buffer that is too small.
    message.encode_raw(bytes);
}

/// As much of the text as is repeated, cut between two characters.
fn cut(text: &str) -> &str {
    let end = (0..=REPEATED_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default()
}

/// What protobuf's own libraries put before the name of a type.
const DOMAIN: &str = "type.googleapis.com/";

/// How much of a status's message the details repeat: 1 KiB, as much as `grpc-message` says of it, so that a long
/// text does not grow the trailers past what the peer accepts.
const REPEATED_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
