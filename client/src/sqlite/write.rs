//! Writing. Each function is one transaction, on the disk when it returns.

use minicbor::Encode;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sync_core::id::RecordId;
use sync_core::index::Row;
use sync_core::journal::Entry;
use sync_core::store::{ExchangeOutcome, Identity, LocalCommit, Progress, PulledRecord};
use sync_core::wire::exchange::Verdict;

use super::columns::{position, with_row};
use super::{StoreError, read};

/// Notes something.
pub(super) fn set_state<T: Encode<()>>(connection: &Connection, name: &str, value: &T) -> Result<(), StoreError> {
    // Encoding into a Vec can't fail: its error type has no values.
    let bytes = minicbor::to_vec(value).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, bytes])?;
    Ok(())
}

pub(super) fn commit(connection: &mut Connection, commit: &LocalCommit) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    add(&transaction, commit)?;
    Ok(transaction.commit()?)
}

pub(super) fn reidentify(
    connection: &mut Connection,
    identity: &Identity,
    common_through: u64,
    commits: &[LocalCommit],
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "DELETE FROM change WHERE EXISTS
             (SELECT 1 FROM journal
              WHERE journal.record = change.record AND journal.change = change.hash AND n > ?)",
        params![position(common_through)],
    )?;
    transaction.execute_batch(
        "DELETE FROM verdict; DELETE FROM journal; DELETE FROM leaving; DELETE FROM change WHERE parted = 1;
         UPDATE record SET last_entry = NULL WHERE last_entry IS NOT NULL;",
    )?;
    set_state(&transaction, read::IDENTITY, identity)?;
    set_state(&transaction, read::PROGRESS, &Progress::default())?;
    commits.iter().try_for_each(|commit| add(&transaction, commit))?;
    Ok(transaction.commit()?)
}

fn add(transaction: &Transaction<'_>, commit: &LocalCommit) -> Result<(), StoreError> {
    let LocalCommit { entry, head, change, row } = commit;
    let last = read::head(transaction)?.n;
    if entry.n != last + 1 {
        return Err(StoreError::OutOfOrder { found: entry.n, last });
    }
    let Entry { n, record, change: hash, clock } = entry;
    transaction
        .prepare_cached(
            "INSERT INTO journal (n, record, change, wall, mono_ms, boot, link) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            position(*n),
            record.as_bytes(),
            hash.0,
            clock.wall.0,
            clock.mono_ms.cast_signed(),
            clock.boot.0.cast_signed(),
            head.link.0,
        ])?;
    transaction.prepare_cached("INSERT INTO change (record, hash, bytes) VALUES (?, ?, ?)")?.execute(params![
        record.as_bytes(),
        hash.0,
        change
    ])?;
    put_row(transaction, row)
}

pub(super) fn apply(connection: &mut Connection, outcome: &ExchangeOutcome) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    set_state(&transaction, read::PROGRESS, &outcome.progress)?;
    if let Some(profile) = &outcome.profile
        && let Some(identity) = read::state::<Identity>(&transaction, read::IDENTITY)?
    {
        set_state(&transaction, read::IDENTITY, &Identity { profile: profile.clone(), ..identity })?;
    }
    for (actor, person, name) in &outcome.authors {
        transaction
            .prepare_cached(
                "INSERT INTO author (actor, person, name) VALUES (?, ?, ?)
                 ON CONFLICT (actor) DO UPDATE SET person = excluded.person, name = excluded.name",
            )?
            .execute(params![actor.0, person.as_bytes(), name])?;
    }
    for (n, verdict) in &outcome.verdicts {
        put_verdict(&transaction, *n, verdict)?;
    }
    for record in &outcome.pulled {
        take_in(&transaction, record)?;
    }
    for (record, _) in &outcome.gone {
        transaction
            .prepare_cached("INSERT INTO leaving (record) VALUES (?) ON CONFLICT DO NOTHING")?
            .execute(params![record.as_bytes()])?;
    }
    part(&transaction, &outcome.progress)?;
    Ok(transaction.commit()?)
}

fn put_verdict(transaction: &Transaction<'_>, n: u64, verdict: &Verdict) -> Result<(), StoreError> {
    if *verdict == Verdict::Published {
        transaction.prepare_cached("DELETE FROM verdict WHERE n = ?")?.execute(params![position(n)])?;
        return Ok(());
    }
    let bytes = minicbor::to_vec(verdict).unwrap_or_default();
    transaction
        .prepare_cached(
            "INSERT INTO verdict (n, record, verdict) SELECT n, record, ?2 FROM journal WHERE n = ?1
             ON CONFLICT (n) DO UPDATE SET verdict = excluded.verdict",
        )?
        .execute(params![position(n), bytes])?;
    Ok(())
}

