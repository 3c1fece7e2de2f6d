//! How a call ended, whatever the block says.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::trailers(input));
