//! The connections of a recording, each with its skimmer.
//!
//! In: lines. Out: what is seen on each connection, with its number, direction and time. Connections that have ended
//! are forgotten.
//!
//! Must not know: what is done with what is seen.

use std::collections::BTreeMap;
use std::time::Duration;

use wirewright::inspect::Direction;
use wirewright::inspect::skim::{Skim, Skimmer};
use wirewright::recording::{Conn, Line, Role};

/// The connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Conns {
    open: BTreeMap<u32, Skimmer>,
    /// When the latest line was written.
    now: Duration,
}

/// Where and when something was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) conn: u32,
    pub(crate) direction: Direction,
    pub(crate) at: Duration,
}

impl Conns {
    /// Reads a line; shows what its bytes complete, or what a connection leaves at its end.
    pub(crate) fn read(&mut self, line: &Line<'_>, mut show: impl FnMut(Place, Skim<'_>)) {
        match line {
            Line::Bytes(chunk) => {
                self.now = chunk.at;
                let place = Place { conn: chunk.conn, direction: chunk.direction, at: chunk.at };
                let skimmer = self.open.entry(chunk.conn).or_default();
                skimmer.push(chunk.direction, chunk.bytes, &mut |skim| show(place, skim));
            }
            Line::End { conn, at, .. } => {
                self.now = *at;
                self.end(*conn, &mut show);
            }
            _ => {}
        }
    }

    /// Ends all connections that the recording has not ended.
    pub(crate) fn finish(&mut self, mut show: impl FnMut(Place, Skim<'_>)) {
        while let Some(conn) = self.open.keys().next().copied() {
            self.end(conn, &mut show);
        }
    }

    fn end(&mut self, conn: u32, show: &mut impl FnMut(Place, Skim<'_>)) {
        let Some(mut skimmer) = self.open.remove(&conn) else { return };
        for direction in [Direction::ToServer, Direction::ToClient] {
            let place = Place { conn, direction, at: self.now };
            skimmer.finish(direction, &mut |skim| show(place, skim));
        }
    }
}

/// A connection in one line: who, with whom, heard by whom.
pub(crate) fn headline(conn: &Conn) -> String {
    let (client, server) = match conn.role {
        Role::Client | Role::Capture => (&conn.local, &conn.peer),
        Role::Server | Role::Proxy => (&conn.peer, &conn.local),
    };
    let mut told = format!("conn {}", conn.conn);
    match (client, server) {
        (None, None) => {}
        (client, server) => {
            let name = |end: &Option<String>, role: &str| end.clone().unwrap_or_else(|| role.to_owned());
            told.push_str(&format!("  {} -> {}", name(client, "client"), name(server, "server")));
        }
    }
    told.push_str(match (conn.role, conn.tls) {
        (Role::Capture, _) => "",
        (_, true) => "  under TLS",
        (_, false) => "  plaintext",
    });
    match conn.role {
        Role::Capture => {}
        role => told.push_str(&format!(", heard by the {}", role.name())),
    }
    told
}
