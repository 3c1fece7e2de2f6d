//! P13: silent connections go away.
//!
//! Six ways to begin and then say nothing. Each connection is gone (or, of a call that broke off in the middle of a
//! message, the call is) at its limit and a second; a client with good manners notices nothing: the 99th percentile of
//! its calls is at most twice what it is beside somebody who merely keeps the core busy on which those who are silent
//! live. It is a process of its own, because what it costs to hold thousands of sockets is not the server's.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::retry::percentile;
use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, ms};
use crate::load::{Kind, filler};
use crate::process::{Server, beside, part};
use crate::scale::Scale;
use crate::wire::frame::{self, Frame};
use crate::wire::{PREFACE, Raw};

/// Ours in all six ways; tonic in the four that need no TLS.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let count = scale.pick(5_000, 250);
    let servers = [Server::start(Kind::Ours).await?, Server::start_with(Kind::Ours, &["tls"], None).await?];
    let peer = Server::start(Kind::Tonic).await?;
    let burner = beside(&["burn"])?;
    let idle = good_client(servers[0].port, Duration::from_secs(5)).await?;
    drop(burner);
    let mut lines = Vec::new();
    // Two batches keep within the descriptors of this process.
    for batch in [&WAYS[..3], &WAYS[3..]] {
        let mut running = Vec::new();
        for (way, limit) in batch {
            let server = &servers[usize::from(way.wants_tls())];
            let ours = tokio::spawn(hold(server.port, *way, count, *limit));
            let tonic =
                (!way.wants_tls()).then(|| tokio::spawn(hold(peer.port, *way, count.min(250), *limit)));
            running.push((*way, *limit, ours, tonic));
        }
        let beside_them = good_client(servers[0].port, Duration::from_secs(5)).await?;
        for (way, limit, ours, tonic) in running {
            let ours = ours.await??;
            let tonic = match tonic {
                Some(tonic) => format!("tonic: {}", tonic.await??),
                None => "none".to_owned(),
            };
            let line = Line::new(format!("P13.{}", way.name()), ours.alive == 0)
                .measured(ours.to_string())
                .limit(format!("0 alive after {} s", limit.as_secs() + 1))
                .anchor(tonic);
            lines.push(line);
        }
        let (Some(idle), Some(beside)) = (idle, beside_them) else {
            lines.push(Line::new("P13.good", false).measured("the good client's calls failed"));
            continue;
        };
        // Where both are below a millisecond the ratio is the machine's, not the server's.
        let good = beside <= (2 * idle).max(Duration::from_millis(1));
        lines.push(
            Line::new(if batch.len() == WAYS.len() { "P13.good" } else { name_of(batch) }, good)
                .measured(format!("good client's p99 {} beside them, {} idle", ms(beside), ms(idle)))
                .limit("p99 <= 2 x idle p99, or 1 ms"),
        );
    }
    Ok(lines)
}

fn name_of(batch: &[(Way, Duration)]) -> &'static str {
    if batch.first().is_some_and(|(way, _)| *way == Way::NoHello) { "P13.good-1" } else { "P13.good-2" }
}

/// How a connection begins, before it falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    NoHello,
    HalfHello,
    NoPreface,
    NoSettings,
    HalfHeaders,
    HalfMessage,
}

impl Way {
    fn wants_tls(self) -> bool {
        matches!(self, Way::NoHello | Way::HalfHello)
    }

    fn name(self) -> &'static str {
        match self {
            Way::NoHello => "no-hello",
            Way::HalfHello => "half-hello",
            Way::NoPreface => "no-preface",
            Way::NoSettings => "no-settings",
            Way::HalfHeaders => "half-headers",
            Way::HalfMessage => "half-message",
        }
    }

    async fn begin(self, port: u16) -> std::io::Result<Raw> {
        let mut raw = Raw::over(TcpStream::connect(("127.0.0.1", port)).await?);
        match self {
            Way::NoHello | Way::NoPreface => {}
            // A TLS record that announces 512 bytes, and the first of them (RFC 8446, section 5.1).
            Way::HalfHello => raw.socket.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).await?,
            Way::NoSettings => raw.socket.write_all(PREFACE).await?,
            Way::HalfHeaders => {
                raw.out.extend_from_slice(PREFACE);
                raw.settings(&[]);
                // The server's SETTINGS are acknowledged before: no other frame may interrupt a header block.
                raw.flush().await?;
                raw.next().await;
                let block = crate::wire::call_head("Hold", &[]);
                raw.frame(frame::HEADERS, 0, 1, &block[..10]);
                raw.flush().await?;
            }
            Way::HalfMessage => {
                raw.out.extend_from_slice(PREFACE);
                raw.settings(&[]);
                raw.call(1, "Echo").data(1, &[0, 0, 0, 1, 0, b'x'], false);
                raw.flush().await?;
            }
        }
        Ok(raw)
    }
}

