//! The floor, Wirewright and tonic over TLS; and the certificate for everybody.
//!
//! ```text
//!   tls certificate FOLDER
//!   tls server KIND FOLDER
//!   tls client KIND PORT INFLIGHT SIZE CONNECTIONS FOLDER
//! ```
//!
//! It is a package of its own, so that the programs of the other measurements are built without TLS. The floor offers
//! and takes one cipher suite and one group, which all others have; as it is always at one end, everybody encrypts with
//! the same.

use std::path::Path;
use std::sync::Arc;

use compare::load::obey;
use compare::peer::several;
use compare::{Failure, Kind, current_thread, floor, listen, ours, peer_tonic};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, version};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::transport::{Certificate, ClientTlsConfig, ServerTlsConfig};
use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{self, ClientCertificates, ClientTls, Identity, Pem, Roots, ServerTls};

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["certificate", folder] => make_certificate(Path::new(folder)),
        ["server", kind, folder] => serve(kind.parse()?, Files::read(Path::new(folder))?),
        ["client", kind, port, in_flight, size, connections, folder] => {
            let (kind, files) = (kind.parse()?, Files::read(Path::new(folder))?);
            let (port, size, connections) = (port.parse()?, size.parse()?, connections.parse()?);
            current_thread(call(kind, port, size, in_flight.parse()?, connections, files))
        }
        _ => Err("certificate, server or client, and a folder".into()),
    }
}

fn make_certificate(folder: &Path) -> Result<(), Failure> {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    std::fs::write(folder.join("cert.pem"), made.cert.pem())?;
    Ok(std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem())?)
}

/// What lies in the folder.
struct Files {
    certificate: String,
    key: String,
}

impl Files {
    fn read(folder: &Path) -> Result<Files, Failure> {
        let read = |name| std::fs::read_to_string(folder.join(name));
        Ok(Files { certificate: read("cert.pem")?, key: read("key.pem")? })
    }
}

fn serve(kind: Kind, files: Files) -> Result<(), Failure> {
    match kind {
        Kind::Floor => listen(|listener| serve_floor(listener, files)),
        Kind::Ours => listen(|listener| serve_ours(listener, files)),
        Kind::Tonic => listen(|listener| serve_tonic(listener, files)),
        _ => Err("this one is a program of its own".into()),
    }
}

async fn serve_floor(listener: TcpListener, files: Files) -> Result<(), Failure> {
    let chain = vec![CertificateDer::from_pem_slice(files.certificate.as_bytes())?];
    let key = PrivateKeyDer::from_pem_slice(files.key.as_bytes())?;
    let config =
        ServerConfig::builder_with_provider(one_suite()).with_protocol_versions(&[&version::TLS13])?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move { floor::serve_connection(acceptor.accept(socket).await?).await });
    }
}

async fn serve_ours(listener: TcpListener, files: Files) -> Result<(), Failure> {
    let identity = Identity { certificates: Pem::text(files.certificate), key: Pem::text(files.key) };
    let server = wirewright::Server::builder()
        .tls(ServerTls::new(tls::ring(), identity, ClientCertificates::Ignored)?)
        .http2(ours::http2())
        .add_service(ours::Echoes);
    Ok(server.serve_until(TcpIncoming::new(listener), std::future::pending()).await?)
}

async fn serve_tonic(listener: TcpListener, files: Files) -> Result<(), Failure> {
    let identity = tonic::transport::Identity::from_pem(files.certificate, files.key);
    let server = tonic::transport::Server::builder().tls_config(ServerTlsConfig::new().identity(identity))?;
    peer_tonic::serve_with(server, listener).await
}

async fn call(
    kind: Kind,
    port: u16,
    size: usize,
    in_flight: usize,
    connections: usize,
    files: Files,
) -> Result<(), Failure> {
    match kind {
        Kind::Floor => {
            obey(several(connections, async || connect_floor(port, size, &files).await).await?, in_flight)
                .await
        }
        Kind::Ours => {
            obey(several(connections, async || connect_ours(port, size, &files).await).await?, in_flight)
                .await
        }
        Kind::Tonic => {
            obey(several(connections, async || connect_tonic(port, size, &files).await).await?, in_flight)
                .await
        }
        _ => Err("this one is a program of its own".into()),
    }
}

async fn connect_floor(port: u16, size: usize, files: &Files) -> Result<floor::Client, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(files.certificate.as_bytes())?)?;
    let config =
        ClientConfig::builder_with_provider(one_suite()).with_protocol_versions(&[&version::TLS13])?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::new(config));
    floor::Client::over(connector.connect(ServerName::try_from(NAME)?, socket).await?, size).await
}

async fn connect_ours(port: u16, size: usize, files: &Files) -> Result<ours::Client, Failure> {
    let roots = Roots::Pem(Pem::text(files.certificate.clone()));
    let tls = ClientTls::new(tls::ring(), roots, None)?.server_name(NAME);
    let endpoint = wirewright::Endpoint::new(format!("127.0.0.1:{port}").as_str())?.tls(tls);
    Ok(ours::Client::over(endpoint.connect().await?, size))
}

async fn connect_tonic(port: u16, size: usize, files: &Files) -> Result<peer_tonic::Client, Failure> {
    let tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&files.certificate)).domain_name(NAME);
    let endpoint = tonic::transport::Endpoint::from_shared(format!("https://127.0.0.1:{port}"))?;
    Ok(peer_tonic::Client::over(endpoint.tls_config(tls)?.connect().await?, size))
}

/// The one suite, and the one group for keys, that the floor speaks: P-256, because C-core knows no other.
fn one_suite() -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256];
    provider.kx_groups = vec![ring::kx_group::SECP256R1];
    Arc::new(provider)
}

/// Whom the certificate is for.
const NAME: &str = "localhost";

/// The protocol that both ends agree on within TLS.
const ALPN: &[u8] = b"h2";
