//! Puts gRPC's messages together from the DATA of one half of a stream.
//!
//! In comes the data of DATA frames, in order; out come whole [`Message`]s
//! (PROTOCOL-HTTP2 "Length-Prefixed-Message"). Messages and frames know
//! nothing of each other's boundaries:
//!
//! ```text
//!  DATA        DATA                 DATA
//!  |00 00 00|  |00 07|0a 05 w o|    |r l d|00 00 00 00 00|
//!   \______ prefix _/ \____________ _____/ \____ prefix of an empty message
//!   flag, length            message
//! ```
//!
//! This file must not know what a message says, nor of which call it is part.

use std::ops::Range;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

use super::span::{Span, SpanKind};
use crate::wire::PREFIX_LEN;

/// One message, as it crossed the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The prefix's first byte: 0 plain, 1 compressed, anything else an error.
    pub flag: u8,
    /// What the prefix's other four bytes say: how long the message is.
    pub length: u32,
    /// The shares of the message that DATA frames carried, prefix included;
    /// one for each frame.
    pub pieces: Vec<MessagePiece>,
}

impl Message {
    /// The message with its prefix, joined.
    ///
    /// At most the first [`KEPT_BYTES`] of it.
    pub fn bytes(&self) -> Bytes {
        match self.pieces.as_slice() {
            [piece] => piece.bytes.clone(),
            pieces => {
                let mut joined = BytesMut::new();
                pieces.iter().for_each(|piece| joined.extend_from_slice(&piece.bytes));
                joined.freeze()
            }
        }
    }

    /// The five bytes in front of the message.
    pub fn prefix(&self) -> [u8; PREFIX_LEN] {
        let [l0, l1, l2, l3] = self.length.to_be_bytes();
        [self.flag, l0, l1, l2, l3]
    }

    /// The message without its prefix, joined; still compressed if it was.
    pub fn content(&self) -> Bytes {
        let mut bytes = self.bytes();
        bytes.advance(PREFIX_LEN.min(bytes.len()));
        bytes
    }

    /// Whether the flag says that the message is compressed.
    pub fn is_compressed(&self) -> bool {
        self.flag & 1 == 1
    }

    /// Whether all its bytes were kept.
    pub fn is_whole(&self) -> bool {
        let kept: usize = self.pieces.iter().map(|piece| piece.bytes.len()).sum();
        kept as u64 == PREFIX_LEN as u64 + u64::from(self.length)
    }

    /// From the first byte of its prefix to its last, whatever lies between.
    pub fn range(&self) -> Range<usize> {
        let start = self.pieces.first().map_or(0, |piece| piece.range.start);
        let end = self.pieces.last().map_or(0, |piece| piece.range.end);
        start..end
    }
}

/// The share of a message that one DATA frame carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePiece {
    /// Where it is in the direction.
    pub range: Range<usize>,
    /// When its frame was complete.
    pub at: Duration,
    /// Its bytes, as far as they were kept.
    pub bytes: Bytes,
}

/// Cuts the data of one half into messages.
#[derive(Debug, Default)]
pub(super) struct MessageReader {
    /// The prefix of the message that is coming.
    prefix: [u8; PREFIX_LEN],
    /// How many bytes of it have come, prefix included.
    received: u64,
    /// How many bytes of it are held, which may be fewer.
    kept: usize,
    /// The shares of it that have come.
    pieces: Vec<MessagePiece>,
}

impl MessageReader {
    /// Takes in the data of a frame, which begins at `offset`.
    ///
    /// Appends the messages that it completes to `messages`, and to `spans`,
    /// if anyone wants them, what its bytes are.
    pub(super) fn push(
        &mut self,
        mut data: Bytes,
        mut offset: usize,
        at: Duration,
        messages: &mut Vec<Message>,
        mut spans: Option<&mut Vec<Span>>,
    ) {
        while !data.is_empty() {
            let prefix_len = self.take_prefix(&data);
            let rest = usize::try_from(self.missing()).unwrap_or(usize::MAX);
            let len = prefix_len + rest.min(data.len() - prefix_len);
            if let Some(spans) = &mut spans {
                self.mark(offset..offset + len, prefix_len, spans);
            }
            self.received += (len - prefix_len) as u64;
            self.keep(data.split_to(len), offset, at);
            offset += len;
            if self.missing() == 0 {
                messages.push(self.end());
            }
        }
    }

