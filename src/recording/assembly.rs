//! TCP segments become the bytes of a direction again.
//!
//! In: segments with sequence numbers, in whatever order a capture saw them. Out: bytes in order, each once
//! (RFC 9293 3.4):
//!
//! ```text
//!   next ---v
//!   |#######|  seen before      a segment that begins here is a retransmission: only its new end counts
//!           |....|              missing
//!                |#####|        held until the gap is filled
//! ```
//!
//! A capture may have lost a segment for good. Once more than [`MAX_HELD_BYTES`] wait behind a gap the direction is
//! given up, because HTTP/2 cannot be read across a hole.
//!
//! Must not know: packets, or HTTP/2.

use std::collections::BTreeMap;

/// Puts one direction of a TCP connection together.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// The sequence number of the first byte, once one has been heard.
    first: Option<u32>,
    /// How many bytes have been handed on; 64 bits, so that nothing wraps.
    next: u64,
    /// Segments that came too early, by position.
    held: BTreeMap<u64, Vec<u8>>,
    held_bytes: usize,
    /// Whether something is missing for good.
    is_lost: bool,
}

impl Assembly {
    /// Takes the sequence number of a SYN, which counts as a byte before the first.
    pub(super) fn begin(&mut self, seq: u32) {
        self.first.get_or_insert(seq.wrapping_add(1));
    }

    /// Takes in a segment; hands on the bytes that are next.
    ///
    /// The result is false when the direction has just been given up.
    pub(super) fn push(&mut self, seq: u32, bytes: &[u8], mut hand_on: impl FnMut(&[u8])) -> bool {
        if bytes.is_empty() || self.is_lost {
            return true;
        }
        let first = *self.first.get_or_insert(seq);
        // The position is the one nearest to what is expected whose low 32 bits fit.
        let expected = first.wrapping_add(self.next as u32);
        let ahead = i64::from(seq.wrapping_sub(expected).cast_signed());
        let Some(at) = self.next.checked_add_signed(ahead) else { return true };
        if at > self.next {
            // Sent again while it waits, it may have grown; it is kept once.
            let held = self.held.entry(at).or_default();
            if let Some(new) = bytes.get(held.len()..) {
                self.held_bytes += new.len();
                held.extend_from_slice(new);
            }
            self.is_lost = self.held_bytes > MAX_HELD_BYTES;
            return !self.is_lost;
        }
        self.take(at, bytes, &mut hand_on);
        while let Some(entry) = self.held.first_entry().filter(|entry| *entry.key() <= self.next) {
            let (at, bytes) = entry.remove_entry();
            self.held_bytes -= bytes.len();
            self.take(at, &bytes, &mut hand_on);
        }
        true
    }

    /// Takes the sequence number of a SYN that may begin another connection with the same ports.
    pub(super) fn is_begun_otherwise(&self, seq: u32) -> bool {
        self.first.is_some_and(|first| first != seq.wrapping_add(1))
    }

    /// Whether all that was heard has been handed on up to this sequence number, of the FIN that ends the direction.
    pub(super) fn has_reached(&self, seq: u32) -> bool {
        let expected = self.first.map(|first| first.wrapping_add(self.next as u32));
        expected.is_none_or(|expected| seq.wrapping_sub(expected).cast_signed() <= 0)
    }

    /// Whether something came that what is missing keeps from being read.
    pub(super) fn has_gap(&self) -> bool {
        !self.held.is_empty()
    }

    fn take(&mut self, at: u64, bytes: &[u8], hand_on: &mut impl FnMut(&[u8])) {
        let seen = usize::try_from(self.next - at).unwrap_or(usize::MAX);
        if let Some(new) = bytes.get(seen..).filter(|new| !new.is_empty()) {
            self.next += new.len() as u64;
            hand_on(new);
        }
    }
}

/// Sixteen times the usual receive window of 64 KiB: no sender runs further ahead of a segment that is on its way.
const MAX_HELD_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(segments: &[(u32, &[u8])]) -> Vec<u8> {
        let mut assembly = Assembly::default();
        assembly.begin(u32::MAX - 3);
        let mut whole = Vec::new();
        for (seq, bytes) in segments {
            assert!(assembly.push(*seq, bytes, |bytes| whole.extend_from_slice(bytes)));
        }
        whole
    }

    #[test]
    fn segments_are_put_in_order_and_counted_once() {
        // The first byte is 2^32 - 3; the numbers wrap after three bytes.
        let base = u32::MAX - 2;
        let at = |n| base.wrapping_add(n);
        assert_eq!(assemble(&[(at(0), b"abc"), (at(3), b"def")]), b"abcdef");
        assert_eq!(assemble(&[(at(3), b"def"), (at(0), b"abc")]), b"abcdef");
        assert_eq!(assemble(&[(at(0), b"abc"), (at(0), b"abc"), (at(1), b"bcde")]), b"abcde");
        assert_eq!(assemble(&[(at(4), b"ef"), (at(2), b"cd"), (at(0), b"abc")]), b"abcdef");
        assert_eq!(assemble(&[(at(3), b"de"), (at(3), b"def"), (at(3), b"d"), (at(0), b"abc")]), b"abcdef");
        assert_eq!(assemble(&[(at(1), b"b")]), b"");
    }

    #[test]
    fn a_hole_that_is_never_filled_ends_the_direction() {
        let mut assembly = Assembly::default();
        assembly.begin(0);
        let segment = vec![0; 64 * 1024];
        let seq = |n: u32| 2 + n * 64 * 1024;
        let went_on =
            (0..17).map(|n| assembly.push(seq(n), &segment, |_| panic!("a hole"))).filter(|went| *went);
        assert_eq!(went_on.count(), 16);
    }
}
