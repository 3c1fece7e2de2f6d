//! A log of what crossed one connection: bytes, which way, and when.
//!
//! In come chunks as they pass; out comes the same, to be read as often as
//! one likes. Bytes are the truth: nothing decoded is stored, so a log stays
//! right when the readers learn more.
//!
//! ```text
//!  at        direction   bytes
//!  0 us      -->         50 52 49 20 2a 20 48 54 54 50 ...
//!  310 us    <--         00 00 06 04 00 00 00 00 00 ...
//! ```
//!
//! This file must not know what time it is; whoever records says so.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::connection::ConnectionReader;
use super::event::{Direction, Event};

/// What crossed one connection.
///
/// ```
/// use std::time::Duration;
/// use wirewright::inspect::{Direction, EventLog};
///
/// let mut log = EventLog::new();
/// log.record(Direction::ToClient, Duration::ZERO, b"\0\0\0\x04\0\0\0\0\0");
/// for event in log.events() {
///     println!("{} {:?}", event.direction, event.what);
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    /// The chunks, in the order in which they crossed.
    chunks: Vec<Chunk>,
    /// How many bytes the chunks hold.
    kept_bytes: usize,
    /// How many bytes came after the log was full.
    dropped_bytes: usize,
}

impl EventLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a chunk that crossed at `at`, counted from the start.
    ///
    /// A log that holds [`MAX_LOG_BYTES`] takes no more and counts what it
    /// refuses: a log with its end missing can be read, one with a hole
    /// cannot.
    pub fn record(&mut self, direction: Direction, at: Duration, bytes: &[u8]) {
        if self.dropped_bytes > 0 || self.kept_bytes + bytes.len() > MAX_LOG_BYTES {
            self.dropped_bytes = self.dropped_bytes.saturating_add(bytes.len());
            return;
        }
        self.kept_bytes += bytes.len();
        self.chunks.push(Chunk { direction, at, bytes: Bytes::copy_from_slice(bytes) });
    }

    /// The chunks, in the order in which they crossed.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// How many bytes came after the log was full.
    pub fn dropped_bytes(&self) -> usize {
        self.dropped_bytes
    }

    /// All bytes of one direction; an event's range is a range of these.
    pub fn bytes(&self, direction: Direction) -> Bytes {
        let chunks = self.chunks.iter().filter(|chunk| chunk.direction == direction);
        chunks
            .fold(BytesMut::new(), |mut all, chunk| {
                all.extend_from_slice(&chunk.bytes);
                all
            })
            .freeze()
    }

    /// What happened, in order.
    pub fn events(&self) -> Vec<Event> {
        let mut reader = ConnectionReader::new();
        let mut events = Vec::new();
        for chunk in &self.chunks {
            reader.push(chunk.direction, chunk.at, &chunk.bytes);
            events.extend(std::iter::from_fn(|| reader.next_event()));
        }
        reader.finish();
        events.extend(std::iter::from_fn(|| reader.next_event()));
        events
    }

    /// What happened, in order, for each stream: a stream is a call.
    ///
    /// Stream 0 is the connection itself.
    pub fn calls(&self) -> BTreeMap<u32, Vec<Event>> {
        let mut calls: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
        for event in self.events() {
            calls.entry(event.stream_id).or_default().push(event);
        }
        calls
    }
}

/// Some bytes that crossed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which way they went.
    pub direction: Direction,
    /// When, counted from the start of the log.
    pub at: Duration,
    /// The bytes.
    pub bytes: Bytes,
}

/// 64 MiB: sixteen of the longest messages that gRPC accepts by default, more
/// than anyone reads in a terminal and less than hurts a laptop.
pub const MAX_LOG_BYTES: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::event::What;

    #[test]
    fn a_log_can_be_read_again_and_call_by_call() {
        let mut log = EventLog::new();
        let ms = Duration::from_millis;
        log.record(Direction::ToClient, ms(1), b"\0\0\x01\x01\x04\0\0\0\x03\x88\0\0\x07\0");
        log.record(Direction::ToServer, ms(2), b"PRI * HTTP/2.0\r\n");
        log.record(Direction::ToClient, ms(3), b"\0\0\0\0\x03\0\0\0\0\x02hi");
        assert_eq!(log.bytes(Direction::ToClient).len(), 26);
        let calls = log.calls();
        let [head, message] = &calls[&3][..] else { panic!("{calls:?}") };
        assert!(matches!(head.what, What::ResponseHead(_)), "{head:?}");
        assert_eq!((head.at, head.range.clone()), (ms(1), 0..10));
        let What::Message(hi) = &message.what else { panic!("{message:?}") };
        assert_eq!((message.at, message.range.clone()), (ms(3), 19..26));
        assert_eq!(hi.content(), b"hi"[..]);
        // The preface is cut, which belongs to no call.
        assert!(matches!(calls[&0][..], [Event { what: What::Damaged(_), .. }]));
        assert_eq!(log.calls(), calls);
    }

    #[test]
    fn a_full_log_keeps_its_beginning_without_a_hole() {
        let mut log = EventLog::new();
        let chunk = vec![0; MAX_LOG_BYTES / 2 + 1];
        for bytes in [&chunk[..], &chunk, b"small enough"] {
            log.record(Direction::ToServer, Duration::ZERO, bytes);
        }
        assert_eq!(log.chunks().len(), 1);
        assert_eq!(log.dropped_bytes(), chunk.len() + 12);
    }
}