    /// The message that has begun and not ended, and what it still lacks.
    pub(super) fn unfinished(&mut self) -> Option<(Message, usize)> {
        if self.received == 0 {
            return None;
        }
        let missing = usize::try_from(self.missing()).unwrap_or(usize::MAX);
        Some((self.end(), missing))
    }

    /// Takes what is still missing of the prefix, and says how much that was.
    fn take_prefix(&mut self, data: &Bytes) -> usize {
        let begun = usize::try_from(self.received).unwrap_or(usize::MAX).min(PREFIX_LEN);
        let wanted = self.prefix.iter_mut().skip(begun);
        let mut taken = 0;
        for (to, from) in wanted.zip(data) {
            *to = *from;
            taken += 1;
        }
        self.received += taken as u64;
        taken
    }

    /// How many bytes are missing, as far as the prefix tells.
    fn missing(&self) -> u64 {
        let prefix_len = PREFIX_LEN as u64;
        match prefix_len.saturating_sub(self.received) {
            0 => prefix_len + u64::from(self.length()) - self.received,
            missing => missing,
        }
    }

    fn length(&self) -> u32 {
        let [_, length @ ..] = self.prefix;
        u32::from_be_bytes(length)
    }

    /// Remembers a share of the message, if there is room for it.
    fn keep(&mut self, mut bytes: Bytes, offset: usize, at: Duration) {
        let range = offset..offset + bytes.len();
        bytes.truncate(KEPT_BYTES.saturating_sub(self.kept));
        self.kept += bytes.len();
        match self.pieces.last_mut() {
            // Beyond what is kept, frames are not listed one by one either.
            Some(last) if bytes.is_empty() => last.range.end = range.end,
            _ => self.pieces.push(MessagePiece { range, at, bytes }),
        }
    }

    fn end(&mut self) -> Message {
        let length = self.length();
        let [flag, ..] = self.prefix;
        let Self { pieces, .. } = std::mem::take(self);
        Message { flag, length, pieces }
    }

    /// Says what the bytes at `range` are; the first `prefix_len` of them end
    /// the part of the prefix that has come.
    fn mark(&self, range: Range<usize>, prefix_len: usize, spans: &mut Vec<Span>) {
        let mut at = range.start;
        let mut prefix_left = prefix_len;
        // `received` counts this part of the prefix already.
        if self.received == prefix_len as u64 && prefix_len > 0 {
            let [flag, ..] = self.prefix;
            let note = match flag {
                0 => "not compressed",
                1 => "compressed",
                _ => "neither 0 nor 1, which is an error",
            };
            spans.push(Span::new(at..at + 1, SpanKind::MessageFlag, note));
            at += 1;
            prefix_left -= 1;
        }
        if prefix_left > 0 {
            let note = match self.received < PREFIX_LEN as u64 {
                true => "continues in the next frame".into(),
                false => self.length().to_string(),
            };
            spans.push(Span::new(at..at + prefix_left, SpanKind::MessageLength, note));
            at += prefix_left;
        }
        if at < range.end {
            let is_first = self.received == PREFIX_LEN as u64;
            let note = if is_first { "" } else { "continued" };
            spans.push(Span::new(at..range.end, SpanKind::Message, note));
        }
    }
}

