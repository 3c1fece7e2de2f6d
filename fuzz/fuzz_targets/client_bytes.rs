//! A hostile server: every call ends.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::client_bytes(input));