fn take_in(transaction: &Transaction<'_>, record: &PulledRecord) -> Result<(), StoreError> {
    let id = record.id.as_bytes();
    transaction.prepare_cached("DELETE FROM leaving WHERE record = ?")?.execute(params![id])?;
    for (hash, bytes) in &record.changes {
        // A change that parted with its record earlier comes back at its place in this answer.
        transaction
            .prepare_cached(
                "INSERT INTO change (record, hash, bytes) VALUES (?, ?, ?)
                 ON CONFLICT (record, hash) DO UPDATE
                 SET parted = 0, key = (SELECT max(key) + 1 FROM change) WHERE parted = 1",
            )?
            .execute(params![id, hash.0, bytes])?;
    }
    match &record.row {
        Some(row) => put_row(transaction, row),
        None => Ok(()),
    }
}

/// Removes the records that may leave now, and the changes that nobody can ask for any more.
fn part(transaction: &Transaction<'_>, progress: &Progress) -> Result<(), StoreError> {
    let parting: Vec<[u8; 16]> = transaction
        .prepare_cached(
            "SELECT record FROM leaving WHERE NOT EXISTS
                 (SELECT 1 FROM journal WHERE journal.record = leaving.record AND n > ?)",
        )?
        .query_map(params![position(progress.acknowledged)], |sql| sql.get(0))?
        .collect::<Result<_, _>>()?;
    for record in parting {
        remove_row(transaction, RecordId::from(record))?;
        transaction.prepare_cached("UPDATE change SET parted = 1 WHERE record = ?")?.execute(params![record])?;
        transaction.prepare_cached("DELETE FROM leaving WHERE record = ?")?.execute(params![record])?;
    }
    // What only the server's disk holds may be asked for again; what others wrote, or a backup holds, may not.
    transaction
        .prepare_cached(
            "DELETE FROM change WHERE parted = 1 AND NOT EXISTS
                 (SELECT 1 FROM journal
                  WHERE journal.record = change.record AND journal.change = change.hash AND n > ?)",
        )?
        .execute(params![position(progress.backed_up_through)])?;
    Ok(())
}

fn remove_row(transaction: &Transaction<'_>, record: RecordId) -> Result<(), StoreError> {
    let key: Option<i64> = transaction
        .prepare_cached("DELETE FROM record WHERE id = ? RETURNING key")?
        .query_row(params![record.as_bytes()], |sql| sql.get(0))
        .optional()?;
    if let Some(key) = key {
        transaction.prepare_cached("DELETE FROM record_text WHERE rowid = ?")?.execute(params![key])?;
    }
    Ok(())
}

/// Puts a line into lists, or replaces it.
fn put_row(transaction: &Transaction<'_>, row: &Row) -> Result<(), StoreError> {
    let known: Option<(i64, String)> = transaction
        .prepare_cached("SELECT key, search FROM record WHERE id = ?")?
        .query_row(params![row.id.as_bytes()], |sql| Ok((sql.get(0)?, sql.get(1)?)))
        .optional()?;
    let key: i64 = transaction
        .prepare_cached(
            "INSERT INTO record (
                 id, kind, owner, office, team, project, day, captured, title, subtitle, stage, review,
                 review_reason, conflicts, completeness, search, last_entry
             ) VALUES (
                 :id, :kind, :owner, :office, :team, :project, :day, :captured, :title, :subtitle, :stage, :review,
                 :review_reason, :conflicts, :completeness, :search,
                 (SELECT max(n) FROM journal WHERE record = :id)
             )
             ON CONFLICT (id) DO UPDATE SET
                 kind = excluded.kind, owner = excluded.owner, office = excluded.office, team = excluded.team,
                 project = excluded.project, day = excluded.day, captured = excluded.captured,
                 title = excluded.title, subtitle = excluded.subtitle, stage = excluded.stage,
                 review = excluded.review, review_reason = excluded.review_reason, conflicts = excluded.conflicts,
                 completeness = excluded.completeness, search = excluded.search, last_entry = excluded.last_entry
             RETURNING key",
        )
        .map_err(StoreError::from)
        .and_then(|mut statement| with_row(row, |values| Ok(statement.query_row(values, |sql| sql.get(0))?)))?;
    if known.as_ref().is_some_and(|(_, search)| *search == row.search) {
        return Ok(());
    }
    if known.is_some() {
        transaction.prepare_cached("DELETE FROM record_text WHERE rowid = ?")?.execute(params![key])?;
    }
    transaction
        .prepare_cached("INSERT INTO record_text (rowid, terms) VALUES (?, ?)")?
        .execute(params![key, row.search])?;
    Ok(())
}
