//! The program `daybook`.

use std::process::ExitCode;

/// A fifth of an evening storm's processor time went into the system's allocator; SQLite uses this one too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::cli::run()
}
