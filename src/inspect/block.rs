//! Joins HEADERS or PUSH_PROMISE and its CONTINUATIONs into a header block.
//!
//! In come the frames of one direction, in order; out comes one
//! [`HeaderBlock`] per block (RFC 9113 4.3 "Field Section Compression and
//! Decompression"):
//!
//! ```text
//!   HEADERS          CONTINUATION     CONTINUATION END_HEADERS
//!   |hdr| fragment | |hdr| fragment | |hdr| fragment |
//!        \________________\__________________\_______  one block, one HPACK text
//! ```
//!
//! Nothing may stand between these frames, of any stream, because HPACK's
//! state belongs to the whole connection.
//!
//! This file must not know what is in a block.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::content::Content;
use super::damage::Damage;
use super::frame_header::{Flag, FrameKind};
use super::frames::Frame;

/// A header block: the compressed text of one head or of the trailers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderBlock {
    /// The stream whose frames carried it.
    pub stream_id: u32,
    /// The stream that it promises, if PUSH_PROMISE began it.
    pub promised: Option<u32>,
    /// Whether the first frame also ended the sender's half of the stream.
    pub ends_stream: bool,
    /// The text, joined.
    pub bytes: Bytes,
    /// Where the text's bytes are in the direction.
    pub pieces: Vec<Range<usize>>,
    /// From the first byte of the first frame to the last of the last.
    pub range: Range<usize>,
}

/// Collects the frames of a block until it is whole.
#[derive(Debug, Default)]
pub(super) struct BlockJoiner {
    /// The block that END_HEADERS has not ended yet.
    open: Option<Open>,
    /// The list of an earlier block, for the pieces of the next one.
    spare: Vec<Range<usize>>,
}

impl BlockJoiner {
    /// A joiner that waits for a block.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Looks at the next frame of the direction before it is taken in.
    ///
    /// If a block has begun and this frame does not go on with it, the block
    /// is lost, and with it what it did to the HPACK table; gives its stream.
    pub(super) fn interrupted_by(&mut self, frame: &Frame) -> Option<u32> {
        let goes_on = |block: &HeaderBlock| {
            frame.header.kind == FrameKind::Continuation && frame.header.stream_id == block.stream_id
        };
        let lost = self.open.take_if(|open| !goes_on(&open.block))?;
        Some(lost.block.stream_id)
    }

    /// Takes back the list of a block that nobody needs any more.
    pub(super) fn reuse(&mut self, mut pieces: Vec<Range<usize>>) {
        pieces.clear();
        self.spare = pieces;
    }

    /// Whether a block has begun and not ended.
    pub(super) fn has_begun(&self) -> bool {
        self.open.is_some()
    }

    /// Whether a block has begun that may still be read.
    pub(super) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.is_too_long)
    }

    /// Takes in the next frame; gives the block that it ends, if it ends one.
    ///
    /// # Errors
    ///
    /// A block is lost: its beginning was not heard, or it grew beyond reason.
    pub(super) fn on_frame(
        &mut self,
        frame: &Frame,
        content: &Content,
    ) -> Result<Option<HeaderBlock>, Damage> {
        let (fragment, at) = match content {
            Content::Headers { fragment, at, .. } => {
                self.open = Some(Open::new(frame, None, std::mem::take(&mut self.spare)));
                (fragment, *at)
            }
            Content::PushPromise { promised, fragment, at } => {
                self.open = Some(Open::new(frame, Some(*promised), std::mem::take(&mut self.spare)));
                (fragment, *at)
            }
            Content::Continuation { fragment } => (fragment, 0),
            _ => return Ok(None),
        };
        let mut open = self.open.take().ok_or(Damage::NothingToContinue)?;
        open.add(frame, fragment, at);
        if frame.header.has(Flag::EndHeaders) {
            return open.end().map(Some);
        }
        self.open = Some(open);
        Ok(None)
    }
}

/// A block in the making.
#[derive(Debug)]
struct Open {
    /// What is known of it; its text is empty until the end.
    block: HeaderBlock,
    /// Its first fragment: usually the only one, and then never copied.
    first: Bytes,
    /// The first and all further fragments, once there is a second.
    joined: BytesMut,
    /// Whether it has outgrown [`MAX_BLOCK_BYTES`].
    is_too_long: bool,
}