/// Of longer messages only this much is kept: 4 MiB is the longest message
/// that gRPC's implementations accept by default, and nobody reads a hex dump
/// of more.
pub const KEPT_BYTES: usize = PREFIX_LEN + 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::span::is_partition;
    use proptest::prelude::*;

    /// Feeds frames that lie 100 bytes apart; gives messages and spans.
    fn read(reader: &mut MessageReader, frames: &[&[u8]]) -> (Vec<Message>, Vec<Span>) {
        let (mut messages, mut spans) = (Vec::new(), Vec::new());
        for (nth, frame) in frames.iter().enumerate() {
            let at = Duration::from_millis(nth as u64);
            let data = Bytes::copy_from_slice(frame);
            reader.push(data, nth * 100, at, &mut messages, Some(&mut spans));
        }
        (messages, spans)
    }

    #[test]
    fn a_message_may_be_spread_and_a_frame_may_hold_many() {
        let mut reader = MessageReader::default();
        let (messages, spans) =
            read(&mut reader, &[b"\0\0\0", b"\0\x07\x0a\x05wo", b"rld\x01\0\0\0\0\0\0\0\0\x01x"]);
        let [world, empty, x] = &messages[..] else { panic!("{messages:?}") };
        assert_eq!(world.content(), b"\x0a\x05world"[..]);
        assert_eq!(world.prefix(), [0, 0, 0, 0, 7]);
        let ranges: Vec<_> = world.pieces.iter().map(|piece| piece.range.clone()).collect();
        assert_eq!(ranges, [0..3, 100..106, 200..203]);
        assert_eq!(world.range(), 0..203);
        assert!(empty.is_compressed() && empty.content().is_empty());
        assert_eq!(x.bytes(), b"\0\0\0\0\x01x"[..]);
        assert_eq!(reader.unfinished(), None);
        let told: Vec<_> =
            spans.iter().map(|span| format!("{:?} {:?} {}", span.range, span.kind, span.note)).collect();
        assert_eq!(
            told,
            [
                "0..1 MessageFlag not compressed",
                "1..3 MessageLength continues in the next frame",
                "100..102 MessageLength 7",
                "102..106 Message ",
                "200..203 Message continued",
                "203..204 MessageFlag compressed",
                "204..208 MessageLength 0",
                "208..209 MessageFlag not compressed",
                "209..213 MessageLength 1",
                "213..214 Message ",
            ]
        );
    }

    #[test]
    fn what_an_unfinished_message_lacks_is_known_as_far_as_the_prefix_goes() {
        let cases: &[(&[u8], Option<usize>)] = &[
            (b"", None),
            (b"\0", Some(4)),
            (b"\0\0\0\0\x03ab", Some(1)),
            (b"\0\xff\xff\xff\xff", Some(0xffff_ffff)),
        ];
        for (data, missing) in cases {
            let mut reader = MessageReader::default();
            read(&mut reader, &[data]);
            assert_eq!(reader.unfinished().map(|(_, missing)| missing), *missing, "{data:?}");
        }
    }

    #[test]
    fn a_huge_message_is_counted_but_not_kept() {
        let mut reader = MessageReader::default();
        let megabyte = vec![7; 1024 * 1024];
        let mut frames = vec![&b"\0\0\x60\0\0"[..]];
        frames.extend([&megabyte[..]; 6]);
        let (messages, _) = read(&mut reader, &frames);
        let [message] = &messages[..] else { panic!() };
        assert_eq!(message.length, 6 * 1024 * 1024);
        assert_eq!(message.bytes().len(), KEPT_BYTES);
        assert!(!message.is_whole());
        assert_eq!(message.range().end, 600 + 1024 * 1024);
    }

    proptest! {
        #[test]
        fn messages_do_not_depend_on_frames(
            contents in proptest::collection::vec((any::<u8>(), any::<Vec<u8>>()), 0..6),
            size in 1_usize..40,
        ) {
            let mut data = Vec::new();
            for (flag, content) in &contents {
                data.push(*flag);
                data.extend((content.len() as u32).to_be_bytes());
                data.extend(content);
            }
            let (mut messages, mut spans) = (Vec::new(), Vec::new());
            let mut reader = MessageReader::default();
            for (nth, frame) in data.chunks(size).enumerate() {
                let frame = Bytes::copy_from_slice(frame);
                reader.push(frame, nth * size, Duration::ZERO, &mut messages, Some(&mut spans));
            }
            prop_assert!(is_partition(&spans, 0..data.len()));
            let read: Vec<_> = messages.iter().map(|message| (message.flag, message.content().to_vec())).collect();
            prop_assert_eq!(read, contents);
        }
    }
}
