//! Reads one whole connection, both ways, and says what happened on it.
//!
//! In come chunks of bytes, each with its direction and time; out come
//! [`Event`]s in the order in which they were complete and, for those who
//! want to see every byte, the [`Span`]s of both directions:
//!
//! ```text
//!  chunk, direction, time
//!    |
//!    +-- frames ---- SETTINGS, PING, RST_STREAM ... ------------> events
//!          |
//!          +-- HEADERS + CONTINUATION -> block -> HPACK --------> heads, trailers
//!          |
//!          +-- DATA ---> half of a stream --> messages ---------> messages
//! ```
//!
//! A stream is remembered until both halves are over or one side resets it.
//! What is damaged, lost or unheard becomes an event of its own
//! ([`What::Damaged`]) and reading goes on with the next frame.
//!
//! This file must not know what a message says.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::block::{BlockJoiner, HeaderBlock};
use super::content::Content;
use super::damage::Damage;
use super::event::{Direction, Event, Head, What};
use super::frame_header::{Flag, FrameHeader, FrameKind};
use super::frames::{Frame, FrameReader, Piece};
use super::hpack::HpackDecoder;
use super::span::{Span, SpanKind};
use super::stream::Stream;

/// Reads a connection.
///
/// ```
/// use std::time::Duration;
/// use wirewright::inspect::{ConnectionReader, Direction, What};
///
/// let mut reader = ConnectionReader::new();
/// let ping = b"\0\0\x08\x06\0\0\0\0\0--------";
/// reader.push(Direction::ToClient, Duration::from_millis(3), ping);
/// let event = reader.next_event().unwrap();
/// assert_eq!(event.range, 0..17);
/// assert_eq!(event.what, What::Ping { is_ack: false, data: *b"--------" });
/// ```
#[derive(Debug)]
pub struct ConnectionReader {
    /// What travels from the client to the server.
    to_server: Side,
    /// What travels back.
    to_client: Side,
    /// The streams that are not over.
    streams: BTreeMap<u32, Stream>,
    /// When the latest bytes crossed. A frame is told in the moment in which
    /// its last byte is pushed, so this is its time.
    now: Duration,
    /// What has happened and was not asked for yet.
    events: VecDeque<Event>,
    /// The same, byte by byte; `None` if nobody wants to know.
    spans: Option<VecDeque<(Direction, Span)>>,
}

impl ConnectionReader {
    /// Reads a connection from its first byte.
    pub fn new() -> Self {
        Self::with(FrameReader::client(), HpackDecoder::new)
    }

    /// Reads a connection whose beginning was not recorded.
    ///
    /// Both directions must begin with a frame. Fields whose meaning was said
    /// earlier are unknown, and so are the messages of streams begun earlier.
    pub fn joined_late() -> Self {
        Self::with(FrameReader::server(), HpackDecoder::joined_late)
    }

    fn with(client: FrameReader, hpack: fn() -> HpackDecoder) -> Self {
        Self {
            to_server: Side::new(client, hpack()),
            to_client: Side::new(FrameReader::server(), hpack()),
            streams: BTreeMap::new(),
            now: Duration::ZERO,
            events: VecDeque::new(),
            spans: None,
        }
    }

    /// Also explains every byte; see [`next_span`](Self::next_span).
    pub fn with_spans(mut self) -> Self {
        self.spans = Some(VecDeque::new());
        self
    }

    /// Takes in the next bytes of a direction, which crossed at `at`.
    pub fn push(&mut self, direction: Direction, at: Duration, bytes: &[u8]) {
        self.now = at;
        self.side(direction).frames.push(bytes);
        while let Some(piece) = self.side(direction).frames.next_piece() {
            self.on_piece(direction, piece);
        }
    }

