//! Cuts one direction of a connection into the preface and HTTP/2 frames.
//!
//! In come bytes in chunks of any size; out come [`Piece`]s, the same ones
//! however the bytes were chunked (RFC 9113 3.4 "HTTP/2 Connection Preface"
//! and 4.1 "Frame Format"):
//!
//! ```text
//!  client only, once:  PRI * HTTP/2.0 CRLF CRLF SM CRLF CRLF         24 bytes
//!
//!  then frames:  +-----------+------+-------+---------------+- - - - - - -+
//!                | length 24 | type | flags | R | stream 31 |   content   |
//!                +-----------+------+-------+---------------+- - - - - - -+
//!                  0  1  2      3      4      5  6  7  8      9 .. 9+length
//! ```
//!
//! A frame is kept as its raw bytes; what they mean is worked out anew each
//! time someone asks ([`Frame::content`], [`Frame::spans`]). Only bytes that
//! came are held, so a frame that claims 16 MiB costs nothing until it sends
//! them.
//!
//! This file must not know what a header block or a message is.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::content::{self, Content};
use super::cursor::Cursor;
use super::damage::Damage;
use super::frame_header::{self, FrameHeader};
use super::span::{Span, SpanKind};

/// Cuts the bytes of one direction into frames.
///
/// ```
/// use wirewright::inspect::frames::{FrameReader, Piece};
///
/// let mut reader = FrameReader::server();
/// reader.push(&[0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 1]);
/// assert!(reader.next_piece().is_none(), "two bytes are missing");
/// reader.push(&[0, 0]);
/// let Some(Piece::Frame(frame)) = reader.next_piece() else { panic!() };
/// assert_eq!(frame.header.to_string(), "WINDOW_UPDATE, 4 bytes, no flags, stream 0");
/// ```
#[derive(Debug)]
pub struct FrameReader {
    /// What the next bytes must be.
    expect: Expect,
    /// Bytes that came and are not yet a whole piece.
    buffer: BytesMut,
    /// Where `buffer` begins, counted from the first byte of the direction.
    offset: usize,
}

impl FrameReader {
    /// Reads what a client sends: the preface, then frames.
    pub fn client() -> Self {
        Self::expecting(Expect::Preface)
    }

    /// Reads what a server sends: frames from the first byte on.
    pub fn server() -> Self {
        Self::expecting(Expect::Frame)
    }

    fn expecting(expect: Expect) -> Self {
        Self { expect, buffer: BytesMut::new(), offset: 0 }
    }

    /// Takes in the next bytes; afterwards ask [`next_piece`](Self::next_piece).
    pub fn push(&mut self, bytes: &[u8]) {
        match self.expect {
            // Nothing can be read any more, so nothing is kept: only counted.
            Expect::Nothing => self.offset += bytes.len(),
            Expect::Preface | Expect::Frame => self.buffer.extend_from_slice(bytes),
        }
    }

    /// The next whole piece, or `None` until more bytes are pushed.
    pub fn next_piece(&mut self) -> Option<Piece> {
        match self.expect {
            Expect::Preface => self.next_preface(),
            Expect::Frame => self.next_frame(),
            Expect::Nothing => None,
        }
    }

    /// Ends the input: what is left, as far as it can be read.
    ///
    /// Call it once no piece is left. After it the reader is empty.
    pub fn finish(&mut self) -> Option<Piece> {
        let rest = self.buffer.split().freeze();
        let offset = self.offset;
        self.offset += rest.len();
        match self.expect {
            Expect::Preface if rest.is_empty() => None,
            Expect::Preface if PREFACE.starts_with(&rest) => {
                let missing = PREFACE.len() - rest.len();
                let note = Damage::CutShort { missing };
                Some(Piece::damaged(offset..self.offset, SpanKind::Preface, note))
            }
            Expect::Preface => Some(Piece::damaged(offset..self.offset, SpanKind::Damaged, Damage::NotHttp2)),
            Expect::Frame => Self::last_frame(rest, offset),
            Expect::Nothing if offset == PREFACE.len() => None,
            Expect::Nothing => {
                Some(Piece::damaged(PREFACE.len()..offset, SpanKind::Damaged, Damage::NotHttp2))
            }
        }
    }

