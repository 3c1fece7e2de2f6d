//! P12: a server that has no file descriptors left survives.
//!
//! A server with 64 descriptors meets 200 connections, for ten seconds. It may use five percent of a core, and calls
//! on a connection that stood before go on as if nothing were. Once the others have gone it accepts again within
//! 1.1 s: the longest rest of its accept loop is one second.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, ms};
use crate::load::{Kind, filler};
use crate::process::Server;
use crate::scale::Scale;

/// Both libraries.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let ours = one::<crate::ours::Client>(Kind::Ours, scale).await?;
    let tonic = one::<crate::peer_tonic::Client>(Kind::Tonic, scale).await?;
    let passed = ours.cpu <= 5.0 && ours.failed == 0 && ours.again.is_some_and(|again| again <= AGAIN);
    let line = Line::new("P12", passed)
        .measured(ours.to_string())
        .limit("CPU <= 5 %, 0 calls failed, accepts again <= 1.1 s")
        .anchor(format!("tonic: {tonic}"));
    Ok(vec![line])
}

struct Survival {
    cpu: f64,
    calls: u64,
    failed: u64,
    again: Option<Duration>,
}

impl std::fmt::Display for Survival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Survival { cpu, calls, failed, again } = self;
        write!(f, "CPU {cpu:.1} %, {failed} of {calls} calls failed, ")?;
        match again {
            Some(again) => write!(f, "accepts again after {}", ms(*again)),
            None => write!(f, "does not accept again"),
        }
    }
}

async fn one<C: Caller>(kind: Kind, scale: Scale) -> Result<Survival, Failure> {
    let server = Server::start_with(kind, &[], Some(64)).await?;
    let client = C::connect(server.port, None).await?;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(TcpStream::connect(("127.0.0.1", server.port)).await?);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let length = scale.pick(Duration::from_secs(10), Duration::from_secs(2));
    let (before, begun) = (server.process().cpu_time(), Instant::now());
    let (mut calls, mut failed) = (0, 0);
    // Ten calls a second show whether they pass, and cost nothing that would be counted as spinning.
    while begun.elapsed() < length {
        calls += 1;
        failed += u64::from(client.echo(filler(16), Some(Duration::from_secs(1))).await.is_err());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let used = server.process().cpu_time().saturating_sub(before);
    let cpu = 100.0 * used.as_secs_f64() / begun.elapsed().as_secs_f64();
    drop(crowd);
    let freed = Instant::now();
    let mut again = None;
    while again.is_none() && freed.elapsed() < Duration::from_secs(10) {
        let newcomer = async {
            let client = C::connect(server.port, None).await.ok()?;
            client.echo(filler(16), None).await.ok()
        };
        if tokio::time::timeout(Duration::from_secs(5), newcomer).await.is_ok_and(|reply| reply.is_some()) {
            again = Some(freed.elapsed());
        }
    }
    Ok(Survival { cpu, calls, failed, again })
}

const AGAIN: Duration = Duration::from_millis(1_100);
