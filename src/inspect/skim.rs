//! Goes through a connection quickly: every frame once, nothing kept but what is not over.
//!
//! In come chunks of bytes, each with its direction and time; out comes, while
//! they are read, one [`Skim`] after the other, borrowed from the chunk. It is
//! what a table of contents needs, or a reader who prints and forgets:
//!
//! ```text
//!  Frame     where, which type, flags, stream, and its bytes
//!  Block     after the last frame of a header block: its fields, and what they are
//!  Part      after a DATA frame, for each message that it has a share in
//!  End       the sender's half of the stream is over
//!  Damaged   what cannot be read, and why
//! ```
//!
//! [`ConnectionReader`](super::ConnectionReader) tells the same story in whole
//! messages that may be kept; here a message of 4 MiB costs no memory.
//!
//! This file must not know what anyone does with what they see.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use super::block::HeaderBlock;
use super::content::Content;
use super::damage::Damage;
use super::event::{Direction, Head, What};
use super::frame_header::{Flag, FrameHeader, FrameKind};
use super::frames::{Frame, PREFACE};
use super::message_walk::{MessageWalk, Part};
use super::skim_side::{Side, carries_block, data_of, looks_like_a_frame};
use super::stream::Role;

/// Goes through a connection quickly.
#[derive(Debug)]
pub struct Skimmer {
    to_server: Side,
    to_client: Side,
    streams: BTreeMap<u32, [Half; 2]>,
}

