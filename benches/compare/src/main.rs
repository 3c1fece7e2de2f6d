//! `compare`: see the library of this crate. Without words it measures everything and prints the table.

use std::time::Duration;

use compare::load::{Caller, obey};
use compare::rounds::{self, FLOWS, Plan, Side, WORK};
use compare::{Failure, Kind, PING_PONG, STREAMED_BYTES, floor, ours, peer_tonic, table};
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
        ["drain", method, port] => current_thread(drain(method, port.parse()?)),
        ["ping-pong", kind, port] => current_thread(ping_pong(kind.parse()?, port.parse()?)),
        ["quiet", port] => current_thread(stay_quiet(port.parse()?)),
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
    table::streams_head();
    for flow in FLOWS {
        table::streams(flow, &rounds::stream(plan, flow)?);
    }
    table::memory(&rounds::idle(plan, false)?, &rounds::idle(plan, true)?, &rounds::quiet(plan)?);
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

async fn drain(method: &str, port: u16) -> Result<(), Failure> {
    obey(floor::Drain::connect(port, method).await?, 1).await
}

async fn ping_pong(kind: Kind, port: u16) -> Result<(), Failure> {
    match kind {
        Kind::Ours => obey(ours::PingPong(ours::Client::connect(port, STREAMED_BYTES).await?), 1).await,
        Kind::Tonic => {
            obey(peer_tonic::PingPong(peer_tonic::Client::connect(port, STREAMED_BYTES).await?), 1).await
        }
        Kind::Floor => Err("the floor plays no ping-pong".into()),
    }
}

/// Opens as many streams as each line of standard input says, a hundred to a connection, and leaves them alone.
async fn stay_quiet(port: u16) -> Result<(), Failure> {
    let mut streams = Vec::new();
    let mut connections = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        for _ in 0..line.parse::<usize>()?.div_ceil(100) {
            let connection = floor::Client::connect(port, STREAMED_BYTES).await?;
            for _ in 0..100 {
                streams.push(connection.open(PING_PONG).await?);
            }
            connections.push(connection);
        }
        // The server has work left from the last streams; a last call stands behind it.
        floor::Client::connect(port, 16).await?.call().await?;
        println!("{}", streams.len());
    }
    Ok(())
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
