//! Heads of requests: what a client sends, what a server reads, and how it refuses.

use http::header::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::Code;

/// A header field as it might arrive, and a block of them.
type Field<'a> = (&'a str, &'a [u8]);
type Fields<'a> = &'a [Field<'a>];

const PATH: &str = "/helloworld.Greeter/SayHello";

/// A head as a plain client would fill it in.
fn head() -> RequestHead {
    RequestHead {
        uri: Uri::from_static("http://localhost:50051/helloworld.Greeter/SayHello"),
        content_type: ContentType::Grpc,
        timeout: None,
        encoding: Encoding::Identity,
        accept_encoding: AcceptEncoding::default(),
        user_agent: None,
        metadata: Metadata::new(),
    }
}

/// A request as it might arrive: POST, this path, these fields.
fn parts(path: &str, fields: Fields<'_>) -> request::Parts {
    let mut request = Request::builder().method("POST").uri(path).body(()).unwrap();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request.into_parts().0
}

/// The same, with a content-type and without a surprise.
fn plain(fields: Fields<'_>) -> request::Parts {
    let mut parts = parts(PATH, fields);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts
}

/// What a refusal says: both statuses and the text.
fn refused(parts: request::Parts, supported: &[&'static str]) -> (u16, Code, String) {
    let refusal = RequestHead::parse(parts, supported).unwrap_err();
    (refusal.http_status.as_u16(), refusal.status.code(), refusal.status.message().to_owned())
}

#[test]
fn a_plain_request_has_the_fields_of_the_call_definition_and_no_others() {
    let request = head().into_request();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.version(), Version::HTTP_2);
    assert_eq!(request.uri(), "http://localhost:50051/helloworld.Greeter/SayHello");
    let fields: Vec<_> = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(fields, [("te", "trailers"), ("content-type", "application/grpc")]);
}

#[test]
fn a_full_request_has_custom_metadata_after_the_call_definition() {
    let mut metadata = Metadata::new();
    metadata.append("x-b", "1").unwrap();
    metadata.append("x-a", "2").unwrap();
    metadata.append("x-b", "3").unwrap();
    metadata.append_bin("x-bin", &[0xab]).unwrap();
    let request = RequestHead {
        content_type: ContentType::Proto,
        timeout: Some(Duration::from_millis(200)),
        encoding: Encoding::Named("gzip"),
        accept_encoding: AcceptEncoding::new(&["gzip", "zstd"]),
        user_agent: Some(HeaderValue::from_static("test/1")),
        metadata,
        ..head()
    };
    let request = request.into_request();
    let fields: Vec<_> = request.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(
        fields,
        [
            ("te", "trailers"),
            ("grpc-timeout", "200m"),
            ("content-type", "application/grpc+proto"),
            ("grpc-encoding", "gzip"),
            ("grpc-accept-encoding", "gzip,zstd"),
            ("user-agent", "test/1"),
            ("x-b", "1"),
            ("x-b", "3"),
            ("x-a", "2"),
            ("x-bin", "qw"),
        ]
    );
}

#[test]
fn metadata_of_another_call_cannot_redefine_this_one() {
    let other = plain(&[("grpc-timeout", b"1n"), ("host", b"elsewhere"), ("x-kept", b"yes")]);
    let forwarded = RequestHead { metadata: Metadata::from_headers(other.headers), ..head() };
    let request = forwarded.into_request();
    let names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["te", "content-type", "x-kept"]);
}

