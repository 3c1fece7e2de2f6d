//! `Row`: one line of the page's list, and the texts that lines share.
//!
//! In: what was seen. Out: columns of numbers: a hundred thousand rows say a few hundred different things, so a row
//! holds the number of a text and not the text.
//!
//! Must not know: what is behind a row.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use wirewright::inspect::Direction;
use wirewright::inspect::frame_header::FrameKind;

use super::role::address;
use crate::trace::conns::Place;

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) kind: Kind,
    /// Which connection; 0 if none.
    pub(super) conn: u32,
    pub(super) stream: u32,
    /// Who said it, if it was said.
    pub(super) direction: Option<Direction>,
    pub(super) at: Duration,
    /// How many bytes it has.
    pub(super) len: usize,
    /// Whether it ends its sender's half of the stream.
    pub(super) ends: bool,
    /// The numbers of texts, and of a [`Why`].
    pub(super) flags: usize,
    pub(super) remark: usize,
    pub(super) why: usize,
    /// Whether its remark says what is in it.
    pub(super) is_told: bool,
    /// Whether somebody who looks for errors looks for this.
    pub(super) is_bad: bool,
}

impl Row {
    /// A row about something that was said.
    pub(super) fn at(place: Place) -> Row {
        let Place { conn, direction, at } = place;
        Row { conn, direction: Some(direction), at, ..Row::default() }
    }
}

impl Default for Row {
    fn default() -> Self {
        Row {
            kind: Kind::Event,
            conn: 0,
            stream: 0,
            direction: None,
            at: Duration::ZERO,
            len: 0,
            ends: false,
            flags: 0,
            remark: 0,
            why: 0,
            is_told: false,
            is_bad: false,
        }
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Frame(FrameKind),
    Preface,
    Damaged,
    Event,
    Conn,
    End,
}

impl Kind {
    /// Its number on the page: frames have that of their type, all unknown ones the same.
    fn number(self) -> u8 {
        match self {
            Kind::Frame(FrameKind::Unknown(_)) => 10,
            Kind::Frame(kind) => kind.to_u8(),
            Kind::Preface => 11,
            Kind::Damaged => 12,
            Kind::Event => 13,
            Kind::Conn => 14,
            Kind::End => 15,
        }
    }

    /// By number: its name, its sign in the timeline, and its colour.
    pub(super) const ALL: [(&str, &str, &str); 16] = [
        ("DATA", "D", "data"),
        ("HEADERS", "H", "headers"),
        ("PRIORITY", "Y", "quiet"),
        ("RST_STREAM", "R", "bad"),
        ("SETTINGS", "S", "settings"),
        ("PUSH_PROMISE", "U", "headers"),
        ("PING", "P", "ping"),
        ("GOAWAY", "G", "goaway"),
        ("WINDOW_UPDATE", "W", "window"),
        ("CONTINUATION", "C", "headers"),
        ("unknown type", "?", "quiet"),
        ("preface", "I", "settings"),
        ("damaged", "!", "bad"),
        ("event", "e", "quiet"),
        ("connection", "+", "quiet"),
        ("end", "x", "quiet"),
    ];
}

/// Rows as columns, which repeat themselves and pack well.
pub(super) fn columns(rows: &[Row]) -> Value {
    fn column<T: Serialize>(rows: &[Row], of: impl Fn(&Row) -> T) -> Value {
        rows.iter().map(|row| json!(of(row))).collect()
    }
    let way = |row: &Row| match row.direction {
        Some(Direction::ToServer) => 0,
        Some(Direction::ToClient) => 1,
        None => 2,
    };
    json!({
        "kind": column(rows, |row| row.kind.number()),
        "conn": column(rows, |row| row.conn),
        "stream": column(rows, |row| row.stream),
        "way": column(rows, way),
        // Microseconds, to the nanosecond: a double holds a year of them.
        "at": column(rows, |row| row.at.as_nanos() as f64 / 1e3),
        "len": column(rows, |row| row.len),
        "marks": column(rows, |row| u8::from(row.is_bad) | u8::from(row.ends) << 1),
        "flags": column(rows, |row| row.flags),
        "remark": column(rows, |row| row.remark),
        "why": column(rows, |row| row.why),
    })
}

/// Texts, each once.
#[derive(Debug)]
pub(super) struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Default for Texts {
    /// Number 0 is no text.
    fn default() -> Self {
        Texts { all: vec![String::new()], numbers: HashMap::from([(String::new(), 0)]) }
    }
}

impl Texts {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        self.all.push(text.to_owned());
        self.numbers.insert(text.to_owned(), self.all.len() - 1);
        self.all.len() - 1
    }

    pub(super) fn get(&self, number: usize) -> &str {
        self.all.get(number).map_or("", String::as_str)
    }

    /// All of them, in the order of their numbers.
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }
}

/// Why a frame is sent, and where the spec says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Why {
    pub(super) section: &'static str,
    pub(super) text: &'static str,
}

impl Serialize for Why {
    /// `[section, address, text]`
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        (self.section, address(self.section), self.text).serialize(out)
    }
}
