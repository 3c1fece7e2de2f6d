//! TLS for the examples that speak it: certificates from files, or those that lie in `x509/`.
//!
//! In: the names of files, empty for the built-in ones. Out: what an endpoint or a server needs for TLS.

use wirewright::transport::tls::{
    ClientCertificates, ClientTls, Identity, Pem, Roots, ServerTls, TlsError, ring,
};

/// TLS for a server that shows a certificate and asks for none.
///
/// # Errors
///
/// Names the file that cannot be used, and what is wrong with it.
pub fn server(certificate: &str, key: &str) -> Result<ServerTls, TlsError> {
    let certificates = read(certificate, include_str!("../x509/server_cert.pem"))?;
    let key = read(key, include_str!("../x509/server_key.pem"))?;
    ServerTls::new(ring(), Identity { certificates, key }, ClientCertificates::Ignored)
}

/// TLS for a client that trusts one authority, and expects the server to have a certificate for this name.
///
/// # Errors
///
/// Names the file that cannot be used, and what is wrong with it.
pub fn client(authority: &str, server_name: &str) -> Result<ClientTls, TlsError> {
    let roots = read(authority, include_str!("../x509/ca_cert.pem"))?;
    Ok(ClientTls::new(ring(), Roots::Pem(roots), None)?.server_name(server_name))
}

fn read(file: &str, built_in: &str) -> Result<Pem, TlsError> {
    if file.is_empty() { Ok(Pem::text(built_in)) } else { Pem::file(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_certificates_can_be_used() {
        assert!(server("", "").is_ok());
        assert!(client("", "x.test.example.com").is_ok());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = server("/no/such/cert.pem", "").err().unwrap().to_string();
        assert!(error.starts_with("/no/such/cert.pem: "), "{error}");
    }
}
