//! Where in a gRPC message one is, without keeping any of it.
//!
//! In comes the data of DATA frames, in order; out comes a [`Part`] for each
//! share of a message (PROTOCOL-HTTP2 "Length-Prefixed-Message"):
//!
//! ```text
//!  DATA        DATA                 DATA
//!  |00 00 00|  |00 07|0a 05 w o|    |r l d|00 00 00 00 00|
//!  |Part    |  |Part           |    |Part |Part          |
//! ```
//!
//! This file must not know what a message says.

use std::ops::Range;

use crate::wire::PREFIX_LEN;

/// A share of a message that one DATA frame carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where its share of the five bytes of prefix is in the direction; may be empty.
    pub prefix: Range<usize>,
    /// Where its share of the message itself is; may be empty.
    pub content: Range<usize>,
    /// Whether the message begins here.
    pub begins: bool,
    /// Whether the message ends here.
    pub ends: bool,
    /// The prefix's first byte: 0 plain, 1 compressed, anything else an error.
    pub flag: u8,
    /// How long the message is; 0 as long as its prefix is not whole.
    pub length: u32,
    /// How much of the message, without prefix, has come before this share.
    pub before: u32,
}

/// Walks through the messages of one half of a stream.
#[derive(Debug, Default)]
pub(super) struct MessageWalk {
    prefix: [u8; PREFIX_LEN],
    /// How many bytes of the prefix have come.
    known: usize,
    /// How many bytes of the message itself have come.
    received: u32,
}

impl MessageWalk {
    /// Takes in the data of a frame, which begins at `at`.
    pub(super) fn push(&mut self, mut data: &[u8], mut at: usize, mut see: impl FnMut(Part)) {
        while !data.is_empty() {
            let begins = self.known == 0;
            let taken = (PREFIX_LEN - self.known).min(data.len());
            let (prefix, rest) = data.split_at(taken);
            for (to, from) in self.prefix.iter_mut().skip(self.known).zip(prefix) {
                *to = *from;
            }
            self.known += taken;
            let before = self.received;
            let left = if self.known == PREFIX_LEN { self.length() - before } else { 0 };
            let share = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            // Lossless: at most `left`.
            self.received += share as u32;
            let ends = self.known == PREFIX_LEN && self.received == self.length();
            let [flag, ..] = self.prefix;
            let content = at + taken..at + taken + share;
            see(Part { prefix: at..at + taken, content, begins, ends, flag, length: self.length(), before });
            data = rest.get(share..).unwrap_or_default();
            at += taken + share;
            if ends {
                *self = MessageWalk::default();
            }
        }
    }

    /// How many bytes the message lacks that has begun, if one has.
    pub(super) fn missing(&self) -> Option<usize> {
        match PREFIX_LEN - self.known {
            PREFIX_LEN => None,
            0 => usize::try_from(self.length() - self.received).ok(),
            missing => Some(missing),
        }
    }

    /// What the prefix says, once it is whole.
    fn length(&self) -> u32 {
        let [_, length @ ..] = self.prefix;
        if self.known == PREFIX_LEN { u32::from_be_bytes(length) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_however_their_bytes_are_cut() {
        let data = b"\0\0\0\0\x02ab\x01\0\0\0\0\0\0\0\0\x01c";
        for step in 1..=data.len() {
            let (mut walk, mut at, mut told) = (MessageWalk::default(), 0, Vec::new());
            let mut covered = 0;
            for piece in data.chunks(step) {
                walk.push(piece, at, |part| {
                    assert_eq!(part.prefix.start, covered, "no gap");
                    covered = part.content.end;
                    if part.ends {
                        told.push((part.flag, part.length, part.content.end));
                    }
                });
                at += piece.len();
            }
            assert_eq!(told, [(0, 2, 7), (1, 0, 12), (0, 1, 18)], "{step}");
            assert_eq!(walk.missing(), None);
        }
        let mut walk = MessageWalk::default();
        walk.push(b"\0\0", 0, |_| {});
        assert_eq!(walk.missing(), Some(3));
        walk.push(b"\0\0\x09abc", 2, |part| assert!(!part.ends));
        assert_eq!(walk.missing(), Some(6));
    }
}
