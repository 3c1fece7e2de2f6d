//! TLS under HTTP/2: who the peer is, and that nobody else listens.
//!
//! In: certificates and keys, or a configuration of rustls as it is. Out: an [`Io`] whose bytes are plaintext.
//! Source: PROTOCOL-HTTP2, "Security"; RFC 9113, section 9.2: TLS 1.2 at the least, and ALPN `h2`.
//!
//! rustls offers ALPN but lets a connection without it pass, so it is checked here, on both sides: a peer that
//! does not agree on `h2` speaks something else, and the first frame would only confuse it.
//!
//! The crypto provider is always named by the caller. A process-wide default would panic as soon as two crates of
//! one program enable two of them.
//!
//! Must not know: when to connect, or what is said over the connection.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::io::Io;

pub use tokio_rustls::rustls::crypto::CryptoProvider;

/// The crypto provider ring.
#[cfg(feature = "tls-ring")]
pub fn ring() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The crypto provider aws-lc-rs.
#[cfg(feature = "tls-aws-lc")]
pub fn aws_lc() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// How a client does TLS.
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    server_name: Option<String>,
}

/// How a server does TLS.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

/// Certificates and keys that cannot be used: says which, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct TlsError {
    what: String,
    problem: String,
}

impl TlsError {
    fn new(what: impl fmt::Display, problem: impl fmt::Display) -> TlsError {
        TlsError { what: what.to_string(), problem: problem.to_string() }
    }
}

/// Text in PEM, and where it came from.
#[derive(Clone, Debug)]
pub struct Pem {
    origin: String,
    text: Vec<u8>,
}

impl Pem {
    /// PEM text that is in memory already.
    pub fn text(text: impl Into<Vec<u8>>) -> Pem {
        Pem { origin: "PEM text".to_owned(), text: text.into() }
    }

    /// The content of a file.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if it cannot be read.
    pub fn file(path: impl AsRef<Path>) -> Result<Pem, TlsError> {
        let path: PathBuf = path.as_ref().to_path_buf();
        let origin = path.display().to_string();
        let text = fs::read(&path).map_err(|error| TlsError::new(&origin, error))?;
        Ok(Pem { origin, text })
    }

    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.text).collect();
        let found = found.map_err(|error| TlsError::new(&self.origin, error))?;
        if found.is_empty() {
            return Err(TlsError::new(&self.origin, "expected a certificate, found none"));
        }
        Ok(found)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.text)
            .map_err(|error| TlsError::new(&self.origin, format!("expected a private key: {error}")))
    }
}

/// Whether a server asks its clients for certificates.
#[derive(Clone, Debug)]
pub enum ClientCertificates {
    /// They are not asked for.
    Ignored,
    /// A client without one is let in; one that shows one must show a good one, signed by these roots.
    Optional(Pem),
    /// Only clients with one signed by these roots are let in.
    Required(Pem),
}

impl ClientTls {
    /// TLS that trusts these roots.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the roots or the identity cannot be used.
    pub fn new(
        provider: Arc<CryptoProvider>,
        roots: Roots,
        identity: Option<Identity>,
    ) -> Result<ClientTls, TlsError> {
        let roots = roots.store()?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| TlsError::new("root certificates", error))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new("crypto provider", error))?
            .with_webpki_verifier(verifier);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(Identity { certificates, key }) => {
                let (chain, private) = (certificates.certificates()?, key.key()?);
                builder.with_client_auth_cert(chain, private).map_err(|error| {
                    TlsError::new(format!("{} with {}", certificates.origin, key.origin), error)
                })?
            }
        };
        Ok(ClientTls::from_config(Arc::new(config)))
    }

    /// A configuration of rustls as it is, but for ALPN: `h2` is offered alone, as nothing else can be spoken.
    pub fn from_config(config: Arc<ClientConfig>) -> ClientTls {
        let config = if config.alpn_protocols == [ALPN] {
            config
        } else {
            let mut own = (*config).clone();
            own.alpn_protocols = vec![ALPN.to_vec()];
            Arc::new(own)
        };
        ClientTls { config, server_name: None }
    }

    /// Expects another name in the server's certificate than the host of the authority.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Writes the keys of every connection to the file that `SSLKEYLOGFILE` names, for tools that read captures.
    ///
    /// Whoever reads that file reads the traffic.
    pub fn log_keys(mut self) -> Self {
        let mut own = (*self.config).clone();
        own.key_log = Arc::new(rustls::KeyLogFile::new());
        self.config = Arc::new(own);
        self
    }

    /// Does the client's part of the handshake with a server of this host.
    pub(crate) async fn connect(&self, io: Box<dyn Io>, host: &str) -> Result<Box<dyn Io>, String> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("{name:?} is not a name that a certificate can have"))?;
        let stream = TlsConnector::from(self.config.clone()).connect(server, io).await;
        let stream = stream.map_err(|error| explain(&error, &format!("expected the name {name}")))?;
        agreed_on_h2(stream.get_ref().1.alpn_protocol())?;
        Ok(Box::new(stream))
    }
}

