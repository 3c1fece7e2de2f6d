//! `Target`: where a channel's calls go.
//!
//! In: text, such as `localhost:50051` or `unix:/run/service.sock`. Out: addresses to connect to, and the
//! authority that every request names. Source: gRPC `doc/naming.md`.
//!
//! ```text
//!   host:port  dns:host:port  dns:///host:port  passthrough:///host:port     looked up on every attempt
//!   ipv4:1.2.3.4:5,6.7.8.9:10  ipv6:[::1]:5                                  tried in this order
//!   unix:relative/path  unix:/absolute  unix:///absolute                     authority: localhost
//!   https://host  https://host:port                                          443 by default; TLS must be set
//!   http://host  http://host:port                                            80 by default; TLS must not be set
//! ```
//!
//! Must not know: how one connects.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use http::uri::Authority;

use crate::peer::Address;

/// Where a channel's calls go.
///
/// ```
/// use wirewright::Target;
///
/// let target: Target = "localhost:50051".parse()?;
/// assert_eq!(target.authority(), "localhost:50051");
/// # Ok::<(), wirewright::InvalidTarget>(())
/// ```
#[derive(Clone, Debug)]
pub struct Target {
    text: String,
    addresses: Vec<Address>,
    pub(super) authority: Authority,
    pub(super) insists: Option<Insists>,
}

/// What the text of a target says about TLS, where it says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Insists {
    /// `https://`
    OnTls,
    /// `http://`
    OnPlaintext,
}

/// A text that is no target: says which, what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid target {target:?}: {problem}")]
pub struct InvalidTarget {
    target: String,
    problem: String,
}

impl Target {
    /// The addresses, in the order in which they are tried; at least one.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The authority that requests name unless the endpoint sets another.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    fn new(text: &str, addresses: Vec<Address>, authority: &str) -> Result<Target, InvalidTarget> {
        let authority = parse_authority(text, authority)?;
        Ok(Target { text: text.to_owned(), addresses, authority, insists: None })
    }
}

impl FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Target, InvalidTarget> {
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(text, path);
        }
        if let Some(list) = text.strip_prefix("ipv4:").or_else(|| text.strip_prefix("ipv6:")) {
            return literal(text, list);
        }
        for (scheme, port, insists) in
            [("https://", 443, Insists::OnTls), ("http://", 80, Insists::OnPlaintext)]
        {
            if let Some(rest) = text.strip_prefix(scheme) {
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                if rest.contains('/') {
                    return Err(invalid(text, format!("a target has no path: write {scheme}host:port")));
                }
                let target = named(text, rest, port)?;
                return Ok(Target { insists: Some(insists), ..target });
            }
        }
        for scheme in ["dns:", "passthrough:"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                return named(text, endpoint_of(text, rest)?, DEFAULT_PORT);
            }
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let known = "host:port, dns:, passthrough:, ipv4:, ipv6:, unix:, https:// and http:// are known";
            return Err(invalid(text, format!("unknown scheme {scheme:?}: {known}")));
        }
        named(text, text, DEFAULT_PORT)
    }
}

impl TryFrom<&str> for Target {
    type Error = InvalidTarget;

    fn try_from(text: &str) -> Result<Target, InvalidTarget> {
        text.parse()
    }
}

impl TryFrom<String> for Target {
    type Error = InvalidTarget;

    fn try_from(text: String) -> Result<Target, InvalidTarget> {
        text.parse()
    }
}

impl TryFrom<&String> for Target {
    type Error = InvalidTarget;

    fn try_from(text: &String) -> Result<Target, InvalidTarget> {
        text.parse()
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Target {
        let text = address.to_string();
        // An address prints as an authority, unless it has an IPv6 zone; that names an interface of this machine
        // and means nothing to the peer.
        let authority = text.parse().unwrap_or_else(|_| Authority::from_static("localhost"));
        Target { text, addresses: vec![Address::Tcp(address)], authority, insists: None }
    }
}

impl From<Infallible> for InvalidTarget {
    fn from(never: Infallible) -> InvalidTarget {
        match never {}
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An authority, or why the text is none.
pub(super) fn parse_authority(target: &str, authority: &str) -> Result<Authority, InvalidTarget> {
    let problem = |error| format!("{authority:?} cannot be an authority: {error}");
    authority.parse().map_err(|error: http::uri::InvalidUri| invalid(target, problem(error)))
}

/// The endpoint in `endpoint`, `/endpoint` or `//authority/endpoint`.
fn endpoint_of<'a>(text: &str, rest: &'a str) -> Result<&'a str, InvalidTarget> {
    let Some(rest) = rest.strip_prefix("//") else {
        return Ok(rest.strip_prefix('/').unwrap_or(rest));
    };
    match rest.split_once('/') {
        Some(("", endpoint)) => Ok(endpoint),
        Some((authority, _)) => {
            Err(invalid(text, format!("asking the name server {authority:?} is not supported")))
        }
        None => Err(invalid(text, "there is no host after the authority: write scheme:///host:port")),
    }
}

fn named(text: &str, endpoint: &str, default_port: u16) -> Result<Target, InvalidTarget> {
    if let Ok(address) = endpoint.parse::<SocketAddr>() {
        return Target::new(text, vec![Address::Tcp(address)], endpoint);
    }
    let (host, port) = match endpoint.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let number = port.parse::<u16>();
            (host, number.map_err(|_| invalid(text, format!("{port:?} is not a port: write host:port")))?)
        }
        _ => (endpoint, default_port),
    };
    // `:50051`, as people write it for a listening address, means this machine.
    let host = if host.is_empty() && endpoint.starts_with(':') { "localhost" } else { host };
    let name = host.trim_start_matches('[').trim_end_matches(']');
    if name.is_empty() || name.contains(['/', '@', ' ', '?', '#']) {
        return Err(invalid(text, "expected host:port, such as localhost:50051"));
    }
    let authority = format!("{host}:{port}");
    Target::new(text, vec![Address::Name(name.to_owned(), port)], &authority)
}

