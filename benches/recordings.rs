//! What it costs to read a recording, in megabytes of wire bytes a second on one core.
//!
//! ```text
//!   lines       the recording's text becomes lines: JSON and base64
//!   skimmed     ... and every frame, header block and message is seen: what the timeline and the size lens do
//!   events      bytes become events, without the text: ConnectionReader
//!   spans       ... and every byte its span
//! ```
//!
//! Two mixes, because small frames cost more: messages of 1 KiB, and the smallest calls there are (a reply of 23 bytes
//! in three frames of 47). A program of its own rather than a criterion group: what counts is the rate of one long
//! pass, not the time of a short step.

#![allow(missing_docs, reason = "a benchmark exports nothing")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use wirewright::inspect::frame_header::FrameKind;
use wirewright::inspect::hpack::{Form, HpackEncoder};
use wirewright::inspect::rewrite::write_frame;
use wirewright::inspect::skim::{Skim, Skimmer};
use wirewright::inspect::{ConnectionReader, Direction};
use wirewright::recording::{Chunk, Head, Line, Recorder, RecordingReader};

fn main() {
    for (name, message) in [("calls of 1 KiB", 1024), ("the smallest calls", 13)] {
        let chunks = replies(message);
        let wire: usize = chunks.iter().map(Vec::len).sum();
        let text = recorded(&chunks);
        report(name, "lines", wire, || lines(&text));
        report(name, "skimmed", wire, || skimmed(&text));
        report(name, "events", wire, || events(&chunks, false));
        report(name, "spans", wire, || events(&chunks, true));
    }
}

/// The best of five passes: noise only ever adds time.
fn report(name: &str, what: &str, wire: usize, pass: impl Fn() -> usize) {
    let best = (0..5).map(|_| {
        let begin = Instant::now();
        black_box(pass());
        begin.elapsed()
    });
    let best = best.min().unwrap_or_default();
    println!("{name:<20} {what:<8} {:>7.0} MB/s", wire as f64 / 1e6 / best.as_secs_f64());
}

/// What a server says to many unary calls, as the chunks in which it would be read.
fn replies(message: usize) -> Vec<Vec<u8>> {
    let mut encoder = HpackEncoder::new();
    let mut chunks = Vec::new();
    let mut stream = 1;
    while chunks.len() * (message + 60) < WIRE_BYTES {
        let mut bytes = Vec::new();
        let mut block = Vec::new();
        encoder.field(Form::Indexed, b":status", b"200", &mut block);
        encoder.field(Form::Remembered, b"content-type", b"application/grpc", &mut block);
        write_frame(FrameKind::Headers, 0x4, stream, &block, &mut bytes);
        let length = u32::try_from(message).unwrap_or(u32::MAX).to_be_bytes();
        let data = [&[0][..], &length, &vec![7; message]].concat();
        write_frame(FrameKind::Data, 0, stream, &data, &mut bytes);
        block.clear();
        encoder.field(Form::Remembered, b"grpc-status", b"0", &mut block);
        write_frame(FrameKind::Headers, 0x5, stream, &block, &mut bytes);
        chunks.push(bytes);
        stream += 2;
    }
    chunks
}

fn recorded(chunks: &[Vec<u8>]) -> Vec<u8> {
    let Ok(mut recorder) = Recorder::new(Vec::new(), Head::default()) else { return Vec::new() };
    for (nth, bytes) in chunks.iter().enumerate() {
        let at = Duration::from_micros(nth as u64);
        let chunk = Chunk { conn: 1, at, direction: Direction::ToClient, bytes };
        let _ = recorder.write(&Line::Bytes(chunk));
    }
    recorder.into_inner()
}

fn lines(text: &[u8]) -> usize {
    let mut bytes = 0;
    each(text, |chunk| bytes += chunk.bytes.len());
    bytes
}

fn skimmed(text: &[u8]) -> usize {
    let mut skimmer = Skimmer::new();
    let mut seen = 0;
    each(text, |chunk| {
        skimmer.push(chunk.direction, chunk.bytes, &mut |skim| {
            seen += usize::from(matches!(skim, Skim::Frame { .. } | Skim::Part(_) | Skim::Block(_)));
        });
    });
    seen
}

fn each(text: &[u8], mut see: impl FnMut(&Chunk<'_>)) {
    let Ok(mut reader) = RecordingReader::new(text) else { return };
    while let Ok(Some(line)) = reader.next_line() {
        if let Line::Bytes(chunk) = line {
            see(&chunk);
        }
    }
}

fn events(chunks: &[Vec<u8>], spans: bool) -> usize {
    let reader = ConnectionReader::new();
    let mut reader = if spans { reader.with_spans() } else { reader };
    let mut seen = 0;
    for bytes in chunks {
        reader.push(Direction::ToClient, Duration::ZERO, bytes);
        while reader.next_event().is_some() {
            seen += 1;
        }
        while reader.next_span().is_some() {
            seen += 1;
        }
    }
    seen
}

/// Long enough for a second of work, and short enough to be in memory twice.
const WIRE_BYTES: usize = 64_000_000;
