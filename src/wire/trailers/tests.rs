//! Trailers, sent and received, and everything that can be wrong with them.

use http::header::HeaderName;
use proptest::prelude::*;

use super::*;
use crate::Origin;

/// A header field as it might arrive, and a block of them.
type Field<'a> = (&'a str, &'a [u8]);
type Fields<'a> = &'a [Field<'a>];

fn block(fields: Fields<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

fn fields(headers: &HeaderMap) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect()
}

/// How a block reads: the code, the text and the details.
fn read(fields: Fields<'_>) -> Result<(), (Code, String, Vec<u8>)> {
    let end = Trailers::parse(block(fields)).end;
    end.map_err(|status| (status.code(), status.message().to_owned(), status.details().to_vec()))
}

fn failed(code: Code, text: &str) -> Result<(), (Code, String, Vec<u8>)> {
    Err((code, text.to_owned(), Vec::new()))
}

/// A `google.rpc.Status` without details, by hand.
fn rpc_status(code: u8, message: &str) -> Vec<u8> {
    let mut bytes = vec![0x08, code, 0x12, message.len() as u8];
    bytes.extend(message.as_bytes());
    bytes
}

#[test]
fn success_is_one_field() {
    let trailers = Trailers { end: Ok(()), metadata: Metadata::new() };
    assert_eq!(fields(&trailers.into_headers()), [("grpc-status", "0")]);
}

#[test]
fn every_code_travels_as_its_number() {
    for code in Code::ALL.into_iter().filter(|code| *code != Code::Ok) {
        let trailers = Trailers { end: Err(Status::new(code, "")), metadata: Metadata::new() };
        let headers = trailers.into_headers();
        assert_eq!(fields(&headers), [("grpc-status", code.as_u32().to_string().as_str())]);
        assert_eq!(Trailers::parse(headers).end.unwrap_err().code(), code);
    }
}

#[test]
fn the_status_comes_first_then_its_metadata_then_the_rest() {
    let mut of_status = Metadata::new();
    of_status.append("x-why", "disk").unwrap();
    let mut metadata = Metadata::new();
    metadata.append("x-took", "3").unwrap();
    metadata.append("x-why", "full").unwrap();
    let status = Status::not_found("no caf\u{e9}").with_details(rpc_status(5, "")).with_metadata(of_status);
    let trailers = Trailers { end: Err(status), metadata };
    let headers = trailers.into_headers();
    assert_eq!(
        fields(&headers),
        [
            ("grpc-status", "5"),
            ("grpc-message", "no caf%C3%A9"),
            ("grpc-status-details-bin", "CAUSAA"),
            ("x-why", "disk"),
            ("x-why", "full"),
            ("x-took", "3"),
        ]
    );
}

#[test]
fn trailers_only_is_the_same_block_behind_a_content_type() {
    let trailers = Trailers { end: Err(Status::unimplemented("")), metadata: Metadata::new() };
    let response = trailers.into_response(ContentType::Proto);
    assert_eq!(response.status(), 200);
    assert_eq!(
        fields(response.headers()),
        [("content-type", "application/grpc+proto"), ("grpc-status", "12")]
    );
}

#[test]
fn metadata_cannot_forge_a_status() {
    let received = block(&[("grpc-status", b"0"), ("grpc-message", b"fine"), ("x-a", b"1")]);
    let trailers = Trailers { end: Err(Status::aborted("")), metadata: Metadata::from_headers(received) };
    assert_eq!(fields(&trailers.into_headers()), [("grpc-status", "10"), ("x-a", "1")]);
}

#[test]
fn a_long_message_is_cut_so_that_the_status_arrives() {
    let status = Status::internal("\u{263a}".repeat(10_000));
    let headers = Trailers { end: Err(status), metadata: Metadata::new() }.into_headers();
    assert!(headers["grpc-message"].len() <= 3 * 1024);
    assert_eq!(Trailers::parse(headers).end.unwrap_err().message().len(), 1023);
}

#[test]
fn a_number_is_a_status_and_anything_else_is_unknown() {
    type Row<'a> = (&'a [u8], Result<(), (Code, &'a str)>);
    let table: [Row<'_>; 14] = [
        (b"0", Ok(())),
        (b"00", Ok(())),
        (b"5", Err((Code::NotFound, ""))),
        (b"16", Err((Code::Unauthenticated, ""))),
        (b"2", Err((Code::Unknown, ""))),
        (b"17", Err((Code::Unknown, "unknown grpc-status 17"))),
        (b"4294967295", Err((Code::Unknown, "unknown grpc-status 4294967295"))),
        (b"4294967296", Err((Code::Unknown, "malformed grpc-status: 4294967296"))),
        (b"", Err((Code::Unknown, "malformed grpc-status: "))),
        (b"+0", Err((Code::Unknown, "malformed grpc-status: +0"))),
        (b"-1", Err((Code::Unknown, "malformed grpc-status: -1"))),
        (b"0x5", Err((Code::Unknown, "malformed grpc-status: 0x5"))),
        (b"OK", Err((Code::Unknown, "malformed grpc-status: OK"))),
        (b"\xff", Err((Code::Unknown, "malformed grpc-status: \u{fffd}"))),
    ];
    for (value, expected) in table {
        let expected = expected.map_err(|(code, text)| (code, text.to_owned(), Vec::new()));
        assert_eq!(read(&[("grpc-status", value)]), expected, "{value:?}");
    }
}

#[test]
fn no_status_or_two_is_never_ok() {
    assert_eq!(read(&[]), failed(Code::Unknown, "trailers without grpc-status"));
    let two: [Field<'_>; 2] = [("grpc-status", b"0"), ("grpc-status", b"5")];
    assert_eq!(read(&two), failed(Code::Unknown, "malformed grpc-status: it is there more than once"));
}

#[test]
fn a_code_from_the_future_keeps_its_number_and_its_text() {
    let sent: [Field<'_>; 2] = [("grpc-status", b"42"), ("grpc-message", b"too warm")];
    assert_eq!(read(&sent), failed(Code::Unknown, "unknown grpc-status 42: too warm"));
}

#[test]
fn the_message_is_decoded_and_never_in_the_way() {
    let table: [(&[u8], &str); 4] =
        [(b"no caf%C3%A9", "no caf\u{e9}"), (b"50%", "50%"), (b"%ff", "\u{fffd}"), (b"", "")];
    for (value, text) in table {
        let sent: [Field<'_>; 2] = [("grpc-status", b"5"), ("grpc-message", value)];
        assert_eq!(read(&sent), failed(Code::NotFound, text));
    }
}

#[test]
fn details_are_read_as_grpc_go_reads_them() {
    let with = |status: &'static [u8], details: &[u8]| {
        let details = encode(details);
        read(&[
            ("grpc-status", status),
            ("grpc-message", b"outer"),
            ("grpc-status-details-bin", details.as_bytes()),
        ])
    };
    // Equal codes: what is inside wins, an empty message included.
    let inner = rpc_status(5, "inner");
    assert_eq!(with(b"5", &inner), Err((Code::NotFound, "inner".to_owned(), inner.clone())));
    assert_eq!(with(b"5", &[0x08, 5]), Err((Code::NotFound, String::new(), vec![0x08, 5])));
    // Different codes: neither can be trusted.
    let text = "grpc-status-details-bin mismatch: it says 5, grpc-status says 7";
    assert_eq!(with(b"7", &inner), failed(Code::Internal, text));
    let text = "grpc-status-details-bin mismatch: it says 5, grpc-status says 0";
    assert_eq!(with(b"0", &inner), failed(Code::Internal, text));
    let text = "grpc-status-details-bin mismatch: it says 0, grpc-status says 5";
    assert_eq!(with(b"5", b""), failed(Code::Internal, text));
    // Not a google.rpc.Status: the other fields stand, and the bytes are there to be looked at.
    for bytes in [&b"\xff"[..], b"\x08", b"\x12\x05inn", b"\x12\x01\xff", b"\x00"] {
        let expected = Err((Code::NotFound, "outer".to_owned(), bytes.to_vec()));
        assert_eq!(with(b"5", bytes), expected, "{bytes:?}");
    }
    assert_eq!(with(b"0", b""), Ok(()));
}

#[test]
fn details_without_padding_or_twice_are_told_apart() {
    let [a, b] = [&b"CAUSAWE="[..], b"CAUSAWE"];
    for value in [a, b] {
        let sent: [Field<'_>; 2] = [("grpc-status", b"5"), ("grpc-status-details-bin", value)];
        assert_eq!(read(&sent), Err((Code::NotFound, "a".to_owned(), rpc_status(5, "a"))));
    }
    let lines: [Field<'_>; 3] =
        [("grpc-status", b"5"), ("grpc-status-details-bin", a), ("grpc-status-details-bin", b)];
    assert_eq!(read(&lines), failed(Code::NotFound, ""));
    let joined: [Field<'_>; 2] = [("grpc-status", b"5"), ("grpc-status-details-bin", b"CAUSAWE=,CAUSAWE")];
    assert_eq!(read(&joined), failed(Code::NotFound, ""));
}

#[test]
fn bad_base64_is_internal_even_beside_success() {
    let sent: [Field<'_>; 2] = [("grpc-status", b"0"), ("x-bin", b"!")];
    assert_eq!(read(&sent), failed(Code::Internal, "malformed x-bin: not base64"));
}

#[test]
fn details_that_are_not_base64_change_nothing() {
    let sent: [Field<'_>; 2] = [("grpc-status", b"5"), ("grpc-status-details-bin", b"!!!")];
    assert_eq!(read(&sent), failed(Code::NotFound, ""));
    let sent: [Field<'_>; 2] = [("grpc-status", b"0"), ("grpc-status-details-bin", b"!!!")];
    assert_eq!(read(&sent), Ok(()));
    let headers = Trailers::parse(block(&sent)).metadata;
    assert_eq!(headers.headers()["grpc-status-details-bin"], "!!!");
}

#[test]
fn what_the_peer_said_is_remote_and_what_we_found_wrong_is_local() {
    let table: [(Fields<'_>, Origin); 3] = [
        (&[("grpc-status", b"5")], Origin::Remote),
        (&[("grpc-status", b"99")], Origin::Remote),
        (&[], Origin::Local),
    ];
    for (fields, origin) in table {
        assert_eq!(Trailers::parse(block(fields)).end.unwrap_err().origin(), origin);
    }
}

#[test]
fn metadata_is_there_whatever_the_end() {
    let custom: Field<'_> = ("x-a", b"1");
    for fields in [&[("grpc-status", &b"0"[..]), custom][..], &[("grpc-status", b"5"), custom], &[custom]] {
        let metadata = Trailers::parse(block(fields)).metadata;
        assert_eq!(metadata.get("x-a"), Some("1"));
        assert_eq!(metadata.iter().count(), 1);
    }
}

proptest! {
    #[test]
    fn parsing_undoes_writing(
        code in 1..17_u32,
        text in "\\PC{0,100}",
        details in any::<bool>(),
        pairs in prop::collection::vec(("x-[a-z]{1,8}-text", "[!-~]{0,20}"), 0..6),
    ) {
        let mut status = Status::new(Code::from_u32(code), text.clone());
        if details {
            let text: String = text.chars().take(20).collect();
            status = status.with_details(rpc_status(code as u8, &text));
        }
        let mut metadata = Metadata::new();
        for (key, value) in &pairs {
            metadata.append(key, value).unwrap();
        }
        let headers = Trailers { end: Err(status.clone()), metadata: metadata.clone() }.into_headers();
        let read = Trailers::parse(headers);
        let end = read.end.unwrap_err();
        prop_assert_eq!(end.code(), status.code());
        prop_assert_eq!(end.details(), status.details());
        if !details {
            prop_assert_eq!(end.message(), text);
        }
        for (key, _) in &pairs {
            prop_assert!(read.metadata.get_all(key).eq(metadata.get_all(key)));
        }
    }

    #[test]
    fn only_a_zero_is_ok(
        fields in prop::collection::vec((0..4_usize, prop::collection::vec(prop_oneof![4 => 48..58_u8, 1 => 32..127_u8, 1 => 128..=255_u8], 0..6)), 0..6),
    ) {
        let names = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-bin"];
        let fields: Vec<_> = fields.iter().map(|(at, value)| (names[*at], &value[..])).collect();
        if read(&fields).is_ok() {
            let status: Vec<_> = fields.iter().filter(|(name, _)| *name == "grpc-status").collect();
            prop_assert!(status.len() == 1 && !status[0].1.is_empty());
            prop_assert!(status[0].1.iter().all(|byte| *byte == b'0'));
        }
    }
}
