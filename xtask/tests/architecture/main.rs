//! The house rules that a machine can check, on the real tree.
//!
//! Each rule is a pure function from what it looks at to a list of complaints, with a test on the tree and tests
//! that feed it something bad: a rule that can't fail proves nothing.

mod dependencies;
mod facade;
mod file_size;
mod foreign_paths;
mod migrations;
mod panics;
mod patience;
mod purity;
mod tree;

/// Fails with every complaint at once, because fixing them one run at a time is tedious.
fn assert_kept(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}\n", complaints.join("\n  "));
}
