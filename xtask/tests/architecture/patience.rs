//! Tests wait for conditions: they never sleep, never retry and are never switched off.

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// In no Rust file at all: a thread that waits for something waits on a condition, a channel or a deadline.
const NOWHERE: &[&str] = &[concat!("thread", "::sleep"), concat!("#[", "ignore")];

/// Not in tests; outside of them an asynchronous task may wait for its next turn.
const NOT_IN_TESTS: &[&str] = &[concat!("time", "::sleep")];

fn complaints(files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let words = NOWHERE.iter().chain(NOT_IN_TESTS.iter().filter(|_| is_test(&file.path)));
        for word in words {
            for (number, _) in file.code_lines().filter(|(_, line)| line.contains(word)) {
                complaints.push(format!("{}:{number}: `{word}`: wait for a condition", file.path));
            }
        }
    }
    // nextest's own way to hide a test that fails now and then.
    for file in files.iter().filter(|file| file.path.ends_with("nextest.toml")) {
        if file.text.contains("retries") {
            complaints.push(format!("{}: `retries`: a test that needs them is broken", file.path));
        }
    }
    complaints
}

/// Package `e2e`, whose folder is `tests/`, and every crate's own integration tests.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn tests_are_patient() {
    assert_kept("sleeping, retried or ignored tests", &complaints(&tree::text_files()));
}

#[cfg(test)]
mod can_fail {
    use super::*;

    fn of(path: &str, text: String) -> usize {
        complaints(&[TextFile::new(path, text)]).len()
    }

    #[test]
    fn a_thread_that_sleeps_and_a_test_that_is_ignored() {
        for word in NOWHERE {
            assert_eq!(of("client/src/driver.rs", format!("std::{word}(x)]")), 1);
            assert_eq!(of("client/src/driver.rs", format!("// {word}")), 0);
            assert_eq!(of("docs/TESTS.md", (*word).to_owned()), 0);
        }
    }

    #[test]
    fn a_task_that_sleeps_in_a_test() {
        for word in NOT_IN_TESTS {
            assert_eq!(of("server/src/projector.rs", format!("tokio::{word}(x).await")), 0);
            assert_eq!(of("tests/src/storm.rs", format!("tokio::{word}(x).await")), 1);
            assert_eq!(of("server/tests/http.rs", format!("tokio::{word}(x).await")), 1);
        }
    }

    #[test]
    fn retries_in_the_runner() {
        assert_eq!(of(".config/nextest.toml", "[profile.default]\nretries = 2\n".to_owned()), 1);
    }
}
