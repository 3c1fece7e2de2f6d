//! Trailers: how a call ended, and the metadata that could only be known then.
//!
//! In: the end of a call and its last metadata, or the header block that a
//! client received last. Out: the other one.
//!
//! ```text
//!   grpc-status: 5                        always, also for success: 0
//!   grpc-message: no such caf%C3%A9       percent-coded; absent if empty
//!   grpc-status-details-bin: CAUSDW5v...  a google.rpc.Status; absent if there are no details
//!   ------------------------------------- custom metadata
//!   x-took-micros: 315
//! ```
//!
//! HTTP/2 has sent its `:status` before the first message, when nobody knew how
//! the call would end. Trailers are the second chance, and the reason gRPC needs
//! HTTP/2: the same block, a second time, after the messages.
//!
//! Reading never fails, since there is no one left to complain to: whatever is
//! wrong with the block becomes the end of the call. It is never OK by accident.
//!
//! Source: PROTOCOL-HTTP2 "Responses", the rules `Trailers` and `Trailers-Only`;
//! grpc-go's handling of details that contradict the status. Must not know:
//! messages, streams, who reads the end.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};

use super::binary::{self, validate_binary};
use super::quote::{VALUE_LIMIT, quote};
use super::response_head::respond;
use super::{ContentType, WireError, details, header, percent};
use crate::metadata::binary::{decode, encode};
use crate::{Code, Metadata, Status};

/// The last header block of a response, or the only one.
#[derive(Debug, Clone)]
pub struct Trailers {
    /// How the call ended.
    pub end: Result<(), Status>,
    /// The application's metadata. Received metadata is here whatever the end;
    /// for sending, that of the status in `end` goes before it.
    pub metadata: Metadata,
}

impl Trailers {
    /// The header block that says this; to be sent last, with END_STREAM.
    pub fn into_headers(self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(self.fields());
        self.append_to(&mut headers);
        headers
    }

    /// The whole response in one block, Trailers-Only; to be sent with END_STREAM.
    pub fn into_response(self, content_type: ContentType) -> Response<()> {
        let mut headers = HeaderMap::with_capacity(self.fields().saturating_add(1));
        headers.insert(CONTENT_TYPE, content_type.as_header());
        self.append_to(&mut headers);
        respond(headers)
    }

    /// Reads a block that ended a stream.
    ///
    /// A status that the peer sent is marked as remote; one that stands for a
    /// fault in the block is not.
    pub fn parse(headers: HeaderMap) -> Trailers {
        let end = match read_end(&headers) {
            Ok(end) => end,
            Err(error) => Err(error.into()),
        };
        Trailers { end, metadata: Metadata::from_headers(headers) }
    }

    /// How many fields the block will have, as a guess from above.
    fn fields(&self) -> usize {
        let of_status = match &self.end {
            Ok(()) => 1,
            Err(status) => STATUS_FIELDS.saturating_add(status.metadata().headers().len()),
        };
        of_status.saturating_add(self.metadata.headers().len())
    }

    /// Adds all fields at the end of a block.
    fn append_to(self, headers: &mut HeaderMap) {
        match self.end {
            Ok(()) => {
                headers.insert(header::GRPC_STATUS.clone(), status_value(Code::Ok));
            }
            Err(mut status) => {
                append_status(&status, headers);
                std::mem::take(status.metadata_mut()).append_to(headers);
            }
        }
        self.metadata.append_to(headers);
    }
}

/// Adds the fields that belong to the status itself.
fn append_status(status: &Status, headers: &mut HeaderMap) {
    headers.insert(header::GRPC_STATUS.clone(), status_value(status.code()));
    // Both texts below are printable ASCII by construction, so neither conversion drops anything.
    let message = match percent::encode(status.message()) {
        Cow::Borrowed(text) => HeaderValue::from_str(text),
        Cow::Owned(text) => HeaderValue::try_from(text),
    };
    if let Some(value) = message.ok().filter(|value| !value.is_empty()) {
        headers.insert(header::GRPC_MESSAGE.clone(), value);
    }
    if !status.details().is_empty()
        && let Ok(value) = HeaderValue::try_from(encode(status.details()))
    {
        headers.insert(header::GRPC_STATUS_DETAILS.clone(), value);
    }
}

