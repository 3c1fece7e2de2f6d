//! `compare`: see the library of this crate. Without words it measures everything and prints the table.

use std::time::Duration;

use compare::load::{Caller, obey};
use compare::rounds::{self, Plan, Side, WORK};
use compare::{Failure, Kind, floor, ours, peer_tonic, table};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] => compare_all(&THOROUGH),
        ["--quick"] => compare_all(&QUICK),
        ["server", kind] => current_thread(serve(kind.parse()?)),
        ["client", kind, port, in_flight, size] => {
            let (port, in_flight, size) = (port.parse()?, in_flight.parse()?, size.parse()?);
            current_thread(call(kind.parse()?, port, in_flight, size))
        }
        ["idle", port, used] => current_thread(stay_idle(port.parse()?, used == "used")),
        _ => Err("usage: compare [--quick]".into()),
    }
}

fn compare_all(plan: &Plan) -> Result<(), Failure> {
    for side in [Side::Server, Side::Client] {
        table::head(side);
        for work in WORK {
            table::rows(work, &rounds::measure(plan, side, work)?);
        }
    }
    table::memory(&rounds::idle(plan, false)?, &rounds::idle(plan, true)?);
    Ok(())
}

fn current_thread(future: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

async fn serve(kind: Kind) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    match kind {
        Kind::Floor => floor::serve(listener).await,
        Kind::Ours => ours::serve(listener).await,
        Kind::Tonic => peer_tonic::serve(listener).await,
    }
}

async fn call(kind: Kind, port: u16, in_flight: usize, size: usize) -> Result<(), Failure> {
    match kind {
        Kind::Floor => obey(floor::Client::connect(port, size).await?, in_flight).await,
        Kind::Ours => obey(ours::Client::connect(port, size).await?, in_flight).await,
        Kind::Tonic => obey(peer_tonic::Client::connect(port, size).await?, in_flight).await,
    }
}

/// Opens as many connections as each line of standard input says, and keeps them.
async fn stay_idle(port: u16, used: bool) -> Result<(), Failure> {
    let mut connections = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        for _ in 0..line.parse()? {
            let connection = floor::Client::connect(port, 16).await?;
            if used {
                connection.call().await?;
            }
            connections.push(connection);
        }
        // The server has work left from the last handshakes; a last call stands behind it.
        floor::Client::connect(port, 16).await?.call().await?;
        println!("{}", connections.len());
    }
    Ok(())
}

/// What the figures in the documents come from.
const THOROUGH: Plan = Plan {
    rounds: 5,
    warm_up: Duration::from_millis(300),
    length: Duration::from_millis(1500),
    connections: 2000,
};

/// What shows within a minute or two whether something has become much worse.
const QUICK: Plan = Plan {
    rounds: 3,
    warm_up: Duration::from_millis(100),
    length: Duration::from_millis(400),
    connections: 500,
};