fn literal(text: &str, list: &str) -> Result<Target, InvalidTarget> {
    let mut addresses = Vec::new();
    for item in list.split(',') {
        let address = item.trim().parse::<SocketAddr>();
        let address =
            address.map_err(|_| invalid(text, format!("{item:?} is not an address with a port")))?;
        addresses.push(Address::Tcp(address));
    }
    let first = list.split(',').next().unwrap_or_default().trim();
    Target::new(text, addresses, first)
}

fn unix(text: &str, path: &str) -> Result<Target, InvalidTarget> {
    let path = match path.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(invalid(text, "unix:// takes an absolute path: unix:///run/service.sock")),
        None => path,
    };
    if path.is_empty() {
        return Err(invalid(text, "there is no path: write unix:/run/service.sock"));
    }
    // A path is no legal authority in HTTP/2, so every implementation sends this.
    Target::new(text, vec![Address::Unix(Some(PathBuf::from(path)))], "localhost")
}

fn invalid(target: &str, problem: impl Into<String>) -> InvalidTarget {
    InvalidTarget { target: target.to_owned(), problem: problem.into() }
}

/// naming.md: the default port is 443.
const DEFAULT_PORT: u16 = 443;

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let target: Target = text.parse().unwrap();
        let addresses: Vec<_> = target.addresses().iter().map(ToString::to_string).collect();
        (addresses.join(" "), target.authority().to_owned())
    }

    #[test]
    fn every_form_of_the_naming_document_is_understood() {
        let table = [
            ("localhost:50051", "localhost:50051", "localhost:50051"),
            ("127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:80", "[::1]:80", "[::1]:80"),
            (":50051", "localhost:50051", "localhost:50051"),
            ("example.com", "example.com:443", "example.com:443"),
            ("dns:example.com:1", "example.com:1", "example.com:1"),
            ("dns:///example.com:1", "example.com:1", "example.com:1"),
            ("passthrough:///example.com:1", "example.com:1", "example.com:1"),
            ("ipv4:1.2.3.4:5,6.7.8.9:10", "1.2.3.4:5 6.7.8.9:10", "1.2.3.4:5"),
            ("ipv6:[::1]:5", "[::1]:5", "[::1]:5"),
            ("unix:a/b.sock", "unix:a/b.sock", "localhost"),
            ("unix:///a/b.sock", "unix:/a/b.sock", "localhost"),
            ("http://localhost:50051/", "localhost:50051", "localhost:50051"),
            ("http://localhost", "localhost:80", "localhost:80"),
            ("https://example.com", "example.com:443", "example.com:443"),
            ("https://[::1]:8443/", "[::1]:8443", "[::1]:8443"),
        ];
        for (text, addresses, authority) in table {
            assert_eq!(parts(text), (addresses.to_owned(), authority.to_owned()), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_would_be_right() {
        let table = [
            ("", "expected host:port"),
            ("host:port", "is not a port"),
            ("host:99999", "is not a port"),
            ("a b:1", "expected host:port"),
            ("user@host:1", "expected host:port"),
            ("https://x:1/path", "a target has no path: write https://host:port"),
            ("https://", "expected host:port"),
            ("ftp://x:1", "unknown scheme"),
            ("xds:///x", "unknown scheme"),
            ("unix:", "there is no path"),
            ("unix://x", "absolute path"),
            ("ipv4:1.2.3.4", "not an address"),
            ("ipv4:", "not an address"),
            ("dns://8.8.8.8/x:1", "name server"),
            ("dns://x", "no host"),
        ];
        for (text, problem) in table {
            let error = text.parse::<Target>().expect_err(text).to_string();
            assert!(error.starts_with("invalid target") && error.contains(problem), "{text}: {error}");
        }
    }
}
