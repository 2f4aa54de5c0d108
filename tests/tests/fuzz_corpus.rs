//! Every input that was worth keeping, through its fuzz target.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::fs;
use std::path::{Path, PathBuf};

use e2e::fuzz::{TARGETS, seeds};

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target)
}

fn replay(target: &str) {
    let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    assert!(!files.is_empty(), "{target} has no corpus");
    for file in files {
        let input = fs::read(&file).unwrap();
        if std::panic::catch_unwind(|| run(&input)).is_err() {
            panic!("{} fails on {}", target, file.display());
        }
    }
    run(&[]);
}

#[test]
fn gate() {
    replay("gate");
}

#[test]
fn bent() {
    replay("bent");
}

#[test]
fn wire() {
    replay("wire");
}

#[test]
fn journal() {
    replay("journal");
}

#[test]
fn chunk() {
    replay("chunk");
}

#[test]
fn history() {
    replay("history");
}

#[test]
fn every_class_of_false_changes_is_in_the_corpus_and_the_corpus_is_small() {
    let write = std::env::var_os("DAYBOOK_UPDATE_SNAPSHOTS").is_some();
    for (target, name, input) in seeds() {
        let file = corpus(target).join(format!("seed-{name}"));
        if write {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &input).unwrap();
        }
        assert!(file.is_file(), "{} is missing: run this test with DAYBOOK_UPDATE_SNAPSHOTS=1", file.display());
    }
    let mut files = 0;
    for (target, _) in TARGETS {
        let sizes: Vec<u64> =
            fs::read_dir(corpus(target)).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).collect();
        assert!(sizes.len() >= 10, "{target} begins with {} files only", sizes.len());
        assert!(sizes.iter().all(|size| *size < 8 << 10), "{target}: a file of {:?} bytes", sizes.iter().max());
        files += sizes.len();
    }
    assert!(files < 400, "{files} files: keep those that add something");
}
