//! What the wire room costs per call: both heads and the trailers, written and read.

#![allow(missing_docs, reason = "a benchmark exports nothing")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::HeaderValue;
use wirewright::wire::{AcceptEncoding, ContentType, Encoding, RequestHead, ResponseHead, Trailers};
use wirewright::{Metadata, Status};

fn request_head(c: &mut Criterion) {
    let mut group = c.benchmark_group("request head");
    for (name, metadata) in metadata() {
        let head = RequestHead {
            uri: "http://localhost:50051/helloworld.Greeter/SayHello".parse().expect("a constant"),
            content_type: ContentType::Grpc,
            timeout: Some(Duration::from_millis(1500)),
            encoding: Encoding::Identity,
            accept_encoding: AcceptEncoding::default(),
            user_agent: Some(HeaderValue::from_static("grpc-rust-wirewright/0.1.0")),
            metadata,
        };
        group.bench_function(format!("written, {name}"), |b| {
            b.iter_batched(|| head.clone(), |head| black_box(head).into_request(), BatchSize::SmallInput);
        });
        group.bench_function(format!("read, {name}"), |b| {
            let parts = || head.clone().into_request().into_parts().0;
            b.iter_batched(parts, |parts| RequestHead::parse(black_box(parts), &[]), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn response_head(c: &mut Criterion) {
    let mut group = c.benchmark_group("response head");
    for (name, metadata) in metadata() {
        let head = ResponseHead {
            content_type: ContentType::Grpc,
            encoding: Encoding::Identity,
            accept_encoding: AcceptEncoding::default(),
            metadata,
        };
        group.bench_function(format!("written, {name}"), |b| {
            b.iter_batched(|| head.clone(), |head| black_box(head).into_response(), BatchSize::SmallInput);
        });
        group.bench_function(format!("read, {name}"), |b| {
            let parts = || head.clone().into_response().into_parts().0;
            let parse = |parts| ResponseHead::parse(black_box(parts), false, &[]);
            b.iter_batched(parts, parse, BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn trailers(c: &mut Criterion) {
    let mut group = c.benchmark_group("trailers");
    let ends = [("OK", Ok(())), ("an error", Err(Status::not_found("no feature at this caf\u{e9}")))];
    for (name, end) in ends {
        let trailers = Trailers { end, metadata: Metadata::new() };
        group.bench_function(format!("written, {name}"), |b| {
            b.iter_batched(|| trailers.clone(), |t| black_box(t).into_headers(), BatchSize::SmallInput);
        });
        group.bench_function(format!("read, {name}"), |b| {
            let headers = || trailers.clone().into_headers();
            b.iter_batched(headers, |headers| Trailers::parse(black_box(headers)), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// A call as it mostly is, and one with what tracing and authentication add.
fn metadata() -> [(&'static str, Metadata); 2] {
    let mut some = Metadata::new();
    for (key, value) in [("authorization", "Bearer 0123456789abcdef"), ("x-request-id", "4711")] {
        some.insert(key, value).expect("a legal key");
    }
    some.insert_bin("trace-bin", &[7; 24]).expect("a legal key");
    [("no metadata", Metadata::new()), ("3 pairs of metadata", some)]
}

criterion_group!(benches, request_head, response_head, trailers);
criterion_main!(benches);
