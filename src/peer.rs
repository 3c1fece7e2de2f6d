//! `PeerInfo`: who is at the other end of a connection.
//!
//! In: what the transport learned when the connection was made. Out: an address for handlers, interceptors and
//! error messages. Cheap to clone: every call of a connection shares one.
//!
//! Must not know: sockets. A transport fills it in.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    /// Where the peer is.
    address: Address,
    /// What it has shown in the TLS handshake, in DER; its own certificate first.
    certificates: Vec<Bytes>,
    /// The number by which its connection is on record; 0 if nobody records it.
    #[cfg(feature = "tap")]
    line: u32,
}

/// Where a peer is, or where to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A host name, or an address in text, and a port: whoever connects looks the name up.
    Name(String, u16),
    /// A Unix socket; the accepting side seldom learns a path.
    Unix(Option<PathBuf>),
    /// The same process: an in-memory pipe.
    Memory,
}

impl PeerInfo {
    /// A peer at this address.
    pub fn new(address: Address) -> PeerInfo {
        PeerInfo(Arc::new(Inner {
            address,
            certificates: Vec::new(),
            #[cfg(feature = "tap")]
            line: 0,
        }))
    }

    /// This peer, with the certificates that it has shown and that were found good.
    #[must_use]
    pub fn with_certificates(&self, certificates: Vec<Bytes>) -> PeerInfo {
        PeerInfo(Arc::new(Inner {
            address: self.0.address.clone(),
            certificates,
            #[cfg(feature = "tap")]
            line: self.0.line,
        }))
    }

    /// This peer, on a connection that is on record by this number.
    #[cfg(all(feature = "tap", feature = "server"))]
    pub(crate) fn with_line(&self, line: u32) -> PeerInfo {
        let (address, certificates) = (self.0.address.clone(), self.0.certificates.clone());
        PeerInfo(Arc::new(Inner { address, certificates, line }))
    }

    /// The number by which its connection is on record, if it is.
    #[cfg(all(feature = "tap", feature = "server"))]
    pub(crate) fn line(&self) -> Option<u32> {
        (self.0.line > 0).then_some(self.0.line)
    }

    /// The certificates that the peer has shown in the TLS handshake, in DER, its own first; none without TLS.
    pub fn certificates(&self) -> &[Bytes] {
        &self.0.certificates
    }

    /// Where the peer is.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Its IP address and port, where it has one.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self.0.address {
            Address::Tcp(address) => Some(address),
            _ => None,
        }
    }
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.address.fmt(f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Name(name, port) => write!(f, "{name}:{port}"),
            Address::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Address::Unix(None) => f.write_str("unix:(unnamed)"),
            Address::Memory => f.write_str("in-memory pipe"),
        }
    }
}
