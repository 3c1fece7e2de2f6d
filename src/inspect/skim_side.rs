//! One direction of a connection that is skimmed: what is held of it, and what its bytes promise.
//!
//! In come the first bytes of a piece; out comes how long the piece is, which bytes of it are data, or that it says
//! what was said before:
//!
//! ```text
//!   preface    24 bytes                     RFC 9113 3.4
//!   frame      9 bytes + length             RFC 9113 4.1
//!   DATA       pad length? data padding?    RFC 9113 6.1
//! ```
//!
//! This file must not know of streams.

use bytes::BytesMut;

use super::block::{BlockJoiner, HeaderBlock};
use super::frame_header::{Flag, FrameHeader, FrameKind};
use super::frames::PREFACE;
use super::hpack::{Entry, HpackDecoder};
use super::repeats::{Repeat, Repeats};

/// One direction of the connection.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Bytes that came and are not yet a whole piece.
    pub(super) held: Vec<u8>,
    /// How many bytes came before them.
    pub(super) offset: usize,
    /// Whether the client's first 24 bytes are still to come.
    pub(super) needs_preface: bool,
    /// Whether this is not HTTP/2 at all.
    pub(super) is_foreign: bool,
    pub(super) blocks: BlockJoiner,
    pub(super) hpack: HpackDecoder,
    /// Where the bytes of header blocks lie while they are read. A block that has been shown makes room for the next,
    /// so that reading one allocates nothing.
    pub(super) fragments: BytesMut,
    /// The list for the entries of a block, empty in between.
    pub(super) entries: Vec<Entry>,
    pub(super) repeats: Repeats,
}

impl Side {
    /// What a frame says that is a whole header block, if an earlier block said the same.
    pub(super) fn repeated(&mut self, offset: usize, header: FrameHeader, bytes: &[u8]) -> Option<&Repeat> {
        let is_whole = header.kind == FrameKind::Headers && header.has(Flag::EndHeaders);
        if !is_whole || header.has(Flag::Padded) || header.has(Flag::Priority) {
            return None;
        }
        let (text, ends) = (bytes.get(FrameHeader::LEN..)?, header.has(Flag::EndStream));
        let repeat = self.repeats.find(self.hpack.version(), text, ends)?;
        let HeaderBlock { stream_id, pieces, range, .. } = &mut repeat.what.head_mut()?.block;
        *stream_id = header.stream_id;
        *range = offset..offset + bytes.len();
        pieces.clear();
        pieces.push(offset + FrameHeader::LEN..range.end);
        Some(repeat)
    }

    /// How long the piece is that begins with these bytes, as far as they tell.
    pub(super) fn wanted(&self, bytes: &[u8]) -> usize {
        if self.is_foreign {
            return bytes.len();
        }
        if self.needs_preface {
            return PREFACE.len();
        }
        bytes
            .first_chunk()
            .map_or(FrameHeader::LEN, |header| FrameHeader::LEN + FrameHeader::read(header).content_len())
    }
}

/// Whether a client that should say the preface seems to be in the middle of a connection.
pub(super) fn looks_like_a_frame(bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk().map(FrameHeader::read) else { return false };
    // HTTP/1 and TLS read as frames of several megabytes, which no client of gRPC sends unasked.
    !matches!(header.kind, FrameKind::Unknown(_)) && header.content_len() <= MAX_PLAUSIBLE_BYTES
}

/// 1 MiB, sixty-four times what a receiver takes without having said so.
const MAX_PLAUSIBLE_BYTES: usize = 1024 * 1024;

/// Whether frames of this type carry a header block, or a part of one.
pub(super) fn carries_block(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation)
}

/// The data of a DATA frame without its padding, and where it begins in the frame (RFC 9113 6.1).
pub(super) fn data_of<'a>(header: &FrameHeader, bytes: &'a [u8]) -> Option<(&'a [u8], usize)> {
    let content = bytes.get(FrameHeader::LEN..)?;
    if !header.has(Flag::Padded) {
        return Some((content, FrameHeader::LEN));
    }
    let (pad, rest) = content.split_first()?;
    let len = rest.len().checked_sub(usize::from(*pad))?;
    Some((rest.get(..len)?, FrameHeader::LEN + 1))
}
