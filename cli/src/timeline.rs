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

use std::fmt::Write as _;
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
use crate::trace::page::{Page, WIDTH, clip};
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
        page.line(style::QUIET, LEGEND_OF_NOTES)?;
    }
    Ok(warning)
}

/// A stretch of time: what fits between the labels and the ends of calls.
#[derive(Debug, Default)]
struct Panel {
    calls: Calls,
    /// The bursts: when each began, and how wide it is.
    columns: Vec<(Duration, usize)>,
    /// How wide all of them are together.
    width: usize,
    rows: Vec<Row>,
    /// The row that was written last: the next frame is most likely of the same.
    last: usize,
    /// When the latest bytes crossed; a burst ends with a pause.
    now: Duration,
    /// Where and from whom the latest frame came.
    place: Option<(u32, u32, Direction)>,
    /// Whether anything was noted of a call that no frame says.
    has_notes: bool,
}

/// One stream, or a connection itself.
#[derive(Debug)]
struct Row {
    conn: u32,
    stream: u32,
    /// Up to the end of its last cell.
    text: String,
    /// The last sign, and how often it came in a row.
    sign: (&'static str, usize),
    /// Where the last sign begins in the text.
    at: usize,
    end: Option<Call>,
}

impl Panel {
    /// Puts what a client has noted of a call into the row of its stream.
    fn note(&mut self, event: &Happening) {
        let note = NOTES.iter().find(|(name, _)| *name == event.name);
        if let (Some(conn), Some(stream), Some((_, sign))) = (event.conn, event.stream, note) {
            self.has_notes = true;
            self.write(conn, stream, Direction::ToServer, event.at, sign, false);
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
                row.end = Some(call);
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
        if self.columns.is_empty()
            || pause
            || turns
            || self.columns.last().is_some_and(|(_, width)| *width > COLUMN_WIDTH)
        {
            self.begin_column(at);
        }
        (self.now, self.place) = (at, from);
        let Some((_, column)) = self.columns.last_mut() else { return };
        let start = self.width - *column;
        let Some(row) = self.rows.get_mut(nth) else { return };
        if row.text.len() < start {
            row.text.extend(std::iter::repeat_n(' ', start - row.text.len()));
            row.sign = ("", 0);
        }
        if row.sign.0 == sign && !ends && row.text.get(row.at..).is_some_and(|last| last.starts_with(arrow)) {
            row.sign.1 += 1;
            row.text.truncate(row.at + 2);
            let _ = write!(row.text, "*{}", row.sign.1);
        } else {
            (row.sign, row.at) = ((sign, 1), row.text.len());
            row.text.push(arrow);
            row.text.push_str(sign);
        }
        if ends {
            row.text.push('.');
            row.sign = ("", 0);
        }
        let width = (row.text.len() - start).max(*column);
        self.width += width - *column;
        *column = width;
    }

    fn begin_column(&mut self, at: Duration) {
        // A moment needs as much room as its digits, and a space on either side.
        if let Some((before, width)) = self.columns.last_mut() {
            let wanted = (*width).max(short_moment(*before).len()) + 2;
            self.width += wanted - *width;
            *width = wanted;
        }
        self.columns.push((at, 0));
    }

    fn row(&mut self, conn: u32, stream: u32) -> usize {
        let is_it = |row: &Row| row.conn == conn && row.stream == stream;
        if !self.rows.get(self.last).is_some_and(is_it) {
            self.last = self.rows.iter().position(is_it).unwrap_or(self.rows.len());
            if self.last == self.rows.len() {
                self.rows.push(Row { conn, stream, text: String::new(), sign: ("", 0), at: 0, end: None });
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
        let mut moments = String::new();
        let mut start = 0;
        for (at, width) in &self.columns {
            moments.extend(std::iter::repeat_n(' ', start - moments.len().min(start)));
            moments.push_str(&short_moment(*at));
            start += width;
        }
        page.cell(style::QUIET, " ms", LABEL_WIDTH);
        page.line(style::QUIET, clip(&moments, WIDTH - LABEL_WIDTH))?;
        self.rows.sort_by_key(|row| (row.conn, row.stream));
        let many = self.rows.first().map(|row| row.conn) != self.rows.last().map(|row| row.conn);
        for row in &self.rows {
            let label = match (row.stream, many) {
                (0, _) => format!(" conn {}", row.conn),
                (stream, false) => format!(" s{stream}"),
                (stream, true) => format!(" {}/s{stream}", row.conn),
            };
            page.cell(style::QUIET, &label, LABEL_WIDTH);
            signs(page, &row.text);
            if let Some(call) = &row.end {
                let used = row.text.len().max(self.width);
                page.space(used - row.text.len() + 3);
                let room = WIDTH.saturating_sub(LABEL_WIDTH + used + 3);
                let style = if call.end.is_ok() { style::GOOD } else { style::BAD };
                let text = format!("{}  {}  {}", call.short(), call.end.name(), words::duration(call.took()));
                page.put(style, clip(&text, room));
            }
            page.end_line()?;
        }
        (self.width, self.last, self.place) = (0, 0, None);
        self.columns.clear();
        self.rows.clear();
        Ok(())
    }
}

/// A row of signs, each in the colour of who made it.
fn signs(page: &mut Page, text: &str) {
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

/// Milliseconds, to one place.
fn short_moment(at: Duration) -> String {
    let mut text = String::new();
    words::decimal(at, 100_000, 1, &mut text);
    text
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

/// What a client notes of a call, and the sign for it.
const NOTES: [(&str, &str); 5] =
    [("deadline", "T"), ("cancel", "C"), ("retry", "A"), ("blocked", "B"), ("reset", "X")];

/// What those mean.
const LEGEND_OF_NOTES: &str =
    " noted: T deadline passed  C let go of  A made again  B waits for the window  X the stream broke";

/// For `conn 12` and `2/s1047`.
const LABEL_WIDTH: usize = 10;

/// What is left of a line, less the ends of calls: `GetFeature  DEADLINE_EXCEEDED  100.02 ms`.
const CELLS_WIDTH: usize = 46;

/// A burst that is wider begins another column.
const COLUMN_WIDTH: usize = 20;

/// Bytes that follow one another more slowly are two bursts: longer than a system call, shorter than a network.
const PAUSE: Duration = Duration::from_micros(100);
