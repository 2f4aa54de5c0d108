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

/// nextest runs each test in its own process and reports better, but does not know documentation examples.
fn invocations(nextest: bool, args: &[OsString]) -> [Invocation; 2] {
    let tests = if nextest {
        Invocation::cargo(["nextest", "run", "--workspace", "--locked"])
    } else {
        Invocation::cargo(["test", "--workspace", "--locked", "--lib", "--bins", "--tests"])
    };
    [tests.args(args), Invocation::cargo(["test", "--doc", "--workspace", "--locked"])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_examples_run_with_and_without_nextest() {
        for nextest in [true, false] {
            let [tests, examples] = invocations(nextest, &["journal".into()]).map(|line| line.to_string());
            assert_eq!(tests.starts_with("cargo nextest run --workspace --locked"), nextest);
            assert!(tests.ends_with(" journal"), "{tests}");
            assert_eq!(examples, "cargo test --doc --workspace --locked");
        }
    }
}
