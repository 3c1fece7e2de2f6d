//! P9: a dead peer is detected.
//!
//! Two namespaces, and from one moment on nothing passes between them. A client with keepalive of 10 s and 3 s ends
//! a call that is under way within 13.5 s, and gives an idle connection up within the same time; one with unsent
//! answers and a TCP user timeout of 20 s within 21 s. The server, which has the same
//! keepalive, lets go of the dead client's calls in that time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wirewright::{ConnectivityState, Endpoint, Request};

use crate::Failure;
use crate::line::Line;
use crate::load::{Kind, empty, filler};
use crate::net::{CLIENT, Network, SERVER, SERVER_ADDRESS, Weather};
use crate::ours::{ECHO, SLEEP, keepalive};
use crate::process::{Server, part_at};
use crate::scale::Scale;

/// Ours alone.
pub(crate) async fn measure(_scale: Scale) -> Result<Vec<Line>, Failure> {
    let network = match Network::lay(Weather::default()).await {
        Ok(network) => network,
        Err(why) => {
            println!("skip: P9: no network can be laid here: {why}");
            return Ok(Vec::new());
        }
    };
    let mut server = Server::start_at(Some(SERVER), Kind::Ours, &["any", "keepalive"], None).await?;
    let port = server.port;
    let clients: Vec<_> = CASES
        .into_iter()
        .enumerate()
        .map(|(case, _)| {
            let arguments = [usize::from(port), case].map(|number| number.to_string());
            tokio::spawn(async move { part_at(Some(CLIENT), "dead", Kind::Ours, &arguments).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    network.change(Weather { cut: true, ..Weather::default() });
    let cut = millis();
    let mut lines = Vec::new();
    for ((name, what, limit), client) in CASES.into_iter().zip(clients) {
        let found = client.await??;
        let after = found.of("ended").saturating_sub(cut);
        let good = found.of("ended") > cut && after <= limit && found.of("code") == 14;
        lines.push(
            Line::new(name, good)
                .measured(format!(
                    "{what}: {}.{} s after the cut, status {}",
                    after / 1_000,
                    after % 1_000 / 100,
                    found.of("code")
                ))
                .limit(format!("<= {}.{} s, UNAVAILABLE", limit / 1_000, limit % 1_000 / 100)),
        );
    }
    // The clients have been gone for a while, and could not say so.
    let handlers = server.stats().await?.of("handlers");
    lines.push(
        Line::new("P9.server", handlers == 0)
            .measured(format!(
                "{handlers} handlers of dead clients {} s after the cut",
                (millis() - cut) / 1_000
            ))
            .limit("0"),
    );
    Ok(lines)
}

/// The client: waits for its end, and says when that was.
pub(crate) async fn dead(port: u16, case: usize) -> Result<(), Failure> {
    let endpoint = Endpoint::new(format!("{SERVER_ADDRESS}:{port}").as_str())?;
    let keepalive = keepalive();
    let code = match case {
        0 => {
            let channel = endpoint.keepalive(keepalive).connect().await?;
            channel.unary(&SLEEP, Request::new(empty())).await.err().map_or(0, |status| status.code() as u32)
        }
        1 => {
            let channel = endpoint.keepalive(keepalive).connect().await?;
            channel.unary(&ECHO, Request::new(empty())).await?;
            let waiting = channel.state_changed(ConnectivityState::Ready);
            match tokio::time::timeout(PATIENCE, waiting).await {
                // An idle connection has no call whose status could be told.
                Ok(_) => 14,
                Err(_) => 0,
            }
        }
        _ => {
            let channel = endpoint.tcp_user_timeout(Duration::from_secs(20)).connect().await?;
            let calling = async {
                loop {
                    if let Err(status) = channel.unary(&ECHO, Request::new(filler(1_000))).await {
                        return status.code() as u32;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(PATIENCE, calling).await.unwrap_or_default()
        }
    };
    println!("ended={} code={code}", millis());
    Ok(())
}

/// The clock that two processes share.
fn millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64)
}

/// Name, what happens, and the limit in milliseconds.
const CASES: [(&str, &str, u64); 3] = [
    ("P9.busy", "a call under way ends", 13_500),
    ("P9.idle", "an idle connection is given up", 13_500),
    ("P9.unacked", "unacknowledged bytes end a call", 21_000),
];

/// More than any limit.
const PATIENCE: Duration = Duration::from_secs(30);
