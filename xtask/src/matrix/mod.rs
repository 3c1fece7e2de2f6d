//! `cargo xtask interop`: the official interoperability cases, everybody's client against everybody's server.
//!
//! In: nothing. Out: a table with a row for each case and a column for each pair of programs, on the terminal and
//! in `docs/interop.md`; what went wrong in each red cell.
//!
//! ```text
//!                      ours > ours   ours > go   go > ours   go > go
//!   large_unary        pass          pass        pass        pass
//!   server_compressed  pass          absent      -           -
//! ```
//!
//! `absent` is a cell that fails because the peer lacks what the case needs, as `peers` has on record; such a cell
//! that passes is a mistake on record, and fails the run. `-` is a case that the client does not have.

mod negative;
mod peers;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use peers::{CASES, Peer, Security};
use table::{Cell, Column, Table};

use crate::pairings::program::{Program, free_port};
use crate::pairings::programs::{go, go_is_here};
use crate::tally::Tally;
use crate::workspace::{cargo, output, root, succeed};

/// Builds the programs, runs every cell and prints the table.
pub(crate) fn run(tally: &mut Tally) {
    println!("== the official interoperability cases");
    let build = ["build", "--quiet", "--package", "interop", "--bins"];
    if let Err(why) = succeed(&mut cargo(&build)) {
        return tally.check("the build of our interoperability programs", Err(why));
    }
    let mut here = vec![Peer::Ours];
    let mut versions = Vec::new();
    if go_is_here() {
        match build_go() {
            Ok(version) => {
                here.push(Peer::Go);
                versions.push(format!("grpc-go {version}"));
            }
            Err(why) => tally.check("the build of grpc-go's interoperability programs", Err(why)),
        }
    } else {
        tally.skip("the interoperability cases with grpc-go", "no `go` on PATH");
    }
    // The certificates to test with come with grpc-go.
    let ways = if here.contains(&Peer::Go) { &Security::ALL[..] } else { &[Security::Plaintext] };
    let everybody = here.len() == Peer::ALL.len();
    let mut table = Table::default();
    for &security in ways {
        for &server in &here {
            for column in play(&here, server, security) {
                record(tally, &CASES.map(|case| case.name), &column);
                table.columns.push(column);
            }
        }
    }
    let mut misbehaving = Table::default();
    for column in negative::play(&here) {
        record(tally, &negative::NAMES, &column);
        misbehaving.columns.push(column);
    }
    let text =
        format!("{}\n{}", table.print(&CASES.map(|case| case.name)), misbehaving.print(&negative::NAMES));
    print!("{text}");
    if everybody {
        let page = table::page(&text, &versions);
        let written = std::fs::write(root().join("docs/interop.md"), page);
        tally.check("docs/interop.md", written.map_err(|error| format!("cannot be written: {error}")));
    }
}

/// Builds grpc-go's own programs; says of which version they are.
fn build_go() -> Result<String, String> {
    let folder = Peer::Go.folder();
    let mut build = go();
    build.args(["build", "-ldflags=-s -w", "-o"]).arg(folder.join(""));
    succeed(build.args(peers::GO_PROGRAMS))?;
    let version = output(go().args(["list", "-m", "-f", "{{.Version}}", peers::GO_MODULE]))?;
    Ok(version.trim().to_owned())
}

/// Runs every client against one server; a column for each.
fn play(clients: &[Peer], server: Peer, security: Security) -> Vec<Column> {
    let started = certificates(security).and_then(|files| Ok((start(server, &files)?, files)));
    let column = |client: Peer| match &started {
        Ok(((_, port), files)) => CASES.map(|case| cell(client, server, case, *port, files)).to_vec(),
        Err(why) => vec![Cell::Fail(why.clone()); CASES.len()],
    };
    let heading = |client: Peer| format!("{} > {}{}", client.name(), server.name(), security.mark());
    let columns = clients.iter().map(|&client| Column { heading: heading(client), cells: column(client) });
    columns.collect()
}

/// Starts a server on a free port.
fn start(server: Peer, files: &Certificates) -> Result<(Program, u16), String> {
    let port = free_port()?;
    let program = Program::start(&server.server(), &server.server_arguments(port, files.server.as_ref()))?;
    match program.wait_port(port, START_LIMIT) {
        true => Ok((program, port)),
        false => Err(format!("the server of {} does not answer:\n{}", server.name(), program.stop())),
    }
}

/// Makes one case.
fn cell(client: Peer, server: Peer, case: peers::Case, port: u16, files: &Certificates) -> Cell {
    if !client.makes(case) {
        return Cell::NotMade;
    }
    let outcome = make(client, case, port, files);
    match (server.lacks(case), outcome) {
        (None, Ok(())) => Cell::Pass,
        (None, Err(why)) => Cell::Fail(why),
        (Some(_), Err(_)) => Cell::Absent,
        (Some(lack), Ok(())) => Cell::Fail(format!("passes, though on record for {}: {lack}", server.name())),
    }
}

fn make(client: Peer, case: peers::Case, port: u16, files: &Certificates) -> Result<(), String> {
    let arguments = client.client_arguments(case, port, files.authority.as_ref());
    finish(Program::start(&client.client(), &arguments)?)
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
    let made = column.cells.iter().filter(|cell| **cell == Cell::Pass).count();
    println!("{}: {made} pass", column.heading);
}

/// The files that make a connection secure; none for plaintext.
#[derive(Debug, Default)]
struct Certificates {
    /// For the client: whose word it takes.
    authority: Option<PathBuf>,
    /// For the server: its certificate and its key.
    server: Option<(PathBuf, PathBuf)>,
}

/// grpc-go's module has the certificates that all implementations test with.
fn certificates(security: Security) -> Result<Certificates, String> {
    if security == Security::Plaintext {
        return Ok(Certificates::default());
    }
    let folder = output(go().args(["list", "-m", "-f", "{{.Dir}}", peers::GO_MODULE]))?;
    let folder = PathBuf::from(folder.trim()).join("testdata");
    Ok(Certificates {
        authority: Some(folder.join("ca.pem")),
        server: Some((folder.join("server1.pem"), folder.join("server1.key"))),
    })
}

/// A server is there within milliseconds; a busy machine may take longer to start it.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The longest case, a thousand large calls at once, takes some ten seconds in a debug build.
const CASE_LIMIT: Duration = Duration::from_secs(120);
