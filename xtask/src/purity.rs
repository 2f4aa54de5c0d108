//! Whether the core still compiles for the places that it has to run in: browsers and phones.
//!
//! The web build also proves the purity of the core's sources in a way that reading them can't: there is no
//! operating system under it.

use std::{path::Path, process::Command};

use crate::process::{Failure, Invocation};

/// Browsers.
pub(crate) const WEB: &str = "wasm32-unknown-unknown";
/// Phones.
pub(crate) const PHONE: &str = "aarch64-linux-android";

/// Compiles the core for `target` and installs the target's standard library first if it is missing.
pub(crate) fn check_core(target: &'static str) -> Result<(), Failure> {
    install(target)?;
    core_check(target).run()
}

/// Installs the standard library of `target` if it is missing.
pub(crate) fn install(target: &'static str) -> Result<(), Failure> {
    if is_installed(target) { Ok(()) } else { Invocation::new("rustup").args(["target", "add", target]).run() }
}

/// Automerge links `getrandom`, which has no source of randomness in bare wasm and refuses to compile there
/// until it is told what to do. The core takes its randomness as an argument, so the truthful answer here is
/// "there is none"; a web build that ships chooses the browser's.
pub(crate) fn core_check(target: &'static str) -> Invocation {
    let check = Invocation::cargo(["check", "-p", "sync-core", "--locked", "--target", target]);
    if target == WEB { check.variable("RUSTFLAGS", r#"--cfg getrandom_backend="unsupported""#) } else { check }
}

/// Asks the compiler and not rustup, which a distribution's Rust doesn't have.
fn is_installed(target: &str) -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_target_is_not_installed() {
        assert!(!is_installed("daybook-unknown-none"));
    }

    #[test]
    fn only_the_web_is_told_that_it_has_no_randomness() {
        assert!(core_check(WEB).to_string().starts_with("RUSTFLAGS="));
        assert!(core_check(PHONE).to_string().starts_with("cargo check"));
    }
}
