//! `wright timeline`: a recording on one page: who spoke when, on which stream.
//!
//! In: lines. Out: panels, each a stretch of time. Columns are bursts of bytes, rows are streams:
//!
//! ```text
//!  ms        0.0     0.4   0.8
//!  conn 1    >P>S    <S<s  >s
//!  s1                      >H>D.  <H<D<H.    SayHello  OK  1.71 ms
//! ```
//!
//! A panel is printed when it is full, so a recording may be as long as it likes.
//!
//! Must not know: what messages say.

use std::time::Duration;

use clap::Args;
use wirewright::inspect::Direction;
use wirewright::inspect::frame_header::{Flag, FrameHeader, FrameKind};
use wirewright::inspect::skim::Skim;
use wirewright::recording::{Happening, Line};

use crate::failure::Failure;
use crate::style;
use crate::trace::calls::{Call, Calls};
use crate::trace::conns::{Conns, Place, headline};
use crate::trace::page::{Page, WIDTH, clip, pad};
use crate::trace::{source, words};

/// What can be typed after `timeline`.
#[derive(Debug, Args)]
pub(crate) struct Timeline {
    /// A recording, a pcap or pcapng file, hexadecimal digits, or - for standard input
    #[arg(value_name = "FILE|HEX|-")]
    file: String,
}

/// Shows who spoke when.
pub(crate) fn run(timeline: &Timeline) -> Result<(), Failure> {
    let mut page = Page::new();
    let warning = show(&timeline.file, &mut page)?;
    page.flush()?;
    source::warn(warning);
    Ok(())
}

/// Puts the timeline of a file on a page.
pub(crate) fn show(file: &str, page: &mut Page) -> Result<Option<String>, Failure> {
    let mut conns = Conns::default();
    let mut panel = Panel::default();
    let warning = source::read(file, &mut |line| {
        match line {
            Line::Conn(conn) => {
                panel.print(page)?;
                page.line(style::STRONG, headline(conn))?;
            }
            Line::Event(event) => panel.note(event),
            _ => {}
        }
        conns.read(line, |place, skim| panel.see(place, &skim));
        if panel.width >= CELLS_WIDTH { panel.print(page) } else { Ok(()) }
    })?;
    conns.finish(|place, skim| panel.see(place, &skim));
    panel.print(page)?;
    for call in panel.calls.leave(None) {
        let began = words::moment(call.began);
        page.line(
            style::QUIET,
            format_args!(" s{} {} began at {began} and is still open", call.stream, call.method()),
        )?;
    }
    page.end_line()?;
    for line in LEGEND {
        page.line(style::QUIET, line)?;
    }
    if panel.has_notes {
        for line in LEGEND_OF_NOTES {
            page.line(style::QUIET, line)?;
        }
    }
    Ok(warning)
}

/// A stretch of time: what fits between the labels and the ends of calls.
///
/// A long recording fills a million of these, so all that they hold is used again.
#[derive(Debug, Default)]
struct Panel {
    calls: Calls,
    /// When the bursts began, each over its column.
    moments: String,
    /// How wide the last column is; `None` before the first.
    column: Option<usize>,
    /// How wide all of them are together.
    width: usize,
    rows: Vec<Row>,
    /// Rows of earlier panels.
    spare: Vec<Row>,
    /// The row that was written last: the next frame is most likely of the same.
    last: usize,
    /// When the latest bytes crossed; a burst ends with a pause.
    now: Duration,
    /// Where and from whom the latest frame came.
    place: Option<(u32, u32, Direction)>,
    /// Whether anything was noted of a call that no frame says.
    has_notes: bool,
    /// Holds a label.
    label: String,
}

