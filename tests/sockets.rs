//! Real sockets: TCP and Unix.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use wirewright::transport::{Connector, Incoming, SocketConnector, TcpIncoming, UnixIncoming};
use wirewright::{Address, Code, Endpoint, Request, Response, Server};

use crate::support::frame::Frame;
use crate::support::peer::{Peer, message, request};
use crate::support::talk::{ONE, Stub, Talk};
use crate::support::{all_quiet, within};

/// A service that says who called it.
fn who() -> Talk {
    Stub::one(|request| async move {
        Ok(Response::new(request.peer().map(ToString::to_string).unwrap_or_default()))
    })
}

/// Serves until the first call has been answered; gives the answer.
async fn one_call(incoming: impl Incoming, endpoint: Endpoint) -> String {
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(Server::builder().add_service(who()).serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let channel = within(endpoint.connect()).await.unwrap();
    let reply = within(channel.unary(&ONE, Request::new(String::new()))).await.unwrap().into_inner();
    drop(channel);
    stop.send(()).unwrap();
    within(server).await.unwrap().unwrap();
    all_quiet().await;
    reply
}

/// A path for a socket that no other test has.
fn socket_path() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wirewright-{}-{n}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[tokio::test]
async fn calls_go_over_tcp_and_the_handler_learns_from_where() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = Endpoint::new(incoming.local_address().unwrap()).unwrap();
    assert!(one_call(incoming, endpoint).await.starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn a_name_is_looked_up() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = incoming.local_address().unwrap().port();
    let endpoint = Endpoint::new(format!("localhost:{port}")).unwrap();
    assert!(one_call(incoming, endpoint).await.contains("127.0.0.1:"));
}

#[tokio::test]
async fn calls_go_over_unix_sockets() {
    let path = socket_path();
    let incoming = UnixIncoming::bind(&path).unwrap();
    assert_eq!(incoming.path(), path);
    let endpoint = Endpoint::new(format!("unix:{}", path.display())).unwrap();
    assert_eq!(one_call(incoming, endpoint).await, "unix:(unnamed)");
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn a_request_over_a_unix_socket_names_localhost() {
    let path = socket_path();
    let mut incoming = UnixIncoming::bind(&path).unwrap();
    let channel = Endpoint::new(format!("unix:{}", path.display())).unwrap().lazy();
    let calls = channel.clone();
    let call = tokio::spawn(async move { calls.unary(&ONE, Request::new(String::new())).await });
    let (io, _) = within(incoming.accept()).await.unwrap();
    let mut peer = Peer::server(io).await;
    let (_, fields) = peer.request().await;
    assert!(fields.contains(&":authority: localhost".to_owned()), "{fields:?}");
    peer.hang_up().await;
    assert_eq!(within(call).await.unwrap().unwrap_err().code(), Code::Unavailable);
    drop((channel, incoming));
    std::fs::remove_file(path).unwrap();
    all_quiet().await;
}

#[tokio::test]
async fn accepted_sockets_send_small_writes_at_once() {
    let mut incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = Address::Tcp(incoming.local_address().unwrap());
    let connector = SocketConnector::default();
    let (near, far) = tokio::join!(connector.connect(&address), incoming.accept());
    let (_near, (far, _)) = (near.unwrap(), far.unwrap());
    assert!(far.nodelay().unwrap());
}

#[tokio::test]
async fn a_listener_may_be_handed_down() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new(listener.local_addr().unwrap()).unwrap();
    assert!(one_call(TcpIncoming::new(listener), endpoint).await.starts_with("127.0.0.1:"));
}

#[tokio::test]
async fn raw_frames_over_tcp_are_answered() {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = Server::builder().add_service(Talk::new(Stub::default())).grace(Duration::from_secs(1));
    let server = tokio::spawn(server.serve_until(incoming, async {
        let _ = stopped.await;
    }));
    let mut peer = Peer::client(within(tokio::net::TcpStream::connect(address)).await.unwrap());
    peer.headers(1, &request("/test.Talk/One")).last_data(1, &message("hi"));
    assert_eq!(peer.tale(1).await.last().unwrap(), "HEADERS END_STREAM grpc-status: 0");
    stop.send(()).unwrap();
    while peer.any().await != Frame::Eof {}
    within(server).await.unwrap().unwrap();
    drop(peer);
    all_quiet().await;
}
