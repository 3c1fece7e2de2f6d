//! Ports where nobody is, or somebody else: what is said, with what it was tried, and what to do next.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wirewright::transport::{TcpIncoming, UnixIncoming};
use wirewright::{Code, Endpoint, Request, Server, Status};

use crate::support::frame::Frame;
use crate::support::peer::{Peer, answerer};
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{all_quiet, within};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A port that answers its first bytes so, and then hangs up; and the error of connecting to it.
async fn connect_to(answer: &'static [u8]) -> (SocketAddr, String, Status) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut io, _) = listener.accept().await.unwrap();
        let mut first = [0; 24];
        io.read_exact(&mut first).await.unwrap();
        io.write_all(answer).await.unwrap();
        io.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = io.read_to_end(&mut rest).await;
    });
    let error = within(Endpoint::new(address.to_string()).unwrap().connect()).await.unwrap_err();
    within(server).await.unwrap();
    all_quiet().await;
    (address, error.to_string(), error.status().clone())
}

#[tokio::test]
async fn a_refused_port_says_so_and_what_to_do() {
    let address = TcpListener::bind(ANY).await.unwrap().local_addr().unwrap();
    let endpoint = Endpoint::new(address.to_string()).unwrap();
    let error = within(endpoint.clone().connect()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot connect to {address}: Connection refused (os error 111); is a server listening there?"
        )
    );
    assert_eq!(error.status().code(), Code::Unavailable);
    let channel = endpoint.lazy();
    let status = within(channel.unary(&ONE, Request::new(String::new()))).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (
            Code::Unavailable,
            &*format!(
                "cannot connect to {address}: Connection refused (os error 111); is a server listening there?"
            )
        )
    );
    drop(channel);
    all_quiet().await;
}

#[tokio::test]
async fn an_http1_server_is_recognised() {
    let (address, error, status) =
        connect_to(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
    let text = "the peer answered in HTTP/1: it does not speak HTTP/2";
    assert!(error.starts_with(&format!("cannot connect to {address}: {text}")), "{error}");
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!error.contains('\n'));
}

#[tokio::test]
async fn a_tls_port_is_recognised() {
    // A fatal alert, protocol_version (RFC 8446, section 6).
    let (address, error, status) = connect_to(&[0x15, 3, 3, 0, 2, 2, 70]).await;
    let text = "the peer answered with a TLS alert: it wants TLS, and this side speaks plaintext";
    assert!(error.starts_with(&format!("cannot connect to {address}: {text}")), "{error}");
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_port_that_hangs_up_is_unavailable() {
    let (address, error, status) = connect_to(b"").await;
    assert!(error.starts_with(&format!("cannot connect to {address}: ")), "{error}");
    assert!(error.contains("connection closed before HTTP/2 began; is this the port"), "{error}");
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_says_nothing_is_given_twenty_seconds() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let start = tokio::time::Instant::now();
    let calls = channel.clone();
    let call = tokio::spawn(async move { calls.unary(&ONE, Request::new(String::new())).await });
    let silent = door.open().await;
    let status = within(call).await.unwrap().unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 20);
    assert_eq!(
        (status.code(), status.message()),
        (
            Code::Unavailable,
            "cannot connect to in.memory:1: no answer within 20s; is it a gRPC server without TLS, \
             and does a firewall let it be reached?"
        )
    );
    drop((silent, channel));
    all_quiet().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_deadline_does_not_wait_longer_for_a_connection() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let request = Request::new(String::new()).with_timeout(Duration::from_secs(1));
    let calls = channel.clone();
    let call = tokio::spawn(async move { calls.unary(&ONE, request).await });
    let silent = door.open().await;
    assert_eq!(within(call).await.unwrap().unwrap_err().code(), Code::DeadlineExceeded);
    drop((silent, channel));
    all_quiet().await;
}

/// S38: the call hears of it.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_says_its_settings_is_unavailable() {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let calls = channel.clone();
    let call = tokio::spawn(async move { calls.unary(&ONE, Request::new(String::new())).await });
    let mut peer = Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.ping([0; 8]).flush().await;
    // Not SETTINGS: RFC 9113, section 3.4.
    let status = tokio::select! {
        status = call => status.unwrap().unwrap_err(),
        () = async { loop { if peer.any_unhurried().await == Frame::Eof { std::future::pending::<()>().await } } } => unreachable!(),
    };
    assert_eq!(status.code(), Code::Unavailable);
    drop(channel);
    all_quiet().await;
}

#[tokio::test]
async fn an_address_in_use_says_which_and_what_to_do() {
    let taken = TcpIncoming::bind(ANY).unwrap();
    let address = taken.local_address().unwrap();
    let error = Server::builder().add_service(Talk::new(Stub::default())).serve(address).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {address}: Address already in use (os error 98); \
             stop the other process, or choose another port (0 lets the system choose)"
        )
    );
}

#[tokio::test]
async fn an_address_of_another_machine_says_so() {
    let address = "192.0.2.1:1".parse().unwrap();
    let error = Server::builder().add_service(Talk::new(Stub::default())).serve(address).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen on 192.0.2.1:1: Cannot assign requested address (os error 99); \
         this machine does not have that address"
    );
}

#[tokio::test]
async fn a_server_with_nothing_or_the_same_twice_does_not_start() {
    let none = Server::builder().serve(ANY).await.unwrap_err();
    assert_eq!(none.to_string(), "no service was added: call add_service first");
    let talk = Talk::new(Stub::default());
    let twice = Server::builder().add_service(talk.clone()).add_service(talk).serve(ANY).await.unwrap_err();
    assert_eq!(twice.to_string(), "the service test.Talk was added twice: add it once");
}

#[tokio::test]
async fn a_unix_socket_that_is_not_there_says_which() {
    let directory = std::env::temp_dir().join(format!("wirewright-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("nobody.sock");
    let _ = std::fs::remove_file(&path);
    let target = format!("unix:{}", path.display());
    let error = within(Endpoint::new(&target).unwrap().connect()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot connect to {target}: No such file or directory (os error 2); has the server created its socket?"
        )
    );
    let taken = UnixIncoming::bind(&path).unwrap();
    let error = UnixIncoming::bind(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    drop(taken);
    std::fs::remove_file(&path).unwrap();
    all_quiet().await;
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let error = within(Endpoint::new("no-such-host.invalid:1").unwrap().connect()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot connect to no-such-host.invalid:1: "), "{text}");
    assert!(text.ends_with("; is the host name right?"), "{text}");
    all_quiet().await;
}

/// In a build with TLS the same target asks for `Endpoint::tls`: `tests/tls.rs`.
#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn an_https_target_in_a_build_without_tls_says_which_feature_is_missing() {
    let error = within(Endpoint::new("https://localhost:1").unwrap().connect()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot connect to localhost:1: the target https://localhost:1 wants TLS, which is not set: build wirewright \
         with the feature tls-ring or tls-aws-lc, and give Endpoint::tls a ClientTls"
    );
    assert_eq!(error.status().code(), Code::Unavailable);
    all_quiet().await;
}
