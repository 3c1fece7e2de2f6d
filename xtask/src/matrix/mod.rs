//! `cargo xtask interop`: the official interoperability cases, ours against everybody's, both ways.
//!
//! In: nothing. Out: a table for each peer with a row for each case and a column for each pair of programs, on the
//! terminal and in `docs/interop.md`; what went wrong in each red cell.
//!
//! ```text
//!                      ours > go   go > ours   go > go   ours > go TLS ...
//!   large_unary        pass        pass        pass      pass
//!   server_compressed  absent      -           -         absent
//! ```
//!
//! A peer's client against its own server is the control: it tells a fault of the peer, or of our programs on its
//! library, from a fault of ours. `absent` is a cell that fails because of what `record` has on the peer; such a cell
//! that passes is a mistake on record, and fails the run. `-` is a case that the client does not make.

pub(crate) mod cases;
mod fetch;
mod negative;
mod peers;
mod record;
mod table;

use std::thread;
use std::time::Duration;

use peers::{Files, Peer, Security};
use record::{CASES, NEGATIVE_CASES, Verdict, verdict};
use table::{Cell, Column, Table};

use crate::crew;
use crate::pairings::program::{Program, free_port};
use crate::tally::Tally;
use crate::workspace::{is_on_path, root};

/// Fetches the peers, plays every cell and prints the tables.
pub(crate) fn run(tally: &mut Tally) {
    println!("== the official interoperability cases");
    let peers = gather(tally);
    let Some(ours) = peers.iter().find(|peer| peer.name == OURS) else { return };
    let files = files(tally, &peers);
    let columns = play(&peers, files.as_ref());
    let misbehaving = negative::play(&peers, &ours.server.program.with_file_name("http2-server"));
    for column in &columns {
        record(tally, &CASES, column);
    }
    for column in &misbehaving {
        record(tally, &NEGATIVE_CASES, column);
    }
    let tables = tables(&peers, columns, misbehaving);
    for (heading, table) in &tables {
        println!("\n{heading}\n\n{table}");
    }
    // A page with holes would replace a whole one wherever a toolchain is missing.
    if files.is_some() && peers.len() == 1 + fetch::SOURCES.len() {
        let passed = tables.iter().map(|(_, table)| table.passed()).sum::<usize>();
        let all = format!("the interoperability cases: {passed} of {INTEROP_CELLS} cells");
        tally.check(&all, complete(passed));
        let written = std::fs::write(root().join("docs/interop.md"), table::page(&peers, &tables));
        tally.check("docs/interop.md", written.map_err(|error| format!("cannot be written: {error}")));
    }
}

/// Everybody whose programs can be had here, ourselves first.
fn gather(tally: &mut Tally) -> Vec<Peer> {
    let here = |source: &&fetch::Source| source.tools.iter().all(|tool| is_on_path(tool));
    let (here, missing): (Vec<_>, Vec<_>) = fetch::SOURCES.iter().partition(here);
    for source in missing {
        let why = format!("not all of `{}` are on PATH", source.tools.join("`, `"));
        tally.skip(&format!("the interoperability cases with {}", source.title), &why);
    }
    // Fetching waits for the network, so everybody is asked at once.
    let fetched = thread::scope(|scope| {
        let fetch = |source: &&'static fetch::Source| (source.title, scope.spawn(source.fetch));
        let fetching: Vec<_> = here.iter().map(fetch).collect();
        let mut fetched = vec![("Wirewright", fetch::ours())];
        fetched.extend(fetching.into_iter().map(|(title, fetch)| (title, fetch.join().unwrap_or_else(lost))));
        fetched
    });
    let mut peers = Vec::new();
    for (title, outcome) in fetched {
        match outcome {
            Ok(peer) => peers.push(peer),
            Err(why) => tally.check(&format!("the interoperability programs of {title}"), Err(why)),
        }
    }
    peers
}

fn lost<T>(_panic: Box<dyn std::any::Any + Send>) -> Result<T, String> {
    Err("panicked while it was fetched".to_owned())
}

/// The certificates to test with, which come with grpc-go.
fn files(tally: &mut Tally, peers: &[Peer]) -> Option<Files> {
    if !peers.iter().any(|peer| peer.title == "grpc-go") {
        tally.skip("the interoperability cases over TLS", "the test certificates come with grpc-go");
        return None;
    }
    match fetch::certificates() {
        Ok(folder) => Some(Files {
            authority: folder.join("ca.pem"),
            certificate: folder.join("server1.pem"),
            key: folder.join("server1.key"),
        }),
        Err(why) => {
            tally.check("the test certificates", Err(why));
            None
        }
    }
}

/// One client against one server that runs.
struct Pair<'a> {
    client: &'a Peer,
    server: &'a Peer,
    security: Security,
    files: Option<&'a Files>,
    port: Result<u16, String>,
}

