//! Which names and values an application may send.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::metadata(input));
