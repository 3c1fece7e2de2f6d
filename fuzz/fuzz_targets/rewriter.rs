//! No field that is to be hidden is left in a copy, and the copy can be read.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::rewriter(input));