/// One stream, or a connection itself.
#[derive(Debug, Default)]
struct Row {
    conn: u32,
    stream: u32,
    /// Up to the end of its last cell.
    text: String,
    /// The last sign, and how often it came in a row.
    sign: (&'static str, usize),
    /// Where the last sign begins in the text.
    at: usize,
    /// How its call ended, in words; empty if it did not.
    end: String,
    is_ok: bool,
}

impl Row {
    /// Notes how the call ended.
    fn end(&mut self, call: &Call) {
        self.is_ok = call.end.is_ok();
        self.end.clear();
        self.end.push_str(call.short());
        self.end.push_str("  ");
        self.end.push_str(&call.end.name());
        self.end.push_str("  ");
        words::write_duration(call.took(), &mut self.end);
    }
}

impl Panel {
    /// Puts what was noted of a call or a window into the row of its stream.
    fn note(&mut self, event: &Happening) {
        let detail =
            |key: &str| event.details.iter().find(|(name, _)| name == key).map(|(_, value)| &**value);
        let name = if event.name == "window" { detail("is").unwrap_or_default() } else { &event.name };
        let way = if detail("of") == Some("server") { Direction::ToClient } else { Direction::ToServer };
        let note = NOTES.iter().find(|(noted, _)| *noted == name);
        // What has no stream is of the connection itself, if it has one.
        if let (Some(conn), Some((_, sign))) = (event.conn, note) {
            self.has_notes = true;
            self.write(conn, event.stream.unwrap_or(0), way, event.at, sign, false);
        }
    }

    fn see(&mut self, place: Place, skim: &Skim<'_>) {
        let Place { conn, direction, at } = place;
        match skim {
            Skim::Preface => self.write(conn, 0, direction, at, "I", false),
            Skim::Damaged { bytes, .. } if !bytes.is_empty() => {
                self.write(conn, 0, direction, at, "!", false)
            }
            Skim::Frame { header, .. } => {
                let ends = header.has(Flag::EndStream);
                self.write(conn, header.stream_id, direction, at, sign(header), ends);
            }
            _ => {}
        }
        if let Some(call) = self.calls.see(conn, direction, at, skim) {
            let row = self.row(conn, call.stream);
            if let Some(row) = self.rows.get_mut(row) {
                row.end(&call);
            }
        }
    }

    /// Puts a sign into the row of a stream.
    fn write(
        &mut self,
        conn: u32,
        stream: u32,
        way: Direction,
        at: Duration,
        sign: &'static str,
        ends: bool,
    ) {
        let arrow = if way == Direction::ToServer { '>' } else { '<' };
        let pause = at.saturating_sub(self.now) > PAUSE;
        let from = Some((conn, stream, way));
        let nth = self.row(conn, stream);
        // Who answers comes to the right of who asked, even within a burst.
        let turns = self.place.is_some_and(|(of, _, before)| of == conn && before != way);
        let column = match self.column {
            Some(width) if !pause && !turns && width <= COLUMN_WIDTH => width,
            _ => self.begin_column(at),
        };
        (self.now, self.place) = (at, from);
        let start = self.width - column;
        let Some(row) = self.rows.get_mut(nth) else { return };
        if row.text.len() < start {
            pad(&mut row.text, start);
            row.sign = ("", 0);
        }
        if row.sign.0 == sign && !ends && row.text.get(row.at..).is_some_and(|last| last.starts_with(arrow)) {
            row.sign.1 += 1;
            row.text.truncate(row.at + 2);
            row.text.push('*');
            words::number(row.sign.1 as u64, &mut row.text);
        } else {
            (row.sign, row.at) = ((sign, 1), row.text.len());
            row.text.push(arrow);
            row.text.push_str(sign);
        }
        if ends {
            row.text.push('.');
            row.sign = ("", 0);
        }
        let width = (row.text.len() - start).max(column);
        self.width += width - column;
        self.column = Some(width);
    }

    /// Begins a column, which is not wide yet.
    fn begin_column(&mut self, at: Duration) -> usize {
        // A moment needs as much room as its digits, and a space on either side.
        if self.column.is_some() {
            self.width = self.width.max(self.moments.len()) + 2;
        }
        pad(&mut self.moments, self.width);
        words::decimal(at, 100_000, 1, &mut self.moments);
        self.column = Some(0);
        0
    }

    fn row(&mut self, conn: u32, stream: u32) -> usize {
        let is_it = |row: &Row| row.conn == conn && row.stream == stream;
        if !self.rows.get(self.last).is_some_and(is_it) {
            self.last = self.rows.iter().position(is_it).unwrap_or(self.rows.len());
            if self.last == self.rows.len() {
                let mut row = self.spare.pop().unwrap_or_default();
                row.text.clear();
                row.end.clear();
                self.rows.push(Row { conn, stream, sign: ("", 0), at: 0, ..row });
            }
        }
        self.last
    }