/// What is seen in passing.
#[derive(Debug)]
#[non_exhaustive]
pub enum Skim<'a> {
    /// The client's first 24 bytes.
    Preface,
    /// The beginning was not recorded: what HPACK's tables hold is not known.
    JoinedLate,
    /// A frame; only the last one of a direction can lack bytes.
    Frame {
        /// Where its first byte is in the direction.
        offset: usize,
        /// Its first nine bytes, read.
        header: FrameHeader,
        /// All its bytes, the header's nine included.
        bytes: &'a [u8],
    },
    /// A header block, after its last frame; which moment of a call it is.
    Block(&'a What),
    /// A share of a message that the DATA frame before holds.
    Part(&'a Part),
    /// The sender's half of this stream is over.
    End(u32),
    /// Bytes that cannot be read; empty if the damage is of a frame that was shown.
    Damaged {
        /// Where they are.
        range: Range<usize>,
        /// Which they are.
        bytes: &'a [u8],
        /// Why.
        why: Damage,
    },
}

impl Skimmer {
    /// Begins with the first byte of a connection, or, if the client's first bytes are a frame and no preface,
    /// somewhere in it.
    pub fn new() -> Self {
        Self {
            to_server: Side { needs_preface: true, ..Side::default() },
            to_client: Side::default(),
            streams: BTreeMap::new(),
        }
    }

    /// Takes in the next bytes of a direction, and shows what they complete.
    pub fn push(&mut self, direction: Direction, bytes: &[u8], show: &mut impl FnMut(Skim<'_>)) {
        let side = self.side(direction);
        let mut held = std::mem::take(&mut side.held);
        let mut bytes = bytes;
        // What is held is the beginning of one piece: completed alone, so that the rest need not be copied.
        while !held.is_empty() && !bytes.is_empty() {
            let missing = self.side(direction).wanted(&held).saturating_sub(held.len());
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            held.extend_from_slice(now);
            bytes = later;
            // Mostly the piece is all that is held; but what was held for a preface may turn out to be frames.
            loop {
                let taken = self.take(direction, &held, show);
                held.drain(..taken);
                if taken == 0 {
                    break;
                }
            }
        }
        let mut rest = if held.is_empty() { bytes } else { &[] };
        loop {
            let taken = self.take(direction, rest, show);
            let Some(left) = rest.get(taken..).filter(|_| taken > 0) else { break };
            rest = left;
        }
        held.extend_from_slice(rest);
        self.side(direction).held = held;
    }

    /// Ends the connection: shows what is left in either direction.
    pub fn finish(&mut self, direction: Direction, show: &mut impl FnMut(Skim<'_>)) {
        let side = self.side(direction);
        let held = std::mem::take(&mut side.held);
        let (offset, needs_preface) = (side.offset, side.needs_preface);
        if held.is_empty() {
            return;
        }
        let missing = side.wanted(&held).saturating_sub(held.len());
        let header = held.first_chunk().filter(|_| !needs_preface).map(FrameHeader::read);
        let why = match needs_preface && !PREFACE.starts_with(&held) {
            true => Damage::NotHttp2,
            false => Damage::CutShort { missing },
        };
        match header {
            Some(header) => {
                show(Skim::Frame { offset, header, bytes: &held });
                let end = offset + held.len();
                show(Skim::Damaged { range: end..end, bytes: &[], why });
            }
            None => show(Skim::Damaged { range: offset..offset + held.len(), bytes: &held, why }),
        }
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    /// Takes one piece off the front of the bytes, and says how long it was; 0 if it is not whole.
    fn take(&mut self, direction: Direction, bytes: &[u8], show: &mut impl FnMut(Skim<'_>)) -> usize {
        if self.side(direction).needs_preface && looks_like_a_frame(bytes) {
            self.to_server.needs_preface = false;
            self.to_server.hpack.lose_track();
            self.to_client.hpack.lose_track();
            show(Skim::JoinedLate);
        }
        let side = self.side(direction);
        let wanted = side.wanted(bytes);
        let offset = side.offset;
        let Some(piece) = bytes.get(..wanted).filter(|_| !bytes.is_empty()) else { return 0 };
        if side.is_foreign {
            side.offset += bytes.len();
            show(Skim::Damaged { range: offset..offset + bytes.len(), bytes, why: Damage::NotHttp2 });
            return bytes.len();
        }
        side.offset += wanted;
        if side.needs_preface {
            side.needs_preface = false;
            side.is_foreign = piece != PREFACE;
            match side.is_foreign {
                false => show(Skim::Preface),
                true => show(Skim::Damaged {
                    range: offset..offset + wanted,
                    bytes: piece,
                    why: Damage::NotHttp2,
                }),
            }
            return wanted;
        }
        if let Some(header) = piece.first_chunk().map(FrameHeader::read) {
            self.on_frame(direction, offset, header, piece, show);
        }
        wanted
    }

    fn on_frame(
        &mut self,
        direction: Direction,
        offset: usize,
        header: FrameHeader,
        bytes: &[u8],
        show: &mut impl FnMut(Skim<'_>),
    ) {
        show(Skim::Frame { offset, header, bytes });
        let end = offset + bytes.len();
        if carries_block(header.kind) {
            return self.on_fragment(direction, offset, header, bytes, show);
        }
        if self.side(direction).blocks.has_begun() {
            self.interrupt(direction, offset, header, bytes, show);
        }
        match header.kind {
            FrameKind::Data => {
                if let Some((data, at)) = data_of(&header, bytes) {
                    self.on_data(direction, header.stream_id, data, offset + at, show);
                }
                if header.has(Flag::EndStream) {
                    self.half_close(direction, header.stream_id, end, show);
                }
            }
            // A reset of another length is none (RFC 9113 6.4); its damage shows in its content.
            FrameKind::RstStream if header.content_len() == RESET_BYTES => {
                for half in self.streams.remove(&header.stream_id).iter().flatten() {
                    cut(half, end, show);
                }
            }
            _ => {}
        }
    }

    fn on_data(
        &mut self,
        direction: Direction,
        stream_id: u32,
        data: &[u8],
        at: usize,
        show: &mut impl FnMut(Skim<'_>),
    ) {
        let half = self.streams.get_mut(&stream_id).map(|halves| half_of(halves, direction));
        if let Some(half) = half.filter(|half| half.role.has_messages() && !half.is_closed) {
            half.walk.push(data, at, |part| show(Skim::Part(&part)));
        }
    }

    fn on_fragment(
        &mut self,
        direction: Direction,
        offset: usize,
        header: FrameHeader,
        bytes: &[u8],
        show: &mut impl FnMut(Skim<'_>),
    ) {
        let end = offset + bytes.len();
        self.interrupt(direction, offset, header, bytes, show);
        if self.show_again(direction, offset, header, bytes, show) {
            return;
        }
        let side = self.side(direction);
        side.fragments.extend_from_slice(bytes);
        let frame = Frame { offset, header, bytes: side.fragments.split().freeze() };
        let content = frame.content();
        let joined = match &content {
            Content::Damaged(why) => Err(*why),
            content => side.blocks.on_frame(&frame, content),
        };
        match joined {
            Ok(None) => {}
            Ok(Some(block)) => self.on_block(direction, block, show),
            Err(why) => {
                side.hpack.lose_track();
                show(Skim::Damaged { range: end..end, bytes: &[], why });
            }
        }
    }

    /// Gives up a header block that another frame interrupts, if this frame does.
    fn interrupt(
        &mut self,
        direction: Direction,
        offset: usize,
        header: FrameHeader,
        bytes: &[u8],
        show: &mut impl FnMut(Skim<'_>),
    ) {
        let (side, end) = (self.side(direction), offset + bytes.len());
        let frame = Frame { offset, header, bytes: Bytes::new() };
        if side.blocks.interrupted_by(&frame).is_some() {
            side.hpack.lose_track();
            show(Skim::Damaged { range: end..end, bytes: &[], why: Damage::BlockInterrupted });
        }
    }

    fn on_block(&mut self, direction: Direction, block: HeaderBlock, show: &mut impl FnMut(Skim<'_>)) {
        let side = self.side(direction);
        let mut entries = std::mem::take(&mut side.entries);
        let version = side.hpack.version();
        side.hpack.decode_into(&block.bytes, &mut entries);
        let is_lasting = block.promised.is_none() && version == side.hpack.version();
        let (what, role) = self.show_head(direction, Head { entries, block }, show);
        let side = self.side(direction);
        let spare = if is_lasting { side.repeats.keep(version, what, role) } else { Some(what) };
        if let Some(Head { mut entries, block }) = spare.and_then(What::into_head) {
            entries.clear();
            side.entries = entries;
            side.blocks.reuse(block.pieces);
        }
    }

    /// Shows a header block that an earlier one said already, if it is such a block: it need not be read.
    fn show_again(
        &mut self,
        direction: Direction,
        offset: usize,
        header: FrameHeader,
        bytes: &[u8],
        show: &mut impl FnMut(Skim<'_>),
    ) -> bool {
        let side = match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        };
        let Some(repeat) = side.repeated(offset, header, bytes) else { return false };
        let half = half_of(self.streams.entry(header.stream_id).or_default(), direction);
        half.role = repeat.role.unwrap_or(half.role);
        show(Skim::Block(&repeat.what));
        if header.has(Flag::EndStream) {
            self.half_close(direction, header.stream_id, offset + bytes.len(), show);
        }
        true
    }

    /// Shows a head, and gives it back; and what it made of the direction of its stream, if it began it.
    fn show_head(
        &mut self,
        direction: Direction,
        head: Head,
        show: &mut impl FnMut(Skim<'_>),
    ) -> (What, Option<Role>) {
        let HeaderBlock { stream_id, ends_stream, promised, ref range, .. } = head.block;
        let end = range.end;
        let (what, role) = match promised {
            Some(promised) => (What::Promise { promised, head }, None),
            None => {
                let role = &mut half_of(self.streams.entry(stream_id).or_default(), direction).role;
                let what = role.name_block(direction, head);
                let begins =
                    matches!(what, What::RequestHead(_) | What::ResponseHead(_) | What::TrailersOnly(_));
                (what, begins.then_some(*role))
            }
        };
        show(Skim::Block(&what));
        if ends_stream && promised.is_none() {
            self.half_close(direction, stream_id, end, show);
        }
        (what, role)
    }

    fn half_close(
        &mut self,
        direction: Direction,
        stream_id: u32,
        end: usize,
        show: &mut impl FnMut(Skim<'_>),
    ) {
        if let Some(halves) = self.streams.get_mut(&stream_id) {
            let half = half_of(halves, direction);
            half.is_closed = true;
            cut(half, end, show);
            half.walk = MessageWalk::default();
            if halves.iter().all(|half| half.is_closed) {
                self.streams.remove(&stream_id);
            }
        }
        show(Skim::End(stream_id));
    }
}

impl Default for Skimmer {
    fn default() -> Self {
        Self::new()
    }
}

/// One direction of a stream.
#[derive(Debug, Default)]
struct Half {
    role: Role,
    is_closed: bool,
    walk: MessageWalk,
}

fn half_of(halves: &mut [Half; 2], direction: Direction) -> &mut Half {
    let [to_server, to_client] = halves;
    match direction {
        Direction::ToServer => to_server,
        Direction::ToClient => to_client,
    }
}

/// Says of a half that is over which message it leaves unfinished.
fn cut(half: &Half, end: usize, show: &mut impl FnMut(Skim<'_>)) {
    if let Some(missing) = half.walk.missing() {
        show(Skim::Damaged { range: end..end, bytes: &[], why: Damage::MessageCut { missing } });
    }
}

/// RFC 9113 6.4: the error code.
const RESET_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::ConnectionReader;
    use crate::inspect::hpack::{Form, HpackEncoder};
    use crate::inspect::rewrite::write_frame;
    use proptest::prelude::*;
    use std::time::Duration;

    /// What both readers must agree on, in words.
    fn skimmed(bytes: &[u8], step: usize) -> Vec<String> {
        let (mut skimmer, mut told, mut covered) = (Skimmer::new(), Vec::new(), 0);
        let mut see = |skim: Skim<'_>| match skim {
            Skim::Preface => covered += PREFACE.len(),
            Skim::Frame { offset, bytes, .. } => {
                assert_eq!(offset, covered, "no gap");
                covered += bytes.len();
            }
            Skim::Damaged { range, bytes, .. } => {
                assert!(range.start == covered || bytes.is_empty());
                covered += bytes.len();
            }
            Skim::Block(what) => told.push(format!("{what:?}")),
            Skim::Part(part) if part.ends => told.push(format!("message {} {}", part.flag, part.length)),
            Skim::End(stream) => told.push(format!("end {stream}")),
            _ => {}
        };
        for chunk in bytes.chunks(step) {
            skimmer.push(Direction::ToServer, chunk, &mut see);
        }
        skimmer.finish(Direction::ToServer, &mut see);
        assert_eq!(covered, bytes.len(), "every byte is shown");
        told
    }

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut reader = ConnectionReader::new();
        reader.push(Direction::ToServer, Duration::ZERO, bytes);
        let mut told = Vec::new();
        while let Some(event) = reader.next_event() {
            match event.what {
                What::Message(message) => told.push(format!("message {} {}", message.flag, message.length)),
                What::HalfClosed => told.push(format!("end {}", event.stream_id)),
                what @ (What::RequestHead(_) | What::Trailers(_) | What::TrailersOnly(_)) => {
                    told.push(format!("{what:?}"));
                }
                what @ (What::ResponseHead(_) | What::InterimHead(_) | What::Promise { .. }) => {
                    told.push(format!("{what:?}"));
                }
                _ => {}
            }
        }
        told
    }

    /// A client that makes some calls, its frames chosen by numbers.
    fn client(choices: &[(u8, u8, u8)]) -> Vec<u8> {
        let mut encoder = HpackEncoder::new();
        let mut bytes = PREFACE.to_vec();
        for (kind, stream, size) in choices {
            let stream = u32::from(*stream % 3) * 2 + 1;
            match kind % 6 {
                0 | 1 => {
                    let mut block = Vec::new();
                    encoder.field(
                        Form::Remembered,
                        b":path",
                        &[b'a'; 3][..usize::from(size % 4)],
                        &mut block,
                    );
                    let flags = if size % 5 == 0 { 0x0 } else { 0x4 };
                    write_frame(FrameKind::Headers, flags | (size & 1), stream, &block, &mut bytes);
                    if flags == 0 {
                        write_frame(FrameKind::Continuation, 0x4, stream, b"", &mut bytes);
                    }
                }
                2 | 3 => {
                    let mut data = vec![0, 0, 0, 0, *size];
                    data.resize(5 + usize::from(*size), 7);
                    let cut = data.len() / 2;
                    write_frame(FrameKind::Data, 0, stream, &data[..cut], &mut bytes);
                    write_frame(FrameKind::Data, kind & 1, stream, &data[cut..], &mut bytes);
                }
                4 => write_frame(FrameKind::RstStream, 0, stream, &[0, 0, 0, 8], &mut bytes),
                _ => write_frame(FrameKind::Ping, 0, 0, &[*size; 8], &mut bytes),
            }
        }
        bytes
    }

    #[test]
    fn a_reset_without_a_code_resets_nothing() {
        let mut bytes = client(&[(0, 0, 1)]);
        write_frame(FrameKind::RstStream, 0, 1, &[], &mut bytes);
        write_frame(FrameKind::Data, 0, 1, b"\0\0\0\0\x01x", &mut bytes);
        assert_eq!(skimmed(&bytes, bytes.len()), read(&bytes));
    }

    #[test]
    fn a_connection_that_is_joined_late_loses_no_byte_however_it_is_cut() {
        let mut bytes = Vec::new();
        for size in [0, 3, 1] {
            write_frame(FrameKind::Ping, 0, 0, &[7; 3][..size], &mut bytes);
        }
        bytes.extend_from_slice(b"\0\0\x09");
        for step in 1..=bytes.len() {
            // Asks in passing whether every byte is shown once.
            assert_eq!(skimmed(&bytes, step), [""; 0]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn a_skimmer_sees_what_a_reader_reads_in_chunks_of_any_size(
            choices in prop::collection::vec(any::<(u8, u8, u8)>(), 0..24),
            step in 1..200_usize,
            spoilt in prop::option::of((24..400_usize, any::<u8>())),
        ) {
            let mut bytes = client(&choices);
            if let Some((at, with)) = spoilt && let Some(byte) = bytes.get_mut(at) {
                *byte = with;
            }
            prop_assert_eq!(skimmed(&bytes, step), read(&bytes));
        }

        #[test]
        fn every_byte_of_anything_is_shown_once(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1..64_usize) {
            skimmed(&bytes, step);
        }
    }
}
