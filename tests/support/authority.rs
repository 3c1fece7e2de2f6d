//! `Authority`: signs certificates for the tests of TLS, good ones and others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use wirewright::transport::tls::{ClientTls, Identity, Pem, Roots, ring};

/// An authority that signs certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// What stands between its certificates and the root, in PEM.
    chain: String,
}

impl Authority {
    /// A root of this name.
    pub fn named(name: &str) -> Authority {
        Authority::with(name, |_| {})
    }

    /// A root that has expired.
    pub fn expired(name: &str) -> Authority {
        Authority::with(name, |params| params.not_after = date_time_ymd(2020, 1, 1))
    }

    fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Authority {
        let issuer =
            CertifiedIssuer::self_signed(params(name, change), KeyPair::generate().unwrap()).unwrap();
        Authority { issuer, chain: String::new() }
    }

    /// An authority under this one that has expired.
    pub fn expired_below(&self, name: &str) -> Authority {
        let params = params(name, |params| params.not_after = date_time_ymd(2020, 1, 1));
        let issuer = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.issuer).unwrap();
        let chain = issuer.pem();
        Authority { issuer, chain }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn roots(&self) -> Pem {
        Pem::text(self.pem())
    }

    /// A chain and its key, in PEM.
    pub fn signed(&self, name: &str) -> (String, String) {
        self.signed_with(name, |_| {})
    }

    /// A chain that has expired, and its key.
    pub fn signed_long_ago(&self, name: &str) -> (String, String) {
        self.signed_with(name, |params| params.not_after = date_time_ymd(2020, 1, 1))
    }

    fn signed_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2019, 1, 1);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem() + &self.chain, key.serialize_pem())
    }

    pub fn identity(&self, name: &str) -> Identity {
        identity(self.signed(name))
    }

    /// A client that trusts this authority.
    pub fn client(&self, identity: Option<Identity>) -> ClientTls {
        ClientTls::new(ring(), Roots::Pem(self.roots()), identity).unwrap()
    }
}

fn params(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2019, 1, 1);
    change(&mut params);
    params
}

pub fn identity((chain, key): (String, String)) -> Identity {
    Identity { certificates: Pem::text(chain), key: Pem::text(key) }
}

/// A folder of its own for each test, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("wirewright-pem-{}-{n}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a file in place as programs do that care: beside the old one, then over it.
    pub fn put(&self, name: &str, text: &str) -> PathBuf {
        let (new, path) = (self.path("new"), self.path(name));
        fs::write(&new, text).unwrap();
        fs::rename(new, &path).unwrap();
        path
    }

    /// A chain and its key.
    pub fn put_identity(&self, name: &str, (chain, key): &(String, String)) {
        self.put(&format!("{name}.key"), key);
        self.put(&format!("{name}.pem"), chain);
    }

    /// The two as an identity that is watched.
    pub fn watched_identity(&self, name: &str) -> Identity {
        let watched = |name: String| Pem::watched(self.path(&name)).unwrap();
        Identity { certificates: watched(format!("{name}.pem")), key: watched(format!("{name}.key")) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all::<&Path>(&self.0);
    }
}
