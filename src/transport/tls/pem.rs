//! Certificates and keys, out of PEM text and files.
//!
//! In: text, or the path of a file. Out: what rustls needs, or an error that names the file, what was expected in it
//! and what was found.
//!
//! ```text
//!   -----BEGIN CERTIFICATE-----        RFC 7468: a label, and DER in base64
//!   MIIBszCCAVmgAwIBAgIUQ0k...
//!   -----END CERTIFICATE-----          a chain is several of them, one's own first
//! ```
//!
//! Must not know: what the certificates are for, or when a file is read again (`watch`).

use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{self, CertificateError, RootCertStore};

/// Text in PEM, and where it came from.
#[derive(Clone, Debug)]
pub struct Pem {
    origin: String,
    text: Bytes,
    /// Where to read it again.
    watched: Option<PathBuf>,
}

/// Certificates and keys that cannot be used: says which, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct TlsError {
    what: String,
    problem: String,
}

/// A certificate chain, the own first, and the key that belongs to it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The chain.
    pub certificates: Pem,
    /// The private key.
    pub key: Pem,
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

impl TlsError {
    pub(super) fn new(what: impl fmt::Display, problem: impl fmt::Display) -> TlsError {
        TlsError { what: what.to_string(), problem: problem.to_string() }
    }
}

impl Pem {
    /// PEM text that is in memory already.
    pub fn text(text: impl Into<Vec<u8>>) -> Pem {
        Pem { origin: "PEM text".to_owned(), text: text.into().into(), watched: None }
    }

    /// The content of a file, as it is now.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if it cannot be read.
    pub fn file(path: impl AsRef<Path>) -> Result<Pem, TlsError> {
        let origin = path.as_ref().display().to_string();
        let text = fs::read(path).map_err(|error| TlsError::new(&origin, error))?;
        Ok(Pem { origin, text: text.into(), watched: None })
    }

    /// The content of a file, read again before each handshake.
    ///
    /// When it has changed, connections made from then on use what it holds now; those that stand are not touched.
    /// If the new content cannot be used, the last good one stays, and no call fails because of it:
    /// [`ClientTls::on_reload`](super::ClientTls::on_reload) and
    /// [`ServerTls::on_reload`](super::ServerTls::on_reload) tell.
    ///
    /// A certificate and its key are two files that cannot be replaced at once. Between the two they do not belong
    /// together, and the last good pair stays.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if it cannot be read now.
    pub fn watched(path: impl AsRef<Path>) -> Result<Pem, TlsError> {
        let pem = Pem::file(&path)?;
        Ok(Pem { watched: Some(path.as_ref().to_path_buf()), ..pem })
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched.is_some()
    }

    /// Reads the file again if it is watched; says whether it has changed.
    pub(super) fn read_again(&mut self) -> Result<bool, TlsError> {
        let Some(path) = &self.watched else { return Ok(false) };
        let text = fs::read(path).map_err(|error| TlsError::new(&self.origin, error))?;
        let has_changed = text != self.text;
        if has_changed {
            self.text = text.into();
        }
        Ok(has_changed)
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

    /// An error that has to do with these certificates.
    pub(super) fn error(&self, error: impl fmt::Display) -> TlsError {
        TlsError::new(&self.origin, error)
    }
}

/// A certificate chain and its key, as rustls takes them.
type Parts = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Identity {
    /// The chain and the key.
    pub(super) fn parts(&self) -> Result<Parts, TlsError> {
        Ok((self.certificates.certificates()?, self.key.key()?))
    }

    /// What rustls has against the two.
    pub(super) fn error(&self, error: &rustls::Error) -> TlsError {
        let both = format!("{} with {}", self.certificates.origin, self.key.origin);
        match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::new(both, "the key is not that of the first certificate")
            }
            other => TlsError::new(both, other),
        }
    }

    pub(super) fn files(&mut self) -> [&mut Pem; 2] {
        [&mut self.certificates, &mut self.key]
    }
}

/// Whether the certificate is valid at this time.
///
/// The verifier looks at the time before anything else. What else it has against an authority in the place of a
/// server does not matter here.
fn validity(certificate: &CertificateDer<'_>, provider: &Arc<CryptoProvider>) -> Result<(), rustls::Error> {
    let mut itself = RootCertStore::empty();
    itself.add(certificate.clone().into_owned())?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(itself), provider.clone()).build();
    let Ok(verifier) = verifier else { return Ok(()) };
    let nobody = ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
    match verifier.verify_server_cert(certificate, &[], &nobody, &[], UnixTime::now()) {
        Err(rustls::Error::InvalidCertificate(
            error @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }),
        )) => Err(error.into()),
        _ => Ok(()),
    }
}

impl Roots {
    /// The certificates to trust.
    ///
    /// To rustls a root is a name and a key, and trust has no end (RFC 5280, section 6.1.1). Who keeps roots in a file
    /// and lets them expire means otherwise, so those that have expired are left out here.
    pub(super) fn store(&self, provider: &Arc<CryptoProvider>) -> Result<RootCertStore, TlsError> {
        let mut store = RootCertStore::empty();
        match self {
            Roots::Pem(pem) => {
                let mut found = None;
                for certificate in pem.certificates()? {
                    match validity(&certificate, provider) {
                        Ok(()) => store.add(certificate).map_err(|error| pem.error(error))?,
                        Err(error) => found = Some(error),
                    }
                }
                if let Some(found) = found.filter(|_| store.is_empty()) {
                    return Err(pem.error(format!("expected an authority that is valid now, found: {found}")));
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

    pub(super) fn file(&mut self) -> Option<&mut Pem> {
        match self {
            Roots::Pem(pem) => Some(pem),
            #[cfg(feature = "tls-native-roots")]
            Roots::System => None,
        }
    }
}
