//! Header blocks that say again what an earlier block of the direction said.
//!
//! In come heads that were read; out comes such a head again when the same bytes come while the table is the same.
//! Most blocks of a busy connection are like that: HPACK makes numbers of what both ends remember (RFC 7541 6.1).
//!
//! ```text
//!   88 c0      :status: 200, content-type: application/grpc     read once
//!   88 c0      the same two numbers, and no row came between    known
//! ```
//!
//! Only blocks of numbers alone are kept, and of those the short ones: texts in letters seldom come again.
//!
//! This file must not know what a head says.

use bytes::Bytes;

use super::event::Head;
use super::hpack::Form;

/// Heads that may come again.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// By [`slot`]; each with the version of the table by which it was read.
    kept: [Option<(u64, Head)>; SLOTS],
}

impl Repeats {
    /// Hands out what this block said when it came before, if the table is still as it was.
    pub(super) fn take(&mut self, version: u64, text: &[u8]) -> Option<Head> {
        let kept = self.kept.get_mut(slot(text)?)?;
        let (_, head) = kept.take_if(|(then, head)| *then == version && head.block.bytes == text)?;
        Some(head)
    }

    /// Keeps a head that was read without changing the table, if its block is of the kind that comes again.
    ///
    /// Gives back a head whose lists can be used anew: the one that makes room, or this very one.
    pub(super) fn keep(&mut self, version: u64, mut head: Head) -> Option<Head> {
        let is_numbers = head.fields().all(|field| field.form == Form::Indexed);
        let Some(kept) =
            slot(&head.block.bytes).filter(|_| is_numbers).and_then(|slot| self.kept.get_mut(slot))
        else {
            return Some(head);
        };
        // Copied, so that a few bytes do not keep the buffer that they were read from.
        head.block.bytes = Bytes::copy_from_slice(&head.block.bytes);
        kept.replace((version, head)).map(|(_, displaced)| displaced)
    }

    /// Takes back a head that was handed out.
    pub(super) fn put_back(&mut self, version: u64, head: Head) {
        if let Some(kept) = slot(&head.block.bytes).and_then(|slot| self.kept.get_mut(slot)) {
            *kept = Some((version, head));
        }
    }
}

/// Where a block is kept; `None` if it is too long to be.
fn slot(text: &[u8]) -> Option<usize> {
    let [first, .., last] = text else {
        return Some(usize::from(*text.first()?) % SLOTS);
    };
    (text.len() <= MAX_BLOCK_BYTES).then_some((text.len() + usize::from(*first ^ *last)) % SLOTS)
}

/// A connection repeats its request heads, response heads and trailers, each in a few spellings.
const SLOTS: usize = 16;

/// As many fields as a head of gRPC has with a good deal of metadata; a number takes one byte or two.
const MAX_BLOCK_BYTES: usize = 64;
