//! Compressed messages, and what only claims to be one.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::unfold(input));
