//! How a call failed, as the suite writes it: a code, a message, and details as `Any` messages.
//!
//! In: the suite's error. Out: a status whose details are an encoded `google.rpc.Status`, and back.

use prost::Message;
use prost_types::Any;
use wirewright::{Code, Status};

use crate::protocol::connectrpc::conformance::v1::Error;
use crate::protocol::google::rpc;

/// The status that this error stands for, with more details after its own.
pub(super) fn status(error: Error, more: impl IntoIterator<Item = Any>) -> Status {
    let code = Code::from_u32(u32::try_from(error.code).unwrap_or_default());
    let message = error.message.unwrap_or_default();
    let details: Vec<Any> = error.details.into_iter().chain(more).collect();
    let status = Status::new(code, message.clone());
    match details.is_empty() {
        true => status,
        false => status.with_details(rpc::Status { code: error.code, message, details }.encode_to_vec()),
    }
}

/// The error that stands for this status.
pub(super) fn error(status: &Status) -> Error {
    // Details that are no `google.rpc.Status` never fail a call, so they do not fail its report either.
    let details = rpc::Status::decode(status.details().clone()).unwrap_or_default().details;
    Error {
        code: i32::try_from(status.code().as_u32()).unwrap_or_default(),
        message: Some(status.message().to_owned()),
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way_through_a_status() {
        let detail = Any { type_url: "type.googleapis.com/x.Y".into(), value: vec![1, 2] };
        let sent = Error { code: 5, message: Some("no".into()), details: vec![detail] };
        assert_eq!(error(&status(sent.clone(), None)), sent);
    }
}
