//! Bytes through a `-bin` header and back, lists included.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::base64(input));