    /// Ends the recording: what is left is told as far as it goes.
    pub fn finish(&mut self) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some(piece) = self.side(direction).frames.finish() {
                self.on_piece(direction, piece);
            }
            self.flush_spans(direction);
        }
        for (stream_id, mut stream) in std::mem::take(&mut self.streams) {
            self.cut_messages(stream_id, &mut stream);
        }
    }

    /// What happened next, or `None` until more bytes are pushed.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next stretch of bytes that is explained.
    ///
    /// The spans of each direction partition its bytes, in order, once the
    /// reader is [finished](Self::finish). They come only if asked for
    /// [at the start](Self::with_spans).
    pub fn next_span(&mut self) -> Option<(Direction, Span)> {
        self.spans.as_mut()?.pop_front()
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn on_piece(&mut self, direction: Direction, piece: Piece) {
        if self.spans.is_some() {
            let spans = piece.spans();
            self.side(direction).held.extend(spans);
        }
        match piece {
            Piece::Preface => self.say(direction, 0, piece.range(), What::Preface),
            Piece::Damaged { range, why, .. } => self.say(direction, 0, range, What::Damaged(why)),
            Piece::Frame(frame) => self.on_frame(direction, &frame),
        }
        if !self.side(direction).blocks.is_open() {
            self.flush_spans(direction);
        }
    }

    fn on_frame(&mut self, direction: Direction, frame: &Frame) {
        if let Some(stream_id) = self.side(direction).blocks.interrupted_by(frame) {
            self.side(direction).hpack.lose_track();
            self.say(direction, stream_id, frame.range(), What::Damaged(Damage::BlockInterrupted));
        }
        let content = frame.content();
        match self.side(direction).blocks.on_frame(frame, &content) {
            Ok(None) => self.on_content(direction, frame, content),
            Ok(Some(block)) => self.on_block(direction, block),
            Err(why) => self.lose_block(direction, frame, why),
        }
        if frame.missing() > 0 {
            let why = Damage::CutShort { missing: frame.missing() };
            self.say_of(direction, frame, What::Damaged(why));
        } else if frame.header.has(Flag::EndStream) && frame.header.kind == FrameKind::Data {
            self.half_close(direction, frame.header.stream_id, flags_of(frame.offset));
        }
    }

    /// A frame that is no part of a header block, or a damaged one.
    fn on_content(&mut self, direction: Direction, frame: &Frame, content: Content) {
        let what = match content {
            Content::Data { data, at } => return self.on_data(direction, frame, data, at),
            // Told when the block is whole.
            Content::Headers { .. } | Content::PushPromise { .. } | Content::Continuation { .. } => return,
            Content::RstStream { code } => {
                let stream_id = frame.header.stream_id;
                self.say_of(direction, frame, What::Reset { code });
                if let Some(mut stream) = self.streams.remove(&stream_id) {
                    self.cut_messages(stream_id, &mut stream);
                }
                return;
            }
            Content::Priority(priority) => What::Priority(priority),
            Content::Settings { is_ack, settings } => What::Settings { is_ack, settings },
            Content::Ping { is_ack, data } => What::Ping { is_ack, data },
            Content::GoAway { last_stream, code, debug } => What::GoAway { last_stream, code, debug },
            Content::WindowUpdate { increment } => What::WindowUpdate { increment },
            Content::Unknown { .. } => What::UnknownFrame(frame.clone()),
            Content::Damaged(why) if carries_block(frame.header.kind) => {
                return self.lose_block(direction, frame, why);
            }
            // Told once, by whoever sees that the frame is not whole.
            Content::Damaged(Damage::CutShort { .. }) => return,
            Content::Damaged(why) => What::Damaged(why),
        };
        self.say_of(direction, frame, what);
    }

    fn on_data(&mut self, direction: Direction, frame: &Frame, data: Bytes, at: usize) {
        let start = frame.offset + FrameHeader::LEN + at;
        let stream_id = frame.header.stream_id;
        let half = self.streams.get_mut(&stream_id).and_then(|stream| stream.messages(direction));
        let Some(reader) = half else {
            if !data.is_empty() {
                self.say(direction, stream_id, start..start + data.len(), What::Data(data));
            }
            return;
        };
        let mut messages = Vec::new();
        let mut spans = self.spans.is_some().then(Vec::new);
        reader.push(data, start, self.now, &mut messages, spans.as_mut());
        self.refine(direction, SpanKind::Data, frame.offset, spans.unwrap_or_default());
        for message in messages {
            self.say(direction, stream_id, message.range(), What::Message(message));
        }
    }

    fn on_block(&mut self, direction: Direction, block: HeaderBlock) {
        let entries = self.side(direction).hpack.decode(&block.bytes);
        let head = Head { entries, block };
        let HeaderBlock { stream_id, promised, ends_stream, ref range, .. } = head.block;
        let range = range.clone();
        if self.spans.is_some() {
            self.refine(direction, SpanKind::HeaderFragment, range.start, head.spans());
        }
        if let Some(promised) = promised {
            return self.say(direction, stream_id, range, What::Promise { promised, head });
        }
        let stream = self.streams.entry(stream_id).or_default();
        let what = stream.name_block(direction, head);
        self.say(direction, stream_id, range.clone(), what);
        if ends_stream {
            self.half_close(direction, stream_id, flags_of(range.start));
        }
    }

    /// Ends one half of a stream, and forgets the stream after the second.
    fn half_close(&mut self, direction: Direction, stream_id: u32, flags: Range<usize>) {
        if let Some(stream) = self.streams.get_mut(&stream_id) {
            let half = stream.half(direction);
            half.is_closed = true;
            let unfinished = half.messages.unfinished();
            if stream.is_over() {
                self.streams.remove(&stream_id);
            }
            if let Some((message, missing)) = unfinished {
                let why = Damage::MessageCut { missing };
                self.say(direction, stream_id, message.range(), What::Damaged(why));
            }
        }
        self.say(direction, stream_id, flags, What::HalfClosed);
    }

    /// Says of both halves which message they leave unfinished.
    fn cut_messages(&mut self, stream_id: u32, stream: &mut Stream) {
        for direction in [Direction::ToServer, Direction::ToClient] {
            if let Some((message, missing)) = stream.half(direction).messages.unfinished() {
                let why = Damage::MessageCut { missing };
                self.say(direction, stream_id, message.range(), What::Damaged(why));
            }
        }
    }

    fn lose_block(&mut self, direction: Direction, frame: &Frame, why: Damage) {
        self.side(direction).hpack.lose_track();
        if !matches!(why, Damage::CutShort { .. }) {
            self.say_of(direction, frame, What::Damaged(why));
        }
    }

    fn say_of(&mut self, direction: Direction, frame: &Frame, what: What) {
        self.say(direction, frame.header.stream_id, frame.range(), what);
    }

    fn say(&mut self, direction: Direction, stream_id: u32, range: Range<usize>, what: What) {
        self.events.push_back(Event { direction, at: self.now, stream_id, range, what });
    }

    /// Replaces the held spans of `kind` from `start` on by finer ones.
    fn refine(&mut self, direction: Direction, kind: SpanKind, start: usize, finer: Vec<Span>) {
        if finer.is_empty() {
            return;
        }
        let held = &mut self.side(direction).held;
        held.retain(|span| span.kind != kind || span.range.start < start);
        held.extend(finer);
        held.sort_by_key(|span| span.range.start);
    }

    fn flush_spans(&mut self, direction: Direction) {
        let held = std::mem::take(&mut self.side(direction).held);
        if let Some(spans) = &mut self.spans {
            spans.extend(held.into_iter().map(|span| (direction, span)));
        }
    }
}

impl Default for ConnectionReader {
    fn default() -> Self {
        Self::new()
    }
}

/// One direction of the connection.
#[derive(Debug)]
struct Side {
    frames: FrameReader,
    blocks: BlockJoiner,
    hpack: HpackDecoder,
    /// Spans that a header block, once whole, may still refine.
    held: Vec<Span>,
}

impl Side {
    fn new(frames: FrameReader, hpack: HpackDecoder) -> Self {
        Self { frames, blocks: BlockJoiner::new(), hpack, held: Vec::new() }
    }
}

/// Where the flags are of a frame that begins at `offset`.
fn flags_of(offset: usize) -> Range<usize> {
    offset + 4..offset + 5
}

fn carries_block(kind: FrameKind) -> bool {
    matches!(kind, FrameKind::Headers | FrameKind::PushPromise | FrameKind::Continuation)
}

#[cfg(test)]
mod tests;
