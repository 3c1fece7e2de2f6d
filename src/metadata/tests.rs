//! Tests of metadata as an application and a header block see it.

use super::*;

fn received(pairs: &[(&'static str, &[u8])]) -> Metadata {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_bytes(value).unwrap());
    }
    Metadata::from_headers(headers)
}

#[test]
fn keys_fold_case_and_keep_the_order_of_their_values() {
    let mut metadata = Metadata::new();
    metadata.append("X-Key", "one").unwrap();
    metadata.append("x-key", "two").unwrap();
    assert_eq!(metadata.get_all("X-KEY").collect::<Vec<_>>(), ["one", "two"]);
    metadata.insert("x-key", "three").unwrap();
    assert_eq!(metadata.get_all("x-key").collect::<Vec<_>>(), ["three"]);
    assert!(metadata.remove("X-Key"));
    assert!(!metadata.remove("x-key"));
    assert!(metadata.is_empty());
}

#[test]
fn illegal_keys_and_values_are_refused_and_named() {
    let mut metadata = Metadata::new();
    for key in ["", "with space", "colon:", ":path", "umlaut\u{e4}", "a/b", "a\nb"] {
        assert!(matches!(metadata.insert(key, "v"), Err(InvalidMetadata::Key { .. })), "{key:?}");
    }
    for value in ["tab\t", "line\r\nbreak", "nul\0", "\u{e4}", "\x7f"] {
        assert!(matches!(metadata.insert("k", value), Err(InvalidMetadata::Value { .. })), "{value:?}");
    }
    assert!(matches!(metadata.insert("k-bin", "v"), Err(InvalidMetadata::Suffix { .. })));
    assert!(matches!(metadata.insert_bin("k", b"v"), Err(InvalidMetadata::Suffix { .. })));
    assert!(metadata.is_empty());
}

#[test]
fn names_of_the_protocol_cannot_be_inserted() {
    let mut metadata = Metadata::new();
    let reserved = [
        "grpc-status",
        "grpc-message",
        "grpc-timeout",
        "grpc-encoding",
        "grpc-anything",
        "Grpc-Foo",
        "content-type",
        "content-length",
        "te",
        "user-agent",
        "host",
        "connection",
        "upgrade",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
    ];
    for key in reserved {
        assert!(matches!(metadata.insert(key, "v"), Err(InvalidMetadata::Reserved { .. })), "{key}");
    }
    assert!(matches!(
        metadata.insert_bin("grpc-status-details-bin", b""),
        Err(InvalidMetadata::Reserved { .. })
    ));
    for key in
        ["grpc-previous-rpc-attempts", "grpc-retry-pushback-ms", "grpcfoo", "grpc", "trailer", "upgrades"]
    {
        metadata.insert(key, "v").unwrap();
    }
    metadata.insert_bin("grpc-trace-bin", &[1]).unwrap();
}

#[test]
fn a_reader_does_not_see_the_protocols_own_names() {
    let metadata = received(&[
        ("content-type", b"application/grpc"),
        ("te", b"trailers"),
        ("grpc-timeout", b"1S"),
        ("user-agent", b"grpc-go/1.85.0"),
        ("x-key", b"v"),
    ]);
    let seen: Vec<_> = metadata.iter().map(|(key, _)| key).collect();
    assert_eq!(seen, ["user-agent", "x-key"]);
    assert_eq!(metadata.get("grpc-timeout"), None);
    assert!(!metadata.contains_key("content-type"));
    assert!(!metadata.clone().remove("te"));
}

#[test]
fn metadata_that_is_sent_on_leaves_the_protocols_names_behind() {
    let metadata = received(&[
        ("user-agent", b"x"),
        ("x-key", b"1"),
        ("content-type", b"application/grpc"),
        ("x-key", b"2"),
    ]);
    let mut out = HeaderMap::new();
    out.insert("te", HeaderValue::from_static("trailers"));
    metadata.append_to(&mut out);
    let sent: Vec<_> = out.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect();
    assert_eq!(sent, [("te", "trailers"), ("x-key", "1"), ("x-key", "2")]);
}

#[test]
fn binary_values_split_at_commas_and_over_lines() {
    let metadata = received(&[("k-bin", b"qw==,q80"), ("k-bin", b" q83v , ")]);
    let values: Vec<_> = metadata.get_all_bin("k-bin").collect();
    assert_eq!(values, [&[0xab][..], &[0xab, 0xcd], &[0xab, 0xcd, 0xef], &[]]);
    assert_eq!(metadata.get("k-bin"), None);
}

#[test]
fn bytes_outside_ascii_are_handed_on_and_never_fail() {
    let metadata = received(&[("x-odd", b"caf\xe9"), ("y-bin", b"!!")]);
    assert_eq!(metadata.get("x-odd"), None);
    let values: Vec<_> = metadata.iter().map(|(_, value)| value).collect();
    assert_eq!(values, [Value::Opaque(b"caf\xe9"), Value::Opaque(b"!!")]);
    let mut echoed = HeaderMap::new();
    metadata.append_to(&mut echoed);
    assert_eq!(echoed["x-odd"].as_bytes(), b"caf\xe9");
}

#[test]
fn secrets_do_not_reach_debug_output() {
    let mut metadata = Metadata::new();
    metadata.insert("authorization", "Bearer hunter2").unwrap();
    metadata.insert("x-token", "hunter3").unwrap();
    metadata.set_sensitive("x-token");
    metadata.insert_bin("key-bin", b"hunter4").unwrap();
    metadata.insert("x-plain", "shown").unwrap();
    let printed = format!("{metadata:?}");
    assert!(!printed.contains("hunter"), "{printed}");
    assert!(printed.contains("shown"));
}

#[test]
fn equality_looks_at_the_applications_pairs_alone() {
    let one = received(&[("te", b"trailers"), ("k", b"v")]);
    let two = received(&[("k", b"v")]);
    assert_eq!(one, two);
    assert_ne!(one, received(&[("k", b"v"), ("k", b"w")]));
    assert_ne!(one, Metadata::new());
}
