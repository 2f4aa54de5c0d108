//! The program `daybook`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run()
}
