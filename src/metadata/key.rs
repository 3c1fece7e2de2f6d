//! Keys of metadata: which are legal, which are binary, which belong to the protocol.
//!
//! In: a name. Out: an HTTP header name, or why not. Source: PROTOCOL-HTTP2, "Requests": Header-Name is
//! `1*( %x30-39 / %x61-7A / "_" / "-" / ".")`, and names that begin with `grpc-` are reserved.
//!
//! Must not know: values.

use http::header::HeaderName;

use super::InvalidMetadata;

/// Which kind of value the caller means to put under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    Text,
    Binary,
}

/// The header name for a key of the application.
pub(super) fn parse(key: &str, suffix: Suffix) -> Result<HeaderName, InvalidMetadata> {
    let legal = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.');
    let invalid = || InvalidMetadata::Key { key: key.to_owned() };
    if key.is_empty() || !key.bytes().all(legal) {
        return Err(invalid());
    }
    // `from_bytes` folds to lower case, as names travel in HTTP/2.
    let name = HeaderName::from_bytes(key.as_bytes()).map_err(|_| invalid())?;
    if is_reserved(name.as_str()) {
        return Err(InvalidMetadata::Reserved { key: key.to_owned() });
    }
    if is_binary(name.as_str()) != (suffix == Suffix::Binary) {
        return Err(InvalidMetadata::Suffix { key: key.to_owned() });
    }
    Ok(name)
}

/// Whether values under this key are binary.
pub(super) fn is_binary(key: &str) -> bool {
    let tail = key.len().checked_sub("-bin".len()).and_then(|at| key.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case("-bin"))
}

/// Whether an application may not send this name (in lower case).
///
/// Three families: gRPC's own `grpc-` names, but for the four that the documents hand to applications; the
/// names that call definitions use; and the names that HTTP/2 forbids or gives another meaning, with which
/// the peer would reset the stream (RFC 9113, sections 8.1.1 and 8.2.2).
pub fn is_reserved(name: &str) -> bool {
    is_hidden(name) || name == "user-agent"
}

/// Whether a reader of metadata does not see this name. `user-agent` is the one reserved name it does see.
pub(super) fn is_hidden(name: &str) -> bool {
    match name.as_bytes().first() {
        Some(b'g' | b'G') => is_grpc(name),
        Some(b'c' | b'C') => {
            ["content-type", "connection", "content-length"].iter().any(|n| name.eq_ignore_ascii_case(n))
        }
        Some(b't' | b'T') => ["te", "transfer-encoding"].iter().any(|n| name.eq_ignore_ascii_case(n)),
        Some(b'u' | b'U') => name.eq_ignore_ascii_case("upgrade"),
        Some(b'h' | b'H') => name.eq_ignore_ascii_case("host"),
        Some(b'k' | b'K') => name.eq_ignore_ascii_case("keep-alive"),
        Some(b'p' | b'P') => name.eq_ignore_ascii_case("proxy-connection"),
        _ => false,
    }
}

/// Whether debug output leaves the value out even if nobody marked it.
pub(super) fn is_secret(name: &str) -> bool {
    matches!(name, "authorization" | "proxy-authorization" | "cookie" | "set-cookie")
}

fn is_grpc(name: &str) -> bool {
    let reserved = name.get(.."grpc-".len()).is_some_and(|head| head.eq_ignore_ascii_case("grpc-"));
    reserved && !PASSED_THROUGH.iter().any(|passed| name.eq_ignore_ascii_case(passed))
}

/// `grpc-` names that applications and tracers may send and see, as grpc-go has it (gRFC A6 for the first two).
const PASSED_THROUGH: [&str; 4] =
    ["grpc-previous-rpc-attempts", "grpc-retry-pushback-ms", "grpc-trace-bin", "grpc-tags-bin"];
