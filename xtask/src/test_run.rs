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

/// The tests of the HTTP interface once more, on the other database. Those of the store run on both anyway.
pub(crate) fn http_on_postgres() -> Invocation {
    // Selected like everything else, because another selection would compile the dependencies with other features.
    plain(Invocation::cargo(["test", "--locked"]))
        .args(["--test", "http"])
        .variable("DAYBOOK_TEST_DATABASE", "postgres")
}

/// What brings encryption, or the generator of its bindings, into a build of everything. `cargo xtask bindings` tests the
/// one, [`encrypted`] the other.
const APART: [&str; 2] = ["mobile-ffi", "uniffi-bindgen"];

/// nextest runs each test in its own process and reports better, but does not know documentation examples.
fn invocations(nextest: bool, args: &[OsString]) -> [Invocation; 2] {
    let tests = if nextest {
        Invocation::cargo(["nextest", "run", "--locked"])
    } else {
        Invocation::cargo(["test", "--locked", "--lib", "--bins", "--tests"])
    };
    let examples = plain(Invocation::cargo(["test", "--doc", "--locked"]));
    [plain(tests).args(args), examples]
}

/// Everything but what is built apart.
pub(crate) fn plain(line: Invocation) -> Invocation {
    APART.iter().fold(line.args(["--workspace"]), |line, name| line.args(["--exclude", name]))
}

/// The tests of the phone's store and client, this time encrypted. `mobile-ffi` has none, and is named because all libraries
/// are then built with the features that it needs, and once for both.
pub(crate) fn encrypted() -> Invocation {
    let nextest = Invocation::cargo(["nextest", "--version"]).succeeds();
    let tests = if nextest { ["nextest", "run"].as_slice() } else { ["test", "--lib", "--tests"].as_slice() };
    Invocation::cargo(tests.iter().copied()).args([
        "--locked",
        "-p",
        "client",
        "-p",
        "mobile-ffi",
        "--features",
        "client/encryption",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_examples_run_with_and_without_nextest() {
        for nextest in [true, false] {
            let [tests, examples] = invocations(nextest, &["journal".into()]).map(|line| line.to_string());
            assert_eq!(tests.starts_with("cargo nextest run"), nextest);
            assert!(tests.contains("--workspace --exclude mobile-ffi"), "{tests}");
            assert!(tests.ends_with(" journal"), "{tests}");
            assert!(examples.starts_with("cargo test --doc --locked --workspace"), "{examples}");
        }
    }
}
