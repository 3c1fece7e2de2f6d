//! P15: slow consumers bound memory.
//!
//! A thousand calls that answer with messages of 1 MiB without end, each to a client that gives 1 KiB of window a
//! second. The server holds 64 KiB and one message for each, and no more with time.

use std::time::Duration;

use crate::Failure;
use crate::line::{Line, mib};
use crate::load::{Kind, Wish};
use crate::process::Server;
use crate::scale::Scale;
use crate::wire::{Raw, framed};

/// Ours alone.
pub(crate) async fn measure(scale: Scale) -> Result<Vec<Line>, Failure> {
    let connections = scale.pick(10, 2);
    let seconds = scale.pick(300, 12);
    let server = Server::start(Kind::Ours).await?;
    let before = server.process().resident();
    let mut raws = Vec::new();
    for _ in 0..connections {
        // INITIAL_WINDOW_SIZE: what a slow consumer takes in a second.
        let mut raw = Raw::client(server.port, &[(4, SLOW)]).await?;
        raw.window(0, 1 << 30);
        for n in 0..STREAMS {
            let wish = Wish::endless(MESSAGE).message();
            raw.call(2 * n + 1, "Flow").data(2 * n + 1, &framed(&wish.0), true);
        }
        raw.flush().await?;
        raws.push(raw);
    }
    let mut samples = Vec::new();
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for raw in &mut raws {
            while raw.ready().is_some() {}
            for n in 0..STREAMS {
                raw.window(2 * n + 1, SLOW);
            }
            raw.flush().await?;
        }
        samples.push(server.process().resident().saturating_sub(before));
    }
    let streams = connections as u64 * u64::from(STREAMS);
    let limit = streams * (64 * 1024 + MESSAGE as u64);
    let highest = samples.iter().copied().max().unwrap_or_default();
    let early = samples.get(samples.len() / 3).copied().unwrap_or_default();
    let last = samples.last().copied().unwrap_or_default();
    // A twentieth is what an allocator moves by itself.
    let steady = last <= early + early / 20 + 1024 * 1024;
    Ok(vec![
        Line::new("P15", highest <= limit && steady)
            .measured(format!(
                "{streams} streams: +{} at the most, {} after a third of {seconds} s, {} at the end",
                mib(highest),
                mib(early),
                mib(last)
            ))
            .limit(format!("+{}: 64 KiB and a message each; steady", mib(limit)))
            .anchor("h2's send_data alone, as published: 92 MB for 90 streams"),
    ])
}

const STREAMS: u32 = 100;
const SLOW: u32 = 1024;
const MESSAGE: usize = 1024 * 1024;
