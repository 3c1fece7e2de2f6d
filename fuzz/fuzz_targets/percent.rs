//! Text through `grpc-message` and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::percent(input));
