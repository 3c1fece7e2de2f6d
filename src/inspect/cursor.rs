//! A reading position that leaves a trail: what is read is also marked.
//!
//! In comes the content of one frame; out come its values and, if asked for,
//! one [`Span`] for each stretch that was taken. Because values and spans
//! come from the same steps, they cannot disagree; because whatever is not
//! taken is marked as damaged at the end, the spans always partition.
//!
//! This file must not know what a frame is.

use std::borrow::Cow;

use bytes::Bytes;

use super::damage::Damage;
use super::span::{Span, SpanKind};

/// What a span says; owned only where a number has to be written out.
pub(super) type Note = Cow<'static, str>;

/// Walks over some bytes once, from front to back.
#[derive(Debug)]
pub(super) struct Cursor {
    /// What has not been taken yet.
    rest: Bytes,
    /// Where `rest` begins in the input as a whole.
    at: usize,
    /// How many bytes the recording lacks at the end of `rest`; tells a short
    /// frame from a short recording.
    missing: usize,
    /// The trail; `None` where only values are wanted, so that reading costs
    /// no allocation.
    spans: Option<Vec<Span>>,
}

impl Cursor {
    /// Reads values only.
    pub(super) fn silent(rest: Bytes, missing: usize) -> Self {
        Self { rest, at: 0, missing, spans: None }
    }

    /// Reads values and marks spans, the first of which begins at `at`.
    pub(super) fn marking(rest: Bytes, at: usize, missing: usize) -> Self {
        Self { rest, at, missing, spans: Some(Vec::new()) }
    }

    /// Takes a number of `N` bytes, most significant first.
    pub(super) fn number<const N: usize>(
        &mut self,
        kind: SpanKind,
        note: impl FnOnce(u32) -> Note,
    ) -> Result<u32, Damage> {
        let taken: [u8; N] = *self.rest.first_chunk().ok_or_else(|| self.short_of(N))?;
        let number = taken.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
        self.mark(N, kind, || note(number));
        Ok(number)
    }

    /// Takes `N` bytes as they are.
    pub(super) fn array<const N: usize>(&mut self, kind: SpanKind) -> Result<[u8; N], Damage> {
        let taken: [u8; N] = *self.rest.first_chunk().ok_or_else(|| self.short_of(N))?;
        self.mark(N, kind, || Note::Borrowed(""));
        Ok(taken)
    }

    /// Takes `len` of the bytes that are claimed, as far as they are recorded.
    pub(super) fn take(&mut self, len: usize, kind: SpanKind) -> Bytes {
        match len.checked_sub(self.rest.len()) {
            None | Some(0) => self.mark(len, kind, || Note::Borrowed("")),
            Some(missing) => {
                let why = Damage::CutShort { missing };
                self.mark(self.rest.len(), kind, || why.to_string().into())
            }
        }
    }

    /// How many bytes are left, counting those that the recording lacks.
    pub(super) fn claimed(&self) -> usize {
        self.rest.len() + self.missing
    }

    /// Ends the walk: whatever is left must not be there.
    pub(super) fn end(&self) -> Result<(), Damage> {
        match self.rest.len() {
            0 => Ok(()),
            extra => Err(Damage::TooLong { extra }),
        }
    }

    /// Marks what is left as damaged, says why, and gives the trail.
    pub(super) fn into_spans(mut self, damage: Option<Damage>) -> Vec<Span> {
        let why = || damage.map_or(Note::Borrowed(""), |damage| damage.to_string().into());
        self.mark(self.rest.len(), SpanKind::Damaged, why);
        self.spans.unwrap_or_default()
    }

    /// Moves on by `len` bytes, which the caller has seen to be there.
    fn mark(&mut self, len: usize, kind: SpanKind, note: impl FnOnce() -> Note) -> Bytes {
        let taken = self.rest.split_to(len.min(self.rest.len()));
        let end = self.at + taken.len();
        if let Some(spans) = &mut self.spans
            && !taken.is_empty()
        {
            spans.push(Span::new(self.at..end, kind, note()));
        }
        self.at = end;
        taken
    }

    /// Why `len` bytes cannot be taken.
    fn short_of(&self, len: usize) -> Damage {
        let missing = len.saturating_sub(self.rest.len());
        if self.missing > 0 { Damage::CutShort { missing } } else { Damage::TooShort { missing } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::span::is_partition;

    #[test]
    fn what_is_not_taken_is_damaged() {
        let mut cursor = Cursor::marking(Bytes::from_static(b"\0\0\x01\x02rest"), 9, 0);
        let number = cursor.number::<4>(SpanKind::ErrorCode, |n| n.to_string().into());
        assert_eq!(number, Ok(0x102));
        assert_eq!(cursor.end(), Err(Damage::TooLong { extra: 4 }));
        let spans = cursor.into_spans(Some(Damage::TooLong { extra: 4 }));
        assert!(is_partition(&spans, 9..17));
        assert_eq!(spans[0].note, "258");
        assert_eq!(spans[1].kind, SpanKind::Damaged);
        assert_eq!(spans[1].note, "4 bytes too many");
    }

    #[test]
    fn a_short_recording_is_not_a_short_frame() {
        for (missing, damage) in [(0, Damage::TooShort { missing: 2 }), (9, Damage::CutShort { missing: 2 })]
        {
            let mut cursor = Cursor::silent(Bytes::from_static(b"\0\0"), missing);
            assert_eq!(cursor.number::<4>(SpanKind::ErrorCode, |_| Note::Borrowed("")), Err(damage));
        }
    }
}
