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

mod pem;
mod watch;

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, CertificateError, ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub use tokio_rustls::rustls::crypto::CryptoProvider;

pub use self::pem::{Identity, Pem, Roots, TlsError};
use self::watch::{Recipe, Source};
use super::io::Io;

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
#[derive(Clone, Debug)]
pub struct ClientTls {
    source: Source<ClientRecipe>,
    server_name: Option<String>,
}

/// How a server does TLS.
#[derive(Clone, Debug)]
pub struct ServerTls {
    source: Source<ServerRecipe>,
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
        let source = Source::new(ClientRecipe { provider, roots, identity })?;
        Ok(ClientTls { source, server_name: None })
    }

    /// A configuration of rustls as it is, but for ALPN: `h2` is offered alone, as nothing else can be spoken.
    pub fn from_config(config: Arc<ClientConfig>) -> ClientTls {
        let mut config = config;
        if config.alpn_protocols != [ALPN] {
            Arc::make_mut(&mut config).alpn_protocols = vec![ALPN.to_vec()];
        }
        ClientTls { source: Source::Fixed(config), server_name: None }
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
        self.source = self.source.log_keys();
        self
    }

    /// Tells an observer of each reload of files that are watched ([`Pem::watched`]): that the new ones are in use, or
    /// why they cannot be and the old ones stay.
    ///
    /// It is called on a thread for blocking work, before the handshake that noticed the change goes on.
    pub fn on_reload(mut self, observer: impl Fn(Result<(), &TlsError>) + Send + Sync + 'static) -> Self {
        self.source = self.source.on_reload(observer);
        self
    }

    /// Does the client's part of the handshake with a server of this host; gives the server's certificates too, in DER.
    ///
    /// An endpoint does this by itself; it is public for proxies, which have none.
    ///
    /// # Errors
    ///
    /// What went wrong, in words: a certificate that does not fit, a peer that does not speak TLS or HTTP/2.
    pub async fn connect(&self, io: Box<dyn Io>, host: &str) -> Result<Secured, String> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let server = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("{name:?} is not a name that a certificate can have"))?;
        let stream = TlsConnector::from(self.source.current().await).connect(server, io).await;
        let stream = stream.map_err(|error| explain(&error, &format!("expected the name {name}")))?;
        agreed_on_h2(stream.get_ref().1.alpn_protocol())?;
        let certificates = shown(stream.get_ref().1.peer_certificates());
        Ok((Box::new(stream), certificates))
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
        Ok(ServerTls { source: Source::new(ServerRecipe { provider, identity, clients })? })
    }

    /// A configuration of rustls as it is, but for ALPN: `h2` is accepted alone, as nothing else can be spoken.
    pub fn from_config(config: Arc<ServerConfig>) -> ServerTls {
        let mut config = config;
        if config.alpn_protocols != [ALPN] {
            Arc::make_mut(&mut config).alpn_protocols = vec![ALPN.to_vec()];
        }
        ServerTls { source: Source::Fixed(config) }
    }

    /// Writes the keys of every connection to the file that `SSLKEYLOGFILE` names, for tools that read captures.
    ///
    /// Whoever reads that file reads the traffic.
    pub fn log_keys(mut self) -> Self {
        self.source = self.source.log_keys();
        self
    }

    /// Tells an observer of each reload of files that are watched ([`Pem::watched`]): that the new ones are in use, or
    /// why they cannot be and the old ones stay.
    ///
    /// It is called on a thread for blocking work, before the handshake that noticed the change goes on.
    pub fn on_reload(mut self, observer: impl Fn(Result<(), &TlsError>) + Send + Sync + 'static) -> Self {
        self.source = self.source.on_reload(observer);
        self
    }

    /// Does the server's part of the handshake; gives the client's certificates too, in DER.
    ///
    /// A server does this by itself; it is public for proxies, which have none.
    ///
    /// # Errors
    ///
    /// What went wrong, in words: a peer that does not speak TLS, or has no certificate that is accepted.
    pub async fn accept<T: Io>(&self, io: T) -> Result<Secured, String> {
        let accepted = TlsAcceptor::from(self.source.current().await).accept(io).await;
        let stream = accepted.map_err(|error| explain(&error, "this port wants TLS"))?;
        agreed_on_h2(stream.get_ref().1.alpn_protocol())?;
        let certificates = shown(stream.get_ref().1.peer_certificates());
        Ok((Box::new(stream), certificates))
    }
}

