//! The new store, filled with what is left of the damaged one.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use minicbor::Decode;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sync_core::ancestry::Ancestry;
use sync_core::document::Document;
use sync_core::id::{ChangeHash, PhotoHash, RecordId};
use sync_core::index::Row;
use sync_core::record::view::AnyView;
use sync_core::store::{Identity, Progress};
use sync_core::time::UnixMillis;

use super::btree::Value;
use super::journal::{Mended, mend};
use super::salvage::{Change, Salvage};
use super::{DAMAGE, Damage};
use crate::photos::Album;
use crate::sqlite::columns::position;
use crate::sqlite::photos::{PhotoStep, QueuedPhoto, put_photo};
use crate::sqlite::{StoreError, read, write};

type Log<'a> = BTreeMap<ChangeHash, &'a Change>;

/// Fills an empty store, all at once.
pub(super) fn rebuild(connection: &mut Connection, salvage: &Salvage, album: &Album) -> Result<Damage, StoreError> {
    // What nobody has seen yet of an earlier rescue stays said.
    let before: Damage = note(salvage, DAMAGE).unwrap_or_default();
    let unreadable_pages = before.unreadable_pages + salvage.unreadable_pages as u64;
    let mut damage = Damage { unreadable_pages, ..before };
    let identity: Option<Identity> = note(salvage, read::IDENTITY);
    let progress = note(salvage, read::PROGRESS).unwrap_or_else(Progress::anew);
    // A store that nobody had enrolled yet has notes and no lines.
    let was_in_use = salvage.notes.is_empty() || !salvage.journal.is_empty();
    damage.enrolment_lost = identity.is_none() && was_in_use && !salvage.notes.contains_key(read::TOMBSTONE);
    let mended = mend(salvage, &progress, identity.map(|identity| identity.actor), &mut damage);

    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    put_notes(&transaction, salvage)?;
    put_lines(&transaction, &mended)?;
    put_what_was_said(&transaction, salvage)?;
    let mut named = BTreeMap::new();
    for (record, log) in by_record(salvage) {
        if let Some(view) = put_record(&transaction, record, &log)? {
            named.extend(view.frame().photos.iter().map(|photo| (photo.entry.hash, (record, photo.entry.at))));
        }
    }
    put_photos(&transaction, salvage, album, &named, &mended)?;
    // The comparison with the server brings back what is missing of what it holds.
    let progress = Progress { acknowledged: mended.acknowledged, digest_due: true, ..progress };
    write::set_state(&transaction, read::PROGRESS, &progress)?;
    write::set_state(&transaction, DAMAGE, &damage)?;
    transaction.commit()?;
    Ok(damage)
}

fn note<T: for<'b> Decode<'b, ()>>(salvage: &Salvage, name: &str) -> Option<T> {
    salvage.notes.get(name).and_then(|bytes| minicbor::decode(bytes).ok())
}

fn put_notes(transaction: &Transaction<'_>, salvage: &Salvage) -> Result<(), StoreError> {
    let readable = |name: &str| match name {
        read::IDENTITY => note::<Identity>(salvage, name).is_some(),
        _ => true,
    };
    for (name, value) in salvage.notes.iter().filter(|(name, _)| readable(name)) {
        transaction.execute("INSERT INTO state (name, value) VALUES (?, ?)", params![name, value])?;
    }
    Ok(())
}

fn put_lines(transaction: &Transaction<'_>, mended: &Mended) -> Result<(), StoreError> {
    // A gap among the lines that the server holds stays one.
    mended.lines.iter().try_for_each(|(entry, head)| write::put_line(transaction, entry, head))
}

