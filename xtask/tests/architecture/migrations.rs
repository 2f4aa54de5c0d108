//! Migrations are numbered without gaps and exist for every database.

use std::collections::BTreeSet;

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

const SQLITE: &str = "migrations/sqlite/";
const POSTGRES: &str = "migrations/postgres/";

fn complaints(files: &[TextFile]) -> Vec<String> {
    let sqlite = names_in(files, SQLITE);
    let postgres = names_in(files, POSTGRES);
    let mut complaints = numbering(SQLITE, &sqlite);
    // PostgreSQL comes later than SQLite; from its first migration on it has to keep step.
    if !postgres.is_empty() {
        complaints.extend(numbering(POSTGRES, &postgres));
        complaints.extend(sqlite.difference(&postgres).map(|name| format!("{POSTGRES}{name} is missing")));
        complaints.extend(postgres.difference(&sqlite).map(|name| format!("{SQLITE}{name} is missing")));
    }
    complaints
}

fn names_in<'files>(files: &'files [TextFile], folder: &str) -> BTreeSet<&'files str> {
    files.iter().filter_map(|file| file.path.strip_prefix(folder)).collect()
}

fn numbering(folder: &str, names: &BTreeSet<&str>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (expected, name) in (1_u32..).zip(names) {
        match number(name) {
            None => complaints.push(format!("{folder}{name}: the name has to look like 0001_what_it_does.sql")),
            Some(found) if found != expected => {
                complaints.push(format!("{folder}{name}: the next number is {expected:04}"));
            }
            Some(_) => {}
        }
    }
    complaints
}

fn number(name: &str) -> Option<u32> {
    let (digits, subject) = name.strip_suffix(".sql")?.split_once('_')?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let well_formed = digits.len() == 4 && !subject.is_empty() && subject.chars().all(plain);
    if well_formed { digits.parse().ok() } else { None }
}

#[test]
fn migrations_are_complete() {
    assert_kept("migrations", &complaints(&tree::text_files()));
}

#[cfg(test)]
mod can_fail {
    use super::*;

    fn of(paths: &[&str]) -> Vec<String> {
        complaints(&paths.iter().map(|path| TextFile::new(path, "")).collect::<Vec<_>>())
    }

    #[test]
    fn sqlite_alone_and_both_in_step_are_fine() {
        assert_eq!(of(&["migrations/sqlite/0001_identity.sql", "migrations/sqlite/0002_log.sql"]), [""; 0]);
        assert_eq!(of(&["migrations/sqlite/0001_identity.sql", "migrations/postgres/0001_identity.sql"]), [""; 0]);
    }

    #[test]
    fn a_migration_of_one_database_only() {
        let both = "migrations/postgres/0001_identity.sql";
        let complaints = of(&["migrations/sqlite/0001_identity.sql", "migrations/sqlite/0002_log.sql", both]);
        assert_eq!(complaints, ["migrations/postgres/0002_log.sql is missing"]);
        assert_eq!(of(&[both]), ["migrations/sqlite/0001_identity.sql is missing"]);
    }

    #[test]
    fn gaps_and_twins() {
        let gap = of(&["migrations/sqlite/0001_identity.sql", "migrations/sqlite/0003_log.sql"]);
        assert_eq!(gap, ["migrations/sqlite/0003_log.sql: the next number is 0002"]);
        let twins = of(&["migrations/sqlite/0001_identity.sql", "migrations/sqlite/0001_log.sql"]);
        assert_eq!(twins, ["migrations/sqlite/0001_log.sql: the next number is 0002"]);
    }

    #[test]
    fn names_that_say_nothing() {
        for name in ["1_log.sql", "0001_.sql", "0001-log.sql", "0001_Log.sql", "0001_log.txt", "README.md"] {
            assert!(number(name).is_none(), "{name}");
        }
        assert_eq!(number("0012_feed_2.sql"), Some(12));
    }
}
