//! The interoperability server: answers until it is ended.
//!
//! In: flags. Out: a listening socket, and the line that says where.

use std::future::pending;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use clap::Parser;
use wirewright::transport::TcpIncoming;
use wirewright::{Gzip, Server};

use super::flags::ServerFlags;
use super::service::Answers;
use crate::protocol::grpc::testing::TestServiceServer;

/// Serves on the port that the command line names.
///
/// # Errors
///
/// Says which flag cannot be had, or that there is no such port.
pub async fn run_server() -> Result<(), String> {
    let flags = ServerFlags::parse();
    if flags.use_tls {
        return Err("--use_tls: TLS is not available yet".to_owned());
    }
    let incoming = listen(flags.port)?;
    let address = incoming.local_address().map_err(|error| error.to_string())?;
    println!("interop server listening on {address}");
    Server::builder()
        .compression(Gzip::default())
        // Streams agree on gzip wherever the client accepts it; each message then is as its request wants it.
        .compress_responses("gzip")
        .add_service(TestServiceServer::new(Answers::new(address)))
        .serve_until(incoming, pending())
        .await
        .map_err(|error| error.to_string())
}

/// Every address of the machine; where there is no IPv6, every one of IPv4.
fn listen(port: u16) -> Result<TcpIncoming, String> {
    TcpIncoming::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
        .or_else(|_| TcpIncoming::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))
}
