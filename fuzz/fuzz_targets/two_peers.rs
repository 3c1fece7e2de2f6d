//! Our client and our server, with somebody between them who changes bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wirewright_fuzz::two_peers(input));
