//! See `fuzz::fuzz::bent`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::fuzz::bent(data));
