//! The table of all cells, as text.
//!
//! In: columns of cells. Out: aligned rows, and the page that keeps them. It does not know what the cells mean.

use std::fmt;

use super::OURS;
use super::peers::Peer;
use super::record::{Kind, RECORD};

/// Cells in rows and columns.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) names: Vec<&'static str>,
    pub(super) columns: Vec<Column>,
}

/// One client against one server.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The client and the server.
    pub(super) peers: [&'static str; 2],
    pub(super) heading: String,
    pub(super) cells: Vec<Cell>,
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Pass,
    /// And what was logged.
    Fail(String),
    /// It is on record why it cannot pass.
    Absent,
    /// The client does not have the case.
    NotMade,
}

impl Cell {
    fn word(&self) -> &'static str {
        match self {
            Cell::Pass => "pass",
            Cell::Fail(_) => "FAIL",
            Cell::Absent => "absent",
            Cell::NotMade => "-",
        }
    }
}

impl Table {
    /// How many cells passed.
    pub(super) fn passed(&self) -> usize {
        self.columns.iter().flat_map(|column| &column.cells).filter(|cell| **cell == Cell::Pass).count()
    }

    fn row<'a>(
        &self,
        to: &mut fmt::Formatter<'_>,
        name: &str,
        words: impl Iterator<Item = &'a str>,
    ) -> fmt::Result {
        let first = self.names.iter().map(|name| name.len()).max().unwrap_or_default();
        write!(to, "| {name:first$} |")?;
        for (column, word) in self.columns.iter().zip(words) {
            write!(to, " {word:width$} |", width = column.heading.len())?;
        }
        writeln!(to)
    }
}

/// In the form of a Markdown table.
impl fmt::Display for Table {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row(to, "client > server", self.columns.iter().map(|column| column.heading.as_str()))?;
        self.row(to, "---", self.columns.iter().map(|_| "---"))?;
        for (at, name) in self.names.iter().enumerate() {
            let words = self.columns.iter().map(|column| column.cells.get(at).map_or("", Cell::word));
            self.row(to, name, words)?;
        }
        Ok(())
    }
}

/// The page that keeps the tables.
pub(super) fn page(peers: &[Peer], tables: &[(String, Table)]) -> String {
    let mut text = String::from(INTRODUCTION);
    let passed: usize = tables.iter().map(|(_, table)| table.passed()).sum();
    text.push_str(&format!("\n{passed} cells pass; none fails.\n"));
    for (heading, table) in tables {
        text.push_str(&format!("\n## {heading}\n\n{table}"));
    }
    text.push_str("\n## What peers lack\n");
    for peer in peers.iter().filter(|peer| peer.name != OURS) {
        text.push_str(&format!("\n{}:\n\n", peer.title));
        for absence in RECORD.iter().filter(|absence| absence.peer == peer.title) {
            let (mark, side) = match absence.kind {
                Kind::NotMade => ("`-`", "client"),
                Kind::ClientFails | Kind::ClientMayFail => ("absent", "client"),
                Kind::ServerLacks | Kind::ServerLacksUnseen => ("absent", "server"),
            };
            let cases = absence.cases.join(", ");
            text.push_str(&format!("- {mark}, {side}: {cases}: {}.\n", absence.why));
        }
    }
    text + LAYERS
}

const INTRODUCTION: &str = "\
# Interoperability

The official test cases of gRPC (`doc/interop-test-descriptions.md`), each
client against each server named above the column, over plaintext and over
TLS. The programs of grpc-go and grpc-java are their own, as published; those
of C-core, grpc-js and tonic are ours, below `tests/interop`, on their
libraries as published. A peer's client against its own server is the control.
Then the cases of a server that misbehaves on the level of HTTP/2
(`doc/negative-http2-interop-test-descriptions.md`): the server is ours.
`cargo xtask interop` runs them all and writes this page.

- `pass`: the client saw what it had to see.
- `absent`: the peer lacks what the case needs, or is at odds with it; see
  the end of the page. Such a cell is played too, and must fail.
- `-`: the client does not make the case; see there.
";

/// What stands beside this page.
const LAYERS: &str = "
## Below and above

HTTP/2 itself: `cargo xtask h2spec` runs h2spec in strict mode against a
small server on our transport. All 146 cases of 2.2.1 pass, and none is
excepted. That is the newest version that Go's proxy of modules serves; what
its repository has had since, one case, cannot be installed from there.

All of gRPC: `cargo xtask conformance` runs connectrpc's suite against our
client and our server, with empty lists of what may fail.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_under_their_headings() {
        let column = |heading: &str, cells: &[Cell]| Column {
            peers: ["ours", "go"],
            heading: heading.into(),
            cells: cells.to_vec(),
        };
        let table = Table {
            names: vec!["empty_unary____", "two"],
            columns: vec![
                column("ours > go", &[Cell::Pass, Cell::Absent]),
                column("go > go", &[Cell::Fail("why".into()), Cell::NotMade]),
            ],
        };
        let lines = "\
| client > server | ours > go | go > go |
| ---             | ---       | ---     |
| empty_unary____ | pass      | FAIL    |
| two             | absent    | -       |
";
        assert_eq!(table.to_string(), lines);
        assert_eq!(table.passed(), 1);
    }
}
