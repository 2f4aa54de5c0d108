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

    /// What databases remember of a migration they ran, as `sqlx::migrate!` told them until now.
    #[test]
    fn a_migration_keeps_the_name_by_which_databases_know_it() {
        let migrations = of("sqlite");
        let first = migrations.iter().next().unwrap();
        assert_eq!((first.version, &*first.description), (1, "spine"));
        let name: String = first.checksum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(name, "a1f4a4ea670e4796");
    }
}
