//! A file is a room with one subject.

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// The house rule is 50 to 400 lines and a split at 500; beyond this there is no argument left.
const MOST_LINES: usize = 600;

fn complaints(files: &[TextFile]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.is_rust());
    let counted = rust.map(|file| (&file.path, file.text.lines().count()));
    let too_long = counted.filter(|(_, lines)| *lines > MOST_LINES);
    too_long.map(|(path, lines)| format!("{path} has {lines} lines: split it by subject")).collect()
}

#[test]
fn files_are_rooms() {
    assert_kept("files of at most 600 lines", &complaints(&tree::text_files()));
}

#[test]
fn a_hall_is_found() {
    let room = TextFile::new("server/src/router.rs", "\n".repeat(MOST_LINES));
    let hall = TextFile::new("server/src/store.rs", "\n".repeat(MOST_LINES + 1));
    let list = TextFile::new("data/towns.csv", "\n".repeat(MOST_LINES + 1));
    assert_eq!(complaints(&[room, hall, list]), ["server/src/store.rs has 601 lines: split it by subject"]);
}
