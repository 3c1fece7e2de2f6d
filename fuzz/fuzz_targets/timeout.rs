//! The grammar of `grpc-timeout`, and that no time is lost.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::timeout(input));
