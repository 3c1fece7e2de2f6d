//! What the wire room costs per message: the encoder and the decoder.

#![allow(missing_docs, reason = "a benchmark exports nothing")]

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirewright::RawMessage;
use wirewright::wire::{MessageDecoder, encode_message};

fn encoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("encoder");
    for size in SIZES {
        let message = RawMessage(Bytes::from(vec![b'x'; size]));
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("{size} B"), |b| {
            // The buffer keeps its room, so this is the encoder and not the allocator.
            let mut out = BytesMut::with_capacity(size + 5);
            b.iter(|| {
                out.clear();
                encode_message(black_box(&message), usize::MAX, &mut out)
            });
        });
    }
    group.finish();
}

fn decoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("decoder");
    for size in SIZES {
        let wire = wire(size, 1);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("{size} B in one chunk"), |b| {
            b.iter(|| drain(black_box(std::iter::once(wire.clone()))));
        });
    }
    let wire = wire(16, 100);
    group.throughput(Throughput::Elements(100));
    group.bench_function("100 messages of 16 B in one chunk", |b| {
        b.iter(|| drain(black_box(std::iter::once(wire.clone()))));
    });
    // 21 bytes a message and 32 a chunk: most messages lie across two.
    group.bench_function("100 messages of 16 B in chunks of 32 B", |b| {
        let chunks: Vec<Bytes> = wire.chunks(32).map(Bytes::copy_from_slice).collect();
        b.iter(|| drain(black_box(chunks.iter().cloned())));
    });
    group.finish();
}

/// So many messages as they are on the wire.
fn wire(size: usize, messages: usize) -> Bytes {
    let mut out = BytesMut::new();
    for _ in 0..messages {
        let message = RawMessage(Bytes::from(vec![b'x'; size]));
        encode_message(&message, usize::MAX, &mut out).expect("no limit is set");
    }
    out.freeze()
}

/// Reads all there is.
fn drain(chunks: impl Iterator<Item = Bytes>) -> usize {
    let mut decoder = MessageDecoder::new(usize::MAX);
    let mut messages = 0;
    for chunk in chunks {
        decoder.push(chunk);
        while let Some(frame) = decoder.next().expect("the messages are whole") {
            black_box(frame);
            messages += 1;
        }
    }
    messages
}

const SIZES: [usize; 3] = [16, 1024, 64 * 1024];

criterion_group!(benches, encoder, decoder);
criterion_main!(benches);
