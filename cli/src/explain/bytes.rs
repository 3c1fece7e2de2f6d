//! A row of the page: some bytes of the wire on the left, what they say on the right.
//!
//! ```text
//!      00 00 1c 01 04 00 00 00 03       length 28, HEADERS, END_HEADERS, stream 3
//!      c4                               :path             /grpc.health.v1.Health/Check   dynamic 68
//!      40 0c 67 72 70 63 2d..30 6d      grpc-timeout      5010m   new, now 62
//! ```
//!
//! Every byte that is given to a row is counted, so that the page can say whether it has told them all.
//!
//! Must not know: what bytes mean.

use std::fmt::{Display, Write as _};

use anstyle::Style;

use crate::failure::Failure;
use crate::style;
use crate::trace::page::{Page, WIDTH, clip};
use crate::trace::words;

/// Rows of bytes, counted.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// How many bytes have been told.
    pub(super) told: u64,
    /// Holds the digits of one row.
    digits: String,
    /// Holds its words, if it is one sentence.
    words: String,
    /// Lent to whoever puts a value together.
    pub(super) value: String,
    /// Lent to whoever puts a remark together.
    pub(super) remark: String,
}

impl Rows {
    /// Tells some bytes in a whole sentence.
    pub(super) fn say(
        &mut self,
        page: &mut Page,
        bytes: &[u8],
        style: Style,
        text: impl Display,
    ) -> Result<(), Failure> {
        let mut words = std::mem::take(&mut self.words);
        words.clear();
        // Writing to a string cannot fail.
        let _ = write!(words, "{text}");
        self.tell(page, bytes, style, &words)?;
        self.words = words;
        Ok(())
    }

    /// [`say`](Rows::say) of a text that is there already.
    pub(super) fn tell(
        &mut self,
        page: &mut Page,
        bytes: &[u8],
        style: Style,
        text: &str,
    ) -> Result<(), Failure> {
        self.digits(page, bytes);
        page.push(style, &clip(text, WIDTH - TEXT_COLUMN));
        page.end_line()
    }

    /// Tells some bytes by a name, a value, and a remark.
    pub(super) fn field(
        &mut self,
        page: &mut Page,
        bytes: &[u8],
        indent: usize,
        (name, value): (&str, &str),
        remark: &str,
    ) -> Result<(), Failure> {
        self.digits(page, bytes);
        page.space(indent);
        let name_width = NAME_WIDTH.saturating_sub(indent).max(name.len() + 1);
        page.cell(style::STRONG, name, name_width);
        let column = TEXT_COLUMN + indent + name_width;
        let room = WIDTH.saturating_sub(column).max(GAP);
        // A value that is too long goes on below; one of many pages does not.
        let mut left = value;
        for _ in 1..MOST_LINES {
            // Values are ASCII by now: what is not was escaped.
            let Some((now, later)) = left.split_at_checked(room).filter(|(_, later)| !later.is_empty())
            else {
                break;
            };
            page.push(style::PLAIN, now);
            page.end_line()?;
            page.space(column);
            left = later;
        }
        let gap = if left.is_empty() { 0 } else { GAP };
        let fits = |remark: &str| left.len() + gap + remark.len() <= room;
        // What a value means is worth more than how it was written.
        let short = || remark.split("; ").next().filter(|short| fits(short)).unwrap_or_default();
        let remark = if fits(remark) { remark } else { short() };
        page.push(style::PLAIN, &clip(left, room));
        if !remark.is_empty() {
            page.space(gap);
            page.push(style::QUIET, remark);
        }
        page.end_line()
    }

    fn digits(&mut self, page: &mut Page, bytes: &[u8]) {
        self.told += bytes.len() as u64;
        self.digits.clear();
        words::hex(bytes, MOST_BYTES, &mut self.digits);
        page.space(INDENT);
        page.cell(style::QUIET, &self.digits, TEXT_COLUMN - INDENT);
    }
}

/// How far rows stand in from the headings of their frames.
const INDENT: usize = 5;

/// As many bytes as a row shows, or the first and last of more: a frame header has nine.
const MOST_BYTES: usize = 9;

/// Where words begin: after nine bytes of two digits and a space each, and two spaces more.
const TEXT_COLUMN: usize = INDENT + 3 * MOST_BYTES + 1;

/// The names of gRPC's fields fit, and those of settings.
const NAME_WIDTH: usize = 23;

/// Of a value; four lines hold a long user agent, a token or a path.
const MOST_LINES: usize = 4;

/// Between a value and what is remarked about it.
const GAP: usize = 3;
