//! `cargo xtask cases`: records the other implementations anew, each client with its own server.
//!
//! In: nothing. Out: `cli/tests/cases/NAME.jsonl` for everybody whose toolchain is here; the tests that read them
//! (`tests/recordings.rs`, `cargo xtask captures`) say what must hold.
//!
//! ```text
//!   client --- wright tap --- server       one connection or more for each case
//! ```
//!
//! Only cases with small messages, so that the files can be kept with the sources.

use std::path::Path;

use super::peers::Peer;
use super::{START_LIMIT, fetch, finish, start};
use crate::pairings::program::{Program, free_port};
use crate::tally::Tally;
use crate::workspace::{cargo, is_on_path, root, succeed, target};

/// Records everybody who is here.
pub(crate) fn run(tally: &mut Tally) {
    let built = succeed(&mut cargo(&["build", "--quiet", "--package", "wright"]));
    if built.is_err() {
        return tally.check("wright", built);
    }
    for source in
        fetch::SOURCES.iter().filter(|source| RECORDED.iter().any(|(title, _)| *title == source.title))
    {
        let what = format!("a recording of {}", source.title);
        match source.tools.iter().all(|tool| is_on_path(tool)) {
            true => tally.check(&what, (source.fetch)().and_then(|peer| record(&peer))),
            false => tally.skip(&what, &format!("not all of `{}` are on PATH", source.tools.join("`, `"))),
        }
    }
}

/// Records the cases of one implementation in a file beside the old one, which it then replaces.
fn record(peer: &Peer) -> Result<(), String> {
    let name = RECORDED.iter().find(|(title, _)| *title == peer.title).map_or(peer.name, |(_, name)| *name);
    let (new, kept) =
        (target().join(format!("{name}.jsonl")), root().join(format!("cli/tests/cases/{name}.jsonl")));
    // The recorder overwrites nothing; what a run before has left is not wanted.
    let _ = std::fs::remove_file(&new);
    let (server, server_port) = start(peer, None)?;
    let outcome = through_tap(peer, server_port, &new);
    let log = server.stop();
    outcome.map_err(|why| format!("{why}\nthe server said:\n{log}"))?;
    std::fs::copy(&new, &kept).map(drop).map_err(|error| format!("cannot write {}: {error}", kept.display()))
}

fn through_tap(peer: &Peer, server_port: u16, file: &Path) -> Result<(), String> {
    let port = free_port()?;
    let words = ["tap", "-l", &format!("127.0.0.1:{port}"), "-t", &format!("127.0.0.1:{server_port}"), "-o"];
    let mut words: Vec<_> = words.map(String::from).to_vec();
    words.push(file.display().to_string());
    let tap = Program::start(&target().join("debug/wright"), &words)?;
    // A knock at its port would be on record.
    if !tap.wait_for(START_LIMIT, |log| log.contains(&port.to_string())) {
        return Err(format!("wright tap does not begin:\n{}", tap.stop()));
    }
    for case in CASES {
        let client = Program::start(&peer.client.program, &peer.client_words(case, port, None))?;
        finish(client).map_err(|why| format!("{case}: {why}"))?;
    }
    // Whatever has crossed is in the file, however the recorder ends.
    tap.stop();
    Ok(())
}

/// Who is recorded, and under which name.
const RECORDED: [(&str, &str); 4] =
    [("grpc-go", "grpc-go"), ("grpc-java", "grpc-java"), ("C-core", "c-core"), ("grpc-js", "grpc-js")];

/// One call or a few of each, none with large messages.
const CASES: [&str; 7] = [
    "empty_unary",
    "empty_stream",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "cancel_after_begin",
    "timeout_on_sleeping_server",
];
