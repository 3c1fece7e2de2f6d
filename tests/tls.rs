//! TLS: who is let in, and what the others are told.

use std::sync::{Arc, Mutex};

use wirewright::transport::tls::{ClientCertificates, ClientTls, Identity, Pem, Roots, ServerTls, ring};
use wirewright::{Code, Endpoint, Request, Response, Server, ServerEvent};

use crate::support::authority::{Authority, Folder, identity};
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{House, within};

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
    let authority = Authority::named("ours");
    let identity = authority.identity("in.memory");
    let server = ServerTls::new(ring(), identity, ClientCertificates::Ignored).unwrap();
    let house = house(server, Some(authority.client(None)));
    assert_eq!(ask(&house).await.unwrap(), "0");
    house.close().await;
}

#[tokio::test]
async fn a_client_certificate_is_required_or_accepted_or_neither() {
    let (authority, stranger) = (Authority::named("ours"), Authority::named("theirs"));
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
    let (authority, stranger) = (Authority::named("ours"), Authority::named("theirs"));
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
    assert!(status.message().contains("not signed by a trusted authority"), "{status}");
    foreign.close().await;
}

#[tokio::test]
async fn plaintext_to_a_tls_port_and_tls_to_a_plaintext_port_are_explained() {
    let authority = Authority::named("ours");
    let server =
        ServerTls::new(ring(), authority.identity("in.memory"), ClientCertificates::Ignored).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let observer = |told: &Arc<Mutex<Vec<String>>>| {
        let told = told.clone();
        move |event: &ServerEvent| told.lock().unwrap().push(event.to_string())
    };
    let talk = || Server::builder().add_service(Talk::new(Stub::default())).on_event(observer(&told));

    let heard = |begins: &str| {
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert!(told.len() == 1 && told[0].starts_with(begins) && !told[0].contains('\n'), "{told:?}");
    };

    let plain_client = House::build(talk().tls(server), |endpoint| endpoint);
    let status = ask(&plain_client).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let begins = "cannot connect to in.memory:1: the peer answered with a TLS alert: it wants TLS, and this side \
                  speaks plaintext (";
    assert!(status.message().starts_with(begins) && !status.message().contains('\n'), "{status}");
    plain_client.close().await;
    heard(
        "connection from in-memory pipe failed: TLS handshake failed (this port wants TLS): the peer sent something \
         that is not TLS; is one side plaintext? (",
    );

    let plain_server = House::build(talk(), |endpoint| endpoint.tls(authority.client(None)));
    let status = ask(&plain_server).await.unwrap_err();
    let text = "cannot connect to in.memory:1: TLS handshake failed (expected the name in.memory): the peer hung up in \
                the handshake; is its port plaintext? (tls handshake eof)";
    assert_eq!((status.code(), status.message()), (Code::Unavailable, text));
    plain_server.close().await;
    heard("connection from in-memory pipe failed: the peer sent a TLS ClientHello to a plaintext port (");
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_was_expected() {
    let error = Pem::file("/nonexistent/cert.pem").unwrap_err().to_string();
    assert!(error.starts_with("/nonexistent/cert.pem: "), "{error}");
    let nothing = ClientTls::new(ring(), Roots::Pem(Pem::text("no pem here")), None).unwrap_err().to_string();
    assert_eq!(nothing, "PEM text: expected a certificate, found none");
}

/// What a client reads that cannot connect to a server with this certificate.
async fn refusal(identity: Identity, clients: ClientCertificates, tls: ClientTls) -> String {
    let house = house(ServerTls::new(ring(), identity, clients).unwrap(), Some(tls));
    let status = ask(&house).await.unwrap_err();
    house.close().await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    status.message().to_owned()
}

#[tokio::test]
async fn a_bad_certificate_is_one_line_with_the_peer_the_expected_and_the_found() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let below = ours.expired_below("branch");
    let table = [
        (
            ours.identity("elsewhere"),
            "certificate not valid for name \"in.memory\"; certificate is only valid for DnsName(\"elsewhere\")",
        ),
        (
            theirs.identity("in.memory"),
            "the peer's certificate was not signed by a trusted authority (UnknownIssuer)",
        ),
        (identity(ours.signed_long_ago("in.memory")), "certificate expired: verification time "),
        (below.identity("in.memory"), "certificate expired: verification time "),
    ];
    for (identity, found) in table {
        let text = refusal(identity, ClientCertificates::Ignored, ours.client(None)).await;
        let begins = "cannot connect to in.memory:1: TLS handshake failed (expected the name in.memory): ";
        assert!(text.starts_with(begins) && text.contains(found) && !text.contains('\n'), "{text}");
    }
}

#[tokio::test]
async fn a_client_without_a_good_certificate_reads_what_the_server_has_against_it() {
    let (ours, theirs) = (Authority::named("ours"), Authority::named("theirs"));
    let table = [
        (None, "CertificateRequired"),
        (Some(theirs.identity("client")), "UnknownCA"),
        (Some(identity(ours.signed_long_ago("client"))), "CertificateExpired"),
    ];
    for (shown, found) in table {
        let required = ClientCertificates::Required(ours.roots());
        let text = refusal(ours.identity("in.memory"), required, ours.client(shown)).await;
        assert_eq!(
            text,
            format!(
                "cannot connect to in.memory:1: connection broken: received fatal alert: {found} before HTTP/2 began; \
                 does the server accept this client's certificate, and speak gRPC?"
            )
        );
    }
}

