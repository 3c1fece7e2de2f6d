//! Copies one direction of a connection and gives some fields another value.
//!
//! In come the bytes of a direction, in chunks of any size; out come those of
//! a direction that says the same, but for the fields that were changed. A
//! value cannot be blanked where it stands: HPACK may have put it into a
//! table, and later blocks name it by number. So every header block is read
//! and written anew, with a table of the writer's own (RFC 7541 4):
//!
//! ```text
//!   DATA, SETTINGS, PING ...                   as they are
//!   HEADERS + CONTINUATION .. -> fields -> HEADERS (+ CONTINUATION ..)
//! ```
//!
//! What cannot be read cannot be shown to hide nothing, so it is left out and
//! counted. Padding and priorities of header blocks are not copied.
//!
//! This file must not know which fields are changed, or why.

use bytes::Bytes;

use super::block::{BlockJoiner, HeaderBlock};
use super::frame_header::{Flag, FrameHeader, FrameKind};
use super::frames::{Frame, FrameReader, PREFACE, Piece};
use super::hpack::{Entry, Field, Form, HpackDecoder, HpackEncoder};

/// Copies one direction of a connection with some fields changed.
#[derive(Debug)]
pub struct Rewriter {
    frames: FrameReader,
    blocks: BlockJoiner,
    decoder: HpackDecoder,
    encoder: HpackEncoder,
    /// How many bytes could not be read and were left out.
    left_out: usize,
}

impl Rewriter {
    /// Copies what a client sends, from its preface on.
    pub fn client() -> Self {
        Self::of(FrameReader::client())
    }

    /// Copies what a server sends.
    pub fn server() -> Self {
        Self::of(FrameReader::server())
    }

    fn of(frames: FrameReader) -> Self {
        Self {
            frames,
            blocks: BlockJoiner::new(),
            decoder: HpackDecoder::new(),
            encoder: HpackEncoder::new(),
            left_out: 0,
        }
    }

    /// Takes in bytes and appends to `out` what they become.
    ///
    /// `change` is asked for every field by its name; what it returns takes
    /// the place of the field's value. Whole frames are copied: the last bytes
    /// may have to wait for more.
    pub fn push(&mut self, bytes: &[u8], change: &dyn Fn(&[u8]) -> Option<Bytes>, out: &mut Vec<u8>) {
        self.frames.push(bytes);
        while let Some(piece) = self.frames.next_piece() {
            match piece {
                Piece::Preface => out.extend_from_slice(PREFACE),
                Piece::Frame(frame) => self.on_frame(&frame, change, out),
                Piece::Damaged { range, .. } => self.left_out += range.len(),
            }
        }
    }

    /// Ends the direction, and says how many bytes were left out of the copy.
    pub fn finish(&mut self) -> usize {
        if let Some(piece) = self.frames.finish() {
            self.left_out += piece.range().len();
        }
        self.left_out
    }

    fn on_frame(&mut self, frame: &Frame, change: &dyn Fn(&[u8]) -> Option<Bytes>, out: &mut Vec<u8>) {
        if self.blocks.interrupted_by(frame).is_some() {
            self.decoder.lose_track();
        }
        match self.blocks.on_frame(frame, &frame.content()) {
            Ok(Some(block)) => self.on_block(&block, change, out),
            Ok(None) if !carries_block(frame.header.kind) => out.extend_from_slice(&frame.bytes),
            Ok(None) => {}
            Err(_) => {
                self.decoder.lose_track();
                self.left_out += frame.bytes.len();
            }
        }
    }

    fn on_block(&mut self, block: &HeaderBlock, change: &dyn Fn(&[u8]) -> Option<Bytes>, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        for entry in self.decoder.decode(&block.bytes) {
            match &entry {
                Entry::TableSize { size, .. } => self.encoder.table_size(*size, &mut text),
                Entry::Field(field) => self.on_field(field, change, &mut text),
                Entry::Damaged { range, .. } => self.left_out += range.len(),
            }
        }
        write_block(block, &text, out);
    }

    fn on_field(&mut self, field: &Field, change: &dyn Fn(&[u8]) -> Option<Bytes>, text: &mut Vec<u8>) {
        let Ok(name) = &field.name.bytes else {
            self.left_out += field.range.len();
            return;
        };
        match (change(name), &field.value.bytes) {
            // A value that is hidden has no business in a table either.
            (Some(value), _) => self.encoder.field(Form::NeverRemembered, name, &value, text),
            (None, Ok(value)) => self.encoder.field(field.form, name, value, text),
            (None, Err(_)) => self.left_out += field.range.len(),
        }
    }
}

/// Writes a header block as HEADERS or PUSH_PROMISE, and CONTINUATIONs if it is long.
fn write_block(block: &HeaderBlock, text: &[u8], out: &mut Vec<u8>) {
    let mut content = Vec::new();
    let (mut kind, mut flags) = (FrameKind::Headers, 0);
    if let Some(promised) = block.promised {
        kind = FrameKind::PushPromise;
        content.extend_from_slice(&promised.to_be_bytes());
    } else if block.ends_stream {
        flags = Flag::EndStream.bit();
    }
    content.extend_from_slice(text);
    let mut pieces = content.chunks(MAX_FRAME_BYTES).peekable();
    if pieces.peek().is_none() {
        write_frame(kind, flags | Flag::EndHeaders.bit(), block.stream_id, &[], out);
    }
    while let Some(piece) = pieces.next() {
        let end = if pieces.peek().is_none() { Flag::EndHeaders.bit() } else { 0 };
        write_frame(kind, flags | end, block.stream_id, piece, out);
        (kind, flags) = (FrameKind::Continuation, 0);
    }
}

