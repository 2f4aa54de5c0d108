//! See `fuzz::fuzz::chunk_parser`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::fuzz::chunk_parser(data));