/// What became of them.
struct Fate {
    count: usize,
    alive: usize,
    last: Duration,
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Fate { count, alive, last } = self;
        write!(f, "{alive} of {count} alive, the last to go after {:.1} s", last.as_secs_f64())
    }
}

/// Opens so many, and watches them for a second more than the limit.
async fn hold(port: u16, way: Way, count: usize, limit: Duration) -> Result<Fate, Failure> {
    let mut watchers = Vec::new();
    for n in 0..count {
        let raw = way.begin(port).await?;
        watchers.push(tokio::spawn(watch(raw, way, Instant::now(), limit + Duration::from_secs(1))));
        if n % 50 == 49 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let mut fate = Fate { count, alive: 0, last: Duration::ZERO };
    for watcher in watchers {
        match watcher.await? {
            Some(after) => fate.last = fate.last.max(after),
            None => fate.alive += 1,
        }
    }
    Ok(fate)
}

/// How long one lived; `None` if it lives on. A connection that answers PINGs and SETTINGS is alive all the same.
async fn watch(mut raw: Raw, way: Way, begun: Instant, patience: Duration) -> Option<Duration> {
    let watching = async {
        if way.wants_tls() || matches!(way, Way::NoPreface | Way::NoSettings | Way::HalfHeaders) {
            let mut bytes = [0; 1024];
            while matches!(raw.socket.read(&mut bytes).await, Ok(1..)) {}
            return;
        }
        loop {
            match raw.next().await {
                Frame::Eof | Frame::GoAway { .. } => return,
                Frame::Reset { .. } | Frame::Headers { end: true, .. } if way == Way::HalfMessage => return,
                _ => {}
            }
        }
    };
    let left = patience.saturating_sub(begun.elapsed());
    tokio::time::timeout(left, watching).await.ok()?;
    Some(begun.elapsed())
}

/// The 99th percentile of the calls of a client in a process of its own; `None` if one failed.
async fn good_client(port: u16, length: Duration) -> Result<Option<Duration>, Failure> {
    let arguments = [port.to_string(), length.as_millis().to_string()];
    let figures = part("manners", Kind::Ours, &arguments).await?;
    Ok((figures.of("failed") == 0).then(|| Duration::from_micros(figures.of("p99_us"))))
}

/// The part `manners`: that client.
pub(super) async fn manners(port: u16, length: Duration) -> Result<(), Failure> {
    let client = crate::ours::Client::connect(port, None).await?;
    // The first calls warm both ends up.
    let _ = p99(&client, Duration::from_millis(200)).await;
    match p99(&client, length).await {
        Some(p99) => println!("p99_us={}", p99.as_micros()),
        None => println!("failed=1"),
    }
    Ok(())
}

/// The 99th percentile of a good client's calls, a hundred a second; `None` if one failed.
async fn p99(client: &impl Caller, length: Duration) -> Option<Duration> {
    let mut times = Vec::new();
    let begun = Instant::now();
    while begun.elapsed() < length {
        let before = Instant::now();
        client.echo(filler(16), Some(Duration::from_secs(2))).await.ok()?;
        times.push(before.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some(percentile(&mut times, 99.0))
}

/// The ways, and when each is over.
const WAYS: [(Way, Duration); 6] = [
    (Way::NoHello, Duration::from_secs(10)),
    (Way::HalfHello, Duration::from_secs(10)),
    (Way::NoPreface, Duration::from_secs(10)),
    (Way::NoSettings, Duration::from_secs(10)),
    (Way::HalfHeaders, Duration::from_secs(10)),
    (Way::HalfMessage, Duration::from_secs(30)),
];
