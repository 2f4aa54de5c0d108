//! The tables of both databases as `migrations/` describes them, which the program carries.
//!
//! `sqlx::migrate!` would do the same, but its macro is built of all of sqlx: the compiler would make SQLite, both drivers
//! and TLS a second time, to run while it compiles.

use std::borrow::Cow;

use rust_embed::RustEmbed;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

#[derive(RustEmbed)]
#[folder = "../migrations"]
struct Files;

/// What makes the tables of the database with this folder, oldest first.
pub(super) fn of(folder: &str) -> Migrator {
    Migrator::with_migrations(Files::iter().filter_map(|path| migration(folder, &path)).collect())
}

/// The file `<folder>/<version>_<description>.sql`; nothing for others.
fn migration(folder: &str, path: &str) -> Option<Migration> {
    let name = path.strip_prefix(folder)?.strip_prefix('/')?;
    let (version, description) = name.strip_suffix(".sql")?.split_once('_')?;
    let sql = match Files::get(path)?.data {
        Cow::Borrowed(sql) => std::str::from_utf8(sql).ok()?,
        // Files lie in the program in every profile.
        Cow::Owned(_) => return None,
    };
    let description = description.replace('_', " ").into();
    Some(Migration::new(version.parse().ok()?, description, MigrationType::Simple, sql.into_sql_str(), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number that is missing, taken twice or on one side only would show when an organisation moves, which is too late.
    #[test]
    fn both_databases_have_every_file_under_the_same_numbers() {
        let [sqlite, postgres] = ["sqlite", "postgres"].map(|folder| {
            let migrations = of(folder);
            let named =
                migrations.iter().map(|migration| (migration.version, migration.description.clone().into_owned()));
            named.collect::<Vec<_>>()
        });
        assert_eq!(sqlite, postgres);
        assert_eq!(sqlite.len() * 2, Files::iter().count());
        assert!(sqlite.iter().map(|(version, _)| *version).eq((1..).take(sqlite.len())), "{sqlite:?}");
    }

    /// A database that ran a migration remembers its checksum, and refuses a program in which it reads differently.
    #[test]
    fn no_migration_reads_differently_from_when_databases_ran_it() {
        let sum = |migration: &Migration| {
            migration.checksum.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        };
        let line = |folder: &str, migration: &Migration| {
            format!("{folder} {:04} {} {}\n", migration.version, migration.description, sum(migration))
        };
        let lines =
            ["sqlite", "postgres"].map(|folder| of(folder).iter().map(|it| line(folder, it)).collect::<String>());
        let present = lines.concat();
        assert!(
            present == include_str!("migrations.txt"),
            "a migration that databases may have run is never edited: write another one, and add it to \
            src/store/migrations.txt:\n{present}"
        );
    }
}
