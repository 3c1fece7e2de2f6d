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

use super::event::What;
use super::hpack::Form;
use super::stream::Role;

/// Heads that may come again.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// By [`slot`].
    kept: [Option<Repeat>; SLOTS],
}

/// A head that was read, and what it was.
#[derive(Debug)]
pub(super) struct Repeat {
    /// The version of the table by which it was read.
    version: u64,
    pub(super) what: What,
    /// What it made of the direction of its stream, if it began it.
    pub(super) role: Option<Role>,
}

impl Repeats {
    /// What this block said when it came before, if the table is still as it was.
    ///
    /// What a block is depends on whether it ends the stream, so that must be as it was, too.
    pub(super) fn find(&mut self, version: u64, text: &[u8], ends_stream: bool) -> Option<&mut Repeat> {
        let kept = self.kept.get_mut(slot(text)?)?.as_mut()?;
        let block = &kept.what.head()?.block;
        let is_it = kept.version == version && block.ends_stream == ends_stream && block.bytes == text;
        is_it.then_some(kept)
    }

    /// Keeps a head that was read without changing the table, if its block is of the kind that comes again.
    ///
    /// Gives back a head whose lists can be used anew: the one that makes room, or this very one.
    pub(super) fn keep(&mut self, version: u64, mut what: What, role: Option<Role>) -> Option<What> {
        let Some(head) = what.head_mut() else { return Some(what) };
        // What is unknown is made out by the order of blocks, so it need not be the same again.
        let is_plain = head.fields().all(|field| field.form == Form::Indexed && field.name.bytes.is_ok());
        let Some(kept) =
            slot(&head.block.bytes).filter(|_| is_plain).and_then(|slot| self.kept.get_mut(slot))
        else {
            return Some(what);
        };
        // Copied, so that a few bytes do not keep the buffer that they were read from.
        head.block.bytes = Bytes::copy_from_slice(&head.block.bytes);
        kept.replace(Repeat { version, what, role }).map(|displaced| displaced.what)
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