#[test]
fn an_expired_authority_is_not_trusted_and_the_file_that_holds_no_other_is_named() {
    let (folder, good, expired) = (Folder::new(), Authority::named("good"), Authority::expired("old"));
    let roots = |text: &str| Roots::Pem(Pem::file(folder.put("ca.pem", text)).unwrap());
    let error = ClientTls::new(ring(), roots(&expired.pem()), None).unwrap_err().to_string();
    let begins = format!(
        "{}: expected an authority that is valid now, found: invalid peer certificate: certificate expired: ",
        folder.path("ca.pem").display()
    );
    assert!(error.starts_with(&begins) && !error.contains('\n'), "{error}");
    let clients = ClientCertificates::Required(Pem::text(expired.pem()));
    let error = ServerTls::new(ring(), good.identity("a"), clients).unwrap_err().to_string();
    assert!(error.starts_with("PEM text: expected an authority that is valid now"), "{error}");
    // Beside one that is valid it is passed over, as in a bundle that has grown old.
    assert!(ClientTls::new(ring(), roots(&(expired.pem() + &good.pem())), None).is_ok());
}

#[tokio::test]
async fn an_expired_authority_in_a_bundle_vouches_for_nobody() {
    let (good, expired) = (Authority::named("good"), Authority::expired("old"));
    let roots = Roots::Pem(Pem::text(expired.pem() + &good.pem()));
    let tls = ClientTls::new(ring(), roots, None).unwrap();
    let text = refusal(expired.identity("in.memory"), ClientCertificates::Ignored, tls).await;
    assert!(text.contains("not signed by a trusted authority"), "{text}");
}

#[test]
fn certificates_and_keys_that_cannot_be_used_are_named_by_file() {
    let (folder, ours) = (Folder::new(), Authority::named("ours"));
    let (a, b) = (ours.signed("a"), ours.signed("b"));
    let file = |name: &str, text: &str| Pem::file(folder.put(name, text)).unwrap();
    let name = |name: &str| folder.path(name).display().to_string();
    let table = [
        (
            &a.0,
            &b.1,
            format!("{} with {}: the key is not that of the first certificate", name("a.pem"), name("a.key")),
        ),
        (&a.1, &a.1, format!("{}: expected a certificate, found none", name("a.pem"))),
        (&a.0, &a.0, format!("{}: expected a private key: no items found", name("a.key"))),
    ];
    for (chain, key, expected) in table {
        let mixed = Identity { certificates: file("a.pem", chain), key: file("a.key", key) };
        let server = ServerTls::new(ring(), mixed.clone(), ClientCertificates::Ignored);
        assert_eq!(server.unwrap_err().to_string(), expected);
        let client = ClientTls::new(ring(), Roots::Pem(ours.roots()), Some(mixed));
        assert_eq!(client.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn a_target_and_the_settings_must_agree_about_tls() {
    let tls = Authority::named("ours").client(None);
    let table = [
        (
            Endpoint::new("https://in.memory:1").unwrap(),
            "cannot connect to in.memory:1: the target https://in.memory:1 wants TLS, which is not set: give \
             Endpoint::tls a ClientTls",
        ),
        (
            Endpoint::new("http://in.memory:1").unwrap().tls(tls),
            "cannot connect to in.memory:1: the target http://in.memory:1 wants plaintext, but TLS is set: \
             write https://, or host:port alone",
        ),
    ];
    for (endpoint, expected) in table {
        let error = within(endpoint.connector(wirewright::transport::pipe().0).connect()).await.unwrap_err();
        assert_eq!((error.status().code(), error.to_string().as_str()), (Code::Unavailable, expected));
    }
}

#[tokio::test]
async fn an_https_target_is_the_host_in_the_certificate() {
    let authority = Authority::named("ours");
    let server =
        ServerTls::new(ring(), authority.identity("in.memory"), ClientCertificates::Ignored).unwrap();
    let (connector, incoming) = wirewright::transport::pipe();
    let server = Server::builder().add_service(Talk::new(Stub::default())).tls(server);
    let server = tokio::spawn(server.serve_until(incoming, std::future::pending()));
    let endpoint =
        Endpoint::new("https://in.memory").unwrap().tls(authority.client(None)).connector(connector);
    let channel = within(endpoint.connect()).await.unwrap();
    assert!(within(channel.unary(&ONE, Request::new("?".into()))).await.is_ok());
    server.abort();
}

/// The variable belongs to the whole process, so the calls are made in one of their own: this test once more.
#[test]
fn keys_are_written_where_sslkeylogfile_says_if_that_is_asked_for() {
    if std::env::var_os("SSLKEYLOGFILE").is_some() {
        return tokio::runtime::Runtime::new().unwrap().block_on(call_that_logs_its_keys());
    }
    let folder = Folder::new();
    let itself = "tls::keys_are_written_where_sslkeylogfile_says_if_that_is_asked_for";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--exact", itself]).env("SSLKEYLOGFILE", folder.path("keys")).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let keys = std::fs::read_to_string(folder.path("keys")).unwrap();
    // One connection logs, the other does not.
    let of_clients = keys.lines().filter(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")).count();
    assert_eq!(of_clients, 1, "{keys}");
}

async fn call_that_logs_its_keys() {
    let authority = Authority::named("ours");
    let server =
        ServerTls::new(ring(), authority.identity("in.memory"), ClientCertificates::Ignored).unwrap();
    for client in [authority.client(None), authority.client(None).log_keys()] {
        let house = house(server.clone(), Some(client));
        assert!(ask(&house).await.is_ok());
        house.close().await;
    }
}
