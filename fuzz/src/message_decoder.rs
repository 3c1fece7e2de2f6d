//! `message_decoder`: the same bytes in any chunks are the same messages.
//!
//! ```text
//!   limit | seed | seed | the stream ...
//! ```

use bytes::Bytes;
use wirewright::wire::{MessageDecoder, WireError};

use crate::chunks::chunks;

/// Decodes a stream in two ways of cutting it, and by the model.
pub fn message_decoder(input: &[u8]) {
    let Some(([limit, first, second], stream)) = input.split_first_chunk() else { return };
    let limit = LIMITS[usize::from(*limit) % LIMITS.len()];
    let expected = model(stream, limit);
    assert_eq!(decode(stream, limit, *first), expected, "cut by {first}");
    assert_eq!(decode(stream, limit, *second), expected, "cut by {second}");
    memory_follows_what_arrived(stream, limit, *first);
}

/// All that a decoder says of a stream.
#[derive(Debug, PartialEq)]
struct Told {
    messages: Vec<(bool, Vec<u8>)>,
    end: Result<(), WireError>,
}

/// Reads the stream as the specification has it, whole and without haste.
fn model(mut stream: &[u8], limit: usize) -> Told {
    let mut messages = Vec::new();
    let end = loop {
        let truncated = |expected: usize, received: usize| {
            Err(WireError::Truncated { expected: expected as u64, received: received as u64 })
        };
        let Some(([flag, length @ ..], rest)) = stream.split_first_chunk::<5>() else {
            break if stream.is_empty() { Ok(()) } else { truncated(5, stream.len()) };
        };
        let size = u32::from_be_bytes(*length);
        let length = size as usize;
        if *flag > 1 {
            break Err(WireError::BadFlag(*flag));
        }
        if length > limit {
            break Err(WireError::TooLarge { size: size.into(), limit });
        }
        let Some((message, rest)) = rest.split_at_checked(length) else {
            break truncated(length, rest.len());
        };
        messages.push((*flag == 1, message.to_vec()));
        stream = rest;
    };
    Told { messages, end }
}

fn decode(stream: &[u8], limit: usize, seed: u8) -> Told {
    // Some readers ask after every chunk, some let a few gather.
    let patience = usize::from(seed >> 4) % 4 + 1;
    let mut decoder = MessageDecoder::new(limit);
    let (mut messages, mut failure, mut seen) = (Vec::new(), None, 0);
    let mut read = |decoder: &mut MessageDecoder| loop {
        match decoder.next() {
            Ok(Some(frame)) => messages.push((frame.compressed, frame.bytes.to_vec())),
            Ok(None) => break,
            Err(error) => assert_eq!(failure.replace(error), None, "a stream breaks once"),
        }
    };
    for (at, chunk) in chunks(stream, seed).into_iter().enumerate() {
        decoder.push(Bytes::copy_from_slice(chunk));
        seen += chunk.len();
        assert!(decoder.buffered() <= seen, "more is held than has come");
        if at % patience == 0 {
            read(&mut decoder);
        }
    }
    read(&mut decoder);
    let end = decoder.finish();
    if let Some(failure) = failure {
        assert_eq!(end, Err(failure), "a stream that broke never ends well");
    }
    Told { messages, end }
}

/// No length that a peer claims makes the decoder allocate; only bytes do.
///
/// Three times the stream is what growing by doubling costs at the worst: the
/// old buffer, and the new one of twice the size.
fn memory_follows_what_arrived(stream: &[u8], limit: usize, seed: u8) {
    let used = allocation_counter::measure(|| {
        let mut decoder = MessageDecoder::new(limit);
        let mut rest = stream;
        while !rest.is_empty() {
            let (chunk, later) = rest.split_at((usize::from(seed) * 16 + 1).min(rest.len()));
            rest = later;
            decoder.push(Bytes::copy_from_slice(chunk));
            while let Ok(Some(_)) = decoder.next() {}
        }
    });
    let most = stream.len() * 3 + 64 * 1024;
    assert!(used.bytes_max <= most as u64, "{} bytes for a stream of {}", used.bytes_max, stream.len());
}

/// Limits around which messages of a few bytes, of one chunk and of many fall.
const LIMITS: [usize; 7] = [usize::MAX, 4 * 1024 * 1024, 0, 1, 5, 256, 70_000];
