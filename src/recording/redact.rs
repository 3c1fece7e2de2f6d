//! `Redactor`: keeps the values of some fields out of a recording.
//!
//! In: lines, and names of fields. Out: the same lines, where every header block is written anew with
//! [`REDACTED`] in place of those values. They cannot be blanked where they stand, because HPACK's tables bring them
//! back by number; [`Rewriter`] tells how it is done. What cannot be read (another protocol, a damaged block) could
//! hide anything, so it is left out, and an event `redacted` says how many bytes that were.
//!
//! Messages are not looked into: a secret within one stays.
//!
//! Must not know: files.

use std::collections::HashMap;

use bytes::Bytes;

use super::line::{Chunk, Happening, Line};
use crate::inspect::Direction;
use crate::inspect::rewrite::Rewriter;

/// Replaces the values of some fields in every connection of a recording.
#[derive(Debug)]
pub struct Redactor {
    /// The names, in lower case as HTTP/2 has them.
    names: Vec<String>,
    /// Both directions of the connections that are open.
    conns: HashMap<u32, [Rewriter; 2]>,
}

/// What stands in place of a value that is not to be seen.
pub const REDACTED: &str = "(redacted)";

impl Redactor {
    /// A redactor for fields of these names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Redactor {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Redactor { names, conns: HashMap::new() }
    }

    /// Takes in a line and hands on what may be seen of it.
    pub fn push(&mut self, line: &Line<'_>, mut hand_on: impl FnMut(&Line<'_>)) {
        match line {
            Line::Bytes(chunk) => {
                let sides = self.conns.entry(chunk.conn).or_insert_with(sides);
                let [to_server, to_client] = sides;
                let side = if chunk.direction == Direction::ToServer { to_server } else { to_client };
                let names = &self.names;
                let change = |name: &[u8]| {
                    let is_it = names.iter().any(|given| given.as_bytes() == name);
                    is_it.then(|| Bytes::from_static(REDACTED.as_bytes()))
                };
                let mut out = Vec::new();
                side.push(chunk.bytes, &change, &mut out);
                if !out.is_empty() {
                    hand_on(&Line::Bytes(Chunk { bytes: &out, ..*chunk }));
                }
            }
            Line::End { conn, at, .. } => {
                let mut sides = self.conns.remove(conn).into_iter().flatten();
                let left_out: usize = sides.by_ref().map(|mut side| side.finish()).sum();
                if left_out > 0 {
                    hand_on(&Line::Event(Happening {
                        conn: Some(*conn),
                        at: *at,
                        name: "redacted".into(),
                        details: vec![("bytes".into(), left_out.to_string())],
                        ..Happening::default()
                    }));
                }
                hand_on(line);
            }
            other => hand_on(other),
        }
    }
}

fn sides() -> [Rewriter; 2] {
    [Rewriter::client(), Rewriter::server()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn secrets_of_both_directions_are_replaced_and_what_cannot_be_read_is_left_out() {
        let mut redactor = Redactor::new(["X-Key".to_owned()]);
        let mut kept = Vec::new();
        let bytes = |direction, bytes| Line::Bytes(Chunk { conn: 1, at: Duration::ZERO, direction, bytes });
        let lines = [
            bytes(Direction::ToClient, b"\0\0\x0b\x01\x04\0\0\0\x01\x88\x40\x05x-key\x02s3"),
            bytes(Direction::ToServer, b"GET / HTTP/1.1\r\nx-key: s3cret\r\n\r\n"),
            Line::End { conn: 1, at: Duration::ZERO, why: "eof".into() },
        ];
        for line in &lines {
            redactor.push(line, |line| {
                let mut text = String::new();
                line.write_to(&mut text);
                kept.push(match line {
                    Line::Bytes(chunk) => String::from_utf8_lossy(chunk.bytes).into_owned(),
                    _ => text,
                });
            });
        }
        let [head, left_out, _end] = &kept[..] else { panic!("{kept:?}") };
        assert!(!head.contains("s3") && head.starts_with("\0\0"), "{head:?}");
        assert!(left_out.contains("\"redacted\"") && left_out.contains("\"33\""), "{left_out}");
    }
}
