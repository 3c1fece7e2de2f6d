//! `trailers`: how a call ended, whatever the block says.
//!
//! The input is a header block in lines: `grpc-status: 5`, `grpc-message: ...`, ...

use http::HeaderMap;
use prost::Message;
use wirewright::Code;
use wirewright::wire::Trailers;
use wirewright::wire::percent::{self, MAX_SENT_BYTES};

use crate::fields::{self, binary_is_valid, passed_on};
use crate::percent::cut;

/// Reads a block as a client does, and by the model; then sends it on.
pub fn trailers(input: &[u8]) {
    let headers = fields::read(input).headers;
    let told = Trailers::parse(headers.clone());
    assert_eq!(told.metadata.headers(), &headers, "nothing gets lost");
    let code = told.end.as_ref().map_or_else(|status| status.code(), |()| Code::Ok);
    let text = told.end.as_ref().map_or_else(|status| status.message(), |()| "");
    match model(&headers) {
        Meaning::Fault(expected) => assert_eq!(code, expected, "{headers:?}"),
        Meaning::Said(0, _) => assert_eq!(code, Code::Ok),
        // A number without a code is told in our own words.
        Meaning::Said(number @ 17.., _) => {
            assert_eq!((code, text.contains(&number.to_string())), (Code::Unknown, true))
        }
        Meaning::Said(number, message) => assert_eq!((code.as_u32(), text), (number, message.as_str())),
        Meaning::Unclear(number) => {
            assert!([Code::from_u32(number), Code::Internal].contains(&code), "{code}")
        }
    }
    if binary_is_valid(&headers) {
        sent_on(&told);
    }
}

/// What a block means.
enum Meaning {
    /// The block itself is wrong.
    Fault(Code),
    /// This number and this text.
    Said(u32, String),
    /// This number, with details that readers may take or leave.
    Unclear(u32),
}

/// PROTOCOL-HTTP2 "Responses", with the rules of grpc-go for what the specification leaves open.
fn model(headers: &HeaderMap) -> Meaning {
    let numbers: Vec<&[u8]> = headers.get_all("grpc-status").iter().map(|value| value.as_bytes()).collect();
    let [number] = numbers[..] else { return Meaning::Fault(Code::Unknown) };
    let is_number = number.iter().all(u8::is_ascii_digit);
    let Some(number) = String::from_utf8_lossy(number).parse().ok().filter(|_: &u32| is_number) else {
        return Meaning::Fault(Code::Unknown);
    };
    if !binary_is_valid(headers) {
        return Meaning::Fault(Code::Internal);
    }
    let message =
        headers.get("grpc-message").map_or(String::new(), |value| percent::decode(value.as_bytes()));
    let Some(details) = details(headers) else { return Meaning::Said(number, message) };
    match RpcStatus::decode(details.as_slice()) {
        // Written as every encoder writes it, so every reader must read it.
        Ok(status) if status.encode_to_vec() == details => {
            match i64::from(status.code) == i64::from(number) {
                true => Meaning::Said(number, status.message),
                false => Meaning::Fault(Code::Internal),
            }
        }
        // Fields of a foreign wire type, groups, or no message at all.
        _ => Meaning::Unclear(number),
    }
}

/// The details, if there is exactly one value; several cannot be told apart.
fn details(headers: &HeaderMap) -> Option<Vec<u8>> {
    let lines = headers.get_all("grpc-status-details-bin").iter();
    let values: Vec<&[u8]> = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).collect();
    let [value] = values[..] else { return None };
    crate::base64::model(value.trim_ascii())
}

/// An end that was read can be sent on, and reads the same at the next client.
fn sent_on(told: &Trailers) {
    let headers = told.clone().into_headers();
    assert_eq!(passed_on(&headers), passed_on(told.metadata.headers()));
    let again = Trailers::parse(headers);
    match (&told.end, &again.end) {
        (Ok(()), Ok(())) => {}
        (Err(first), Err(second)) if first.details().is_empty() => {
            assert_eq!(
                (second.code(), second.message()),
                (first.code(), cut(first.message(), MAX_SENT_BYTES))
            );
            assert!(second.details().is_empty());
        }
        // The number inside the details has no code, so `grpc-status` cannot repeat it.
        (Err(first), Err(_)) if first.message().starts_with("unknown grpc-status ") => {}
        (Err(first), Err(second)) => {
            // Details that cannot be read travel on beside the message, which is cut; those that can repeat it whole.
            let texts = [first.message(), cut(first.message(), MAX_SENT_BYTES)];
            assert_eq!((second.code(), texts.contains(&second.message())), (first.code(), true));
            assert_eq!(second.details(), first.details());
        }
        (first, second) => panic!("{first:?} was sent on as {second:?}"),
    }
}

/// `google.rpc.Status`, as another implementation of protobuf reads it.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}
