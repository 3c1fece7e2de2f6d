//! TLS: who is let in, and what the others are told.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use wirewright::transport::tls::{ClientCertificates, ClientTls, Identity, Pem, Roots, ServerTls, ring};
use wirewright::{Code, Request, Response, Server};

use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{House, within};

/// An authority that signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn roots(&self) -> Pem {
        Pem::text(self.0.pem())
    }

    fn identity(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificates: Pem::text(certificate.pem()), key: Pem::text(key.serialize_pem()) }
    }

    fn client(&self, identity: Option<Identity>) -> ClientTls {
        ClientTls::new(ring(), Roots::Pem(self.roots()), identity).unwrap()
    }
}

/// A server under this authority that says how many certificates its client has shown.
fn house(server: ServerTls, client: Option<ClientTls>) -> House {
    let counting = Stub::one(|request| async move {
        let shown = request.peer().map_or(0, |peer| peer.certificates().len());
        Ok(Response::new(shown.to_string()))
    });
    House::build(Server::builder().add_service(counting).tls(server), |endpoint| match client {
        Some(tls) => endpoint.tls(tls),
        None => endpoint,
    })
}

async fn ask(house: &House) -> Result<String, wirewright::Status> {
    within(house.channel.unary(&ONE, Request::new(String::new()))).await.map(Response::into_inner)
}

#[tokio::test]
async fn a_call_passes_under_a_certificate_for_the_right_name() {
    let authority = Authority::new();
    let identity = authority.identity("in.memory");
    let server = ServerTls::new(ring(), identity, ClientCertificates::Ignored).unwrap();
    let house = house(server, Some(authority.client(None)));
    assert_eq!(ask(&house).await.unwrap(), "0");
    house.close().await;
}

#[tokio::test]
async fn a_client_certificate_is_required_or_accepted_or_neither() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let required = || ClientCertificates::Required(authority.roots());
    let optional = || ClientCertificates::Optional(authority.roots());
    let good = || Some(authority.identity("client"));
    let foreign = || Some(stranger.identity("client"));
    let table = [
        (required(), good(), Some("1")),
        (required(), None, None),
        (required(), foreign(), None),
        (optional(), good(), Some("1")),
        (optional(), None, Some("0")),
        (optional(), foreign(), None),
    ];
    for (clients, identity, expected) in table {
        let server = ServerTls::new(ring(), authority.identity("in.memory"), clients).unwrap();
        let house = house(server, Some(authority.client(identity)));
        let answer = ask(&house).await;
        match expected {
            Some(count) => assert_eq!(answer.unwrap(), count),
            None => assert_eq!(answer.unwrap_err().code(), Code::Unavailable),
        }
        house.close().await;
    }
}

#[tokio::test]
async fn a_wrong_name_and_a_foreign_authority_are_refused_and_named() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server =
        |name| ServerTls::new(ring(), authority.identity(name), ClientCertificates::Ignored).unwrap();
    let wrong_name = house(server("elsewhere"), Some(authority.client(None)));
    let status = ask(&wrong_name).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("expected the name in.memory"), "{status}");
    wrong_name.close().await;

    let overridden = house(server("elsewhere"), Some(authority.client(None).server_name("elsewhere")));
    assert!(ask(&overridden).await.is_ok());
    overridden.close().await;

    let foreign = house(server("in.memory"), Some(stranger.client(None)));
    let status = ask(&foreign).await.unwrap_err();
    assert!(status.message().contains("invalid peer certificate"), "{status}");
    foreign.close().await;
}

#[tokio::test]
async fn plaintext_to_a_tls_port_and_tls_to_a_plaintext_port_are_explained() {
    let authority = Authority::new();
    let server =
        ServerTls::new(ring(), authority.identity("in.memory"), ClientCertificates::Ignored).unwrap();
    let plain_client = house(server, None);
    let status = ask(&plain_client).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("TLS"), "{status}");
    plain_client.close().await;

    let server = Server::builder().add_service(Talk::new(Stub::default()));
    let plain_server = House::build(server, |endpoint| endpoint.tls(authority.client(None)));
    let status = ask(&plain_server).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("TLS handshake failed"), "{status}");
    plain_server.close().await;
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_was_expected() {
    let authority = Authority::new();
    let error = Pem::file("/nonexistent/cert.pem").unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/cert.pem: "), "{error}");
    let nothing = ClientTls::new(ring(), Roots::Pem(Pem::text("no pem here")), None).unwrap_err().to_string();
    assert_eq!(nothing, "PEM text: expected a certificate, found none");
    let (one, two) = (authority.identity("a"), authority.identity("b"));
    let mixed = Identity { certificates: one.certificates, key: two.key };
    let error = ServerTls::new(ring(), mixed, ClientCertificates::Ignored).unwrap_err().to_string();
    assert!(error.contains("PEM text with PEM text"), "{error}");
}
