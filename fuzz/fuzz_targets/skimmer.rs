//! Whoever goes through a connection quickly sees what the thorough reader reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::skimmer(input));
