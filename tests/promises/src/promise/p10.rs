//! P10: bad networks give late answers, not wrong ones.
//!
//! Five kinds of weather between two namespaces, and calls with messages of 0 to 20 kB and a deadline of 5 s over
//! each. No answer is wrong, no call ends later than 50 ms after its deadline, and calls end OK, DEADLINE_EXCEEDED or
//! UNAVAILABLE; with one packet of a hundred lost, 999 of 1,000 end OK.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use wirewright::{Code, Endpoint, Request};

use crate::Failure;
use crate::line::Line;
use crate::load::{Kind, filler};
use crate::net::{CLIENT, Network, SERVER, SERVER_ADDRESS, Weather};
use crate::ours::ECHO;
use crate::process::{Figures, Server, part_at};
use crate::scale::Scale;

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    for (name, weather, least) in weathers() {
        let network = match Network::lay(weather).await {
            Ok(network) => network,
            Err(why) => {
                println!("skip: P10: no network can be laid here: {why}");
                return Ok(lines);
            }
        };
        let server = Server::start_at(Some(SERVER), Kind::Ours, &["any"], None).await?;
        let arguments = [usize::from(server.port), scale.pick(20_000, 300)].map(|number| number.to_string());
        let found = part_at(Some(CLIENT), "weather", Kind::Ours, &arguments).await?;
        drop((server, network));
        lines.push(line(name, &found, least));
    }
    Ok(lines)
}

fn line(name: &str, found: &Figures, least: f64) -> Line {
    let [calls, ok, late, wrong, other] =
        ["calls", "ok", "late", "wrong", "other"].map(|name| found.of(name));
    let share = ok as f64 / calls.max(1) as f64;
    let good = calls > 0 && late + wrong + other == 0 && share >= least;
    let remark = found.remarks.first().map_or_else(String::new, |remark| format!(" ({remark})"));
    Line::new(format!("P10.{name}"), good)
        .measured(format!(
            "{:.1} % of {calls} OK, {late} late, {wrong} wrong, {other} other ends{remark}",
            share * 100.0
        ))
        .limit(format!(">= {:.1} % OK, 0 late, 0 wrong, 0 other ends", least * 100.0))
}

/// The client.
pub(crate) async fn weather(port: u16, count: usize) -> Result<(), Failure> {
    // The handshake meets the weather too, so the channel may need more than one attempt.
    let endpoint = Endpoint::new(format!("{SERVER_ADDRESS}:{port}").as_str())?.wait_for_ready(true);
    let channel = endpoint.lazy();
    let left = Arc::new(AtomicUsize::new(count));
    let callers: Vec<_> = (0..10)
        .map(|_| {
            let (channel, left) = (channel.clone(), left.clone());
            tokio::spawn(async move {
                let mut ends = [0_u64; 4];
                while left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                    // Most are small, as they are in life.
                    let size = if fastrand::u8(..10) == 0 {
                        fastrand::usize(..20_000)
                    } else {
                        fastrand::usize(..500)
                    };
                    let message = filler(size);
                    let begun = Instant::now();
                    let request = Request::new(message.clone()).with_timeout(DEADLINE);
                    let end = channel.unary(&ECHO, request).await;
                    ends[1] += u64::from(begun.elapsed() > DEADLINE + GRAIN);
                    match end {
                        Ok(reply) if *reply.get_ref() == message => ends[0] += 1,
                        Ok(_) => ends[2] += 1,
                        Err(status)
                            if matches!(status.code(), Code::DeadlineExceeded | Code::Unavailable) => {}
                        Err(status) => {
                            println!("remark {status}");
                            ends[3] += 1;
                        }
                    }
                }
                ends
            })
        })
        .collect();
    let mut all = [0; 4];
    for caller in callers {
        for (all, one) in all.iter_mut().zip(caller.await?) {
            *all += one;
        }
    }
    let [ok, late, wrong, other] = all;
    println!("calls={count} ok={ok} late={late} wrong={wrong} other={other}");
    Ok(())
}

/// The weathers, and the share of calls that must end OK.
fn weathers() -> [(&'static str, Weather, f64); 5] {
    let fair = Weather::default();
    let loss = |loss| Weather { loss, ..fair };
    let (delay, jitter) = (Duration::from_millis(25), Duration::from_millis(10));
    [
        ("loss-1", loss(0.01), 0.999),
        ("loss-5", loss(0.05), 0.0),
        ("loss-20", loss(0.20), 0.0),
        ("delay", Weather { delay, jitter, reorder: 0.05, ..fair }, 0.0),
        // 1 Mbit/s.
        ("slow", Weather { rate: 125_000, ..fair }, 0.0),
    ]
}

const DEADLINE: Duration = Duration::from_secs(5);
const GRAIN: Duration = Duration::from_millis(50);
