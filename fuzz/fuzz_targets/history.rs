//! See `fuzz::fuzz::record_history`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::fuzz::record_history(data));
