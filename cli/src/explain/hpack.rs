//! The lens for HPACK: what each block cost, and what the table holds after it.
//!
//! ```text
//!   #5  -->  request head  stream 1   237 B for 9 fields that are 251 B in letters
//!        62  user-agent: grpc-python/1.85.1
//!        63  grpc-accept-encoding: identity, deflate, gzip
//! ```
//!
//! The table is rebuilt here from what the fields say of themselves, which is all that a receiver has, too.
//!
//! Must not know: how blocks are read.

use std::collections::{BTreeMap, VecDeque};

use wirewright::inspect::hpack::{Entry, Form};
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, Head};

use super::fields;
use super::lens::Look;
use crate::failure::Failure;
use crate::style;
use crate::trace::conns::Place;
use crate::trace::page::Page;
use crate::trace::words;

/// The tables of all connections, one for each direction.
#[derive(Debug, Default)]
pub(super) struct Tables {
    tables: BTreeMap<(u32, Direction), Table>,
    frames: u64,
}

/// What one direction remembers, the newest row first.
#[derive(Debug)]
struct Table {
    rows: VecDeque<(String, usize)>,
    size: usize,
    most: usize,
}

impl Default for Table {
    fn default() -> Self {
        Table { rows: VecDeque::new(), size: 0, most: DEFAULT_BYTES }
    }
}

impl Table {
    fn follow(&mut self, head: &Head) -> usize {
        let mut added = 0;
        for entry in &head.entries {
            match entry {
                Entry::Field(field) if field.form == Form::Remembered => {
                    let len = |text: &Result<bytes::Bytes, _>| text.as_ref().map_or(0, bytes::Bytes::len);
                    let size = ROW_BYTES + len(&field.name.bytes) + len(&field.value.bytes);
                    self.rows.push_front((format!("{}: {}", field.name, field.value), size));
                    self.size += size;
                    added += 1;
                }
                Entry::TableSize { size, .. } => self.most = *size,
                _ => {}
            }
            while self.size > self.most {
                let Some((_, size)) = self.rows.pop_back() else { break };
                self.size -= size;
            }
        }
        added
    }
}

impl Look for Tables {
    fn see(&mut self, place: Place, skim: &Skim<'_>, page: &mut Page) -> Result<(), Failure> {
        let what = match skim {
            Skim::Frame { .. } => {
                self.frames += 1;
                return Ok(());
            }
            Skim::Block(what) => what,
            _ => return Ok(()),
        };
        let Some(head) = what.head() else { return Ok(()) };
        let table = self.tables.entry((place.conn, place.direction)).or_default();
        let added = table.follow(head);
        let letters: usize =
            head.fields().map(|field| field.name.to_string().len() + field.value.to_string().len()).sum();
        let (count, cost) = (head.fields().count(), head.block.bytes.len());
        page.put(style::QUIET, format_args!("#{:<5}{:>12}  ", self.frames, words::moment(place.at)));
        page.put(
            fields::speaker(place.direction),
            format_args!("{}  stream {:<6}", place.direction, head.block.stream_id),
        );
        page.line(
            style::PLAIN,
            format_args!("{count} fields of {letters} letters in {cost} B; the table got {added} new rows"),
        )?;
        for (nth, (row, size)) in table.rows.iter().enumerate().take(MOST_ROWS) {
            let style = if nth < added { style::STRONG } else { style::QUIET };
            page.put(style::QUIET, format_args!("{:>9}  ", FIRST_INDEX + nth));
            page.cell(style, row, 72);
            page.line(style::QUIET, format_args!("{size:>6} B"))?;
        }
        let more = table.rows.len().saturating_sub(MOST_ROWS);
        let more = if more > 0 { format!("and {more} rows more; ") } else { String::new() };
        page.line(style::QUIET, format_args!("           {more}{} of {} B used", table.size, table.most))?;
        page.end_line()
    }

    fn end(&mut self, page: &mut Page) -> Result<(), Failure> {
        page.line(
            style::QUIET,
            "a row counts 32 B more than its letters; one byte, its index, then stands for it (RFC 7541 4.1)",
        )
    }
}

/// RFC 9113 6.5.2: the table's size until SETTINGS say otherwise.
const DEFAULT_BYTES: usize = 4096;

/// RFC 7541 4.1: what a row counts besides its letters.
const ROW_BYTES: usize = 32;

/// The static table ends at 61.
const FIRST_INDEX: usize = 62;

/// As many as show what happens.
const MOST_ROWS: usize = 12;