/// What a client's configuration is made of.
#[derive(Clone)]
struct ClientRecipe {
    provider: Arc<CryptoProvider>,
    roots: Roots,
    identity: Option<Identity>,
}

impl Recipe for ClientRecipe {
    type Config = ClientConfig;

    fn files(&mut self) -> Vec<&mut Pem> {
        let identity = self.identity.iter_mut().flat_map(Identity::files);
        self.roots.file().into_iter().chain(identity).collect()
    }

    fn make(&self) -> Result<ClientConfig, TlsError> {
        let provider = self.provider.clone();
        let roots = Arc::new(self.roots.store(&provider)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|error| TlsError::new("root certificates", error))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new("crypto provider", error))?
            .with_webpki_verifier(verifier);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.parts()?;
                builder.with_client_auth_cert(chain, key).map_err(|error| identity.error(&error))?
            }
        };
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }

    fn log_keys(config: &mut ClientConfig) {
        config.key_log = Arc::new(rustls::KeyLogFile::new());
    }
}

/// What a server's configuration is made of.
#[derive(Clone)]
struct ServerRecipe {
    provider: Arc<CryptoProvider>,
    identity: Identity,
    clients: ClientCertificates,
}

impl Recipe for ServerRecipe {
    type Config = ServerConfig;

    fn files(&mut self) -> Vec<&mut Pem> {
        let clients = match &mut self.clients {
            ClientCertificates::Ignored => None,
            ClientCertificates::Optional(roots) | ClientCertificates::Required(roots) => Some(roots),
        };
        self.identity.files().into_iter().chain(clients).collect()
    }

    fn make(&self) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new("crypto provider", error))?;
        let verifier = |roots: &Pem| -> Result<_, TlsError> {
            let store = Arc::new(Roots::Pem(roots.clone()).store(&self.provider)?);
            Ok(WebPkiClientVerifier::builder_with_provider(store, self.provider.clone()))
        };
        let builder = match &self.clients {
            ClientCertificates::Ignored => builder.with_no_client_auth(),
            ClientCertificates::Optional(roots) => {
                let verifier = verifier(roots)?.allow_unauthenticated().build();
                builder.with_client_cert_verifier(verifier.map_err(|error| roots.error(error))?)
            }
            ClientCertificates::Required(roots) => {
                let verifier = verifier(roots)?.build();
                builder.with_client_cert_verifier(verifier.map_err(|error| roots.error(error))?)
            }
        };
        let (chain, key) = self.identity.parts()?;
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| self.identity.error(&error))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(config)
    }

    fn log_keys(config: &mut ServerConfig) {
        config.key_log = Arc::new(rustls::KeyLogFile::new());
    }
}

/// A connection whose handshake is done, and the peer's certificates in DER, its own first.
type Secured = (Box<dyn Io>, Vec<Bytes>);

/// A copy of what the peer has shown.
fn shown(certificates: Option<&[CertificateDer<'_>]>) -> Vec<Bytes> {
    certificates.unwrap_or_default().iter().map(|der| Bytes::copy_from_slice(der)).collect()
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

/// A handshake that failed, in one line: what was expected, and what was found.
fn explain(error: &io::Error, expected: &str) -> String {
    let found = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            format!("the peer sent something that is not TLS; is one side plaintext? ({error})")
        }
        Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "the peer's certificate was not signed by a trusted authority (UnknownIssuer)".to_owned()
        }
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            format!("the peer hung up in the handshake; is its port plaintext? ({error})")
        }
        _ => error.to_string(),
    };
    format!("TLS handshake failed ({expected}): {found}")
}

/// The name of HTTP/2 over TLS (RFC 9113, section 3.1).
const ALPN: &[u8] = b"h2";
