//! P2: early answers, and handlers that ignore their input, cost nobody.
//!
//! Uploads of 64 KiB that are answered at once, while they still come, 200 in flight on one connection; then one
//! stream whose handler drops its input, and takes a million empty messages. Nothing fails, and there is one
//! connection from the first to the last.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::p1::Tally;
use crate::Failure;
use crate::caller::Caller;
use crate::line::{Line, mib};
use crate::load::Kind;
use crate::process::{Process, Server, part};
use crate::scale::Scale;

/// Both libraries, both halves of the promise.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (name, part_name, what) in
        [("P2.early", "early", "uploads answered early"), ("P2.deaf", "deaf", "messages nobody reads")]
    {
        let ours = one(Kind::Ours, part_name, scale).await?;
        let tonic = one(Kind::Tonic, part_name, scale).await?;
        let passed = ours.failed == 0 && ours.reconnects == 0 && ours.growth <= MAX_GROWTH;
        let line = Line::new(name, passed)
            .measured(format!("{what}: {ours}"))
            .limit("0 failed, 0 reconnects, +64 MiB")
            .anchor(format!("tonic: {tonic}"));
        lines.push(line);
    }
    Ok(lines)
}

struct Damage {
    failed: u64,
    calls: u64,
    reconnects: u64,
    growth: u64,
    remark: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { failed, calls, reconnects, growth, remark } = self;
        write!(f, "{failed} of {calls} failed, {reconnects} reconnects, +{}{remark}", mib(*growth))
    }
}

async fn one(kind: Kind, name: &str, scale: Scale) -> Result<Damage, Failure> {
    let mut server = Server::start(kind).await?;
    let before = server.process().resident();
    let arguments = [server.port as usize, scale.count(1_000_000)].map(|number| number.to_string());
    let found = part(name, kind, &arguments).await?;
    Ok(Damage {
        failed: found.of("failed"),
        calls: found.of("calls"),
        reconnects: server.stats().await?.of("accepted").saturating_sub(1),
        growth: server.process().peak().saturating_sub(before).max(found.of("growth")),
        remark: found.remarks.first().map_or_else(String::new, |remark| format!(" ({remark})")),
    })
}

/// The client of the first half.
pub(crate) async fn early<C: Caller>(port: u16, count: usize) -> Result<(), Failure> {
    let client = C::connect(port, None).await?;
    let tally = Tally::default();
    tally.echo(&client).await;
    let before = Process::own().resident();
    Process::own().forget_peak();
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (client, tally, left) = (client.clone(), tally.clone(), left.clone());
            tokio::spawn(async move {
                while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                    // Four messages of 16 KiB: the 64 KiB of the promise.
                    tally.count(client.early(4).await.map_err(|end| end.to_string()));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await?;
    }
    tally.print(Process::own().peak().saturating_sub(before));
    Ok(())
}

/// The client of the second half: the one stream, and a unary call behind it.
pub(crate) async fn deaf<C: Caller>(port: u16, count: usize) -> Result<(), Failure> {
    let client = C::connect(port, None).await?;
    let tally = Tally::default();
    tally.echo(&client).await;
    let before = Process::own().resident();
    Process::own().forget_peak();
    tally.count(client.deaf(count).await.map_err(|end| end.to_string()));
    tally.echo(&client).await;
    tally.print(Process::own().peak().saturating_sub(before));
    Ok(())
}

const IN_FLIGHT: usize = 200;
const MAX_GROWTH: u64 = 64 * 1024 * 1024;