#[test]
fn a_server_reads_what_a_client_says() {
    let sent = plain(&[
        ("te", b"trailers"),
        ("grpc-timeout", b"1500m"),
        ("grpc-encoding", b"gzip"),
        ("grpc-accept-encoding", b"identity, gzip"),
        ("user-agent", b"grpc-go/1.85.0"),
        ("x-id", b"7"),
        ("x-bin", b"q80=,qw"),
    ]);
    let head = RequestHead::parse(sent, &["gzip"]).unwrap();
    assert_eq!(head.path(), PATH);
    assert_eq!((head.service(), head.method()), ("helloworld.Greeter", "SayHello"));
    assert_eq!(head.content_type, ContentType::Grpc);
    assert_eq!(head.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(head.encoding, Encoding::Named("gzip"));
    assert_eq!(head.accept_encoding, AcceptEncoding::new(&["gzip"]));
    assert_eq!(head.user_agent.unwrap(), "grpc-go/1.85.0");
    assert_eq!(head.metadata.get("x-id"), Some("7"));
    let values: Vec<_> = head.metadata.get_all_bin("x-bin").collect();
    assert_eq!(values, [&[0xab, 0xcd][..], &[0xab]]);
    assert!(!head.metadata.contains_key("grpc-timeout"));
}

#[test]
fn what_a_client_need_not_say_may_be_missing() {
    let head = RequestHead::parse(plain(&[]), &[]).unwrap();
    assert_eq!((head.timeout, head.encoding, head.user_agent), (None, Encoding::Identity, None));
    assert!(head.metadata.is_empty());
}

#[test]
fn the_last_slash_divides_service_and_method() {
    let table = [
        ("/S/M", "S", "M"),
        ("/pkg.v1.S/M", "pkg.v1.S", "M"),
        ("/prefix/pkg.S/M", "prefix/pkg.S", "M"),
        ("/S/M?x=/y", "S/M?x=", "y"),
        ("/S/M?x", "S", "M?x"),
        ("//M/M", "/M", "M"),
    ];
    for (path, service, method) in table {
        let mut sent = plain(&[]);
        sent.uri = path.parse().unwrap();
        let head = RequestHead::parse(sent, &[]).unwrap();
        assert_eq!((head.path(), head.service(), head.method()), (path, service, method));
    }
}

#[test]
fn a_path_that_is_not_service_and_method_is_unimplemented() {
    for path in ["/", "/SayHello", "//", "//M", "/S/", "*", "http://host", "host:80"] {
        let mut sent = plain(&[]);
        sent.uri = path.parse().unwrap();
        let (http_status, code, text) = refused(sent, &[]);
        assert_eq!((http_status, code), (200, Code::Unimplemented), "{path}");
        assert!(text.starts_with("malformed method name"), "{text}");
    }
}

#[test]
fn authority_comes_before_host_and_host_is_never_metadata() {
    let table: [(&str, Fields<'_>, Option<&str>); 4] = [
        ("http://a:1/S/M", &[], Some("a:1")),
        ("http://a:1/S/M", &[("host", b"b:2")], Some("a:1")),
        ("/S/M", &[("host", b"b:2")], Some("b:2")),
        ("/S/M", &[], None),
    ];
    for (uri, fields, authority) in table {
        let mut sent = plain(fields);
        sent.uri = uri.parse().unwrap();
        let head = RequestHead::parse(sent, &[]).unwrap();
        assert_eq!(head.authority(), authority);
        assert_eq!(head.metadata.get("host"), None);
    }
}

#[test]
fn every_other_method_than_post_is_405() {
    for method in ["GET", "PUT", "HEAD", "OPTIONS", "CONNECT", "post"] {
        let mut sent = plain(&[]);
        sent.method = Method::from_bytes(method.as_bytes()).unwrap();
        let text = format!("HTTP method {method} is not POST");
        assert_eq!(refused(sent, &[]), (405, Code::Internal, text));
    }
}

#[test]
fn another_protocol_is_415_and_another_format_unimplemented() {
    let table: [(Option<&[u8]>, u16, Code); 6] = [
        (None, 415, Code::Unknown),
        (Some(b"image/jpeg"), 415, Code::Unknown),
        (Some(b"application/json"), 415, Code::Unknown),
        (Some(b"application/grpc-web+proto"), 415, Code::Unknown),
        (Some(b"application/grpc+json"), 200, Code::Unimplemented),
        (Some(b"application/grpc+\x80"), 415, Code::Unknown),
    ];
    for (content_type, http_status, code) in table {
        let fields: Vec<_> = content_type.map(|value| ("content-type", value)).into_iter().collect();
        let (refused_http, refused_code, text) = refused(parts(PATH, &fields), &[]);
        assert_eq!((refused_http, refused_code), (http_status, code), "{text}");
        assert!(text.starts_with("content-type "), "{text}");
    }
}

#[test]
fn fields_that_cannot_be_read_are_400() {
    let table: [(Fields<'_>, &str); 4] = [
        (
            &[("grpc-timeout", b"123456789S")],
            "malformed grpc-timeout: 10 characters are not 1 to 8 digits and a unit",
        ),
        (
            &[("grpc-timeout", b"1x")],
            "malformed grpc-timeout: byte 0x78 is not one of the units H, M, S, m, u, n",
        ),
        (&[("x-bin", b"q80,!")], "malformed x-bin: not base64"),
        (&[("host", b"a"), ("host", b"a")], "host is given 2 times"),
    ];
    for (fields, text) in table {
        assert_eq!(refused(plain(fields), &[]), (400, Code::Internal, text.to_owned()));
    }
}

#[test]
fn an_unknown_encoding_is_refused_with_the_list_of_known_ones() {
    let table: [(&[&'static str], &str); 2] = [(&[], "identity"), (&["gzip", "zstd"], "gzip,zstd")];
    for (supported, listed) in table {
        let refusal = RequestHead::parse(plain(&[("grpc-encoding", b"br")]), supported).unwrap_err();
        assert_eq!(refusal.status.code(), Code::Unimplemented);
        assert_eq!(refusal.status.message(), "grpc-encoding br is not supported by this server");
        let response = refusal.into_response();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-accept-encoding"], listed);
        assert_eq!(response.headers()["grpc-status"], "12");
    }
}

#[test]
fn more_fields_than_the_limit_are_refused_unread() {
    let fields = vec![("x", &b"1"[..]); MAX_FIELDS - 1];
    assert!(RequestHead::parse(plain(&fields), &[]).is_ok());
    let fields = vec![("x", &b"1"[..]); MAX_FIELDS];
    let text = "129 header fields are more than the limit of 128".to_owned();
    assert_eq!(refused(plain(&fields), &[]), (431, Code::ResourceExhausted, text));
}

#[test]
fn a_refusal_is_a_response_for_both_kinds_of_peer() {
    let refusal = RequestHead::parse(parts(PATH, &[("content-type", b"text/html")]), &[]).unwrap_err();
    assert_eq!(
        refusal.explanation().as_deref(),
        Some("content-type text/html is not application/grpc; this server speaks gRPC\n")
    );
    let response = refusal.into_response();
    assert_eq!(response.status(), 415);
    let fields: Vec<_> = response.headers().iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(
        fields,
        [
            ("content-type", "text/plain; charset=utf-8"),
            ("grpc-status", "2"),
            ("grpc-message", "content-type text/html is not application/grpc"),
        ]
    );
}

#[test]
fn a_refused_method_is_told_which_one_is_allowed_and_head_gets_no_content() {
    for (method, is_explained) in [("GET", true), ("HEAD", false)] {
        let mut sent = plain(&[]);
        sent.method = Method::from_bytes(method.as_bytes()).unwrap();
        let refusal = RequestHead::parse(sent, &[]).unwrap_err();
        assert_eq!(refusal.explanation().is_some(), is_explained, "{method}");
        assert_eq!(refusal.into_response().headers()["allow"], "POST");
    }
    let refusal = RequestHead::parse(plain(&[("grpc-timeout", b"1x")]), &[]).unwrap_err();
    assert_eq!(refusal.explanation(), None);
}

proptest! {
    #[test]
    fn parsing_undoes_writing(
        timeout in prop::option::of(0..99_999_999_u64).prop_map(|millis| millis.map(Duration::from_millis)),
        proto in any::<bool>(),
        gzip in any::<bool>(),
        text in prop::collection::vec(("x-[a-z]{1,8}-text", "[!-~]{0,20}"), 0..6),
        bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..4),
    ) {
        let mut metadata = Metadata::new();
        for (key, value) in &text {
            metadata.append(key, value).unwrap();
        }
        for value in &bytes {
            metadata.append_bin("x-some-bin", value).unwrap();
        }
        let sent = RequestHead {
            content_type: if proto { ContentType::Proto } else { ContentType::Grpc },
            timeout,
            encoding: if gzip { Encoding::Named("gzip") } else { Encoding::Identity },
            accept_encoding: AcceptEncoding::new(&["gzip"]),
            user_agent: Some(HeaderValue::from_static("test/1")),
            metadata: metadata.clone(),
            ..head()
        };
        let (parts, ()) = sent.clone().into_request().into_parts();
        let read = RequestHead::parse(parts, &["gzip"]).unwrap();
        prop_assert_eq!(read.uri, sent.uri);
        prop_assert_eq!(read.content_type, sent.content_type);
        prop_assert_eq!(read.timeout, sent.timeout);
        prop_assert_eq!(read.encoding, sent.encoding);
        prop_assert_eq!(read.accept_encoding, sent.accept_encoding);
        prop_assert_eq!(read.user_agent, sent.user_agent);
        for key in text.iter().map(|(key, _)| key).chain([&"x-some-bin".to_owned()]) {
            prop_assert!(read.metadata.get_all(key).eq(metadata.get_all(key)));
            prop_assert!(read.metadata.get_all_bin(key).eq(metadata.get_all_bin(key)));
        }
    }

    #[test]
    fn no_fields_make_it_fail_badly(
        path in "[/a-z?*.]{1,20}",
        fields in prop::collection::vec((0..8_usize, prop::collection::vec(prop_oneof![32..127_u8, 128..=255_u8], 0..12)), 0..8),
    ) {
        let names = ["content-type", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "host", "te", "x-bin", "x"];
        let fields: Vec<_> = fields.iter().map(|(at, value)| (names[*at], &value[..])).collect();
        let mut sent = plain(&fields);
        if let Ok(uri) = path.parse() {
            sent.uri = uri;
        }
        match RequestHead::parse(sent, &["gzip"]) {
            Ok(head) => prop_assert!(!head.service().is_empty() && !head.method().is_empty()),
            Err(refusal) => prop_assert!(refusal.into_response().headers().contains_key("grpc-status")),
        }
    }
}
