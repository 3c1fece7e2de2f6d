//! What a server speaks that does not speak gRPC the way it was asked to, and what to do about it.
//!
//! In: the first bytes that it said, below TLS, and what went wrong. Out: a hint.
//!
//! ```text
//!   asked in     it said                  so
//!   TLS          00 00 .. 04, SETTINGS    it speaks HTTP/2 without TLS: -plaintext
//!   TLS          a record of TLS          the certificate, or ALPN: -cacert, -insecure, -authority
//!   plaintext    15 03 or 16 03           it wants TLS: no -plaintext
//!   either       HTTP/1.1 400             a web server, or the wrong port
//!   either       SSH-2.0, 220, -ERR ...   another service altogether
//!   either       nothing                  it may want the other one of the two
//! ```
//!
//! Must not know: how a connection is made.

use super::flags::FlagNames;

/// What to do next.
pub(super) fn hint(first: &[u8], asked_in_tls: bool, problem: &str, names: &FlagNames) -> String {
    let FlagNames { plaintext, tls, .. } = names;
    let begins = |with: &[u8]| first.starts_with(with);
    let is_tls = begins(&[0x16, 3]) || begins(&[0x15, 3]);
    if let Some(service) = other_service(first) {
        return format!("this port speaks {service}; is it the right one?");
    }
    // The library asks already whether anybody listens there, or which name is meant.
    if ["listening there", "created its socket", "host name right"].iter().any(|said| problem.contains(said))
    {
        return String::new();
    }
    match asked_in_tls {
        true if is_settings(first) => format!("this port speaks HTTP/2 without TLS: {plaintext}"),
        true if begins(b"HTTP/") => {
            "this port speaks HTTP/1.1 without TLS: a web server, or a proxy before the one you want"
                .to_owned()
        }
        true if is_tls => tls_hint(problem, names),
        true if first.is_empty() => {
            format!("it said nothing in answer to TLS; if it speaks plaintext, {plaintext}")
        }
        true => format!("it answered TLS with {}; if it speaks plaintext, {plaintext}", quoted(first)),
        false if is_tls => format!("this port speaks TLS: {tls}"),
        false if begins(b"HTTP/") => {
            "this port speaks HTTP/1.1: look for the port of gRPC, or for a proxy that stops HTTP/2"
                .to_owned()
        }
        false if first.is_empty() => format!("it said nothing in answer to HTTP/2; if it wants TLS, {tls}"),
        false => format!("it began with {}, which is not HTTP/2", quoted(first)),
    }
}

/// What to do when only the words for what went wrong with TLS are there, and not what the server said.
pub(super) fn after_tls(problem: &str, names: &FlagNames) -> String {
    // What rustls makes of bytes that are no record of TLS.
    let signs = ["InvalidContentType", "corrupt message", "unexpected end", "eof"];
    match signs.iter().any(|sign| problem.contains(sign)) {
        true => format!("it does not seem to speak TLS; if it speaks plaintext, {}", names.plaintext),
        false => tls_hint(problem, names),
    }
}

/// TLS is spoken on both sides, and something about it is wrong.
fn tls_hint(problem: &str, names: &FlagNames) -> String {
    let FlagNames { trust, believe, name, identity, .. } = names;
    if problem.contains("UnknownIssuer") || problem.contains("signed") {
        format!("{trust} trusts the authority that signed its certificate; {believe} believes anybody")
    } else if problem.contains("CaUsedAsEndEntity") {
        format!(
            "its certificate is that of an authority (CA:TRUE), which no server may show: have it sign one for the \
             server, or {believe}"
        )
    } else if problem.contains("NotValidForName") || problem.contains("not valid for name") {
        format!("{name} expects another name in its certificate")
    } else if problem.contains("ALPN") || problem.contains("ApplicationProtocol") {
        "this port speaks TLS, but not HTTP/2 over it: is it the right one?".to_owned()
    } else if problem.contains("CertificateRequired") {
        format!("it wants to see a certificate: {identity}")
    } else {
        format!("{believe} tells whether its certificate is the trouble; it checks nothing")
    }
}

/// A server of something that has nothing to do with HTTP.
fn other_service(first: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| first.starts_with(with);
    let is_mysql = first.get(4) == Some(&10) && first.get(3) == Some(&0) && !is_settings(first);
    Some(match () {
        // What a web server of the oldest kind answers to anything it does not understand: a page, and no head.
        () if begins(b"<") => "HTTP, and answered with a web page",
        () if begins(b"SSH-") => "SSH",
        () if begins(b"220 ") || begins(b"220-") => "SMTP or FTP",
        () if begins(b"* OK") => "IMAP",
        () if begins(b"+OK") => "POP3",
        () if begins(b"-ERR") || begins(b"-NOAUTH") => "Redis",
        () if begins(b"RFB ") => "VNC",
        () if begins(b"ERROR\r\n") => "memcached",
        () if is_mysql => "MySQL",
        () => return None,
    })
}

/// The header of a SETTINGS frame on stream 0 (RFC 9113, section 6.5), with which every HTTP/2 server begins.
fn is_settings(first: &[u8]) -> bool {
    matches!(first, [0, _, _, 4, 0, 0, 0, 0, 0, ..])
}

/// The beginning, for people.
fn quoted(first: &[u8]) -> String {
    let shown = first.get(..SHOWN_BYTES.min(first.len())).unwrap_or_default();
    format!("\"{}\"", shown.escape_ascii())
}

/// Enough to recognize a greeting.
const SHOWN_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_port_speaks_is_told_from_its_first_bytes() {
        let table: [(&[u8], bool, &str, &str); 15] = [
            (&[0, 0, 18, 4, 0, 0, 0, 0, 0, 0], true, "", "add -plaintext"),
            (&[0x15, 3, 3, 0, 2, 2, 70], false, "", "leave out -plaintext"),
            (b"HTTP/1.1 400 Bad Request\r\n", false, "", "speaks HTTP/1.1"),
            (b"HTTP/1.1 400 Bad Request\r\n", true, "", "without TLS"),
            (b"SSH-2.0-OpenSSH", false, "", "speaks SSH"),
            (b"-ERR unknown command", true, "", "speaks Redis"),
            (b"", true, "", "if it speaks plaintext, add -plaintext"),
            (b"", false, "Connection refused; is a server listening there?", ""),
            (b"", false, "No such file or directory (os error 2); has the server created its socket?", ""),
            (&[0x16, 3, 3], true, "invalid peer certificate: UnknownIssuer", "-cacert FILE"),
            (&[0x15, 3, 3], true, "received fatal alert: NoApplicationProtocol", "not HTTP/2 over it"),
            (b"hello?", false, "", "began with \"hello?\""),
            (b"<!DOCTYPE HTML>", false, "", "speaks HTTP, and answered with a web page"),
            (b"", false, "failed to lookup address information; is the host name right?", ""),
            (&[0x16, 3, 3], true, "invalid peer certificate: CaUsedAsEndEntity", "no server may show"),
        ];
        for (first, tls, problem, expected) in table {
            let hint = hint(first, tls, problem, &FlagNames::default());
            assert!(hint.contains(expected) && hint.is_empty() == expected.is_empty(), "{hint}");
        }
    }
}
