//! What the flags mean for TLS.
//!
//! In: flags. Out: how to do TLS, or which file cannot be used.
//!
//! Must not know: when it is done.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use wirewright::transport::tls::{ClientTls, Identity, Pem, Roots, TlsError, ring};

use super::flags::ConnectionFlags;
use crate::failure::Failure;

/// TLS as the flags want it.
pub(super) fn client(flags: &ConnectionFlags) -> Result<ClientTls, Failure> {
    let mut tls = if flags.insecure {
        believing(flags)?
    } else {
        trusting(flags).map_err(|error| Failure::cannot(error.to_string(), PEM))?
    };
    if let Some(name) = &flags.servername {
        tls = tls.server_name(name);
    }
    // Nothing is written unless the variable is set.
    Ok(if std::env::var_os("SSLKEYLOGFILE").is_some() { tls.log_keys() } else { tls })
}

/// TLS that checks who the server is.
fn trusting(flags: &ConnectionFlags) -> Result<ClientTls, TlsError> {
    let roots = match &flags.cacert {
        Some(path) => Roots::Pem(Pem::file(path)?),
        None => Roots::System,
    };
    ClientTls::new(ring(), roots, identity(flags)?)
}

fn identity(flags: &ConnectionFlags) -> Result<Option<Identity>, TlsError> {
    match (&flags.cert, &flags.key) {
        (Some(certificates), Some(key)) => {
            Ok(Some(Identity { certificates: Pem::file(certificates)?, key: Pem::file(key)? }))
        }
        _ => Ok(None),
    }
}

/// TLS that believes whatever the server says it is.
fn believing(flags: &ConnectionFlags) -> Result<ClientTls, Failure> {
    let provider = ring();
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let failed = |error: Error| Failure::cannot(error.to_string(), PEM);
    let builder = builder.map_err(failed)?.dangerous();
    let builder = builder.with_custom_certificate_verifier(Arc::new(Credulous(provider)));
    let config = match (&flags.cert, &flags.key) {
        (Some(certificates), Some(key)) => {
            let unusable = |path: &Path| {
                let path = path.display().to_string();
                move |error: pem::Error| Failure::cannot(format!("{path}: {error}"), PEM)
            };
            let chain: Result<_, _> =
                CertificateDer::pem_file_iter(certificates).and_then(|chain| chain.collect());
            let chain = chain.map_err(unusable(certificates))?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(unusable(key))?;
            builder.with_client_auth_cert(chain, key).map_err(failed)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(ClientTls::from_config(Arc::new(config)))
}

/// Believes every certificate. Signatures are checked, so that the peer at least has the key to what it shows.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// What is wrong with most files that cannot be used.
const PEM: &str = "certificates and keys are read as PEM: -----BEGIN ...";
