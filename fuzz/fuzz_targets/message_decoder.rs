//! The same bytes in any chunks are the same messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::message_decoder(input));
