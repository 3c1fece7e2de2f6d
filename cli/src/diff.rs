//! `wright diff`: what is different between the calls of two recordings.
//!
//! In: two recordings. Out: the calls of both, side by side in the order in which they began, as what was said in them:
//! fields, messages, status. Lines that only the first has begin with `-`, those that only the second has with `+`. How
//! it was said (indices, frames, times) makes no difference.
//!
//! ```text
//!   call 2  helloworld.Greeter/SayHello
//!     - > grpc-accept-encoding: identity, deflate, gzip
//!     + > user-agent: grpc-go/1.85.0
//! ```
//!
//! Must not know: single bytes.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

use clap::Args;
use wirewright::inspect::skim::Skim;
use wirewright::inspect::{Direction, What};

use crate::failure::Failure;
use crate::style;
use crate::trace::calls::printed;
use crate::trace::conns::{Conns, Place};
use crate::trace::page::{Page, WIDTH};
use crate::trace::{source, words};

/// What can be typed after `diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A recording, or anything else that `explain` reads
    #[arg(value_name = "A")]
    first: String,
    /// Another one
    #[arg(value_name = "B")]
    second: String,
    /// Overlook this header field; may be given again. Timeouts are always overlooked: they count microseconds
    #[arg(long, value_name = "NAME")]
    ignore: Vec<String>,
}

/// Compares; ends with 1 if there is a difference.
pub(crate) fn run(diff: &Diff) -> Result<(), Failure> {
    let ignored = |name: &str| {
        name == "grpc-timeout" || diff.ignore.iter().any(|given| given.eq_ignore_ascii_case(name))
    };
    let (first, second) = (said(&diff.first, &ignored)?, said(&diff.second, &ignored)?);
    let mut page = Page::new();
    let mut different = 0;
    for nth in 0..first.len().max(second.len()) {
        let (before, after) = (first.get(nth), second.get(nth));
        let lines = compare(before.map_or(&[], |said| &said.lines), after.map_or(&[], |said| &said.lines));
        if lines.is_empty() {
            continue;
        }
        different += 1;
        let path = before.or(after).map(|said| said.path.as_str()).unwrap_or_default();
        page.line(style::STRONG, format_args!("call {}  {path}", nth + 1))?;
        for (sign, line) in lines {
            let style = if sign == '-' { style::BAD } else { style::GOOD };
            page.cell(style, &format!("  {sign} {line}"), WIDTH);
            page.end_line()?;
        }
    }
    let calls = first.len().max(second.len());
    if different > 0 {
        page.line(style::QUIET, format_args!("{different} of {calls} calls differ"))?;
        page.flush()?;
        return Err(Failure::Said { exit: 1 });
    }
    page.line(style::GOOD, format_args!("the same was said in all {calls} calls"))?;
    page.flush()
}

/// What was said in one call.
#[derive(Debug, Default)]
struct Said {
    path: String,
    lines: Vec<String>,
}

/// The calls of a recording, in the order in which they began.
#[derive(Debug, Default)]
struct Calls {
    all: Vec<Said>,
    /// Which of them is under way on a stream of a connection.
    open: BTreeMap<(u32, u32), usize>,
    /// The bytes of the messages that are under way: how many are left out of the line, and their hash.
    hashes: BTreeMap<(u32, u32, bool), DefaultHasher>,
    /// The stream of the latest frame, and its bytes.
    stream: u32,
    frame: Vec<u8>,
    offset: usize,
}

fn said(file: &str, ignored: &dyn Fn(&str) -> bool) -> Result<Vec<Said>, Failure> {
    let (mut conns, mut calls) = (Conns::default(), Calls::default());
    let warning = source::read(file, &mut |line| {
        conns.read(line, |place, skim| calls.see(place, &skim, ignored));
        Ok(())
    })?;
    source::warn(warning);
    Ok(calls.all)
}