impl Open {
    fn new(frame: &Frame, promised: Option<u32>, pieces: Vec<Range<usize>>) -> Self {
        Self {
            block: HeaderBlock {
                stream_id: frame.header.stream_id,
                promised,
                ends_stream: frame.header.has(Flag::EndStream),
                bytes: Bytes::new(),
                pieces,
                range: frame.range(),
            },
            first: Bytes::new(),
            joined: BytesMut::new(),
            is_too_long: false,
        }
    }

    fn add(&mut self, frame: &Frame, fragment: &Bytes, at: usize) {
        self.block.range.end = frame.range().end;
        // Counted with their headers, so that empty fragments count too.
        if self.block.range.len() > MAX_BLOCK_BYTES {
            self.is_too_long = true;
        }
        if self.is_too_long || fragment.is_empty() {
            return;
        }
        let start = frame.content_offset() + at;
        self.block.pieces.push(start..start + fragment.len());
        if self.first.is_empty() {
            self.first = fragment.clone();
            return;
        }
        if self.joined.is_empty() {
            self.joined.extend_from_slice(&self.first);
        }
        self.joined.extend_from_slice(fragment);
    }

    fn end(self) -> Result<HeaderBlock, Damage> {
        if self.is_too_long {
            return Err(Damage::BlockTooLong);
        }
        let bytes = match self.joined.is_empty() {
            true => self.first,
            false => self.joined.freeze(),
        };
        Ok(HeaderBlock { bytes, ..self.block })
    }
}

/// Thirty-two times the 8 KiB of metadata that gRPC allows by default. A byte
/// of HPACK can stand for a whole field, so the bound keeps a flood of
/// CONTINUATIONs from becoming a far larger flood of fields.
const MAX_BLOCK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::frames::{FrameReader, Piece};

    /// A frame's type, flags, stream and content.
    type Raw<'a> = (u8, u8, u8, &'a [u8]);

    fn join(frames: &[Raw<'_>]) -> Vec<Result<HeaderBlock, Damage>> {
        let mut reader = FrameReader::server();
        for (kind, flags, stream, content) in frames {
            let len = u32::try_from(content.len()).unwrap().to_be_bytes();
            reader.push(&len[1..]);
            reader.push(&[*kind, *flags, 0, 0, 0, *stream]);
            reader.push(content);
        }
        let mut joiner = BlockJoiner::new();
        let mut results = Vec::new();
        while let Some(piece) = reader.next_piece() {
            let Piece::Frame(frame) = piece else { panic!("{piece:?}") };
            results.extend(joiner.interrupted_by(&frame).map(|_| Err(Damage::BlockInterrupted)));
            results.extend(joiner.on_frame(&frame, &frame.content()).transpose());
        }
        results
    }

    #[test]
    fn a_block_is_joined_from_its_frames() {
        // PADDED, so that the fragment does not begin where the content does.
        let blocks = join(&[(1, 0x09, 1, b"\x01ab\0"), (9, 0, 1, b""), (9, 4, 1, b"cd")]);
        let [Ok(block)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(block.bytes, b"abcd"[..]);
        assert_eq!(block.pieces, [10..12, 31..33]);
        assert_eq!(block.range, 0..33);
        assert!(block.ends_stream);
    }

    #[test]
    fn nothing_may_stand_inside_a_block() {
        let ping = (6, 0, 0, &b"12345678"[..]);
        let cases: &[(&[Raw<'_>], Damage)] = &[
            (&[(1, 0, 1, b"ab"), ping], Damage::BlockInterrupted),
            (&[(1, 0, 1, b"ab"), (1, 0, 3, b"cd")], Damage::BlockInterrupted),
            (&[(9, 4, 1, b"cd")], Damage::NothingToContinue),
        ];
        for (frames, damage) in cases {
            assert_eq!(join(frames), [Err(*damage)], "{frames:?}");
        }
    }

    #[test]
    fn a_flood_of_continuations_is_not_kept() {
        let fragment = [0x82; 16_384];
        for (fragment, count) in [(&fragment[..], 17), (b"", 40_000)] {
            let mut frames = vec![(1, 0, 1, &b""[..])];
            frames.extend(std::iter::repeat_n((9, 0, 1, fragment), count));
            frames.push((9, 4, 1, b""));
            assert_eq!(join(&frames), [Err(Damage::BlockTooLong)]);
        }
    }
}
