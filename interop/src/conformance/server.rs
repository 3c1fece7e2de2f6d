//! The server under test: answers the reference client.
//!
//! In: one instruction: what to listen for. Out: where it listens; then answers, until the runner ends the program.

use std::future::pending;
use std::io;
use std::net::Ipv4Addr;

use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, TlsError, ring};
use wirewright::{Deflate, Gzip, Server, Zstd};

use super::framing;
use super::service::Echo;
use crate::protocol::connectrpc::conformance::v1::{
    ConformanceServiceServer, ServerCompatRequest, ServerCompatResponse, TlsCreds,
};

/// Reads the instruction from standard input, writes the address to standard output, and serves for ever.
///
/// # Errors
///
/// If a pipe breaks, or there is no port to be had.
pub async fn run_server() -> io::Result<()> {
    let request: Option<ServerCompatRequest> = framing::read(&mut tokio::io::stdin()).await?;
    let request = request.ok_or(io::ErrorKind::UnexpectedEof)?;
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = incoming.local_address()?;
    let mut server = Server::builder()
        .compression(Gzip::default())
        .compression(Deflate::default())
        .compression(Zstd::default())
        .add_service(ConformanceServiceServer::new(Echo));
    if request.message_receive_limit > 0 {
        server = server.max_receive_message_size(request.message_receive_limit as usize);
    }
    let mut pem_cert = Vec::new();
    if request.use_tls {
        let credentials = request.server_creds.ok_or(io::ErrorKind::InvalidInput)?;
        pem_cert.clone_from(&credentials.cert);
        server = server.tls(tls(credentials, request.client_tls_cert).map_err(io::Error::other)?);
    }
    let (host, port) = (address.ip().to_string(), u32::from(address.port()));
    let response = ServerCompatResponse { host, port, pem_cert };
    framing::write(&mut tokio::io::stdout(), &response).await?;
    server.serve_until(incoming, pending()).await.map_err(io::Error::other)
}

/// TLS with these credentials, for clients with this certificate if there is one.
fn tls(credentials: TlsCreds, client_certificate: Vec<u8>) -> Result<ServerTls, TlsError> {
    let identity = Identity { certificates: Pem::text(credentials.cert), key: Pem::text(credentials.key) };
    let clients = match client_certificate.is_empty() {
        true => ClientCertificates::Ignored,
        false => ClientCertificates::Required(Pem::text(client_certificate)),
    };
    ServerTls::new(ring(), identity, clients)
}
