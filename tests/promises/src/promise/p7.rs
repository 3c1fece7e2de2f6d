//! P7: no call fails over a planned change.
//!
//! Sixty-four callers, most with unary calls and some with short streams, while the server changes under them:
//!
//! ```text
//!   P7.restart   the next generation listens, the last one drains, again and again
//!   P7.age       connections end because they have become too old
//!   P7.reload    certificates change; every caller makes a new connection now and then
//!   P7.goaway    a server that says GOAWAY on every connection 50 ms after it began
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use wirewright::Endpoint;
use wirewright::transport::tls::ClientTls;

use crate::Failure;
use crate::caller::Caller;
use crate::line::Line;
use crate::load::{Kind, Wish, filler};
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::frame::{self, Frame};
use crate::wire::{Raw, framed};

/// Restarts and ages of both libraries; the others ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let line = |name: &str, ours: &Change| {
        Line::new(name, ours.failed == 0 && ours.calls > 0).measured(ours.to_string()).limit("0 failed")
    };
    let ours = restarts::<crate::ours::Client>(Kind::Ours, scale).await?;
    let tonic = restarts::<crate::peer_tonic::Client>(Kind::Tonic, scale).await?;
    let restart = line("P7.restart", &ours).anchor(format!("tonic: {tonic}"));
    let ours = ages::<crate::ours::Client>(Kind::Ours, scale).await?;
    let tonic = ages::<crate::peer_tonic::Client>(Kind::Tonic, scale).await?;
    let age = line("P7.age", &ours).anchor(format!("tonic: {tonic}"));
    let reload = line("P7.reload", &reloads(scale).await?);
    let goaway = line("P7.goaway", &storm(scale).await?);
    Ok(vec![restart, age, reload, goaway])
}

/// What the callers met.
struct Change {
    calls: u64,
    failed: u64,
    changes: u64,
    remark: Option<String>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Change { calls, failed, changes, remark } = self;
        write!(f, "{failed} of {calls} failed over {changes} changes")?;
        remark.as_ref().map_or(Ok(()), |remark| write!(f, " ({remark})"))
    }
}

/// Callers that go on until they are told to stop.
#[derive(Clone, Default)]
struct Callers {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    remark: Arc<Mutex<Option<String>>>,
}

