//! What a server takes for a call, and what it answers to anything else.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::request_head(input));
