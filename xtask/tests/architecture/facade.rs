//! The face of the client for apps stays thin: shapes and calls, without rules of its own.

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// All lines of the facade, comments included, because they are what apps' developers read.
const MOST_LINES: usize = 1_500;
/// Forms of errors between which an app has to tell.
const MOST_ERRORS: usize = 8;

fn complaints(files: &[TextFile]) -> Vec<String> {
    let facade: Vec<&TextFile> = files.iter().filter(|file| file.path.starts_with("mobile-ffi/src/")).collect();
    let lines: usize = facade.iter().map(|file| file.text.lines().count()).sum();
    let mut complaints = Vec::new();
    if lines >= MOST_LINES {
        complaints.push(format!("mobile-ffi/src has {lines} lines, less than {MOST_LINES} are allowed"));
    }
    let errors =
        facade.iter().find_map(|file| file.text.split_once("pub enum DaybookError {")).map_or("", |(_, text)| text);
    let errors = errors.split_once("\n}").map_or("", |(text, _)| text);
    let variant =
        |line: &&str| line.starts_with("    ") && line[4..].starts_with(|first: char| first.is_ascii_uppercase());
    let errors = errors.lines().filter(variant).count();
    if !(1..=MOST_ERRORS).contains(&errors) {
        complaints.push(format!("DaybookError has {errors} variants, at most {MOST_ERRORS} are allowed"));
    }
    complaints
}

#[test]
fn the_facade_is_thin() {
    assert_kept("a facade without logic", &complaints(&tree::text_files()));
}

#[test]
fn a_fat_facade_is_found() {
    let errors = (0..=MOST_ERRORS).map(|number| format!("    Error{number},\n")).collect::<String>();
    let error = TextFile::new("mobile-ffi/src/error.rs", format!("pub enum DaybookError {{\n{errors}\n}}\n"));
    let long = TextFile::new("mobile-ffi/src/session.rs", "\n".repeat(MOST_LINES));
    assert_eq!(complaints(&[error, long]).len(), 2);
    let thin = TextFile::new("mobile-ffi/src/error.rs", "pub enum DaybookError {\n    NotFound,\n}\n");
    assert_eq!(complaints(&[thin]), Vec::<String>::new());
}
