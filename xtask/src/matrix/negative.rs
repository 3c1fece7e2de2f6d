//! The cases of a server that misbehaves on the level of HTTP/2: our server, everybody's client.
//!
//! In: whose programs are here. Out: a column for each client that has such cases. The server misbehaves in one way
//! only, so every case has a server of its own.

use std::path::Path;

use super::peers::{Launch, Peer};
use super::record::{NEGATIVE_CASES, verdict};
use super::table::Column;
use super::{OURS, START_LIMIT, finish, judge};
use crate::crew;
use crate::pairings::program::{Program, free_port};

/// Runs every case for every client.
pub(super) fn play(peers: &[Peer], server: &Path) -> Vec<Column> {
    let meeting: Vec<_> =
        peers.iter().filter_map(|peer| Some((peer, peer.negative_client.as_ref()?))).collect();
    crew::each(&meeting, |(peer, client)| {
        let heading = format!("{} > misbehaving", peer.name);
        // Nobody is on record as a server here, so ours stands for the misbehaving one.
        let cells = NEGATIVE_CASES
            .map(|case| judge(verdict(peer.title, "Wirewright", case), || make(client, server, case)));
        Column { peers: [peer.name, OURS], heading, cells: cells.to_vec() }
    })
}

fn make(client: &Launch, server: &Path, case: &str) -> Result<(), String> {
    let port = free_port()?;
    let case = format!("--test_case={case}");
    let server = Program::start(server, &[format!("--port={port}"), case.clone()])?;
    if !server.wait_port(port, START_LIMIT) {
        return Err(format!("the misbehaving server does not answer:\n{}", server.stop()));
    }
    let mut words = client.words.clone();
    words.extend(["--server_host=127.0.0.1".to_owned(), format!("--server_port={port}"), case]);
    finish(Program::start(&client.program, &words)?)
}
