//! The interoperability server: answers until it is ended.
//!
//! In: flags. Out: a listening socket, and the line that says where.

use std::future::pending;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, ring};
use wirewright::{Gzip, Server};

use super::flags::{ServerFlags, flags};
use super::service::Answers;
use crate::protocol::grpc::testing::TestServiceServer;

/// Serves on the port that the command line names.
///
/// # Errors
///
/// Says which flag cannot be had, or that there is no such port.
pub async fn run_server() -> Result<(), String> {
    let flags: ServerFlags = flags();
    let tls = if flags.use_tls { Some(tls(&flags)?) } else { None };
    let incoming = listen(flags.port)?;
    let address = incoming.local_address().map_err(|error| error.to_string())?;
    println!("interop server listening on {address}");
    let mut server = Server::builder()
        .compression(Gzip::default())
        // Streams agree on gzip wherever the client accepts it; each message then is as its request wants it.
        .compress_responses("gzip")
        .add_service(TestServiceServer::new(Answers::new(address)));
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    server.serve_until(incoming, pending()).await.map_err(|error| error.to_string())
}

/// Every address of the machine; where there is no IPv6, every one of IPv4.
fn listen(port: u16) -> Result<TcpIncoming, String> {
    TcpIncoming::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))
        .or_else(|_| TcpIncoming::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))
}

/// TLS with the certificate that the flags name.
fn tls(flags: &ServerFlags) -> Result<ServerTls, String> {
    let (Some(certificates), Some(key)) = (&flags.tls_cert_file, &flags.tls_key_file) else {
        return Err("--use_tls: say with --tls_cert_file and --tls_key_file which certificate".to_owned());
    };
    let read = |path: &PathBuf| Pem::file(path).map_err(|error| error.to_string());
    let identity = Identity { certificates: read(certificates)?, key: read(key)? };
    ServerTls::new(ring(), identity, ClientCertificates::Ignored).map_err(|error| error.to_string())
}
