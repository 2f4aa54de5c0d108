//! Writing. Each function is one transaction, on the disk when it returns.

use std::collections::HashSet;

use minicbor::Encode;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use sync_core::id::{ActorId, ChangeHash, RecordId};
use sync_core::index::Row;
use sync_core::journal::{Entry, Head};
use sync_core::store::{
    ExchangeOutcome, Identity, Installation, LocalCommit, Progress, PulledRecord, RefusedRecord, Rewritten, Tombstone,
};
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
    lines: &[Rewritten],
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let waits = minicbor::to_vec(Verdict::Need { deps: Vec::new() }).unwrap_or_default();
    let published_through = read::progress(&transaction)?.published_through;
    transaction.execute(
        "INSERT OR REPLACE INTO former (record, hash, verdict)
             SELECT journal.record, journal.change, coalesce(verdict.verdict, ?) FROM journal
             LEFT JOIN verdict ON verdict.n = journal.n
             WHERE journal.n <= ? AND (verdict.n IS NOT NULL OR journal.n > ?)",
        params![waits, position(common_through), position(published_through)],
    )?;
    drop_tail(&transaction, common_through, lines)?;
    transaction.execute_batch(
        "DELETE FROM verdict; DELETE FROM journal; DELETE FROM leaving; DELETE FROM change WHERE parted = 1;
         UPDATE record SET last_entry = NULL WHERE last_entry IS NOT NULL;",
    )?;
    set_state(&transaction, read::IDENTITY, identity)?;
    set_state(&transaction, read::PROGRESS, &Progress::anew())?;
    if let Some(known) = read::state::<Installation>(&transaction, read::INSTALLATION)? {
        set_state(&transaction, read::INSTALLATION, &Installation { moved: false, ..known })?;
    }
    for Rewritten { entry, head, change, row } in lines {
        add_line(&transaction, entry, head)?;
        // A change of a record that is not here stays parted from it, as it was before.
        transaction
            .prepare_cached(
                "INSERT INTO change (record, hash, bytes, parted) VALUES (?1, ?2, ?3,
                     ?4 AND NOT EXISTS (SELECT 1 FROM change WHERE record = ?1 AND parted = 0))
                 ON CONFLICT (record, hash) DO NOTHING",
            )?
            .execute(params![entry.record.as_bytes(), entry.change.0, change, row.is_none()])?;
        if let Some(row) = row {
            put_row(&transaction, row)?;
        }
    }
    // Lines have other numbers now. A backup that holds a line after all of these holds the ones that name photos.
    transaction.execute("UPDATE photo SET line = 1 + coalesce((SELECT max(n) FROM journal), 0)", [])?;
    Ok(transaction.commit()?)
}

/// Removes the changes of the journal's tail that no line names any more. The others stay where they are: what follows
/// them comes after them.
fn drop_tail(connection: &Connection, common_through: u64, lines: &[Rewritten]) -> Result<(), StoreError> {
    let kept: HashSet<[u8; 32]> = lines.iter().map(|line| line.entry.change.0).collect();
    let tail = connection
        .prepare_cached("SELECT record, change FROM journal WHERE n > ?")?
        .query_map(params![position(common_through)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<([u8; 16], [u8; 32])>, _>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM change WHERE record = ? AND hash = ?")?;
    for (record, change) in tail.iter().filter(|(_, change)| !kept.contains(change)) {
        delete.execute(params![record, change])?;
    }
    Ok(())
}

/// Another installation's store: a fresh actor, and no key that the other one may be using.
pub(super) fn move_in(connection: &mut Connection, fingerprint: [u8; 32], actor: ActorId) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let identity = read::state::<Identity>(&transaction, read::IDENTITY)?;
    let installation = Installation { fingerprint, moved: identity.is_some() };
    set_state(&transaction, read::INSTALLATION, &installation)?;
    forget_state(&transaction, read::DEVICE_KEY)?;
    if let Some(identity) = identity {
        set_state(&transaction, read::IDENTITY, &Identity { actor, ..identity })?;
    }
    Ok(transaction.commit()?)
}

/// Forgets a note.
pub(super) fn forget_state(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM state WHERE name = ?")?.execute(params![name])?;
    Ok(())
}

/// Empties every table; of the notes only the tombstone and the installation are left.
pub(super) fn wipe(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let identity = read::state::<Identity>(&transaction, read::IDENTITY)?;
    let installation = read::state::<Installation>(&transaction, read::INSTALLATION)?;
    // Whatever tables there are: a wipe that forgets one of them forgets nothing. The search has a way of its own.
    transaction.pragma_update(None, "defer_foreign_keys", true)?;
    let tables: Vec<String> = transaction
        .prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'record_text%'",
        )?
        .query_map([], |sql| sql.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        transaction.execute(&format!("DELETE FROM \"{table}\""), [])?;
    }
    transaction.execute("INSERT INTO record_text (record_text) VALUES ('delete-all')", [])?;
    if let Some(Identity { device, key_seed, .. }) = identity {
        set_state(&transaction, read::TOMBSTONE, &Tombstone { device, key_seed })?;
    }
    if let Some(known) = installation {
        set_state(&transaction, read::INSTALLATION, &Installation { moved: false, ..known })?;
    }
    Ok(transaction.commit()?)
}

