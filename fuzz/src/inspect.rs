//! `inspect`: every byte of a recording is explained, whatever the chunks.
//!
//! ```text
//!   how | ( direction and length, 2 bytes | bytes ... ) *
//! ```
//!
//! Of the two bytes, the highest bit is the direction and the others are the length of a chunk.

use std::time::Duration;

use bytes::Bytes;
use wirewright::inspect::hpack::HpackDecoder;
use wirewright::inspect::protobuf::Fields;
use wirewright::inspect::span::{Span, is_partition};
use wirewright::inspect::{ConnectionReader, Direction, Event, What, huffman};

use crate::chunks::chunks;

/// Reads a recording whole and in pieces.
pub fn inspect(input: &[u8]) {
    let Some((how, script)) = input.split_first() else { return };
    let recording = parse(script);
    let whole = tell(*how, recording.iter().copied());
    let pieces = recording
        .iter()
        .flat_map(|(direction, bytes)| chunks(bytes, *how).into_iter().map(|piece| (*direction, piece)));
    let cut = tell(*how, pieces);
    assert_eq!(cut.events, whole.events, "chunks change what happened");
    assert_eq!(cut.spans, whole.spans, "chunks change what bytes mean");
    for direction in [Direction::ToServer, Direction::ToClient] {
        let len = recording.iter().filter(|chunk| chunk.0 == direction).map(|chunk| chunk.1.len()).sum();
        let spans: Vec<Span> =
            whole.spans.iter().filter(|span| span.0 == direction).map(|span| span.1.clone()).collect();
        assert!(is_partition(&spans, 0..len), "{direction} {len} bytes: {spans:?}");
    }
    for event in &whole.events {
        if let What::Message(message) = &event.what {
            let content = message.content();
            assert!(is_partition(&Fields::read(&content).spans(), 0..content.len()));
        }
    }
    blocks_and_letters(script);
}

/// What a reader says of a recording.
struct Told {
    events: Vec<Event>,
    spans: Vec<(Direction, Span)>,
}

fn tell<'a>(how: u8, recording: impl Iterator<Item = (Direction, &'a [u8])>) -> Told {
    let reader = if how & 0x80 == 0 { ConnectionReader::new() } else { ConnectionReader::joined_late() };
    let mut reader = reader.with_spans();
    for (direction, bytes) in recording {
        reader.push(direction, Duration::ZERO, bytes);
    }
    reader.finish();
    let events = std::iter::from_fn(|| reader.next_event()).collect();
    let mut spans: Vec<_> = std::iter::from_fn(|| reader.next_span()).collect();
    // How the two directions interleave is told by events; spans come when they are due.
    spans.sort_by_key(|(direction, span)| (*direction, span.range.start));
    Told { events, spans }
}

pub(crate) fn parse(mut script: &[u8]) -> Vec<(Direction, &[u8])> {
    let mut recording = Vec::new();
    while let Some((head, rest)) = script.split_first_chunk::<2>() {
        let head = u16::from_be_bytes(*head);
        let direction = if head & 0x8000 == 0 { Direction::ToServer } else { Direction::ToClient };
        let (bytes, rest) = rest.split_at(usize::from(head & 0x7fff).min(rest.len()));
        recording.push((direction, bytes));
        script = rest;
    }
    recording
}

/// The readers below a connection, each on the same noise.
fn blocks_and_letters(noise: &[u8]) {
    assert!(is_partition(&Fields::read(noise).spans(), 0..noise.len()));
    assert_eq!(huffman::decode(&huffman::encode(noise)).as_deref(), Ok(noise));
    if let Ok(letters) = huffman::decode(noise) {
        assert_eq!(huffman::encode(&letters), noise, "a Huffman code has one spelling");
    }
    let block = Bytes::copy_from_slice(noise);
    let spans: Vec<Span> =
        HpackDecoder::new().decode(&block).iter().flat_map(|entry| entry.spans()).collect();
    assert!(is_partition(&spans, 0..noise.len()), "{spans:?}");
}
