//! The cases of a server that misbehaves on the level of HTTP/2: our server, everybody's client.
//!
//! In: whose programs are here. Out: a column for each client. The server misbehaves in one way only, so every case
//! has a server of its own.

use super::peers::Peer;
use super::table::{Cell, Column};
use super::{START_LIMIT, finish};
use crate::pairings::program::{Program, free_port};

/// The official cases. grpc-go's client does not have the last two.
pub(super) const NAMES: [&str; 8] = [
    "goaway",
    "rst_after_header",
    "rst_during_data",
    "rst_after_data",
    "ping",
    "max_streams",
    "data_frame_padding",
    "no_df_padding_sanity_test",
];

/// Runs every case for every client.
pub(super) fn play(clients: &[Peer]) -> Vec<Column> {
    let column = |&client: &Peer| Column {
        heading: format!("{} > misbehaving", client.name()),
        cells: NAMES.map(|name| cell(client, name)).to_vec(),
    };
    clients.iter().map(column).collect()
}

fn cell(client: Peer, name: &str) -> Cell {
    if client == Peer::Go && name.contains("padding") {
        return Cell::NotMade;
    }
    match (make(client, name), client == Peer::Go && name == GO_MISTAKE.0) {
        (Ok(()), false) => Cell::Pass,
        (Err(why), false) => Cell::Fail(why),
        (Err(_), true) => Cell::Absent,
        (Ok(()), true) => Cell::Fail(format!("passes, though on record: {}", GO_MISTAKE.1)),
    }
}

fn make(client: Peer, name: &str) -> Result<(), String> {
    let port = free_port()?;
    let case = format!("--test_case={name}");
    let server = Peer::Ours.folder().join("http2-server");
    let server = Program::start(&server, &[format!("--port={port}"), case.clone()])?;
    if !server.wait_port(port, START_LIMIT) {
        return Err(format!("the misbehaving server does not answer:\n{}", server.stop()));
    }
    let program = match client {
        Peer::Ours => client.folder().join("http2-client"),
        Peer::Go => client.folder().join("http2"),
    };
    let port = format!("--server_port={port}");
    finish(Program::start(&program, &["--server_host=127.0.0.1".to_owned(), port, case])?)
}

/// A case that grpc-go's client gets wrong, and how.
pub(super) const GO_MISTAKE: (&str, &str) = (
    "rst_during_data",
    "its client wants UNKNOWN after RST_STREAM(NO_ERROR), and its library gives INTERNAL, as the table does",
);
