//! What callers read when something breaks: one line each, in `tests/goldens/errors.txt`.
//!
//! Every line says what happened, and beside it what a program is told: the phase, the HTTP/2 reason and who gave it,
//! the system's error, whether anything was sent, and whether the call is safe to make again. `REFRESH=1` rewrites the
//! file; review reads the difference. No line may say "transport error", because that says nothing.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::time::Duration;

use wirewright::policy::keepalive::KeepaliveConfig;
use wirewright::transport::{Connector, PipeConnector, TransportError};
use wirewright::{Address, Channel, Endpoint, Request, Status};

use crate::support::frame::{CANCEL, ENHANCE_YOUR_CALM, Frame, NO_ERROR, REFUSED_STREAM};
use crate::support::peer::{Door, HEAD, OK, Peer, answerer, framed, message};
use crate::support::talk::ONE;
use crate::support::within;

/// A network that fails in this way.
#[derive(Clone)]
struct Failing(fn() -> io::Error);

impl Connector for Failing {
    type Io = <PipeConnector as Connector>::Io;

    async fn connect(&self, _address: &Address) -> io::Result<Self::Io> {
        Err((self.0)())
    }
}

async fn call(channel: &Channel) -> Status {
    let request = Request::new("?".to_owned()).with_timeout(Duration::from_secs(25));
    within(channel.unary(&ONE, request)).await.unwrap_err()
}

/// A call through a network that fails.
async fn through(target: &str, fails: fn() -> io::Error) -> Status {
    call(&Endpoint::new(target).unwrap().connector(Failing(fails)).lazy()).await
}

/// A call to a server that says these bytes in place of its SETTINGS, and hangs up.
async fn instead_of_settings(bytes: &[u8]) -> Status {
    let (channel, mut door) = answerer(|endpoint| endpoint);
    let ends = tokio::spawn(async move { call(&channel).await });
    let mut peer = Peer::silent(door.open().await);
    peer.hear_preface().await;
    peer.raw(bytes).hang_up_after().flush().await;
    within(ends).await.unwrap()
}

/// A call to a server that answers each request so.
async fn answered(answer: impl Fn(&mut Peer, u32) + Send + 'static) -> Status {
    let (channel, mut door) = answerer(|endpoint| {
        let keepalive = KeepaliveConfig::new(Duration::from_secs(10));
        endpoint.keepalive(KeepaliveConfig { timeout: Duration::from_secs(3), ..keepalive })
    });
    let server = tokio::spawn(async move { serve(&mut door, answer).await });
    let status = call(&channel).await;
    server.abort();
    status
}

async fn serve(door: &mut Door, answer: impl Fn(&mut Peer, u32)) {
    loop {
        let mut peer = door.server().await;
        loop {
            match peer.any_unhurried().await {
                Frame::Data { stream, end: true, .. } => {
                    answer(&mut peer, stream);
                    peer.flush().await;
                }
                Frame::Eof => break,
                _ => {}
            }
        }
    }
}

/// What a program is told beside the text.
fn told(status: &Status) -> String {
    let Some(error) = status.source().and_then(|source| source.downcast_ref::<TransportError>()) else {
        return "no transport error".to_owned();
    };
    let mut told = format!("{}", error.phase());
    let _ = write!(told, ", peer {}", error.peer().map_or("unknown".to_owned(), ToString::to_string));
    if let (Some(reason), Some(by)) = (error.reason(), error.initiator()) {
        let _ = write!(told, ", reason {reason} {by}");
    }
    if let Some(number) = error.http_status() {
        let _ = write!(told, ", http status {number}");
    }
    if let Some(number) = error.os_error() {
        let _ = write!(told, ", os error {number}");
    }
    let (sent, safe) = (error.fate().was_sent(), error.fate().is_safe_to_retry());
    let _ = write!(told, ", sent {sent}, safe to retry {safe}");
    told
}

#[tokio::test(start_paused = true)]
async fn every_failure_explains_itself() {
    let mut found = String::new();
    let mut note = |what: &str, status: &Status| {
        let _ = writeln!(found, "{what}\n    {status}\n    {}", told(status));
    };
    note("no such host", &through("host.invalid:1", || io::Error::other("no such name")).await);
    note("nobody listens", &through("host:1", || io::Error::from_raw_os_error(111)).await);
    note("no way there", &through("host:1", || io::Error::from_raw_os_error(101)).await);
    note("no such socket", &through("unix:/no/such.sock", || io::Error::from_raw_os_error(2)).await);
    note("a server that closes at once", &instead_of_settings(b"").await);
    note("a server of HTTP/1", &instead_of_settings(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
    note("a server of TLS", &instead_of_settings(&[0x15, 3, 3, 0, 2, 2, 70]).await);
    let (channel, _door) = answerer(|endpoint| endpoint);
    channel.shut_down();
    note("a channel that is shut down", &call(&channel).await);
    note(
        "refused, and refused again",
        &answered(|p, s| {
            p.reset(s, REFUSED_STREAM);
        })
        .await,
    );
    note(
        "cancelled by the server",
        &answered(|p, s| {
            p.reset(s, CANCEL);
        })
        .await,
    );
    note(
        "reset in the middle of the answer",
        &answered(|p, s| {
            p.headers(s, HEAD).reset(s, 2);
        })
        .await,
    );
    note(
        "above the last stream, twice",
        &answered(|p, _| {
            p.go_away(0, NO_ERROR, b"moving");
        })
        .await,
    );
    let over_quota = answered(|p, s| {
        p.go_away(s, ENHANCE_YOUR_CALM, b"over quota").hang_up_after();
    });
    note("seen by a server that then leaves", &over_quota.await);
    note(
        "a connection that ends",
        &answered(|p, _| {
            p.hang_up_after();
        })
        .await,
    );
    note(
        "a server that says nothing more",
        &answered(|p, _| {
            p.rude();
        })
        .await,
    );
    note("a server that only answers PING", &answered(|_, _| {}).await);
    note(
        "nonsense for frames",
        &answered(|p, _| {
            p.raw(b"\0\0\x08\x06\0\0\0\0\x01notzero!");
        })
        .await,
    );
    let page = |status: &'static str| {
        answered(move |p, s| {
            let head = [(":status", status), ("content-type", "text/html")];
            p.headers(s, &head).last_data(s, b"<h1>sorry</h1>");
        })
    };
    note("a proxy without a server", &page("503").await);
    note("a web page", &page("200").await);
    note(
        "no trailers",
        &answered(|p, s| {
            p.headers(s, HEAD).last_data(s, &message("m"));
        })
        .await,
    );
    note(
        "half a message",
        &answered(|p, s| {
            p.headers(s, HEAD).last_data(s, &message("m")[..6]);
        })
        .await,
    );
    let large = answered(|p, s| {
        p.headers(s, HEAD).data(s, &framed(0, 5_000_000, b"")).trailers(s, OK);
    });
    note("a message over the limit", &large.await);
    let undecodable = answered(|p, s| {
        p.headers(s, HEAD).data(s, &framed(0, 1, b"\xff")).trailers(s, OK);
    });
    note("a message that is none", &undecodable.await);

    let says_nothing = |line: &str| line.starts_with("    ") && line.contains(": transport error");
    assert!(!found.lines().any(says_nothing), "{found}");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens/errors.txt");
    if std::env::var_os("REFRESH").is_some() {
        std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens")).unwrap();
        std::fs::write(path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == golden, "REFRESH=1 rewrites {path}; found:\n{found}");
}
