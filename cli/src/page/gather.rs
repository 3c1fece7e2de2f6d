//! `Gatherer`: messages that no frame shows by itself, made whole.
//!
//! In: the heads of calls, which say how messages are compressed, and shares of messages with their bytes. Out, with the
//! last share of a message, a [`Gathered`]:
//!
//! ```text
//!   DATA, row 9   DATA, row 10  DATA, row 11
//!   [0|len|....]  [..........]  [....][0|len|..]
//!          |------ gathered -------|                 told below row 11; rows 9 and 10 lead there
//!
//!   DATA, row 4
//!   [1|len|~~~~]  -- unfolded -->  0a 05 77 6f ..    told below row 4
//! ```
//!
//! A message that is not compressed and lies in one frame is told where it lies, and does not come out here.
//!
//! Must not know: what is in a message, or how it is shown.

use std::collections::HashMap;

use bytes::Bytes;
use wirewright::inspect::{Direction, Head, Part, What};

use crate::trace::unfold::unfold;
use crate::trace::words;

/// Gathers messages.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    /// How the messages of a half are compressed, as its head says.
    encodings: HashMap<Half, Bytes>,
    /// The messages that have begun and are not whole.
    open: HashMap<Half, Gathering>,
    /// How many bytes those hold.
    held: usize,
}

/// One direction of one stream of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Half {
    pub(super) conn: u32,
    pub(super) stream: u32,
    pub(super) direction: Direction,
}

/// A message that is not whole yet.
#[derive(Debug, Default)]
struct Gathering {
    rows: Vec<usize>,
    /// What has come of it; `None` if that is more than is kept.
    bytes: Option<Vec<u8>>,
}

/// A message that was made whole.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The rows that have a share in it.
    pub(super) rows: Vec<usize>,
    /// Its length on the wire, without the prefix.
    pub(super) length: u32,
    /// What it was compressed with.
    pub(super) encoding: Option<String>,
    /// The message, or why it cannot be had.
    pub(super) content: Result<Bytes, String>,
}

impl Gathered {
    /// In a line what it is, and the message as far as there is one.
    pub(super) fn told(&self) -> (String, Bytes) {
        let Gathered { rows, length, encoding, content } = self;
        let spread = if rows.len() > 1 { format!(" in {} frames", rows.len()) } else { String::new() };
        match (content, encoding) {
            (Err(why), _) => (format!("{length} B{spread}: {why}"), Bytes::new()),
            (Ok(bytes), None) => (format!("{length} B{spread}"), bytes.clone()),
            (Ok(bytes), Some(encoding)) => {
                (format!("{} B out of {length} B of {encoding}{spread}", bytes.len()), bytes.clone())
            }
        }
    }
}

impl Gatherer {
    /// Takes note of how the messages of a half are compressed.
    pub(super) fn heed(&mut self, conn: u32, direction: Direction, what: &What) {
        let (What::RequestHead(head) | What::ResponseHead(head)) = what else { return };
        if let Some(encoding) = encoding(head) {
            let half = Half { conn, stream: head.block.stream_id, direction };
            self.encodings.insert(half, encoding);
        }
    }

    /// Takes in a share of a message; gives the message if it is thereby whole and its row alone does not tell it.
    pub(super) fn add(&mut self, half: Half, row: usize, part: &Part, bytes: &[u8]) -> Option<Gathered> {
        let is_alone = part.begins && part.ends;
        if is_alone && part.flag == 0 {
            return None;
        }
        if part.begins {
            self.drop_message(half);
            self.open.insert(half, Gathering { rows: Vec::new(), bytes: Some(Vec::new()) });
        }
        let gathering = self.open.get_mut(&half)?;
        gathering.rows.push(row);
        let has_room = self.held + bytes.len() <= MOST_HELD_BYTES;
        match &mut gathering.bytes {
            Some(held) if has_room => {
                held.extend_from_slice(bytes);
                self.held += bytes.len();
            }
            held => self.held -= held.take().map_or(0, |held| held.len()),
        }
        if !part.ends {
            return None;
        }
        let Gathering { rows, bytes } = self.open.remove(&half)?;
        self.held -= bytes.as_ref().map_or(0, Vec::len);
        let encoding = self.encodings.get(&half).filter(|_| part.flag != 0);
        let content = match bytes {
            None => Err("there was no room to keep all of it".to_owned()),
            Some(bytes) if part.flag == 0 => Ok(bytes.into()),
            Some(bytes) => unfold(&bytes, encoding.map(|name| &name[..]), MOST_UNFOLDED_BYTES),
        };
        let encoding = encoding.map(|name| words::printable(name).into_owned());
        Some(Gathered { rows, length: part.length, encoding, content })
    }