impl ServerTls {
    /// TLS with this certificate.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if the identity or the roots for clients cannot be used.
    pub fn new(
        provider: Arc<CryptoProvider>,
        identity: Identity,
        clients: ClientCertificates,
    ) -> Result<ServerTls, TlsError> {
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new("crypto provider", error))?;
        let verifier = |roots: &Pem| -> Result<_, TlsError> {
            let store = Roots::Pem(roots.clone()).store()?;
            Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(store), provider.clone()))
        };
        let builder = match &clients {
            ClientCertificates::Ignored => builder.with_no_client_auth(),
            ClientCertificates::Optional(roots) => {
                let verifier = verifier(roots)?.allow_unauthenticated().build();
                builder.with_client_cert_verifier(verifier.map_err(|e| TlsError::new(&roots.origin, e))?)
            }
            ClientCertificates::Required(roots) => {
                let verifier = verifier(roots)?.build();
                builder.with_client_cert_verifier(verifier.map_err(|e| TlsError::new(&roots.origin, e))?)
            }
        };
        let Identity { certificates, key } = identity;
        let config = builder
            .with_single_cert(certificates.certificates()?, key.key()?)
            .map_err(|error| TlsError::new(format!("{} with {}", certificates.origin, key.origin), error))?;
        Ok(ServerTls::from_config(Arc::new(config)))
    }

    /// A configuration of rustls as it is, but for ALPN: `h2` is accepted alone, as nothing else can be spoken.
    pub fn from_config(config: Arc<ServerConfig>) -> ServerTls {
        if config.alpn_protocols == [ALPN] {
            return ServerTls { config };
        }
        let mut own = (*config).clone();
        own.alpn_protocols = vec![ALPN.to_vec()];
        ServerTls { config: Arc::new(own) }
    }

    /// Writes the keys of every connection to the file that `SSLKEYLOGFILE` names, for tools that read captures.
    ///
    /// Whoever reads that file reads the traffic.
    pub fn log_keys(mut self) -> Self {
        let mut own = (*self.config).clone();
        own.key_log = Arc::new(rustls::KeyLogFile::new());
        self.config = Arc::new(own);
        self
    }

    /// Does the server's part of the handshake; gives the client's certificates too, its own first.
    pub(crate) async fn accept<T: Io>(&self, io: T) -> Result<(Box<dyn Io>, Vec<Bytes>), String> {
        let accepted = TlsAcceptor::from(self.config.clone()).accept(io).await;
        let stream = accepted.map_err(|error| explain(&error, "this port wants TLS"))?;
        let connection = stream.get_ref().1;
        agreed_on_h2(connection.alpn_protocol())?;
        let certificates = connection.peer_certificates().unwrap_or_default();
        let certificates = certificates.iter().map(|der| Bytes::copy_from_slice(der)).collect();
        Ok((Box::new(stream), certificates))
    }
}

/// Whom a client trusts.
#[derive(Clone, Debug)]
pub enum Roots {
    /// These certificates.
    Pem(Pem),
    /// Those of the operating system; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured.
    #[cfg(feature = "tls-native-roots")]
    System,
}

impl Roots {
    fn store(&self) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        match self {
            Roots::Pem(pem) => {
                for certificate in pem.certificates()? {
                    store.add(certificate).map_err(|error| TlsError::new(&pem.origin, error))?;
                }
            }
            #[cfg(feature = "tls-native-roots")]
            Roots::System => {
                let found = rustls_native_certs::load_native_certs();
                let (added, _ignored) = store.add_parsable_certificates(found.certs);
                if added == 0 {
                    let why = found.errors.first().map_or("none found".to_owned(), ToString::to_string);
                    return Err(TlsError::new("the system's root certificates", why));
                }
            }
        }
        Ok(store)
    }
}

/// A certificate chain, the own first, and the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The chain.
    pub certificates: Pem,
    /// The private key.
    pub key: Pem,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

fn agreed_on_h2(agreed: Option<&[u8]>) -> Result<(), String> {
    match agreed {
        Some(ALPN) => Ok(()),
        Some(other) => {
            Err(format!("the peer chose {:?} by ALPN, expected \"h2\"", String::from_utf8_lossy(other)))
        }
        None => Err("the peer does not do ALPN, which must agree on \"h2\"".to_owned()),
    }
}

/// A handshake that failed, in one line that says what was expected.
fn explain(error: &io::Error, expected: &str) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!(
                "TLS handshake failed: the peer sent something that is not TLS; is one side plaintext? ({error})"
            )
        }
        Some(_) => format!("TLS handshake failed ({expected}): {error}"),
        None => format!("TLS handshake failed: {error}"),
    }
}

/// The name of HTTP/2 over TLS (RFC 9113, section 3.1).
const ALPN: &[u8] = b"h2";
