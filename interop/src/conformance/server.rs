//! The server under test: answers the reference client.
//!
//! In: one instruction: what to listen for. Out: where it listens; then answers, until the runner ends the program.

use std::future::pending;
use std::io;
use std::net::Ipv4Addr;

use wirewright::transport::TcpIncoming;
use wirewright::{Deflate, Gzip, Server, Zstd};

use super::framing;
use super::service::Echo;
use crate::protocol::connectrpc::conformance::v1::{
    ConformanceServiceServer, ServerCompatRequest, ServerCompatResponse,
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
    let response = ServerCompatResponse {
        host: address.ip().to_string(),
        port: u32::from(address.port()),
        pem_cert: Vec::new(),
    };
    let mut server = Server::builder()
        .compression(Gzip::default())
        .compression(Deflate::default())
        .compression(Zstd::default())
        .add_service(ConformanceServiceServer::new(Echo));
    if request.message_receive_limit > 0 {
        server = server.max_receive_message_size(request.message_receive_limit as usize);
    }
    framing::write(&mut tokio::io::stdout(), &response).await?;
    server.serve_until(incoming, pending()).await.map_err(io::Error::other)
}