impl Callers {
    async fn count(&self, outcome: Result<(), String>) {
        self.calls.fetch_add(1, Relaxed);
        if let Err(why) = outcome {
            self.failed.fetch_add(1, Relaxed);
            self.remark.lock().await.get_or_insert(why);
            // Whoever is refused at once and asks again at once only counts faster.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Calls over a channel until told to stop: every eighth call is a stream.
    async fn go_on(self, client: impl Caller) {
        let mut n = 0_u64;
        while !self.stop.load(Relaxed) {
            n += 1;
            self.count(if n.is_multiple_of(8) { stream(&client).await } else { unary(&client).await }).await;
        }
    }

    async fn end(self, running: Vec<tokio::task::JoinHandle<()>>, changes: u64) -> Change {
        self.stop.store(true, Relaxed);
        for caller in running {
            if tokio::time::timeout(Duration::from_secs(10), caller).await.is_err() {
                self.count(Err("a call hangs".to_owned())).await;
            }
        }
        let (calls, failed) = (self.calls.load(Relaxed), self.failed.load(Relaxed));
        let remark = self.remark.lock().await.take();
        Change { calls, failed, changes, remark }
    }
}

async fn unary(client: &impl Caller) -> Result<(), String> {
    let message = filler(64);
    let reply = client.echo(message.clone(), None).await.map_err(|end| end.to_string())?;
    if reply == message { Ok(()) } else { Err("another message came back".to_owned()) }
}

async fn stream<C: Caller>(client: &C) -> Result<(), String> {
    let wish = Wish { size: 64, count: 20 };
    let mut replies = client.flow(wish).await.map_err(|end| end.to_string())?;
    let mut count = 0;
    while C::next(&mut replies).await.map_err(|end| end.to_string())?.is_some() {
        count += 1;
    }
    if count == wish.count { Ok(()) } else { Err(format!("{count} of {} messages", wish.count)) }
}

/// Sixty-four callers over eight channels.
async fn callers<C: Caller>(port: u16) -> Result<(Callers, Vec<tokio::task::JoinHandle<()>>), Failure> {
    let callers = Callers::default();
    let mut running = Vec::new();
    for _ in 0..CHANNELS {
        let client = C::connect(port, None).await?;
        for _ in 0..CALLERS / CHANNELS {
            running.push(tokio::spawn(callers.clone().go_on(client.clone())));
        }
    }
    Ok((callers, running))
}

async fn restarts<C: Caller>(kind: Kind, scale: Scale) -> Result<Change, Failure> {
    let mut server = Server::start(kind).await?;
    let (callers, running) = callers::<C>(server.port).await?;
    let changes = scale.pick(50, 10);
    for _ in 0..changes {
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.ask("turn").await?;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(callers.end(running, changes).await)
}

async fn ages<C: Caller>(kind: Kind, scale: Scale) -> Result<Change, Failure> {
    let mut server = Server::start_with(kind, &["age=200"], None).await?;
    let (callers, running) = callers::<C>(server.port).await?;
    tokio::time::sleep(Duration::from_millis(200) * scale.pick(50, 10)).await;
    let changes = server.stats().await?.of("accepted").saturating_sub(CHANNELS as u64);
    Ok(callers.end(running, changes).await)
}

async fn reloads(scale: Scale) -> Result<Change, Failure> {
    let mut server = Server::start_with(Kind::Ours, &["tls"], None).await?;
    let callers = Callers::default();
    let tls = ClientTls::from_config(crate::secure::config()?).server_name("localhost");
    let endpoint = Endpoint::new(format!("127.0.0.1:{}", server.port).as_str())?.tls(tls);
    let running = (0..CALLERS)
        .map(|_| {
            let (callers, endpoint) = (callers.clone(), endpoint.clone());
            tokio::spawn(async move {
                while !callers.stop.load(Relaxed) {
                    let client = crate::ours::Client { channel: endpoint.clone().lazy() };
                    for _ in 0..20 {
                        callers.count(unary(&client).await).await;
                    }
                }
            })
        })
        .collect();
    let changes = scale.count(1_000) as u64;
    for _ in 0..changes {
        tokio::time::sleep(Duration::from_millis(20)).await;
        server.ask("reload").await?;
    }
    Ok(callers.end(running, changes).await)
}

/// The server here is written by hand: it answers, and says GOAWAY again and again.
async fn storm(scale: Scale) -> Result<Change, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let accepted = Arc::new(AtomicU64::new(0));
    let counter = accepted.clone();
    let server = tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            counter.fetch_add(1, Relaxed);
            tokio::spawn(soon_gone(socket));
        }
    });
    let callers = Callers::default();
    let mut running = Vec::new();
    for _ in 0..CHANNELS {
        let client = crate::ours::Client::connect(port, None).await?;
        for _ in 0..CALLERS / CHANNELS {
            let (callers, client) = (callers.clone(), client.clone());
            running.push(tokio::spawn(async move {
                while !callers.stop.load(Relaxed) {
                    callers.count(unary(&client).await).await;
                }
            }));
        }
    }
    tokio::time::sleep(scale.time(Duration::from_secs(60))).await;
    let change = callers.end(running, accepted.load(Relaxed)).await;
    server.abort();
    Ok(change)
}

/// Answers what came before its GOAWAY, and ignores what comes after it.
async fn soon_gone(socket: TcpStream) -> std::io::Result<()> {
    let mut raw = Raw::server(socket, &[(3, 1_000)]).await?;
    let farewell = tokio::time::Instant::now() + Duration::from_millis(50);
    let (mut last, mut gone) = (0, false);
    loop {
        let frame = if gone {
            raw.next().await
        } else {
            match tokio::time::timeout_at(farewell, raw.next()).await {
                Ok(frame) => frame,
                Err(_) => {
                    gone = true;
                    let content = [last, 0_u32].map(u32::to_be_bytes).concat();
                    raw.frame(frame::GOAWAY, 0, 0, &content).flush().await?;
                    continue;
                }
            }
        };
        match frame {
            Frame::Headers { stream, .. } if !gone => last = last.max(stream),
            Frame::Data { stream, bytes, end: true } if stream <= last => {
                // What was taken in is given back, or the windows would run out.
                raw.window(0, bytes.len() as u32);
                let head = frame::block(&[(":status", b"200"), ("content-type", b"application/grpc")]);
                raw.frame(frame::HEADERS, frame::END_HEADERS, stream, &head);
                raw.data(stream, &framed(&filler(64).0), false);
                let end = frame::END_HEADERS | frame::END_STREAM;
                raw.frame(frame::HEADERS, end, stream, &frame::block(&[("grpc-status", b"0")]));
                raw.flush().await?;
            }
            Frame::Eof => return Ok(()),
            _ => {}
        }
    }
}

const CALLERS: usize = 64;
const CHANNELS: usize = 8;
