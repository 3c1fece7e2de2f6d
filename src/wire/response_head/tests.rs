//! The first HEADERS of a response: heads, Trailers-Only, and what is not gRPC.

use http::header::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::Code;

/// A header field as it might arrive, and a block of them.
type Field<'a> = (&'a str, &'a [u8]);
type Fields<'a> = &'a [Field<'a>];

/// A response as it might arrive.
fn parts(http_status: u16, fields: Fields<'_>) -> response::Parts {
    let mut response = Response::builder().status(http_status).body(()).unwrap();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    response.into_parts().0
}

/// The status a call ends with if this is all that ever comes.
fn end(start: ResponseStart) -> Result<(), (Code, String)> {
    let end = match start {
        ResponseStart::Head(_) => Err(Status::internal("this is a head")),
        ResponseStart::TrailersOnly(trailers) => trailers.end,
        ResponseStart::NotGrpc(answer) => Err(answer.into_status(b"")),
        ResponseStart::Invalid(status) => Err(status),
    };
    end.map_err(|status| (status.code(), status.message().to_owned()))
}

#[test]
fn a_head_has_its_fields_before_custom_metadata() {
    let mut metadata = Metadata::new();
    metadata.append("x-a", "1").unwrap();
    let response = ResponseHead {
        content_type: ContentType::Proto,
        encoding: Encoding::Named("gzip"),
        accept_encoding: AcceptEncoding::new(&["gzip"]),
        metadata,
    }
    .into_response();
    assert_eq!((response.status(), response.version()), (StatusCode::OK, Version::HTTP_2));
    let fields: Vec<_> = response.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(
        fields,
        [
            ("content-type", "application/grpc+proto"),
            ("grpc-encoding", "gzip"),
            ("grpc-accept-encoding", "gzip"),
            ("x-a", "1"),
        ]
    );
}

#[test]
fn a_client_reads_what_a_server_says() {
    let sent = parts(
        200,
        &[
            ("content-type", b"application/grpc"),
            ("grpc-encoding", b"gzip"),
            ("grpc-accept-encoding", b"gzip"),
            ("x-a", b"1"),
            ("x-bin", b"q80"),
        ],
    );
    let ResponseStart::Head(head) = ResponseHead::parse(sent, false, &["gzip"]) else { panic!("no head") };
    assert_eq!(head.content_type, ContentType::Grpc);
    assert_eq!(head.encoding, Encoding::Named("gzip"));
    assert!(head.accept_encoding.allows(Encoding::Named("gzip")));
    assert_eq!(head.metadata.get("x-a"), Some("1"));
    assert_eq!(head.metadata.get_bin("x-bin").as_deref(), Some(&[0xab, 0xcd][..]));
}

#[test]
fn trailers_only_needs_grpc_a_status_and_the_end_of_the_stream() {
    let grpc: Field<'_> = ("content-type", b"application/grpc");
    let sent =
        || parts(200, &[grpc, ("grpc-status", b"5"), ("grpc-message", b"no such thing"), ("x-a", b"1")]);
    let ResponseStart::TrailersOnly(trailers) = ResponseHead::parse(sent(), true, &[]) else {
        panic!("not Trailers-Only")
    };
    assert_eq!(trailers.end.unwrap_err().code(), Code::NotFound);
    assert_eq!(trailers.metadata.get("x-a"), Some("1"));

    // The same block without END_STREAM is a head, and its grpc-status means nothing.
    let ResponseStart::Head(head) = ResponseHead::parse(sent(), false, &[]) else { panic!("no head") };
    assert_eq!(head.metadata.get("grpc-status"), None);
}

#[test]
fn a_response_without_messages_may_still_be_a_success() {
    let sent = parts(200, &[("content-type", b"application/grpc"), ("grpc-status", b"0")]);
    assert_eq!(end(ResponseHead::parse(sent, true, &[])), Ok(()));
}

#[test]
fn whoever_is_not_grpc_is_judged_by_its_http_status() {
    let html: Field<'_> = ("content-type", b"text/html");
    let grpc: Field<'_> = ("content-type", b"application/grpc");
    let zero: Field<'_> = ("grpc-status", b"0");
    let table: [(u16, Fields<'_>, bool, Code, &str); 9] = [
        (502, &[html], false, Code::Unavailable, "HTTP 502, content-type text/html"),
        (404, &[], true, Code::Unimplemented, "HTTP 404 without content-type"),
        (200, &[html], false, Code::Unknown, "HTTP 200, content-type text/html"),
        // A stray grpc-status does not make a page of HTML a success.
        (200, &[html, zero], true, Code::Unknown, "HTTP 200, content-type text/html"),
        (200, &[html, zero], false, Code::Unknown, "HTTP 200, content-type text/html"),
        (200, &[zero], true, Code::Unknown, "HTTP 200 without content-type"),
        (503, &[grpc], true, Code::Unavailable, "HTTP 503, content-type application/grpc"),
        (401, &[grpc], false, Code::Unauthenticated, "HTTP 401, content-type application/grpc"),
        (
            200,
            &[("content-type", b"application/grpc-web\x80"), zero],
            true,
            Code::Unknown,
            "HTTP 200, content-type application/grpc-web\u{fffd}",
        ),
    ];
    for (http_status, fields, end_stream, code, text) in table {
        let start = ResponseHead::parse(parts(http_status, fields), end_stream, &[]);
        assert!(matches!(start, ResponseStart::NotGrpc(_)), "{text}");
        assert_eq!(end(start), Err((code, text.to_owned())));
    }
}

#[test]
fn a_grpc_status_at_the_end_wins_over_the_http_status() {
    for (content_type, http_status) in [("application/grpc", 415), ("application/grpc+json", 503)] {
        let fields: [Field<'_>; 2] = [("content-type", content_type.as_bytes()), ("grpc-status", b"3")];
        let start = ResponseHead::parse(parts(http_status, &fields), true, &[]);
        assert_eq!(end(start), Err((Code::InvalidArgument, String::new())));
    }
}

#[test]
fn an_end_without_a_status_is_unknown() {
    let sent = parts(200, &[("content-type", b"application/grpc")]);
    let text = "trailers without grpc-status".to_owned();
    assert_eq!(end(ResponseHead::parse(sent, true, &[])), Err((Code::Unknown, text)));
}

#[test]
fn a_grpc_head_that_cannot_be_read_is_internal() {
    let grpc: Field<'_> = ("content-type", b"application/grpc");
    let table: [(Fields<'_>, &str); 3] = [
        (&[grpc, ("grpc-encoding", b"br")], "grpc-encoding br was not offered by this client"),
        (&[grpc, ("x-bin", b"!")], "malformed x-bin: not base64"),
        (
            &[("content-type", b"application/grpc+json")],
            "content-type application/grpc+json is not the message format of the request",
        ),
    ];
    for (fields, text) in table {
        let start = ResponseHead::parse(parts(200, fields), false, &["gzip"]);
        assert!(matches!(start, ResponseStart::Invalid(_)), "{text}");
        assert_eq!(end(start), Err((Code::Internal, text.to_owned())));
    }
}

#[test]
fn the_page_of_a_proxy_is_shown_escaped_and_bounded() {
    let answer = NotGrpc {
        http_status: StatusCode::BAD_GATEWAY,
        content_type: Some(HeaderValue::from_static("text/html")),
    };
    let status = answer.clone().into_status(b"<h1>Bad \x1b[31mGateway</h1>\r\n");
    assert_eq!(status.message(), "HTTP 502, content-type text/html: <h1>Bad \\u{1b}[31mGateway</h1>\\r\\n");
    let status = answer.into_status(&[b'x'; 10_000]);
    assert!(status.message().ends_with("xxx"));
    assert_eq!(status.message().len(), "HTTP 502, content-type text/html: ".len() + 1024);
}

proptest! {
    #[test]
    fn parsing_undoes_writing(proto in any::<bool>(), gzip in any::<bool>(), value in "[!-~]{0,20}") {
        let mut metadata = Metadata::new();
        metadata.append("x-text", &value).unwrap();
        let sent = ResponseHead {
            content_type: if proto { ContentType::Proto } else { ContentType::Grpc },
            encoding: if gzip { Encoding::Named("gzip") } else { Encoding::Identity },
            accept_encoding: AcceptEncoding::new(&["gzip"]),
            metadata,
        };
        let (parts, ()) = sent.clone().into_response().into_parts();
        let ResponseStart::Head(read) = ResponseHead::parse(parts, false, &["gzip"]) else { panic!("no head") };
        prop_assert_eq!(read.content_type, sent.content_type);
        prop_assert_eq!(read.encoding, sent.encoding);
        prop_assert_eq!(read.accept_encoding, sent.accept_encoding);
        prop_assert_eq!(read.metadata.get("x-text"), Some(value.as_str()));
    }

    #[test]
    fn only_a_grpc_block_that_ends_the_stream_with_a_zero_is_ok(
        http_status in 100..600_u16,
        end_stream in any::<bool>(),
        is_grpc in any::<bool>(),
        fields in prop::collection::vec((0..5_usize, "[0-9a-z/+]{0,8}"), 0..6),
    ) {
        let names = ["grpc-status", "grpc-message", "grpc-encoding", "x-bin", "content-type"];
        let content_type = if is_grpc { "application/grpc" } else { "text/html" };
        let first: Field<'_> = ("content-type", content_type.as_bytes());
        let rest = fields.iter().map(|(at, value)| (names[*at], value.as_bytes()));
        let fields: Vec<Field<'_>> = [first].into_iter().chain(rest).collect();
        if end(ResponseHead::parse(parts(http_status, &fields), end_stream, &[])).is_ok() {
            prop_assert!(is_grpc && end_stream);
            let status = fields.iter().find(|(name, _)| *name == "grpc-status").unwrap().1;
            prop_assert!(!status.is_empty() && status.iter().all(|byte| *byte == b'0'));
        }
    }
}
