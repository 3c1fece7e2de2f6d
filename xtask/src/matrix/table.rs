//! The table of all cells, as text.
//!
//! In: columns of cells. Out: aligned rows, and the page that keeps them. It does not know what the cells mean.

use super::peers::CASES;

/// All columns so far.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
}

/// One client against one server.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) heading: String,
    pub(super) cells: Vec<Cell>,
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Pass,
    /// And what was logged.
    Fail(String),
    /// The server is on record as lacking what the case needs.
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
    /// The rows of these names, in the form of a Markdown table.
    pub(super) fn print(&self, names: &[&str]) -> String {
        let first = names.iter().map(|name| name.len()).max().unwrap_or_default();
        let mut text = String::new();
        let headings = self.columns.iter().map(|column| column.heading.as_str());
        self.row(&mut text, first, "client > server", headings);
        let rules = self.columns.iter().map(|_| "---");
        self.row(&mut text, first, "---", rules);
        for (at, name) in names.iter().enumerate() {
            let words = self.columns.iter().map(|column| column.cells.get(at).map_or("", Cell::word));
            self.row(&mut text, first, name, words);
        }
        text
    }

    fn row<'a>(&self, text: &mut String, first: usize, name: &str, words: impl Iterator<Item = &'a str>) {
        text.push_str(&format!("| {name:first$} |"));
        for (column, word) in self.columns.iter().zip(words) {
            text.push_str(&format!(" {word:width$} |", width = column.heading.len()));
        }
        text.push('\n');
    }
}

/// The page that keeps the table.
pub(super) fn page(table: &str, versions: &[String]) -> String {
    let mut text = String::from(INTRODUCTION);
    text.push_str(&format!("\nPeers: {}.\n\n{table}\n", versions.join(", ")));
    text.push_str("## What peers lack\n\n");
    for case in CASES {
        if let Some(lack) = super::Peer::Go.lacks(case) {
            text.push_str(&format!("- grpc-go, `{}`: {lack}.\n", case.name));
        }
    }
    let (case, mistake) = super::negative::GO_MISTAKE;
    text.push_str(&format!("- grpc-go, `{case}`: {mistake}.\n"));
    text
}

const INTRODUCTION: &str = "\
# Interoperability

The official test cases of gRPC (`doc/interop-test-descriptions.md`), each
implementation's own client against each one's own server, over plaintext and
over TLS. Then the cases of a server that misbehaves on the level of HTTP/2
(`doc/negative-http2-interop-test-descriptions.md`): the server is ours.
`cargo xtask interop` runs them all and writes this page.

- `pass`: the client saw what it had to see.
- `absent`: the peer lacks what the case needs, or is at odds with it; see below.
- `-`: the client does not have the case.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_under_their_headings() {
        let column =
            |heading: &str, cells: &[Cell]| Column { heading: heading.into(), cells: cells.to_vec() };
        let table = Table {
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
        assert_eq!(table.print(&["empty_unary____", "two"]), lines);
    }
}
