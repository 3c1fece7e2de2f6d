//! Listens where Go's `net.Listen("tcp", ":PORT")` listens: on every address of both families.
//!
//! In: a port. Out: a source of connections for a server.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use wirewright::transport::TcpIncoming;

/// Listens on a port, for IPv6 and IPv4 alike; where there is no IPv6, for IPv4 alone.
///
/// # Errors
///
/// Names the port if it cannot be had: mostly because another program listens on it.
pub fn listen(port: u16) -> io::Result<TcpIncoming> {
    let everywhere = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    TcpIncoming::bind(everywhere)
        .or_else(|error| match error.kind() {
            io::ErrorKind::AddrInUse => Err(error),
            _ => TcpIncoming::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
        })
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on port {port}: {error}")))
}
