//! Descriptors, whatever they say, become Rust or an error.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::codegen(input));
