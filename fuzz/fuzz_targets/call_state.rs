//! The order of a call against a naive model.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::call_state(input));
