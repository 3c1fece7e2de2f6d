//! A hostile client: the server stays whole, and leaves nothing behind.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::server_bytes(input));
