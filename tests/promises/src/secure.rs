//! TLS for measurements: a certificate that is made on the spot, and clients that believe any.
//!
//! Nothing here is about trust: what is measured is memory, time and handshakes.

use std::sync::{Arc, RwLock};

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use wirewright::transport::tls::{ServerTls, ring};

use crate::Failure;

/// A server's certificate for `localhost`, which may change while the server serves.
#[derive(Clone, Debug)]
pub(crate) struct Certificate(Arc<RwLock<Arc<CertifiedKey>>>);

impl Certificate {
    pub(crate) fn new() -> Result<Certificate, Failure> {
        Ok(Certificate(Arc::new(RwLock::new(make()?))))
    }

    /// From the next handshake on, another one.
    pub(crate) fn reload(&self) -> Result<(), Failure> {
        *self.0.write().map_err(|_| "a certificate was left half changed")? = make()?;
        Ok(())
    }

    pub(crate) fn tls(&self) -> Result<ServerTls, Failure> {
        let config = ServerConfig::builder_with_provider(ring())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        Ok(ServerTls::from_config(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().ok().map(|present| present.clone())
    }
}

fn make() -> Result<Arc<CertifiedKey>, Failure> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())?;
    let chain = vec![made.cert.der().clone()];
    Ok(Arc::new(CertifiedKey::from_der(chain, key, &ring())?))
}

/// A connection with TLS done.
pub(crate) async fn connect(socket: TcpStream) -> Result<TlsStream<TcpStream>, Failure> {
    let config = config()?;
    let name = ServerName::try_from("localhost")?;
    Ok(TlsConnector::from(config).connect(name, socket).await?)
}

/// A client that believes any certificate.
pub(crate) fn config() -> Result<Arc<ClientConfig>, Failure> {
    let provider = ring();
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Believes everything.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
