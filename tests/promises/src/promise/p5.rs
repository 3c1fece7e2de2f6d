//! P5: under attack there is no crash, memory is bounded, and service goes on.
//!
//! Each attack runs for a while on 1, 8 and 64 connections, beside a victim that makes 200 calls a second on a
//! connection of its own. The victim's goodput is at least 80 % of what it is beside somebody who merely keeps the
//! attackers' core busy, and its 99th percentile at most five times; no connection has more than 100 handlers; the
//! server grows by no more than 25 MiB for each attacking connection and 512 MiB in all.
//!
//! Attacks that h2 hides are measured all the same. Where they fail the line says why they must.

use std::time::{Duration, Instant};

use super::retry::percentile;
use crate::Failure;
use crate::attack::Attack;
use crate::caller::Caller;
use crate::line::{Line, mib, ms};
use crate::load::{Kind, filler};
use crate::ours::Client;
use crate::process::{Server, beside};
use crate::scale::Scale;

/// Ours alone; the published figures of others are in the catalogue.
pub(crate) async fn measure(attacks: &[Attack], scale: Scale) -> Result<Vec<Line>, Failure> {
    let length = scale.pick(Duration::from_secs(10), Duration::from_millis(700));
    let crowds: &[usize] = scale.pick(&[1, 8, 64], &[8]);
    let mut lines = Vec::new();
    for attack in attacks.iter().copied() {
        let mut worst: Option<(usize, Damage)> = None;
        for crowd in crowds {
            let mut damage = suffer(attack, *crowd, length).await?;
            // What is not the attack's comes and goes.
            if !damage.is_good(*crowd) {
                damage = suffer(attack, *crowd, length).await?;
            }
            let is_worse = worst.as_ref().is_none_or(|(of, worst)| worst.is_good(*of));
            if is_worse {
                worst = Some((*crowd, damage));
            }
        }
        let (crowd, damage) = worst.ok_or("nothing was measured")?;
        let good = damage.is_good(crowd);
        let why = match attack.hidden {
            Some(hidden) if !good => format!("; {hidden}"),
            _ => String::new(),
        };
        let line = Line::new(format!("P5.{}", attack.name), good)
            .measured(format!("{} on {crowd} connections: {damage}{why}", attack.what))
            .limit("goodput >= 80 %, p99 <= 5 x, handlers <= 100 a connection, +25 MiB each, +512 MiB in all")
            .anchor("see the catalogue of attacks");
        lines.push(line);
    }
    Ok(lines)
}

/// What an attack did.
struct Damage {
    baseline: Victim,
    victim: Victim,
    handlers: u64,
    grown: u64,
    alive: bool,
}

impl Damage {
    fn is_good(&self, crowd: usize) -> bool {
        let most = (crowd as u64 * 25).min(512) * 1024 * 1024;
        self.alive
            && self.victim.good as f64 >= 0.8 * self.baseline.good as f64
            && self.victim.p99 <= (5 * self.baseline.p99).max(FLOOR)
            // The victim has a handler too.
            && self.handlers <= crowd as u64 * 100 + 1
            && self.grown <= most
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { baseline, victim, handlers, grown, alive } = self;
        if !alive {
            return write!(f, "the server died");
        }
        let percent = 100 * victim.good / baseline.good.max(1);
        let (p99, idle) = (ms(victim.p99), ms(baseline.p99));
        write!(f, "goodput {percent} %, p99 {p99} ({idle} without), {handlers} handlers, +{}", mib(*grown))
    }
}

async fn suffer(attack: Attack, crowd: usize, length: Duration) -> Result<Damage, Failure> {
    let mut server = Server::start(Kind::Ours).await?;
    let client = Client::connect(server.port, None).await?;
    // Warm.
    calls(&client, Duration::from_millis(200)).await;
    let burner = beside(&["burn"])?;
    let baseline = calls(&client, length).await;
    drop(burner);
    server.ask("reset").await?;
    let before = server.process().resident();
    server.process().forget_peak();
    let port = server.port.to_string();
    let attacker = beside(&["attack", attack.name, &port, &crowd.to_string()])?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let victim = calls(&client, length).await;
    drop(attacker);
    if !server.is_alive() {
        return Ok(Damage { baseline, victim, handlers: 0, grown: 0, alive: false });
    }
    let handlers = server.stats().await?.of("peak");
    let grown = server.process().peak().saturating_sub(before);
    Ok(Damage { baseline, victim, handlers, grown, alive: true })
}

/// What a victim got.
#[derive(Debug, Default)]
struct Victim {
    good: usize,
    p99: Duration,
}

/// Two hundred calls a second, each begun at its time whether or not the last one has ended.
async fn calls(client: &Client, length: Duration) -> Victim {
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    let mut next = begun;
    while begun.elapsed() < length {
        tokio::time::sleep_until(next.into()).await;
        next += EVERY;
        let client = client.clone();
        running.spawn(async move {
            let begun = Instant::now();
            client.echo(filler(16), Some(Duration::from_secs(1))).await.ok().map(|_| begun.elapsed())
        });
    }
    let mut times: Vec<Duration> = running.join_all().await.into_iter().flatten().collect();
    Victim { good: times.len(), p99: percentile(&mut times, 99.0) }
}

/// 200 calls a second.
const EVERY: Duration = Duration::from_millis(5);

/// Below this a percentile is the scheduler's, not the server's: two processes take turns of some milliseconds on
/// one core.
const FLOOR: Duration = Duration::from_millis(10);
