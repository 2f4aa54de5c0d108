//! See `fuzz::fuzz::wire_messages`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::fuzz::wire_messages(data));
