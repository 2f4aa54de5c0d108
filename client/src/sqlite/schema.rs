//! The layout of the file and how older layouts become the present one.
//!
//! `user_version` counts the migrations that a file has seen. A migration that has been released is never edited;
//! a new layout is a new entry of [`MIGRATIONS`], and `golden/store-v<n>.sql` keeps a store of every released
//! layout for the tests.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

pub(super) const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5];

/// * `record` holds the lines of lists; `record_text` finds them by the terms of `search` and nothing else, so its
///   tokenizer cuts at spaces only.
/// * `change` holds what documents are made of, in the order of `key`. A change is `parted` when its record has
///   left the scope but the change itself is this device's and no backup of the server holds it yet.
/// * `journal` is never cut: any receipt can be held against it.
/// * `leaving` names records that left the scope and wait for their unsent changes to get through.
/// * `verdict` holds what is not settled.
const V1: &str = "
CREATE TABLE state (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    key INTEGER NOT NULL PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner BLOB NOT NULL,
    office BLOB NOT NULL,
    team BLOB,
    project BLOB,
    day TEXT NOT NULL,
    captured INTEGER NOT NULL,
    title TEXT NOT NULL,
    subtitle TEXT NOT NULL,
    stage TEXT,
    review TEXT NOT NULL,
    review_reason TEXT,
    conflicts INTEGER NOT NULL,
    completeness INTEGER,
    last_entry INTEGER,
    search TEXT NOT NULL
) STRICT;

CREATE INDEX record_by_captured ON record (captured, id);
CREATE INDEX record_by_kind ON record (kind, captured, id);
CREATE INDEX record_by_owner ON record (owner, captured, id);
CREATE INDEX record_by_day ON record (day, captured, id);
CREATE INDEX record_by_review ON record (review, captured, id);
CREATE INDEX record_by_stage ON record (stage, captured, id) WHERE stage IS NOT NULL;
CREATE INDEX record_in_conflict ON record (captured, id) WHERE conflicts > 0;
CREATE INDEX record_by_last_entry ON record (last_entry, captured, id) WHERE last_entry IS NOT NULL;

CREATE VIRTUAL TABLE record_text USING fts5 (
    terms,
    content = '',
    contentless_delete = 1,
    tokenize = \"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'\"
);

CREATE TABLE change (
    key INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    parted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (record, hash)
) STRICT;

CREATE INDEX change_parted ON change (key) WHERE parted = 1;

CREATE TABLE journal (
    n INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    change BLOB NOT NULL,
    wall INTEGER NOT NULL,
    mono_ms INTEGER NOT NULL,
    boot INTEGER NOT NULL,
    link BLOB NOT NULL
) STRICT;

CREATE INDEX journal_by_record ON journal (record);

CREATE TABLE leaving (
    record BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    n INTEGER NOT NULL PRIMARY KEY REFERENCES journal,
    record BLOB NOT NULL,
    verdict BLOB NOT NULL
) STRICT;

CREATE INDEX verdict_by_record ON verdict (record);

CREATE TABLE author (
    actor BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// * `refusal` holds what was refused, with the text until the person has settled it.
const V2: &str = "
CREATE TABLE refusal (
    key INTEGER NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    body BLOB,
    UNIQUE (record, hash)
) STRICT;
";

/// * `photo` holds what became of the photos of this device; their files lie beside the store. `step` counts as
///   `PhotoStep` does.
const V3: &str = "
CREATE TABLE photo (
    hash BLOB NOT NULL PRIMARY KEY,
    record BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    added INTEGER NOT NULL,
    step INTEGER NOT NULL,
    line INTEGER NOT NULL,
    upload TEXT,
    sent INTEGER NOT NULL,
    not_before INTEGER,
    reason TEXT,
    checked INTEGER,
    checked_epoch INTEGER,
    backed_up INTEGER NOT NULL,
    here INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_by_step ON photo (step, added);
";

/// * `former` holds what is known of changes that were sent under an identity which this device has given up, until the
///   server shows that they are part of their records.
const V4: &str = "
CREATE TABLE former (
    record BLOB NOT NULL,
    hash BLOB NOT NULL,
    verdict BLOB NOT NULL,
    PRIMARY KEY (record, hash)
) STRICT, WITHOUT ROWID;
";

/// * `state_twin` holds every note once more, on another page: whose device this is and how far it has come must not hang
///   on a single one.
const V5: &str = "
CREATE TABLE state_twin (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO state_twin SELECT name, value FROM state;

CREATE TRIGGER state_is_noted AFTER INSERT ON state BEGIN
    INSERT INTO state_twin VALUES (NEW.name, NEW.value);
END;

CREATE TRIGGER state_is_changed AFTER UPDATE ON state BEGIN
    UPDATE state_twin SET value = NEW.value WHERE name = NEW.name;
END;

CREATE TRIGGER state_is_forgotten AFTER DELETE ON state BEGIN
    DELETE FROM state_twin WHERE name = OLD.name;
END;
";

/// Pages that the log may hold before a save has to move them: 16 MB. [`super::SqliteStore::tidy`] normally comes
/// first.
const LOG_PAGES: u32 = 4_000;

/// Settings of the connection; docs/adr/0002-phone-durability.md says why.
pub(super) fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On Apple systems fsync leaves the data in the disk's own cache; this one does not. Elsewhere it is nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(())
}

/// Brings the layout up to date, each step in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (step, migration) in (1..=known).zip(MIGRATIONS).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