/// Verdicts, refusals, departures and names.
fn put_what_was_said(transaction: &Transaction<'_>, salvage: &Salvage) -> Result<(), StoreError> {
    for (n, (record, verdict)) in &salvage.verdicts {
        transaction.execute(
            "INSERT INTO verdict (n, record, verdict) SELECT n, record, ?3 FROM journal WHERE n = ?1 AND record = ?2",
            params![position(*n), record.as_bytes(), verdict],
        )?;
    }
    for ((record, hash), body) in &salvage.refusals {
        let values = params![record.as_bytes(), hash.0, body];
        transaction.execute("INSERT INTO refusal (record, hash, body) VALUES (?, ?, ?)", values)?;
    }
    for ((record, hash), verdict) in &salvage.former {
        let values = params![record.as_bytes(), hash.0, verdict];
        transaction.execute("INSERT INTO former (record, hash, verdict) VALUES (?, ?, ?)", values)?;
    }
    for record in &salvage.leaving {
        transaction.execute("INSERT INTO leaving (record) VALUES (?)", params![record.as_bytes()])?;
    }
    for (actor, (person, name)) in &salvage.authors {
        let values = params![actor.0, person.as_bytes(), name];
        transaction.execute("INSERT INTO author (actor, person, name) VALUES (?, ?, ?)", values)?;
    }
    Ok(())
}

fn by_record(salvage: &Salvage) -> BTreeMap<RecordId, Log<'_>> {
    let mut records: BTreeMap<RecordId, Log<'_>> = BTreeMap::new();
    for ((record, hash), change) in &salvage.changes {
        records.entry(*record).or_default().insert(*hash, change);
    }
    records
}

/// Stores what is left of a record, and its line in lists if it can still be read.
fn put_record(transaction: &Transaction<'_>, id: RecordId, log: &Log<'_>) -> Result<Option<AnyView>, StoreError> {
    let ancestry = |log: &Log<'_>| Ancestry::of(log.iter().map(|(hash, change)| (*hash, change.bytes.as_slice())));
    for hash in ancestry(log).in_order() {
        if let Some(change) = log.get(&hash) {
            transaction
                .prepare_cached("INSERT INTO change (record, hash, bytes, parted) VALUES (?, ?, ?, ?)")?
                .execute(params![id.as_bytes(), hash.0, change.bytes, change.parted])?;
        }
    }
    let shown: Log<'_> =
        log.iter().filter(|(_, change)| !change.parted).map(|(hash, change)| (*hash, *change)).collect();
    let here = ancestry(&shown);
    // What follows a lost change waits for it, as it would on the server.
    let whole = here.clone().without(&here.lost()).in_order();
    let log = whole.iter().filter_map(|hash| shown.get(hash)).map(|change| change.bytes.as_slice());
    // Bytes that passed their checksum may still be too strange for a document; that must not cost the other records.
    let view = catch_unwind(AssertUnwindSafe(|| Document::load(log).and_then(|mut document| document.any_view())));
    let view = view.ok().and_then(Result::ok);
    if let Some(view) = &view {
        write::put_row(transaction, &Row::of(view))?;
    }
    Ok(view)
}

/// The queue of photos; a file whose place in it is lost goes up again.
fn put_photos(
    transaction: &Transaction<'_>,
    salvage: &Salvage,
    album: &Album,
    named: &BTreeMap<PhotoHash, (RecordId, UnixMillis)>,
    mended: &Mended,
) -> Result<(), StoreError> {
    for values in salvage.photos.values() {
        let values = values.iter().map(|value| match value {
            Value::Null => rusqlite::types::Value::Null,
            Value::Integer(number) => (*number).into(),
            Value::Text(text) => text.clone().into(),
            Value::Blob(bytes) => bytes.clone().into(),
        });
        transaction.execute(
            "INSERT INTO photo VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rusqlite::params_from_iter(values),
        )?;
    }
    // Lines may have other numbers now. A backup that holds a line after all of these holds the ones that name photos.
    let line = mended.lines.last().map_or(0, |(entry, _)| entry.n) + 1;
    transaction.execute("UPDATE photo SET line = ?", params![position(line)])?;
    for (hash, bytes) in album.files()?.into_iter().filter(|(hash, _)| !salvage.photos.contains_key(&hash.0)) {
        let known = named.get(&hash);
        let (step, reason) = match known {
            Some(_) => (PhotoStep::Queued, None),
            None => (PhotoStep::Failed, Some("the record that it belongs to is lost".to_owned())),
        };
        put_photo(
            transaction,
            &QueuedPhoto {
                hash,
                record: known.map_or(RecordId::from([0; 16]), |(record, _)| *record),
                bytes,
                added: known.map_or(UnixMillis(0), |(_, at)| *at),
                step,
                line,
                upload: None,
                sent: 0,
                not_before: None,
                reason,
                checked: None,
                backed_up: false,
                here: true,
            },
        )?;
    }
    Ok(())
}