    /// A half is over, and will say no more.
    pub(super) fn end(&mut self, half: Half) {
        self.encodings.remove(&half);
        self.drop_message(half);
    }

    /// A connection is over, or all are.
    pub(super) fn leave(&mut self, conn: Option<u32>) {
        let is_left = |half: &Half| conn.is_none_or(|conn| conn == half.conn);
        self.encodings.retain(|half, _| !is_left(half));
        let left: Vec<_> = self.open.keys().copied().filter(is_left).collect();
        left.into_iter().for_each(|half| self.drop_message(half));
    }

    fn drop_message(&mut self, half: Half) {
        let bytes = self.open.remove(&half).and_then(|gathering| gathering.bytes);
        self.held -= bytes.map_or(0, |bytes| bytes.len());
    }
}

/// What a head says of compression, if that can be read.
fn encoding(head: &Head) -> Option<Bytes> {
    let is_it = |name: &[u8]| name == b"grpc-encoding";
    let field = head.fields().find(|field| field.name.bytes.as_deref().is_ok_and(is_it))?;
    field.value.bytes.as_ref().ok().cloned()
}

/// All messages that are not whole at a time: as much as a few hundred calls of 64 KiB each have under way.
const MOST_HELD_BYTES: usize = 64 * 1024 * 1024;

/// Sixteen times what is shown of a message: a few bytes may unfold to gigabytes, and a page has a thousand messages.
const MOST_UNFOLDED_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use wirewright::{Compressor, Gzip};

    const HALF: Half = Half { conn: 1, stream: 1, direction: Direction::ToServer };

    fn part(begins: bool, ends: bool, flag: u8) -> Part {
        Part { prefix: 0..0, content: 0..0, begins, ends, flag, length: 9, before: 0 }
    }

    #[test]
    fn shares_become_a_message_with_the_rows_that_held_them() {
        let mut gatherer = Gatherer::default();
        assert!(gatherer.add(HALF, 3, &part(true, false, 0), b"one ").is_none());
        let other = Half { stream: 3, ..HALF };
        assert!(gatherer.add(other, 4, &part(true, false, 0), b"other").is_none());
        assert!(gatherer.add(HALF, 5, &part(false, false, 0), b"mess").is_none());
        let whole = gatherer.add(HALF, 7, &part(false, true, 0), b"age").unwrap();
        assert_eq!((whole.rows, whole.content.unwrap()), (vec![3, 5, 7], Bytes::from_static(b"one message")));
        assert_eq!(gatherer.held, 5, "the other one is still under way");
        gatherer.end(other);
        assert_eq!(gatherer.held, 0);
    }

    #[test]
    fn a_message_in_one_frame_comes_out_only_if_it_was_compressed() {
        let mut gatherer = Gatherer::default();
        assert!(gatherer.add(HALF, 0, &part(true, true, 0), b"plain").is_none());
        gatherer.encodings.insert(HALF, Bytes::from_static(b"gzip"));
        let folded = Gzip::default().compress(b"hello").unwrap();
        let whole = gatherer.add(HALF, 1, &part(true, true, 1), &folded).unwrap();
        assert_eq!(whole.content.unwrap(), "hello");
        assert_eq!(whole.encoding.as_deref(), Some("gzip"));
        gatherer.end(HALF);
        let whole = gatherer.add(HALF, 2, &part(true, true, 1), &folded).unwrap();
        assert!(whole.content.unwrap_err().contains("nobody said how"));
    }

    #[test]
    fn what_is_held_has_a_bound_and_one_long_message_does_not_harm_the_next() {
        let mut gatherer = Gatherer::default();
        let half = vec![0; MOST_HELD_BYTES / 2 + 1];
        assert!(gatherer.add(HALF, 0, &part(true, false, 0), &half).is_none());
        assert!(gatherer.add(HALF, 1, &part(false, false, 0), &half).is_none());
        assert_eq!(gatherer.held, 0, "too much of it: let go of");
        let whole = gatherer.add(HALF, 2, &part(false, true, 0), b"end").unwrap();
        assert!(whole.content.is_err() && whole.rows == [0, 1, 2]);
        assert!(gatherer.add(HALF, 3, &part(true, false, 0), b"a").is_none());
        gatherer.leave(Some(1));
        assert!(gatherer.open.is_empty() && gatherer.held == 0);
    }
}
