//! `compare`: see the library of this crate. Without words it measures everything and prints the tables.
//!
//! ```text
//!   compare [--quick] [--write DOCS] [PART ...]
//!   parts: server client tls armed streams memory start allocations instructions
//! ```

use std::path::Path;

use compare::load::{Caller, obey};
use compare::peer::several;
use compare::plan::{Plan, QUICK, THOROUGH};
use compare::rounds::{self, Side};
use compare::table::Table;
use compare::{
    Failure, Kind, PING_PONG, STREAMED_BYTES, counted, current_thread, floor, idle, listen, ours, peer_tonic,
    reach, report,
};
use tokio::io::{AsyncBufReadExt, BufReader};

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["server", kind] => serve(kind.parse()?),
        ["client", kind, port, in_flight, size, connections] => {
            let (port, in_flight, size) = (port.parse()?, in_flight.parse()?, size.parse()?);
            current_thread(call(kind.parse()?, port, in_flight, size, connections.parse()?))
        }
        ["drain", method, port, size] => current_thread(drain(method, port.parse()?, size.parse()?)),
        ["upload", kind, port, size] => current_thread(upload(kind.parse()?, port.parse()?, size.parse()?)),
        ["ping-pong", kind, port, size] => {
            current_thread(ping_pong(kind.parse()?, port.parse()?, size.parse()?))
        }
        ["quiet", _, port] => current_thread(stay_quiet(port.parse()?)),
        ["idle", used, port] => current_thread(stay_idle(port.parse()?, used == "used")),
        _ => compare(&words),
    }
}

/// Measures the parts that are named, or all, and prints each as soon as it is there.
fn compare(words: &[&str]) -> Result<(), Failure> {
    let (mut plan, mut docs, mut wanted) = (&THOROUGH, None, Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--quick" => plan = &QUICK,
            "--write" => docs = Some(words.next().ok_or("--write needs the folder of the documents")?),
            part if PARTS.iter().any(|(name, _)| *name == part) => wanted.push(part),
            other => return Err(format!("there is no part called {other:?}").into()),
        }
    }
    for line in Kind::skipped()? {
        println!("{line}");
    }
    let mut tables = Vec::new();
    for (name, measure) in PARTS {
        if wanted.is_empty() || wanted.contains(&name) {
            let table = measure(plan)?;
            print!("{}", table.text());
            tables.push(table);
        }
    }
    let reached = reach::lines(&tables);
    print!("{}", reach::text(&reached));
    match docs {
        Some(docs) => report::write(Path::new(docs), plan, &tables, &reached),
        None => Ok(()),
    }
}

/// Measures one table.
type Part = fn(&Plan) -> Result<Table, Failure>;

/// The parts of a comparison.
const PARTS: [(&str, Part); 9] = [
    ("server", |plan| rounds::calls(plan, Side::Server)),
    ("client", |plan| rounds::calls(plan, Side::Client)),
    ("tls", rounds::tls),
    ("armed", rounds::armed),
    ("streams", rounds::streams),
    ("memory", idle::memory),
    ("start", idle::start),
    ("allocations", counted::allocations),
    ("instructions", counted::instructions),
];

fn serve(kind: Kind) -> Result<(), Failure> {
    match kind {
        Kind::Floor => listen(floor::serve),
        Kind::Ours => listen(ours::serve),
        Kind::Armed => listen(ours::serve_armed),
        Kind::Tonic => listen(peer_tonic::serve),
        _ => Err(ELSEWHERE.into()),
    }
}

async fn call(
    kind: Kind,
    port: u16,
    in_flight: usize,
    size: usize,
    connections: usize,
) -> Result<(), Failure> {
    match kind {
        Kind::Floor => {
            obey(several(connections, async || floor::Client::connect(port, size).await).await?, in_flight)
                .await
        }
        Kind::Ours => {
            obey(several(connections, async || ours::Client::connect(port, size).await).await?, in_flight)
                .await
        }
        Kind::Armed => {
            obey(
                several(connections, async || ours::Client::connect_armed(port, size).await).await?,
                in_flight,
            )
            .await
        }
        Kind::Tonic => {
            obey(
                several(connections, async || peer_tonic::Client::connect(port, size).await).await?,
                in_flight,
            )
            .await
        }
        _ => Err(ELSEWHERE.into()),
    }
}

async fn drain(method: &str, port: u16, size: usize) -> Result<(), Failure> {
    obey(vec![floor::Drain::connect(port, method, size).await?], 1).await
}

async fn upload(kind: Kind, port: u16, size: usize) -> Result<(), Failure> {
    match kind {
        Kind::Ours => obey(vec![ours::Uploads(ours::Client::connect(port, size).await?)], 1).await,
        Kind::Tonic => {
            obey(vec![peer_tonic::Upload(peer_tonic::Client::connect(port, size).await?)], 1).await
        }
        _ => Err(NO_STREAMS.into()),
    }
}

async fn ping_pong(kind: Kind, port: u16, size: usize) -> Result<(), Failure> {
    match kind {
        Kind::Ours => obey(vec![ours::PingPong(ours::Client::connect(port, size).await?)], 1).await,
        Kind::Tonic => {
            obey(vec![peer_tonic::PingPong(peer_tonic::Client::connect(port, size).await?)], 1).await
        }
        _ => Err(NO_STREAMS.into()),
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

/// What is said of a peer that has a program of its own.
const ELSEWHERE: &str = "this one is a program of its own: see Kind::player";

/// What is said of those that have no such client here.
const NO_STREAMS: &str = "this one has no such client in the comparison";
