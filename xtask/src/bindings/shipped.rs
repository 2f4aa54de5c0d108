//! The library as it is shipped: its size, and how fast it is from Kotlin.

use std::ffi::OsString;
use std::fs;

use super::library::Library;
use super::{kotlin, library};
use crate::process::Failure;

/// The bar for x86-64 Linux, stripped.
const MOST_BYTES: u64 = 12_000_000;

/// Builds it and tells how many bytes it has.
pub(super) fn size() -> Result<(), Failure> {
    let bytes = fs::metadata(library::shipped()?)?.len();
    println!(r#"{{"library_bytes":{bytes},"bar_bytes":{MOST_BYTES}}}"#);
    if bytes < MOST_BYTES { Ok(()) } else { Err(Failure::TooLarge { bytes, most: MOST_BYTES }) }
}

/// Measures saves, lists and memory with 10,000 records.
pub(crate) fn bench(args: &[OsString]) -> Result<(), Failure> {
    kotlin::bench(&Library::build()?, &library::shipped()?, args)
}
