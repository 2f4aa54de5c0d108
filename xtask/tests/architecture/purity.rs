//! The pure crates hold no file, socket, clock, thread, async runtime or random source.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, Metadata};

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// Crates that run unchanged under the simulator, on a phone and in a browser.
const PURE: &[&str] = &["sync-core", "forms"];

/// Words that no line of code in a pure crate may have, tests included, and what to do instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "storage is the `Store` trait"),
    ("std::net", "the network is an effect"),
    ("std::thread", "the caller decides about threads"),
    ("SystemTime", "time is an argument"),
    ("Instant", "time is an argument"),
    ("Timestamp::now", "time is an argument"),
    ("Zoned::now", "time is an argument"),
    ("TimeZone::system", "the time zone is an argument"),
    ("tokio", "the core is synchronous"),
    ("async fn", "the core is synchronous"),
    (".await", "the core is synchronous"),
    ("getrandom", "randomness is an argument"),
    ("rand::rng", "randomness is an argument"),
    ("rand::random", "randomness is an argument"),
    ("thread_rng", "randomness is an argument"),
    ("OsRng", "randomness is an argument"),
    ("SysRng", "randomness is an argument"),
    ("new_v4", "randomness is an argument"),
    ("now_v7", "time and randomness are arguments"),
    ("std::{", "one `use` for each module of std, so that this rule sees them"),
];

/// The libraries that a pure crate may use directly, each pure itself in the way that we call it.
const LIBRARIES: &[(&str, &str)] = &[
    ("automerge", "a record is an Automerge document"),
    ("ed25519-dalek", "the device signs its journal, the server its receipts"),
    ("flate2", "the wire is gzip; inflating needs a cap of our own"),
    ("hexane", "columns of a document chunk are packed as Automerge packs them"),
    ("jiff", "calendar arithmetic on times that are given; never its clock"),
    ("minicbor", "wire messages and journal entries are CBOR"),
    ("phonenumber", "a phone number is parsed once, at the edge"),
    ("rand_core", "the trait of the random source that the caller passes in"),
    ("rust_decimal", "money is exact"),
    ("serde", "views and create requests as JSON for exports and bindings"),
    ("serde_json", "field values as JSON, from imports, bindings and the office"),
    ("sha2", "hash chain of the journal, content addresses of photos"),
    ("thiserror", "errors are part of the interface"),
    ("uuid", "record ids, made from given time and randomness"),
];

fn impure_words(files: &[TextFile]) -> Vec<String> {
    let is_pure =
        |file: &&TextFile| file.is_rust() && PURE.iter().any(|name| file.path.starts_with(&format!("{name}/")));
    let mut complaints = Vec::new();
    for file in files.iter().filter(is_pure) {
        for (number, line) in file.code_lines() {
            for (word, instead) in FORBIDDEN.iter().filter(|(word, _)| has_word(line, word)) {
                complaints.push(format!("{}:{number}: `{word}`: {instead}", file.path));
            }
        }
    }
    complaints
}

/// Whether `word` stands in `line` on its own and not as a part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let joined_before = word.starts_with(continues) && line[..at].ends_with(continues);
        let joined_after = word.ends_with(continues) && line[at + word.len()..].starts_with(continues);
        !joined_before && !joined_after
    })
}

/// Pure crates with their direct normal dependencies.
fn libraries_of_pure_crates(metadata: &Metadata) -> BTreeMap<String, Vec<String>> {
    let members = metadata.workspace_packages().into_iter();
    let pure = members.filter(|package| PURE.contains(&package.name.as_str()));
    pure.map(|package| {
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        (package.name.to_string(), normal.map(|dependency| dependency.name.clone()).collect())
    })
    .collect()
}

fn unknown_libraries(used: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, libraries) in used {
        for library in libraries.iter().filter(|library| LIBRARIES.iter().all(|(known, _)| known != library)) {
            complaints.push(format!("{name} uses {library}: add it to LIBRARIES with the reason why it is pure"));
        }
    }
    complaints
}

#[test]
fn pure_crates_do_nothing_by_themselves() {
    assert_kept("purity", &impure_words(&tree::text_files()));
}

#[test]
fn pure_crates_use_known_libraries() {
    let used = libraries_of_pure_crates(&tree::metadata());
    assert!(used["sync-core"].iter().any(|library| library == "automerge"), "the manifest was not read");
    assert_kept("libraries of pure crates", &unknown_libraries(&used));
}

#[cfg(test)]
mod can_fail {
    use super::*;

    #[test]
    fn every_forbidden_word_is_found() {
        for (word, _) in FORBIDDEN {
            let file = TextFile::new("sync-core/src/engine.rs", format!("// {word} in a comment\nlet x = {word};\n"));
            let complaints = impure_words(&[file]);
            assert!(complaints.iter().any(|line| line.starts_with(&format!("sync-core/src/engine.rs:2: `{word}`"))));
            assert!(complaints.iter().all(|line| !line.contains(":1:")), "{complaints:?}");
        }
    }

    #[test]
    fn other_crates_and_longer_names_are_free() {
        let files = [
            TextFile::new("client/src/store.rs", "use std::fs;"),
            TextFile::new("sync-core/src/engine.rs", "struct Instantaneous; let tokio_like = operand::rng_of(x);"),
        ];
        assert_eq!(impure_words(&files), Vec::<String>::new());
    }

    #[test]
    fn a_library_without_a_reason() {
        let used = BTreeMap::from([("forms".to_owned(), vec!["serde".to_owned(), "reqwest".to_owned()])]);
        let complaints = unknown_libraries(&used);
        assert_eq!(complaints, ["forms uses reqwest: add it to LIBRARIES with the reason why it is pure"]);
    }
}