    fn next_preface(&mut self) -> Option<Piece> {
        if self.buffer.len() < PREFACE.len() {
            return None;
        }
        let range = 0..PREFACE.len();
        let start = self.buffer.split_to(PREFACE.len());
        self.offset = range.end;
        if start == PREFACE.as_slice() {
            self.expect = Expect::Frame;
            return Some(Piece::Preface);
        }
        self.expect = Expect::Nothing;
        self.offset += self.buffer.len();
        self.buffer.clear();
        Some(Piece::damaged(range, SpanKind::Damaged, Damage::NotHttp2))
    }

    fn next_frame(&mut self) -> Option<Piece> {
        let header = FrameHeader::read(self.buffer.first_chunk()?);
        let len = FrameHeader::LEN + header.content_len();
        if self.buffer.len() < len {
            return None;
        }
        let frame = Frame { offset: self.offset, header, bytes: self.buffer.split_to(len).freeze() };
        self.offset += len;
        Some(Piece::Frame(frame))
    }

    /// What the recording holds of a frame that it does not hold whole.
    fn last_frame(rest: Bytes, offset: usize) -> Option<Piece> {
        if rest.is_empty() {
            return None;
        }
        if let Some(header) = rest.first_chunk() {
            return Some(Piece::Frame(Frame { offset, header: FrameHeader::read(header), bytes: rest }));
        }
        let missing = FrameHeader::LEN - rest.len();
        let range = offset..offset + rest.len();
        let why = Damage::CutShort { missing };
        let mut cursor = Cursor::marking(rest, offset, missing);
        // The damage is known already; the walk is for its trail.
        let _ = frame_header::mark(&mut cursor);
        let spans = cursor.into_spans(Some(why));
        Some(Piece::Damaged { range, spans, why })
    }
}

/// What the next bytes of a direction must be.
#[derive(Debug)]
enum Expect {
    /// The client's 24 bytes.
    Preface,
    /// A frame.
    Frame,
    /// The peer does not speak HTTP/2; no byte means anything.
    Nothing,
}

/// One step through a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The client's preface, bytes 0 to 23.
    Preface,
    /// A frame; only the last one of a recording can be incomplete.
    Frame(Frame),
    /// Bytes that are no frame.
    Damaged {
        /// Where they are.
        range: Range<usize>,
        /// What they could be read as, nonetheless.
        spans: Vec<Span>,
        /// Why they are no frame.
        why: Damage,
    },
}

impl Piece {
    fn damaged(range: Range<usize>, kind: SpanKind, why: Damage) -> Self {
        let spans = vec![Span::new(range.clone(), kind, why.to_string())];
        Self::Damaged { range, spans, why }
    }

    /// Where the piece is.
    pub fn range(&self) -> Range<usize> {
        match self {
            Self::Preface => 0..PREFACE.len(),
            Self::Frame(frame) => frame.range(),
            Self::Damaged { range, .. } => range.clone(),
        }
    }

    /// The piece, byte by byte.
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Self::Preface => vec![Span::new(self.range(), SpanKind::Preface, "")],
            Self::Frame(frame) => frame.spans(),
            Self::Damaged { spans, .. } => spans.clone(),
        }
    }
}

/// One HTTP/2 frame, as it crossed the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Where its first byte is, counted from the first byte of the direction.
    pub offset: usize,
    /// Its first nine bytes, read.
    pub header: FrameHeader,
    /// All its bytes, the header's nine included.
    pub bytes: Bytes,
}

impl Frame {
    /// Where the frame is.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.bytes.len()
    }

    /// How many bytes the recording lacks at the end of this frame.
    pub fn missing(&self) -> usize {
        (FrameHeader::LEN + self.header.content_len()).saturating_sub(self.bytes.len())
    }

    /// What the frame says; of a frame that is cut, what is there.
    pub fn content(&self) -> Content {
        let mut cursor = Cursor::silent(self.after_header(), self.missing());
        content::read(&self.header, &mut cursor).unwrap_or_else(Content::Damaged)
    }

    /// The frame, byte by byte.
    pub fn spans(&self) -> Vec<Span> {
        let mut cursor = Cursor::marking(self.bytes.clone(), self.offset, self.missing());
        let read = frame_header::mark(&mut cursor).and_then(|()| content::read(&self.header, &mut cursor));
        cursor.into_spans(read.err())
    }

    /// Where the content begins.
    pub(super) fn content_offset(&self) -> usize {
        self.offset + FrameHeader::LEN
    }

    fn after_header(&self) -> Bytes {
        self.bytes.slice(FrameHeader::LEN.min(self.bytes.len())..)
    }
}