impl Calls {
    fn see(&mut self, place: Place, skim: &Skim<'_>, ignored: &dyn Fn(&str) -> bool) {
        let arrow = if place.direction == Direction::ToServer { '>' } else { '<' };
        match skim {
            Skim::Frame { offset, header, bytes } => {
                (self.stream, self.offset) = (header.stream_id, *offset);
                self.frame.clear();
                self.frame.extend_from_slice(bytes);
            }
            Skim::Block(what) => {
                let Some(head) = what.head() else { return };
                let key = (place.conn, head.block.stream_id);
                if let What::RequestHead(_) = what {
                    self.open.insert(key, self.all.len());
                    let path = printed(head, ":path").unwrap_or_default();
                    self.all.push(Said { path, lines: Vec::new() });
                }
                let mut lines: Vec<_> =
                    head.fields().filter(|field| !ignored(&field.name.to_string())).collect();
                // The order of different names has no meaning (RFC 9110 5.3).
                lines.sort_by_key(|field| field.name.to_string());
                for field in lines {
                    self.say(key, format!("{arrow} {}: {}", field.name, field.value));
                }
            }
            Skim::Part(part) => {
                let content = part.content.start.saturating_sub(self.offset)
                    ..part.content.end.saturating_sub(self.offset);
                let bytes = self.frame.get(content).unwrap_or_default();
                let (key, is_up) = ((place.conn, self.stream), arrow == '>');
                let hash = self.hashes.entry((key.0, key.1, is_up)).or_default();
                hash.write(bytes);
                if part.ends {
                    let (hash, mut digits) = (hash.finish(), String::new());
                    self.hashes.remove(&(key.0, key.1, is_up));
                    words::hex(bytes, SHOWN_BYTES, &mut digits);
                    let mark = if bytes.len() > SHOWN_BYTES || part.before > 0 {
                        format!(" ({hash:08x})")
                    } else {
                        String::new()
                    };
                    let how = if part.flag == 0 { "" } else { " compressed" };
                    self.say(key, format!("{arrow} message of {} B{how}: {digits}{mark}", part.length));
                }
            }
            _ => {}
        }
    }

    fn say(&mut self, key: (u32, u32), line: String) {
        if let Some(said) = self
            .open
            .get(&key)
            .and_then(|nth| self.all.get_mut(*nth))
            .filter(|said| said.lines.len() < MOST_LINES)
        {
            said.lines.push(line);
        }
    }
}

/// The lines that only one side has, in order: the longest common part is left out.
fn compare<'a>(before: &'a [String], after: &'a [String]) -> Vec<(char, &'a str)> {
    let width = after.len() + 1;
    // How long the common part is of what begins at line i of the one and line j of the other.
    let mut common = vec![0_u32; (before.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, first) in before.iter().enumerate().rev() {
        for (j, second) in after.iter().enumerate().rev() {
            let length = match first == second {
                true => at(&common, i + 1, j + 1) + 1,
                false => at(&common, i + 1, j).max(at(&common, i, j + 1)),
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = length;
            }
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    loop {
        match (before.get(i), after.get(j)) {
            (Some(first), Some(second)) if first == second => (i, j) = (i + 1, j + 1),
            (Some(first), second) if second.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                lines.push(('-', first.as_str()));
                i += 1;
            }
            (_, Some(second)) => {
                lines.push(('+', second.as_str()));
                j += 1;
            }
            _ => return lines,
        }
    }
}

/// As much of a message as a line shows.
const SHOWN_BYTES: usize = 20;

/// Of one call; it bounds the table of comparisons to four million cells.
const MOST_LINES: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_one_side_has_is_left() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let (before, after) = (lines("a b c d"), lines("a x c d e"));
        assert_eq!(compare(&before, &after), [('-', "b"), ('+', "x"), ('+', "e")]);
        assert!(compare(&before, &before).is_empty());
        assert_eq!(compare(&before, &[]).len(), 4);
        assert_eq!(compare(&[], &after).len(), 5);
    }
}
