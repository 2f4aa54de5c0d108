//! See `fuzz::fuzz::record_history`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::count_only_what_escapes(), |data: &[u8]| fuzz::fuzz::record_history(data));