/// Starts every server once, and runs against it every client that is to meet it.
fn play(peers: &[Peer], files: Option<&Files>) -> Vec<Column> {
    let mut running = Vec::new();
    let mut pairs = Vec::new();
    let secure = files.map(|files| (Security::Tls, Some(files)));
    for (security, files) in [(Security::Plaintext, None)].into_iter().chain(secure) {
        for server in peers {
            let started = start(server, files);
            let port = started.as_ref().map(|(_, port)| *port).map_err(Clone::clone);
            running.extend(started.ok().map(|(program, _)| program));
            let meets =
                |client: &&Peer| [client.name, server.name].contains(&OURS) || client.name == server.name;
            for client in peers.iter().filter(meets) {
                pairs.push(Pair { client, server, security, files, port: port.clone() });
            }
        }
    }
    crew::each(&pairs, Pair::play)
}

impl Pair<'_> {
    fn play(&self) -> Column {
        let heading = format!("{} > {}{}", self.client.name, self.server.name, self.security.mark());
        let cells = CASES.map(|case| self.cell(case)).to_vec();
        println!("{heading}: {} pass", cells.iter().filter(|cell| **cell == Cell::Pass).count());
        Column { peers: [self.client.name, self.server.name], heading, cells }
    }

    fn cell(&self, case: &str) -> Cell {
        judge(verdict(self.client.title, self.server.title, case), || {
            let port = self.port.clone()?;
            let words = self.client.client_words(case, port, self.files);
            finish(Program::start(&self.client.client.program, &words)?)
        })
    }
}

/// Starts a server on a free port.
fn start(server: &Peer, files: Option<&Files>) -> Result<(Program, u16), String> {
    let port = free_port()?;
    let program = Program::start(&server.server.program, &server.server_words(port, files))?;
    match program.wait_port(port, START_LIMIT) {
        true => Ok((program, port)),
        false => Err(format!("the server of {} does not answer:\n{}", server.title, program.stop())),
    }
}

/// Plays a cell, and holds how it went against how it must go.
fn judge(verdict: Verdict, play: impl FnOnce() -> Result<(), String>) -> Cell {
    let must_fail = match verdict {
        Verdict::NotMade => return Cell::NotMade,
        Verdict::MayFail => return play().map_or(Cell::Absent, |()| Cell::Pass),
        Verdict::MustPass => None,
        Verdict::MustFail(absence) => Some(absence),
    };
    match (play(), must_fail) {
        (Ok(()), None) => Cell::Pass,
        (Err(why), None) => Cell::Fail(why),
        (Err(_), Some(_)) => Cell::Absent,
        (Ok(()), Some(absence)) => {
            Cell::Fail(format!("passes, though on record for {}: {}", absence.peer, absence.why))
        }
    }
}

/// Waits for a client to end; its exit code is its verdict.
fn finish(mut program: Program) -> Result<(), String> {
    let status = program.wait_end(CASE_LIMIT);
    let log = program.stop();
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("ended with {status}:\n{log}")),
        None => Err(format!("did not end:\n{log}")),
    }
}

/// Counts the cells of a column, and tells of those that failed.
fn record(tally: &mut Tally, names: &[&str], column: &Column) {
    for (name, cell) in names.iter().zip(&column.cells) {
        match cell {
            Cell::Pass => tally.count(1, 0),
            Cell::Fail(why) => tally.check(&format!("{}: {name}", column.heading), Err(why.clone())),
            Cell::Absent | Cell::NotMade => {}
        }
    }
}

/// A table for ourselves, one for each peer, and one of the misbehaving server; each with its heading.
fn tables(peers: &[Peer], columns: Vec<Column>, misbehaving: Vec<Column>) -> Vec<(String, Table)> {
    let about = |peer: &Peer| {
        let concerned = |column: &&Column| {
            column.peers.contains(&peer.name) && (peer.name != OURS || column.peers == [OURS, OURS])
        };
        let columns = columns.iter().filter(concerned).cloned().collect();
        (format!("{} {}", peer.title, peer.version), Table { names: CASES.to_vec(), columns })
    };
    let mut tables: Vec<_> = peers.iter().map(about).collect();
    let last = Table { names: NEGATIVE_CASES.to_vec(), columns: misbehaving };
    tables.push(("A server that misbehaves".to_owned(), last));
    tables
}

/// Fewer cells than there were mean that something has been left out.
fn complete(passed: usize) -> Result<(), String> {
    match passed == INTEROP_CELLS {
        true => Ok(()),
        false => {
            Err(format!("there should be {INTEROP_CELLS} that pass; if there are more now, say so here"))
        }
    }
}

/// The cells that pass when everybody is here: all but those on record.
const INTEROP_CELLS: usize = 622;

/// What headings call our own programs.
const OURS: &str = "ours";

/// A server is there within a second, that of Java within two; a busy machine may take longer to start it.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The longest case, a thousand large calls at once, takes some ten seconds in a debug build.
const CASE_LIMIT: Duration = Duration::from_secs(120);
