//! P1: cancel storms cost nobody else.
//!
//! One connection, 200 server-streams in flight, each cancelled after its first message; messages of 8 KiB and of
//! 7 bytes; windows of 64 KiB, 1 MiB and 16 MiB, for a stream and for the connection. Beside them one caller makes
//! unary calls. No stream may end before its first message, no unary call may fail, there is one connection from
//! the first to the last, and neither side grows by more than 64 MiB.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, mib};
use crate::load::{Kind, Wish, filler};
use crate::process::{Figures, Process, Server, part};
use crate::scale::Scale;

/// Both libraries, all sizes and windows.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let ours = storm(Kind::Ours, scale, scale.pick(&CASES[..], &CASES[..2])).await?;
    // The peer's figure needs no more than the case that the promise quotes.
    let tonic = storm(Kind::Tonic, scale, &CASES[..1]).await?;
    let passed = ours.failed == 0 && ours.reconnects == 0 && ours.growth <= MAX_GROWTH;
    let line = Line::new("P1", passed)
        .measured(ours.to_string())
        .limit("0 failed, 0 reconnects, +64 MiB")
        .anchor(format!("tonic, 8 KiB only: {tonic}"));
    Ok(vec![line])
}

/// What the storms did.
#[derive(Debug, Default)]
struct Damage {
    failed: u64,
    calls: u64,
    reconnects: u64,
    growth: u64,
    remark: Option<String>,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { failed, calls, reconnects, growth, remark } = self;
        write!(f, "{failed} of {calls} failed, {reconnects} reconnects, +{}", mib(*growth))?;
        remark.as_ref().map_or(Ok(()), |remark| write!(f, " ({remark})"))
    }
}

/// All cases, each with a server and a client of its own.
async fn storm(kind: Kind, scale: Scale, cases: &[(usize, u32)]) -> Result<Damage, Failure> {
    let mut damage = Damage::default();
    for (size, window) in cases {
        let mut server = Server::start(kind).await?;
        let before = server.process().resident();
        let count = scale.count(1_000_000);
        let arguments =
            [server.port as usize, count, *size, *window as usize].map(|number| number.to_string());
        let found = part("cancel", kind, &arguments).await?;
        damage.add(&found, &mut server, before).await?;
    }
    Ok(damage)
}

impl Damage {
    async fn add(&mut self, found: &Figures, server: &mut Server, before: u64) -> Result<(), Failure> {
        self.failed += found.of("failed");
        self.calls += found.of("calls");
        self.reconnects += server.stats().await?.of("accepted").saturating_sub(1);
        let grown = server.process().peak().saturating_sub(before);
        self.growth = self.growth.max(grown).max(found.of("growth"));
        if self.remark.is_none() {
            self.remark = found.remarks.first().cloned();
        }
        Ok(())
    }
}

/// The client: so many streams cancelled, 200 at a time.
pub(crate) async fn cancel<C: Caller>(
    port: u16,
    count: usize,
    size: usize,
    window: u32,
) -> Result<(), Failure> {
    let client = C::connect(port, Some(window)).await?;
    let tally = Tally::default();
    tally.echo(&client).await;
    let before = Process::own().resident();
    Process::own().forget_peak();
    let victim = tokio::spawn({
        let (client, tally) = (client.clone(), tally.clone());
        async move {
            while !tally.over.load(Relaxed) {
                tally.echo(&client).await;
            }
        }
    });
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (client, tally, left) = (client.clone(), tally.clone(), left.clone());
            tokio::spawn(async move {
                while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                    tally.count(first(&client, size).await);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await?;
    }
    tally.over.store(true, Relaxed);
    victim.await?;
    tally.print(Process::own().peak().saturating_sub(before));
    Ok(())
}

/// One stream, up to its first message.
async fn first<C: Caller>(client: &C, size: usize) -> Result<(), String> {
    let mut replies = client.flow(Wish::endless(size)).await.map_err(|end| end.to_string())?;
    match C::next(&mut replies).await {
        Ok(Some(reply)) if reply.0.len() == size => Ok(()),
        Ok(reply) => Err(format!("an answer of {:?} bytes", reply.map(|reply| reply.0.len()))),
        Err(end) => Err(end.to_string()),
    }
}

/// What a client's calls came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    calls: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    pub(crate) over: Arc<AtomicBool>,
}

impl Tally {
    /// One unary call.
    pub(crate) async fn echo<C: Caller>(&self, client: &C) {
        let message = filler(16);
        match client.echo(message.clone(), None).await {
            Ok(reply) if reply == message => self.count(Ok(())),
            Ok(_) => self.count(Err("another message came back".to_owned())),
            Err(end) => self.count(Err(end.to_string())),
        }
    }

    pub(crate) fn count(&self, outcome: Result<(), String>) {
        self.calls.fetch_add(1, Relaxed);
        if let Err(why) = outcome
            && self.failed.fetch_add(1, Relaxed) == 0
        {
            println!("remark {}", why.lines().next().unwrap_or_default());
        }
    }

    pub(crate) fn print(&self, growth: u64) {
        let (calls, failed) = (self.calls.load(Relaxed), self.failed.load(Relaxed));
        println!("calls={calls} failed={failed} growth={growth}");
    }
}

/// Message and window in bytes. The peer is measured with the first, and a quick run takes the first two.
const CASES: [(usize, u32); 6] =
    [(8 * 1024, 1 << 20), (7, 1 << 16), (8 * 1024, 1 << 16), (8 * 1024, 1 << 24), (7, 1 << 20), (7, 1 << 24)];

const IN_FLIGHT: usize = 200;
const MAX_GROWTH: u64 = 64 * 1024 * 1024;
