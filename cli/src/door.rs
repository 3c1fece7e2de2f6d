//! Where a verb that serves listens: from what was typed to a socket.
//!
//! In: an address, a name, or a port alone. Out: a listening socket, and its address.
//!
//! Must not know: who is served, or how.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::lookup_host;
use wirewright::ServeError;
use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{ClientCertificates, Identity, Pem, ServerTls, TlsError, ring};

use crate::failure::Failure;

/// Which TLS is spoken with clients.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct DoorTls {
    /// Speak TLS: the certificate to show clients, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl DoorTls {
    /// How to do TLS, if it is wanted.
    pub(crate) fn open(&self) -> Result<Option<ServerTls>, Failure> {
        let told = |error: TlsError| Failure::cannot(error.to_string(), PEM);
        let (Some(certificate), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let certificates = Pem::file(certificate).map_err(told)?;
        let identity = Identity { certificates, key: Pem::file(key).map_err(told)? };
        ServerTls::new(ring(), identity, ClientCertificates::Ignored).map(Some).map_err(told)
    }
}

/// Listens on the first address that can be had of those that a text such as `localhost:50051` stands for.
pub(crate) async fn open(given: &str) -> Result<(TcpIncoming, SocketAddr), Failure> {
    let failed = |error| Failure::Address { given: given.to_owned(), error };
    // `:50051`, as other programs take it, means every interface.
    let text = if given.starts_with(':') { format!("0.0.0.0{given}") } else { given.to_owned() };
    let addresses = lookup_host(text).await.map_err(failed)?;
    let mut bound = Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
    for address in addresses {
        bound = open_at(address).map_err(Failure::from);
        if bound.is_ok() {
            break;
        }
    }
    bound
}

/// Listens, and says where: the system chooses the port if none is asked for.
pub(crate) fn open_at(address: SocketAddr) -> Result<(TcpIncoming, SocketAddr), ServeError> {
    let incoming = TcpIncoming::bind(address);
    let bound = incoming.and_then(|incoming| incoming.local_address().map(|address| (incoming, address)));
    bound.map_err(|error| ServeError::Bind { address, error })
}

/// Refuses what cannot be an address, before anybody is asked to look it up.
pub(crate) fn with_port(given: &str) -> Result<String, &'static str> {
    match given.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => Ok(given.to_owned()),
        _ => Err("write an address and a port, such as 127.0.0.1:50051, [::1]:50051 or localhost:50051"),
    }
}

/// What is wrong with most files that cannot be used.
const PEM: &str = "certificates and keys are read as PEM: -----BEGIN ...";
