//! Every byte of a recording is explained, whatever the chunks.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::inspect(input));