/// Makes sure that nothing can be read any more in the files of an emptied store: freed pages are written over, the
/// file is built anew without them, and the log is cut to nothing.
pub(super) fn scrub(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "secure_delete", true)?;
    connection.execute_batch("VACUUM")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn add_line(transaction: &Transaction<'_>, entry: &Entry, head: &Head) -> Result<(), StoreError> {
    let last = read::head(transaction)?.n;
    if entry.n != last + 1 {
        return Err(StoreError::OutOfOrder { found: entry.n, last });
    }
    put_line(transaction, entry, head)
}

/// Writes a line of the journal, whatever stands before it.
pub(super) fn put_line(transaction: &Transaction<'_>, entry: &Entry, head: &Head) -> Result<(), StoreError> {
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
    Ok(())
}

fn add(transaction: &Transaction<'_>, commit: &LocalCommit) -> Result<(), StoreError> {
    let LocalCommit { entry, head, change, row } = commit;
    add_line(transaction, entry, head)?;
    transaction.prepare_cached("INSERT INTO change (record, hash, bytes) VALUES (?, ?, ?)")?.execute(params![
        entry.record.as_bytes(),
        entry.change.0,
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
    for record in &outcome.refused {
        take_out(&transaction, record)?;
    }
    // What came back is refused no more.
    transaction
        .prepare_cached(
            "DELETE FROM refusal WHERE EXISTS
                 (SELECT 1 FROM change
                  WHERE change.record = refusal.record AND change.hash = refusal.hash AND parted = 0)",
        )?
        .execute([])?;
    if let Some(actor) = outcome.actor
        && let Some(identity) = read::state::<Identity>(&transaction, read::IDENTITY)?
    {
        set_state(&transaction, read::IDENTITY, &Identity { actor, ..identity })?;
    }
    for (record, hash) in &outcome.confirmed {
        transaction
            .prepare_cached("DELETE FROM former WHERE record = ? AND hash = ?")?
            .execute(params![record.as_bytes(), hash.0])?;
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
    if record.whole {
        transaction.prepare_cached("DELETE FROM change WHERE record = ? AND parted = 0")?.execute(params![id])?;
    }
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

/// Takes refused changes out of a record. Their bytes stay as long as those of any that parted with its record.
fn take_out(transaction: &Transaction<'_>, record: &RefusedRecord) -> Result<(), StoreError> {
    let id = record.id.as_bytes();
    for hash in &record.dropped {
        transaction
            .prepare_cached("UPDATE change SET parted = 1 WHERE record = ? AND hash = ?")?
            .execute(params![id, hash.0])?;
    }
    for refusal in &record.refusals {
        let body = minicbor::to_vec(refusal).unwrap_or_default();
        transaction
            .prepare_cached("INSERT INTO refusal (record, hash, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?
            .execute(params![id, refusal.change.0, body])?;
    }
    match &record.row {
        Some(row) => put_row(transaction, row),
        None => remove_row(transaction, record.id),
    }
}

pub(super) fn settle_refusal(
    connection: &mut Connection,
    record: RecordId,
    change: ChangeHash,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let change = params![record.as_bytes(), change.0];
    transaction.prepare_cached("UPDATE refusal SET body = NULL WHERE record = ? AND hash = ?")?.execute(change)?;
    transaction
        .prepare_cached("DELETE FROM verdict WHERE n IN (SELECT n FROM journal WHERE record = ? AND change = ?)")?
        .execute(change)?;
    Ok(transaction.commit()?)
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
pub(super) fn put_row(transaction: &Transaction<'_>, row: &Row) -> Result<(), StoreError> {
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
