//! TLS with peers of another make, rustls itself: either version, and what becomes of one that does not agree on `h2`.
//!
//! RFC 9113, section 3.2: HTTP/2 over TLS is negotiated by ALPN, as `h2`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use wirewright::transport::TcpIncoming;
use wirewright::transport::tls::{ClientCertificates, ClientTls, ServerTls, ring};
use wirewright::{Code, Endpoint, Request, Server};

use crate::support::authority::Authority;
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{House, within};

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// A client of rustls that trusts this authority, and knows no ALPN.
fn client(authority: &Authority, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(ring()).with_protocol_versions(versions).unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

/// A server of rustls with a certificate for this name, which knows no ALPN.
fn server(authority: &Authority, name: &str, versions: &[&'static SupportedProtocolVersion]) -> ServerConfig {
    let (chain, key) = authority.signed(name);
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(ring()).with_protocol_versions(versions).unwrap();
    builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
}

#[tokio::test]
async fn either_version_of_tls_carries_calls_whichever_end_insists() {
    let authority = Authority::named("ours");
    for version in BOTH {
        let ends = [(BOTH, std::slice::from_ref(version)), (std::slice::from_ref(version), BOTH)];
        for (of_server, of_client) in ends {
            let server = ServerTls::from_config(Arc::new(server(&authority, "in.memory", of_server)));
            let client = ClientTls::from_config(Arc::new(client(&authority, of_client)));
            let talk = Server::builder().add_service(Talk::new(Stub::default())).tls(server);
            let house = House::build(talk, |endpoint| endpoint.tls(client));
            let reply = within(house.channel.unary(&ONE, Request::new("hello".to_owned()))).await.unwrap();
            assert_eq!(reply.into_inner(), "hello", "{version:?}");
            house.close().await;
        }
    }
}

#[tokio::test]
async fn ends_without_a_version_in_common_say_so() {
    let authority = Authority::named("ours");
    let server = ServerTls::from_config(Arc::new(server(&authority, "in.memory", &[&TLS12])));
    let client = ClientTls::from_config(Arc::new(client(&authority, &[&TLS13])));
    let talk = Server::builder().add_service(Talk::new(Stub::default())).tls(server);
    let house = House::build(talk, |endpoint| endpoint.tls(client));
    let status = within(house.channel.unary(&ONE, Request::new(String::new()))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("ProtocolVersion"), "{status}");
    house.close().await;
}

/// S60: ALPN, at the client.
#[tokio::test]
async fn a_server_that_does_not_agree_on_h2_is_refused_and_named() {
    let authority = Authority::named("ours");
    let table: [(&[&[u8]], &str); 2] = [
        (&[], "the peer does not do ALPN, which must agree on \"h2\""),
        // It refuses by itself: nothing that it knows was offered.
        (&[b"http/1.1"], "NoApplicationProtocol"),
    ];
    for (protocols, found) in table {
        let mut config = server(&authority, "127.0.0.1", BOTH);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((socket, _)) = listener.accept().await {
                // Whether it fails is the client's to say; what it sends is waited for until it hangs up.
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                }
            }
        });
        let endpoint = Endpoint::new(address).unwrap().tls(authority.client(None));
        let error = within(endpoint.connect()).await.unwrap_err().to_string();
        assert!(error.contains(found) && error.contains(&address.to_string()), "{error}");
        assert!(!error.contains('\n'), "{error}");
        serving.abort();
    }
}

/// S60: ALPN, at the server.
#[tokio::test]
async fn a_client_that_does_not_agree_on_h2_is_refused_and_named() {
    let authority = Authority::named("ours");
    let tls = ServerTls::new(ring(), authority.identity("localhost"), ClientCertificates::Ignored).unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    let server = Server::builder().add_service(Talk::new(Stub::default())).tls(tls);
    let server = server.on_event(move |event| drop(tell.send(event.to_string())));
    let incoming = TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let address = incoming.local_address().unwrap();
    let serving = tokio::spawn(server.serve_until(incoming, std::future::pending()));

    let connector = TlsConnector::from(Arc::new(client(&authority, BOTH)));
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    // With the handshake done, the server hangs up instead of speaking HTTP/2.
    if let Ok(mut stream) = within(connector.connect(name, socket)).await {
        let _ = within(stream.read_to_end(&mut Vec::new())).await;
    }
    let event = within(told.recv()).await.unwrap();
    assert!(event.contains("the peer does not do ALPN, which must agree on \"h2\""), "{event}");
    serving.abort();
}
