//! `Partial`: what has arrived of a message that is not whole yet.
//!
//! In: pieces of one message, as chunks bring them. Out: the message, in one
//! piece, and copied once.
//!
//! ```text
//!   | 16 KiB as it came | 16 KiB as it came | small ones, gathered |
//!                          take: one copy, of the right size
//! ```
//!
//! A large piece stays a view of what it was read into until the message is
//! whole: a buffer that grows with each of them would copy every byte twice. A
//! small piece is copied at once, because its view keeps alive as much as a
//! whole frame, and a peer that sends ten bytes at a time would have us keep a
//! frame's memory for each.
//!
//! Must not know: prefixes, limits.

use std::mem;

use bytes::Bytes;

/// What has arrived of one message.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// Large pieces, and small ones that came before a large one.
    pieces: Vec<Bytes>,
    /// Small pieces that came after all of these.
    loose: Vec<u8>,
    /// How many bytes all of them are.
    len: usize,
}

impl Partial {
    pub(super) const fn new() -> Partial {
        Partial { pieces: Vec::new(), loose: Vec::new(), len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes the next piece of a message that will have `whole` bytes.
    pub(super) fn push(&mut self, piece: Bytes, whole: usize) {
        let missing = whole.saturating_sub(self.len);
        self.len = self.len.saturating_add(piece.len());
        if piece.len() < LARGE_BYTES {
            grow(&mut self.loose, piece.len(), missing);
            self.loose.extend_from_slice(&piece);
            return;
        }
        if !self.loose.is_empty() {
            self.pieces.push(Bytes::from(mem::take(&mut self.loose)));
        }
        self.pieces.push(piece);
    }

    /// All of it in one piece; nothing is left.
    pub(super) fn take(&mut self) -> Bytes {
        let mut partial = mem::take(self);
        if partial.pieces.is_empty() {
            return Bytes::from(partial.loose);
        }
        let mut whole = Vec::with_capacity(partial.len);
        // Each piece is let go as soon as it is copied.
        partial.pieces.drain(..).for_each(|piece| whole.extend_from_slice(&piece));
        whole.extend_from_slice(&partial.loose);
        Bytes::from(whole)
    }

    /// How much memory is held, views counted as what they show.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum::<usize>() + self.loose.capacity()
    }
}

/// Makes room for `more` bytes: twice what is held, but never for more than `missing` further bytes.
///
/// Doubling keeps the copying linear. The cap makes the last step exact, so
/// that a finished message owns no slack. Both depend on bytes held, not on
/// bytes promised.
fn grow(loose: &mut Vec<u8>, more: usize, missing: usize) {
    if loose.len().saturating_add(more) > loose.capacity() {
        loose.reserve_exact(more.max(loose.len()).min(missing));
    }
}

/// From here on a piece stays as it came: half of the largest DATA frame that
/// a peer sends unless it is allowed more (RFC 9113, section 6.5.2), so that
/// what a view keeps alive is about twice what it shows.
const LARGE_BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_all_sizes_come_out_in_order() {
        let sizes = [10, 8_192, 20_000, 1, 8_191, 2, 16_384, 5];
        let whole: Vec<u8> = (0..sizes.iter().sum()).map(|at: usize| at as u8).collect();
        let (mut partial, mut rest) = (Partial::new(), Bytes::from(whole.clone()));
        for size in sizes {
            partial.push(rest.split_to(size), whole.len());
        }
        assert_eq!(partial.len(), whole.len());
        assert_eq!(partial.take(), whole);
        assert!(partial.is_empty());
        assert_eq!(partial.held(), 0);
    }

    #[test]
    fn a_large_piece_is_not_copied_before_the_message_is_whole() {
        let piece = Bytes::from(vec![1; LARGE_BYTES]);
        let mut partial = Partial::new();
        partial.push(piece.clone(), 3 * LARGE_BYTES);
        assert!(!piece.is_unique());
        assert_eq!(partial.loose.capacity(), 0);
        drop(partial.take());
        assert!(piece.is_unique());
    }

    #[test]
    fn a_small_piece_is_let_go_at_once() {
        let piece = Bytes::from(vec![1; LARGE_BYTES - 1]);
        let mut partial = Partial::new();
        partial.push(piece.clone(), 3 * LARGE_BYTES);
        assert!(piece.is_unique());
    }
}
