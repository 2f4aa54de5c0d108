//! `cargo xtask test`: every test of the workspace, for people and for CI alike.

use std::ffi::OsString;

use crate::process::{Failure, Invocation};

/// Runs all tests; `args` narrow the run of everything but the documentation's examples.
pub(crate) fn run(args: &[OsString]) -> Result<(), Failure> {
    let nextest = Invocation::cargo(["nextest", "--version"]).succeeds();
    for invocation in invocations(nextest, args) {
        eprintln!("$ {invocation}");
        invocation.run()?;
    }
    Ok(())
}

/// What encrypts: tested apart, so that everything else is tested with the SQLite that it ships with.
const ENCRYPTED: [&str; 2] = ["mobile-ffi", "client"];
/// What would bring encryption, or the generator of its bindings, into a build of everything.
const APART: [&str; 2] = ["mobile-ffi", "uniffi-bindgen"];

/// nextest runs each test in its own process and reports better, but does not know documentation examples.
fn invocations(nextest: bool, args: &[OsString]) -> [Invocation; 3] {
    let tests = || {
        if nextest {
            // A filter may well match on one side only.
            Invocation::cargo(["nextest", "run", "--locked", "--no-tests=pass"])
        } else {
            Invocation::cargo(["test", "--locked", "--lib", "--bins", "--tests"])
        }
    };
    let plain =
        |line: Invocation| APART.iter().fold(line.args(["--workspace"]), |line, name| line.args(["--exclude", name]));
    let encrypted = ENCRYPTED.iter().fold(tests(), |line, name| line.args(["-p", name]));
    let examples = plain(Invocation::cargo(["test", "--doc", "--locked"]));
    [plain(tests()).args(args), encrypted.args(args), examples]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_examples_run_with_and_without_nextest() {
        for nextest in [true, false] {
            let [tests, encrypted, examples] = invocations(nextest, &["journal".into()]).map(|line| line.to_string());
            assert_eq!(tests.starts_with("cargo nextest run"), nextest);
            assert!(tests.contains("--workspace --exclude mobile-ffi"), "{tests}");
            assert!(tests.ends_with(" journal"), "{tests}");
            assert!(encrypted.ends_with("-p mobile-ffi -p client journal"), "{encrypted}");
            assert!(examples.starts_with("cargo test --doc --locked --workspace"), "{examples}");
        }
    }
}