/// Appends one frame.
///
/// Of content beyond the 16 MiB that a frame's length can say, the rest is
/// left out.
pub fn write_frame(kind: FrameKind, flags: u8, stream_id: u32, content: &[u8], out: &mut Vec<u8>) {
    let content = content.get(..MAX_LENGTH).unwrap_or(content);
    // Lossless: cut to 24 bits above.
    let [_, length @ ..] = (content.len() as u32).to_be_bytes();
    out.reserve(FrameHeader::LEN + content.len());
    out.extend_from_slice(&length);
    out.extend_from_slice(&[kind.to_u8(), flags]);
    out.extend_from_slice(&stream_id.to_be_bytes());
    out.extend_from_slice(content);
}

fn carries_block(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation)
}

/// RFC 9113 4.2: what every receiver takes without being asked.
const MAX_FRAME_BYTES: usize = 16_384;

/// The largest length that 24 bits can say.
const MAX_LENGTH: usize = 0xff_ffff;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{ConnectionReader, Direction, What};
    use std::time::Duration;

    fn heads(bytes: &[u8]) -> Vec<String> {
        let mut reader = ConnectionReader::new();
        reader.push(Direction::ToServer, Duration::ZERO, bytes);
        reader.finish();
        let mut told = Vec::new();
        while let Some(event) = reader.next_event() {
            match event.what {
                What::RequestHead(head) => {
                    told.extend(head.fields().map(|f| format!("{}: {}", f.name, f.value)))
                }
                What::Damaged(why) => told.push(why.to_string()),
                _ => {}
            }
        }
        told
    }

    /// Two heads; the second repeats the secret of the first by number.
    fn secrets() -> Vec<u8> {
        let mut encoder = HpackEncoder::new();
        let mut bytes = PREFACE.to_vec();
        for stream in [1, 3] {
            let mut block = Vec::new();
            encoder.field(Form::Indexed, b":method", b"POST", &mut block);
            encoder.field(Form::Remembered, b"authorization", b"Bearer s3cret", &mut block);
            encoder.field(Form::Remembered, b"x-a", b"b", &mut block);
            write_frame(FrameKind::Headers, Flag::EndHeaders.bit(), stream, &block, &mut bytes);
            write_frame(FrameKind::Data, Flag::EndStream.bit(), stream, b"\0\0\0\0\x01x", &mut bytes);
        }
        bytes
    }

    #[test]
    fn a_secret_is_gone_wherever_it_was_said_and_the_rest_is_as_it_was() {
        let secrets = secrets();
        let change = |name: &[u8]| (name == b"authorization").then(|| Bytes::from_static(b"*"));
        for step in [1, 7, secrets.len()] {
            let mut rewriter = Rewriter::client();
            let mut out = Vec::new();
            secrets.chunks(step).for_each(|bytes| rewriter.push(bytes, &change, &mut out));
            assert_eq!(rewriter.finish(), 0);
            let expected = [":method: POST", "authorization: *", "x-a: b"].repeat(2);
            assert_eq!(heads(&out), expected);
            let is_secret = |bytes: &[u8]| out.windows(bytes.len()).any(|window| window == bytes);
            assert!(!is_secret(b"s3cret") && !is_secret(&crate::inspect::huffman::encode(b"Bearer s3cret")));
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_counted() {
        let keep = |_: &[u8]| None;
        let mut out = Vec::new();
        let mut rewriter = Rewriter::client();
        rewriter.push(b"POST / HTTP/1.1\r\nauthorization: Bearer s3cret\r\n\r\n", &keep, &mut out);
        assert!(rewriter.finish() > 0);
        assert!(out.is_empty());
        let mut rewriter = Rewriter::server();
        rewriter.push(b"\0\0\x01\x01\x04\0\0\0\x01\xff\0\0\0\x04\0\0\0\0\0\0\0\x09", &keep, &mut out);
        assert_eq!(rewriter.finish(), 4);
        assert_eq!(out, b"\0\0\0\x01\x04\0\0\0\x01\0\0\0\x04\0\0\0\0\0");
    }

    #[test]
    fn a_long_block_is_cut_into_frames() {
        let block = HeaderBlock {
            stream_id: 1,
            promised: None,
            ends_stream: true,
            bytes: Bytes::new(),
            pieces: Vec::new(),
            range: 0..0,
        };
        let mut out = Vec::new();
        write_block(&block, &vec![0x82; MAX_FRAME_BYTES + 1], &mut out);
        assert_eq!(out.len(), MAX_FRAME_BYTES + 1 + 18);
        assert_eq!(heads(&[&PREFACE[..], &out].concat()).len(), MAX_FRAME_BYTES + 1);
    }
}
