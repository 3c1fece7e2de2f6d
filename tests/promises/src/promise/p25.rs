//! P25: overload degrades, and does not collapse.
//!
//! A method that costs a millisecond of the server's one core. First callers that wait for each other's answers find
//! out how much it can do. Then calls come at 0.5 to 3 times that rate, whether or not the last ones have ended, each
//! with a deadline of 100 ms. At three times the capacity, at least 80 % of the best goodput remains; a call that is
//! turned away is told so within 10 ms, with RESOURCE_EXHAUSTED or UNAVAILABLE. The server sheds load that would wait for
//! longer than 5 ms.

use std::time::{Duration, Instant};

use wirewright::{Channel, Code, Endpoint, Request};

use super::retry::percentile;
use crate::Failure;
use crate::line::{Line, ms};
use crate::load::{Kind, filler};
use crate::ours::WORK;
use crate::process::Server;
use crate::scale::Scale;

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let server = Server::start_with(Kind::Ours, &["shed"], None).await?;
    let mut channels = Vec::new();
    for _ in 0..CHANNELS {
        channels.push(Endpoint::new(format!("127.0.0.1:{}", server.port).as_str())?.connect().await?);
    }
    let length = scale.pick(Duration::from_secs(20), Duration::from_secs(2));
    let capacity = capacity(&channels, length).await?;
    let mut story = Vec::new();
    let (mut peak, mut last) = (0.0_f64, Flood::default());
    for load in [0.5, 1.0, 2.0, 3.0] {
        last = flood(&channels, capacity * load, length).await;
        story.push(format!("{:.0}/s at {load} x", last.goodput));
        peak = peak.max(last.goodput);
        // What is left of one flood is not the next one's.
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let share = last.goodput / peak.max(1.0);
    let good = share >= 0.8 && last.refusals_p99 <= Duration::from_millis(10);
    Ok(vec![
        Line::new("P25", good)
            .measured(format!(
                "{:.0} % of the best goodput at 3 x ({}), {} refused within {}",
                share * 100.0,
                story.join(", "),
                last.refused,
                ms(last.refusals_p99)
            ))
            .limit(">= 80 % at 3 x, refused <= 10 ms"),
    ])
}

/// Calls a second that come back, eight at a time.
async fn capacity(channels: &[Channel], length: Duration) -> Result<f64, Failure> {
    let begun = Instant::now();
    let callers: Vec<_> = (0..8)
        .map(|n| {
            let channel = channels[n % channels.len()].clone();
            tokio::spawn(async move {
                let mut done = 0;
                while begun.elapsed() < length {
                    done += usize::from(channel.unary(&WORK, Request::new(filler(16))).await.is_ok());
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for caller in callers {
        done += caller.await?;
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}

#[derive(Debug, Default)]
struct Flood {
    goodput: f64,
    refused: usize,
    refusals_p99: Duration,
}

/// Calls at a rate.
async fn flood(channels: &[Channel], rate: f64, length: Duration) -> Flood {
    let begun = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    let mut sent = 0;
    while begun.elapsed() < length {
        let due = (begun.elapsed().as_secs_f64() * rate) as usize;
        while sent < due {
            let channel = channels[sent % channels.len()].clone();
            calls.spawn(async move {
                let begun = Instant::now();
                let request = Request::new(filler(16)).with_timeout(Duration::from_millis(100));
                let end = channel.unary(&WORK, request).await;
                (end.map(|_| ()).map_err(|status| status.code()), begun.elapsed())
            });
            sent += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let ends = calls.join_all().await;
    let good = ends.iter().filter(|(end, _)| end.is_ok()).count();
    let is_refusal = |code: &Code| matches!(code, Code::ResourceExhausted | Code::Unavailable);
    let mut refusals: Vec<Duration> =
        ends.iter().filter(|(end, _)| end.as_ref().is_err_and(is_refusal)).map(|(_, took)| *took).collect();
    Flood {
        goodput: good as f64 / length.as_secs_f64(),
        refused: refusals.len(),
        refusals_p99: percentile(&mut refusals, 99.0),
    }
}

const CHANNELS: usize = 8;
