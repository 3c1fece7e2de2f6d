//! `target`: text that says where a channel's calls go. What is accepted can be connected to and named.

use wirewright::{Address, Target};

/// Reads a target, and checks what came of it against RFC 3986, section 3.2, and gRPC's `naming.md`.
pub fn target(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let target: Target = match text.parse() {
        Ok(target) => target,
        Err(error) => {
            // It is one line, quotes what it refuses, and says what would be right.
            assert!(!error.to_string().contains(['\n', '\r', '\x1b']), "{error:?}");
            assert!(!plain(text), "refused: {text:?}: {error}");
            return;
        }
    };
    assert_eq!(target.to_string(), text);
    assert!(!target.addresses().is_empty(), "{text:?} leads nowhere");
    let authority: http::uri::Authority = target.authority().parse().expect("an authority");
    assert!(!authority.as_str().contains('@'), "{text:?} names a user: {authority}");
    for address in target.addresses() {
        match address {
            Address::Name(name, _) => {
                assert!(!name.is_empty(), "{text:?}");
                assert!(!name.contains(['/', '@', ' ', '?', '#']), "{text:?} looks up {name:?}");
            }
            Address::Unix(path) => assert!(path.is_some() && target.authority() == "localhost", "{text:?}"),
            Address::Tcp(_) => {}
            other => panic!("{text:?} leads to {other:?}"),
        }
    }
}

/// Whether a text is `host:port` beyond doubt, and so must be accepted.
fn plain(text: &str) -> bool {
    let Some((host, port)) = text.split_once(':') else { return false };
    let label = |label: &str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let inside = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        inside && ends(label.chars().next()) && ends(label.chars().last()) && label.len() <= 63
    };
    // These words before a colon are schemes.
    let is_scheme = ["dns", "http", "https", "ipv4", "ipv6", "passthrough", "unix"].contains(&host);
    let is_port = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok();
    !is_scheme && is_port && host.len() <= 253 && host.split('.').all(label)
}
