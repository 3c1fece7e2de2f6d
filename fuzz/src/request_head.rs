//! `request_head`: what a server takes for a call, and what it answers to anything else.
//!
//! The input is a header block in lines: `:path: /s/m`, `content-type: application/grpc`, ...

use http::{Method, Request, Uri};
use wirewright::wire::{Refusal, RequestHead, ResponseHead, ResponseStart};

use crate::fields::{self, Block, binary_is_valid, passed_on};

/// Reads a block as a server does, and by the model; then sends it on.
pub fn request_head(input: &[u8]) {
    let block = fields::read(input);
    let Some(parts) = parts(&block) else { return };
    let expected = model(&parts);
    let headers = parts.headers.clone();
    match RequestHead::parse(parts, SUPPORTED) {
        Ok(head) => {
            assert!(expected, "must be refused: {headers:?}");
            sent_on(head, &headers);
        }
        Err(refusal) => {
            assert!(!expected, "must not be refused: {refusal:?} {headers:?}");
            assert!(refusal.status.code().raised_by_library(), "{refusal:?} is an application's code");
            refused(refusal);
        }
    }
}

/// A refusal is one block that is head and end; but for peers of plain HTTP, who get a sentence after it.
fn refused(refusal: Refusal) {
    let (code, http_status) = (refusal.status.code(), refusal.http_status);
    let message = refusal.status.message().to_owned();
    let explanation = refusal.explanation();
    let (answer, ()) = refusal.into_response().into_parts();
    assert_eq!(answer.status, http_status);
    assert_eq!(answer.headers.contains_key("allow"), http_status == 405);
    if let Some(explanation) = explanation {
        assert!(matches!(http_status.as_u16(), 405 | 415), "{http_status} is for peers of gRPC");
        assert!(explanation.starts_with(&message), "{explanation:?} does not say {message:?}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        return;
    }
    let ResponseStart::TrailersOnly(trailers) = ResponseHead::parse(answer, true, &[]) else {
        panic!("the refusal is not Trailers-Only")
    };
    let end = trailers.end.expect_err("a refusal is no success");
    assert_eq!((end.code(), end.message()), (code, message.as_str()));
}

/// The parts that an HTTP/2 engine hands over; `None` for what it refuses itself.
fn parts(block: &Block) -> Option<http::request::Parts> {
    let method = block.method.as_deref().unwrap_or(b"POST");
    let path = block.path.as_deref().unwrap_or(b"/test.Talk/One");
    let mut uri = Uri::builder().path_and_query(path);
    if let Some(authority) = &block.authority {
        uri = uri.scheme("http").authority(authority.as_slice());
    }
    let request = Request::builder().method(Method::from_bytes(method).ok()?).uri(uri.build().ok()?);
    let (mut parts, ()) = request.body(()).ok()?.into_parts();
    parts.headers = block.headers.clone();
    Some(parts)
}

/// Whether this is a gRPC request, by the words of PROTOCOL-HTTP2 and our limits.
fn model(parts: &http::request::Parts) -> bool {
    let first = |name: &str| parts.headers.get(name).map(|value| value.as_bytes());
    let content_type = first("content-type").map(|value| {
        let value = value.split(|byte| *byte == b';').next().unwrap_or_default();
        value.trim_ascii().to_ascii_lowercase()
    });
    let is_grpc = matches!(content_type.as_deref(), Some(b"application/grpc" | b"application/grpc+proto"));
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    // All between the first and the last slash, then the rest; neither may be empty.
    let has_method = path.strip_prefix('/').is_some_and(|path| match path.rfind('/') {
        Some(slash) => slash > 0 && slash + 1 < path.len(),
        None => false,
    });
    let timeout = first("grpc-timeout").is_none_or(|value| wirewright::wire::timeout::decode(value).is_ok());
    let encoding = first("grpc-encoding").map(<[u8]>::trim_ascii);
    parts.method == "POST"
        && is_grpc
        && parts.headers.len() <= 128
        && has_method
        && parts.headers.get_all("host").iter().count() <= 1
        && timeout
        && binary_is_valid(&parts.headers)
        && matches!(encoding, None | Some(b"identity" | b"gzip"))
}

/// A head that was read can be sent on, and reads the same at the next server.
fn sent_on(head: RequestHead, headers: &http::HeaderMap) {
    assert_eq!(head.path(), format!("/{}/{}", head.service(), head.method()));
    assert!(!head.service().is_empty() && !head.method().is_empty() && !head.method().contains('/'));
    let first = head.clone();
    let (parts, ()) = head.into_request().into_parts();
    assert_eq!(parts.headers["te"], "trailers");
    assert_eq!(passed_on(&parts.headers), passed_on(headers));
    let again = match RequestHead::parse(parts, SUPPORTED) {
        Ok(again) => again,
        // A second `te`, `content-type` and so on stay behind, so the block never grows beyond the limit by much.
        Err(refusal) => {
            assert!(headers.len() + 6 > 128, "refused at the next server: {refusal:?}");
            return;
        }
    };
    assert_eq!(again.uri, first.uri);
    assert_eq!(again.content_type, first.content_type);
    assert_eq!(again.timeout, first.timeout, "no hop adds time");
    assert_eq!(again.encoding, first.encoding);
    assert_eq!(again.accept_encoding, first.accept_encoding);
    assert_eq!(again.user_agent, first.user_agent);
}

/// The encodings of an imagined server.
const SUPPORTED: &[&str] = &["gzip"];