    /// Prints what there is and begins anew.
    fn print(&mut self, page: &mut Page) -> Result<(), Failure> {
        if self.rows.is_empty() {
            return Ok(());
        }
        page.end_line()?;
        page.cell(style::QUIET, " ms", LABEL_WIDTH);
        page.push(style::QUIET, &clip(&self.moments, WIDTH - LABEL_WIDTH));
        page.end_line()?;
        self.rows.sort_by_key(|row| (row.conn, row.stream));
        let many = self.rows.first().map(|row| row.conn) != self.rows.last().map(|row| row.conn);
        for row in &self.rows {
            label(row, many, &mut self.label);
            page.cell(style::QUIET, &self.label, LABEL_WIDTH);
            signs(page, &row.text);
            if !row.end.is_empty() {
                let used = row.text.len().max(self.width);
                page.space(used - row.text.len() + 3);
                let room = WIDTH.saturating_sub(LABEL_WIDTH + used + 3);
                page.push(if row.is_ok { style::GOOD } else { style::BAD }, &clip(&row.end, room));
            }
            page.end_line()?;
        }
        (self.width, self.last, self.place, self.column) = (0, 0, None, None);
        self.moments.clear();
        self.spare.append(&mut self.rows);
        Ok(())
    }
}

/// What stands before a row: its stream, and the connection if there are several.
fn label(row: &Row, many: bool, label: &mut String) {
    label.clear();
    match (row.stream, many) {
        (0, _) => {
            label.push_str(" conn ");
            return words::number(row.conn.into(), label);
        }
        (_, true) => {
            label.push(' ');
            words::number(row.conn.into(), label);
            label.push_str("/s");
        }
        (_, false) => label.push_str(" s"),
    }
    words::number(row.stream.into(), label);
}

/// A row of signs, each in the colour of who made it.
fn signs(page: &mut Page, text: &str) {
    if page.is_plain() {
        return page.push(style::PLAIN, text);
    }
    let mut rest = text;
    while !rest.is_empty() {
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '>' | '<'))
            .map_or(rest.len(), |(at, _)| at);
        let (now, later) = rest.split_at(next);
        let style = match now.chars().next() {
            Some('>') => style::CLIENT,
            Some('<') => style::SERVER,
            _ => style::PLAIN,
        };
        page.put(style, now);
        rest = later;
    }
}

/// The sign of a frame.
fn sign(header: &FrameHeader) -> &'static str {
    match header.kind {
        FrameKind::Data => "D",
        FrameKind::Headers => "H",
        FrameKind::Priority => "y",
        FrameKind::RstStream => "R",
        FrameKind::Settings if header.has(Flag::Ack) => "s",
        FrameKind::Settings => "S",
        FrameKind::PushPromise => "U",
        FrameKind::Ping if header.has(Flag::Ack) => "p",
        FrameKind::Ping => "P",
        FrameKind::GoAway => "G",
        FrameKind::WindowUpdate => "W",
        FrameKind::Continuation => "h",
        FrameKind::Unknown(_) => "?",
    }
}

/// What the signs mean.
const LEGEND: [&str; 3] = [
    " > the client says   < the server says   . that was its half of the stream   *3 three times in a row",
    " I preface  S settings (s heard)  W window  P ping (p answered)  H headers (h continued)  D data",
    " R reset  G goaway  y priority  U promise  ? unknown frame  ! cannot be read",
];

/// What is noted of a call or a window, and the sign for it.
const NOTES: [(&str, &str); 7] = [
    ("deadline", "T"),
    ("cancel", "C"),
    ("retry", "A"),
    ("blocked", "B"),
    ("reset", "X"),
    ("empty", "E"),
    ("open", "O"),
];

/// What those mean.
const LEGEND_OF_NOTES: [&str; 2] = [
    " noted: T deadline passed  C let go of  A made again  B waits for the window  X the stream broke",
    "        E a window is empty  O it has room again",
];

/// For `conn 12` and `2/s1047`.
const LABEL_WIDTH: usize = 10;

/// What is left of a line, less the ends of calls: `GetFeature  DEADLINE_EXCEEDED  100.02 ms`.
const CELLS_WIDTH: usize = 46;

/// A burst that is wider begins another column.
const COLUMN_WIDTH: usize = 20;

/// Bytes that follow one another more slowly are two bursts: longer than a system call, shorter than a network.
const PAUSE: Duration = Duration::from_micros(100);
