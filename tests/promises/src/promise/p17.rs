//! P17: soak.
//!
//! Eight callers with large unary calls over one channel, one that makes a new channel for every call, and streams
//! beside them, for ten minutes. Nothing fails, no call takes more than a second, and after the first tenth memory
//! does not grow by more than what is 1 MiB an hour beyond the noise of an allocator.
//!
//! A machine that stands still makes calls slow as well, and a call alone cannot tell. So a clock beside them is asked
//! every few milliseconds how late it is; the line says what the slowest call was and how long the clock once stood.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, mib, ms};
use crate::load::{Kind, Wish, filler};
use crate::ours::Client;
use crate::process::{Process, Server};
use crate::scale::Scale;

/// Ours with itself; `cargo xtask interop` soaks it against other implementations.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let server = Server::start(Kind::Ours).await?;
    let length = scale.pick(Duration::from_secs(600), Duration::from_secs(15));
    let soak = Soak { until: Instant::now() + length, ..Soak::new() };
    let client = Client::connect(server.port, None).await?;
    let mut callers = Vec::new();
    for _ in 0..8 {
        let (soak, client) = (soak.clone(), client.clone());
        callers.push(tokio::spawn(async move { soak.unary(&client).await }));
    }
    let (own, port) = (soak.clone(), server.port);
    callers.push(tokio::spawn(async move { own.channels(port).await }));
    let own = soak.clone();
    callers.push(tokio::spawn(async move { own.streams(&client).await }));
    let clock = tokio::spawn(soak.clone().clock());
    tokio::time::sleep(length / 10).await;
    let before = (server.process().resident(), Process::own().resident());
    for caller in callers {
        caller.await?;
    }
    let after = (server.process().resident(), Process::own().resident());
    let grown = after.0.saturating_sub(before.0).max(after.1.saturating_sub(before.1));
    let (calls, failed) = (soak.calls.load(Relaxed), soak.failed.load(Relaxed));
    let stood = clock.await?;
    let (slowest, kind) = *soak.slowest.lock().await;
    let good = failed == 0 && slowest <= Duration::from_secs(1) && grown <= NOISE;
    Ok(vec![
        Line::new("P17", good)
            .measured(format!(
                "{failed} of {calls} calls failed in {} s, the slowest ({kind}) took {}, a clock beside it once stood for {}, +{} after the first tenth",
                length.as_secs(),
                ms(slowest),
                ms(stood),
                mib(grown)
            ))
            .limit("0 failed, <= 1 s, +4 MiB"),
    ])
}

#[derive(Clone)]
struct Soak {
    until: Instant,
    calls: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    slowest: Arc<Mutex<(Duration, &'static str)>>,
}

impl Soak {
    fn new() -> Soak {
        let (calls, failed) = (Arc::default(), Arc::default());
        Soak { until: Instant::now(), calls, failed, slowest: Arc::default() }
    }

    /// How late a sleep was at the most.
    async fn clock(self) -> Duration {
        let mut latest = Duration::ZERO;
        while Instant::now() < self.until {
            let due = Instant::now() + TICK;
            tokio::time::sleep_until(due.into()).await;
            latest = latest.max(due.elapsed());
        }
        latest
    }

    async fn count<T, E>(&self, kind: &'static str, call: impl Future<Output = Result<T, E>>) {
        let begun = Instant::now();
        let failed = call.await.is_err();
        let mut slowest = self.slowest.lock().await;
        *slowest = (*slowest).max((begun.elapsed(), kind));
        self.calls.fetch_add(1, Relaxed);
        self.failed.fetch_add(u64::from(failed), Relaxed);
    }

    async fn unary(self, client: &Client) {
        // The size that rpc_soak asks with.
        let message = filler(271_828);
        while Instant::now() < self.until {
            self.count("unary", client.echo(message.clone(), None)).await;
        }
    }

    async fn channels(self, port: u16) {
        while Instant::now() < self.until {
            let call = async {
                let client = Client::connect(port, None).await?;
                client.echo(filler(1_000), None).await.map_err(Failure::from)
            };
            self.count("on a new channel", call).await;
        }
    }

    async fn streams(self, client: &Client) {
        while Instant::now() < self.until {
            let call = async {
                let mut replies = client.flow(Wish { size: 5_000, count: 20 }).await?;
                while Client::next(&mut replies).await?.is_some() {}
                Ok::<(), crate::caller::End>(())
            };
            self.count("streaming", call).await;
        }
    }
}

const TICK: Duration = Duration::from_millis(5);

/// Ten minutes at 1 MiB an hour are 0.2 MiB; an allocator keeps this much more or less from one second to the next.
const NOISE: u64 = 4 * 1024 * 1024;