/// What a client sends first (RFC 9113 3.4); no HTTP/1 server can mistake it
/// for a request it knows.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::frame_header::STREAM_ID_MASK;
    use crate::inspect::span::is_partition;
    use proptest::prelude::*;

    /// All pieces of a direction that is fed in chunks of `size` bytes.
    fn read(mut reader: FrameReader, bytes: &[u8], size: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for chunk in bytes.chunks(size.max(1)) {
            reader.push(chunk);
            pieces.extend(std::iter::from_fn(|| reader.next_piece()));
        }
        pieces.extend(reader.finish());
        pieces
    }

    /// The kinds and notes of all spans, a line each.
    fn told(pieces: &[Piece]) -> String {
        let spans = pieces.iter().flat_map(Piece::spans);
        spans.map(|span| format!("{} {:?} {}\n", span.range.len(), span.kind, span.note)).collect()
    }

    #[test]
    fn a_frame_is_told_byte_by_byte() {
        let frame =
            b"\0\0\x12\x01\x2d\0\0\0\x03\x02\x80\0\0\x01\xc8\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\0\0";
        let pieces = read(FrameReader::server(), frame, 5);
        assert_eq!(
            told(&pieces),
            "3 FrameLength 18\n\
             1 FrameType HEADERS\n\
             1 FrameFlags END_STREAM END_HEADERS PADDED PRIORITY\n\
             4 StreamId 3\n\
             1 PadLength 2 bytes\n\
             4 Dependency on stream 1, exclusively\n\
             1 Weight 201\n\
             10 HeaderFragment \n\
             2 Padding \n"
        );
    }

    #[test]
    fn each_type_of_frame_has_its_content() {
        use crate::inspect::content::{Priority, Setting};
        let cases: &[(&[u8], Content)] = &[
            (b"\0\0\x05\0\x08\0\0\0\x01\x01abc\0", Content::Data { data: Bytes::from_static(b"abc"), at: 1 }),
            (
                b"\0\0\x05\x02\0\0\0\0\x05\0\0\0\x03\x0f",
                Content::Priority(Priority { is_exclusive: false, depends_on: 3, weight: 16 }),
            ),
            (b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08", Content::RstStream { code: 8 }),
            (
                b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\x01\0\0",
                Content::Settings { is_ack: false, settings: vec![Setting { id: 4, value: 65_536 }] },
            ),
            (
                b"\0\0\x05\x05\x04\0\0\0\x01\0\0\0\x02\x88",
                Content::PushPromise { promised: 2, fragment: Bytes::from_static(b"\x88"), at: 4 },
            ),
            (b"\0\0\x08\x06\x01\0\0\0\0eight by", Content::Ping { is_ack: true, data: *b"eight by" }),
            (
                b"\0\0\x0b\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\x0bhmm",
                Content::GoAway { last_stream: STREAM_ID_MASK, code: 11, debug: Bytes::from_static(b"hmm") },
            ),
            (
                // The reserved bit is ignored.
                b"\0\0\x04\x08\0\x80\0\0\x01\x80\0\0\x02",
                Content::WindowUpdate { increment: 2 },
            ),
            (
                b"\0\0\x01\x09\x04\0\0\0\x01\x88",
                Content::Continuation { fragment: Bytes::from_static(b"\x88") },
            ),
            (b"\0\0\x02\xfa\xff\0\0\0\x01hi", Content::Unknown { content: Bytes::from_static(b"hi") }),
        ];
        for (bytes, content) in cases {
            let pieces = read(FrameReader::server(), bytes, 3);
            let [Piece::Frame(frame)] = &pieces[..] else { panic!("{pieces:?}") };
            assert_eq!(frame.content(), *content);
            assert!(is_partition(&frame.spans(), 0..bytes.len()));
        }
    }

    #[test]
    fn a_frame_that_does_not_fit_its_type_says_why() {
        let cases: &[(&[u8], Damage)] = &[
            // Five bytes of SETTINGS, nine of PING, three of WINDOW_UPDATE.
            (b"\0\0\x05\x04\0\0\0\0\0\0\x04\0\0\0", Damage::TooShort { missing: 1 }),
            (b"\0\0\x09\x06\0\0\0\0\0nine byte", Damage::TooLong { extra: 1 }),
            (b"\0\0\x03\x08\0\0\0\0\0\0\0\x01", Damage::TooShort { missing: 1 }),
            (b"\0\0\x03\0\x08\0\0\0\x01\x03ab", Damage::PaddingTooLong { claimed: 3, room: 2 }),
            (b"\0\0\0\0\x08\0\0\0\x01", Damage::TooShort { missing: 1 }),
        ];
        for (bytes, damage) in cases {
            let pieces = read(FrameReader::server(), bytes, usize::MAX);
            let [Piece::Frame(frame)] = &pieces[..] else { panic!("{pieces:?}") };
            assert_eq!(frame.content(), Content::Damaged(*damage), "{bytes:02x?}");
            assert!(is_partition(&frame.spans(), 0..bytes.len()));
        }
    }

    #[test]
    fn a_recording_that_ends_in_a_frame_is_read_to_its_end() {
        let bytes = b"\xff\xff\xff\0\0\0\0\0\x01abc";
        let pieces = read(FrameReader::server(), bytes, 4);
        let [Piece::Frame(frame)] = &pieces[..] else { panic!("{pieces:?}") };
        assert_eq!(frame.missing(), 0xff_ffff - 3);
        assert_eq!(frame.content(), Content::Data { data: Bytes::from_static(b"abc"), at: 0 });
        assert!(is_partition(&frame.spans(), 0..bytes.len()));
        assert_eq!(frame.spans()[4].note, "the recording ends 16777212 bytes too early");
    }

    #[test]
    fn a_peer_that_speaks_http_1_is_found_out_in_24_bytes() {
        let bytes = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
        let pieces = read(FrameReader::client(), bytes, 7);
        let [Piece::Damaged { range, why, .. }, Piece::Damaged { range: rest, .. }] = &pieces[..] else {
            panic!("{pieces:?}")
        };
        assert_eq!((range, rest), (&(0..24), &(24..bytes.len())));
        assert_eq!(*why, Damage::NotHttp2);
    }

    #[test]
    fn a_header_that_is_cut_is_read_as_far_as_it_goes() {
        let pieces = read(FrameReader::server(), b"\0\0\x04\x03\0\0\0", 1);
        assert_eq!(
            told(&pieces),
            "3 FrameLength 4\n\
             1 FrameType RST_STREAM\n\
             1 FrameFlags no flags\n\
             2 Damaged the recording ends 2 bytes too early\n"
        );
    }

    /// Bytes in which frames are likelier than in noise.
    fn frame_like() -> impl Strategy<Value = Vec<u8>> {
        let frame = (0_u8..12, any::<u8>(), 0_u8..4, proptest::collection::vec(any::<u8>(), 0..24));
        let frames = proptest::collection::vec(frame, 0..8).prop_map(|frames| {
            let mut bytes = Vec::new();
            for (kind, flags, stream, content) in frames {
                // Now and then a length that lies.
                let len = content.len() as u8 + u8::from(kind == 11);
                bytes.extend([0, 0, len, kind, flags, 0, 0, 0, stream]);
                bytes.extend(content);
            }
            bytes
        });
        prop_oneof![frames, any::<Vec<u8>>()]
    }

    proptest! {
        #[test]
        fn every_byte_is_told_once_and_chunks_do_not_matter(
            bytes in frame_like(),
            size in 1_usize..20,
            is_client: bool,
            has_preface: bool,
        ) {
            let mut input = if has_preface { PREFACE.to_vec() } else { Vec::new() };
            input.extend(bytes);
            let reader = || if is_client { FrameReader::client() } else { FrameReader::server() };
            let pieces = read(reader(), &input, usize::MAX);
            let spans: Vec<_> = pieces.iter().flat_map(Piece::spans).collect();
            prop_assert!(is_partition(&spans, 0..input.len()), "{spans:?}");
            prop_assert_eq!(read(reader(), &input, size), pieces);
        }
    }
}
