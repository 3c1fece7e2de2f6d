//! Text that says where a channel's calls go.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::target(input));
