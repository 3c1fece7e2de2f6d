//! Any bytes are lines of a recording or an error, and what was read is written and read the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::recording(input));
