//! `metadata`: which names and values an application may send, and that what was accepted comes back.
//!
//! The input is a key, a line feed, and a value.

use wirewright::Metadata;

/// Puts the pair in as text and as bytes, and compares with the grammar of PROTOCOL-HTTP2, "Requests".
pub fn metadata(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (key, value) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let Ok(key) = std::str::from_utf8(key) else { return };
    let is_binary = key.to_ascii_lowercase().ends_with("-bin");
    let name_is_free = is_name(key) && !is_reserved(&key.to_ascii_lowercase());

    let mut metadata = Metadata::new();
    let accepted = metadata.append_bin(key, value).is_ok();
    assert_eq!(accepted, name_is_free && is_binary, "as bytes: {key:?}");
    if accepted {
        assert_eq!(metadata.get_bin(key).as_deref(), Some(value), "{key:?}");
        let on_the_wire = metadata.headers().values().next().expect("one field");
        assert!(on_the_wire.as_bytes().iter().all(|byte| (0x20..=0x7e).contains(byte)), "{on_the_wire:?}");
    }

    let Ok(text) = std::str::from_utf8(value) else { return };
    let mut metadata = Metadata::new();
    let accepted = metadata.append(key, text).is_ok();
    if accepted {
        assert!(name_is_free && !is_binary, "as text: {key:?}");
        assert!(is_ascii_value(text), "{text:?}");
        // A peer may trim a value's ends, so what is accepted here must not depend on them.
        assert_eq!(metadata.get(key), Some(text), "{key:?}");
    } else {
        let is_ordinary = is_ascii_value(text) && text.trim_matches(' ') == text && !text.is_empty();
        assert!(!(name_is_free && !is_binary && is_ordinary), "refused: {key:?} = {text:?}");
    }
    for (name, _) in metadata.iter() {
        assert!(is_name(name) && !is_reserved(name) && name == name.to_ascii_lowercase(), "{name:?}");
    }
}

/// Header-Name, with letters of either case: they are folded.
fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.".contains(&c))
}

/// ASCII-Value.
fn is_ascii_value(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// Names that belong to gRPC or to HTTP/2, but for four that gRPC hands to applications.
fn is_reserved(name: &str) -> bool {
    let handed = ["grpc-previous-rpc-attempts", "grpc-retry-pushback-ms", "grpc-trace-bin", "grpc-tags-bin"];
    let http = ["connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection"];
    let more = ["te", "transfer-encoding", "upgrade", "user-agent"];
    (name.starts_with("grpc-") && !handed.contains(&name)) || http.contains(&name) || more.contains(&name)
}