/// How the call ended, as the block has it.
fn read_end(headers: &HeaderMap) -> Result<Result<(), Status>, WireError> {
    let number = read_status(headers)?;
    validate_binary(headers)?;
    let message = headers.get(&header::GRPC_MESSAGE);
    let message = message.map(|value| percent::decode(value.as_bytes())).unwrap_or_default();
    let details = read_details(headers);
    let inner = details.as_deref().and_then(details::decode);
    let details = details.unwrap_or_default();
    match inner {
        Some(inner) if i64::from(inner.code) != i64::from(number) => {
            Err(WireError::DetailsMismatch { status: number, details: inner.code })
        }
        Some(inner) => Ok(end_of(number, inner.message, details)),
        None => Ok(end_of(number, message, details)),
    }
}

/// The end with this number, text and details, as the peer sent it.
fn end_of(number: u32, message: String, details: Bytes) -> Result<(), Status> {
    let code = Code::from_u32(number);
    let message = match (code, message.as_str()) {
        (Code::Ok, _) => return Ok(()),
        // A code from the future. statuscodes.md has it read as UNKNOWN; the number is kept for people.
        (Code::Unknown, "") if number != Code::Unknown.as_u32() => format!("unknown grpc-status {number}"),
        (Code::Unknown, text) if number != Code::Unknown.as_u32() => {
            format!("unknown grpc-status {number}: {text}")
        }
        _ => message,
    };
    Err(Status::new(code, message).with_details(details).into_remote())
}

/// The number in `grpc-status`, which must be there once.
///
/// The grammar is `1*DIGIT`, so leading zeros are read, though never sent.
fn read_status(headers: &HeaderMap) -> Result<u32, WireError> {
    let mut values = headers.get_all(&header::GRPC_STATUS).iter();
    let value = values.next().ok_or(WireError::MissingStatus)?;
    let bad = || WireError::BadStatus(quote(value.as_bytes(), VALUE_LIMIT));
    if values.next().is_some() {
        return Err(WireError::BadStatus("it is there more than once".to_owned()));
    }
    let digits = value.to_str().map_err(|_| bad())?;
    // `parse` alone would let a sign pass.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad());
    }
    digits.parse().map_err(|_| bad())
}

/// The bytes of the details, if there is exactly one value and it is base64.
///
/// Several values cannot be told apart. Either way, and also if the bytes turn
/// out to be no `google.rpc.Status`, the code and the message of the other fields
/// stand: what is only an addition to an error must not replace it.
fn read_details(headers: &HeaderMap) -> Option<Bytes> {
    let lines = headers.get_all(&header::GRPC_STATUS_DETAILS).iter();
    let mut values = lines.flat_map(|line| binary::values(line.as_bytes()));
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    decode(value).map(Bytes::from)
}

/// The value of `grpc-status`, without an allocation.
fn status_value(code: Code) -> HeaderValue {
    HeaderValue::from_static(match code {
        Code::Ok => "0",
        Code::Cancelled => "1",
        Code::Unknown => "2",
        Code::InvalidArgument => "3",
        Code::DeadlineExceeded => "4",
        Code::NotFound => "5",
        Code::AlreadyExists => "6",
        Code::PermissionDenied => "7",
        Code::ResourceExhausted => "8",
        Code::FailedPrecondition => "9",
        Code::Aborted => "10",
        Code::OutOfRange => "11",
        Code::Unimplemented => "12",
        Code::Internal => "13",
        Code::Unavailable => "14",
        Code::DataLoss => "15",
        Code::Unauthenticated => "16",
    })
}

/// The fields of a status: grpc-status, grpc-message, grpc-status-details-bin.
const STATUS_FIELDS: usize = 3;

#[cfg(test)]
mod tests;
