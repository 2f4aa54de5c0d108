//! Raising the flags of records: what each says by itself, and what those around it say.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sync_core::id::{OrganisationId, PersonId, PhotoHash, RecordId};
use sync_core::record::view::AnyView;

use crate::error::ServiceError;
use crate::flag::rules::{JOURNEY_MS, Neighbour, Raised, bits, raise};
use crate::flag::sighting::Sighting;
use crate::flag::thresholds::Thresholds;
use crate::state::App;
use crate::store::flags::{Found, Subject};
use crate::store::{RecordRow, StoreError};

/// How far the feeds of organisations had come when it was looked what lies around records.
#[derive(Debug, Default)]
pub(super) struct Looked(HashMap<OrganisationId, u64>);

impl Looked {
    /// Whether something was published between looking and writing, as another server may do while this one waits for
    /// its turn: behind this position of the feed stands what was written.
    pub(super) fn missed(&self, organisation: OrganisationId, behind: u64) -> bool {
        self.0.get(&organisation).is_none_or(|seen| *seen < behind)
    }
}

/// Raises the flags of rows that are about to be written together, and notes in each which others raise one with it.
/// A handful of questions for all of them.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn raise_all(app: &App, rows: &mut [&mut RecordRow]) -> Result<Looked, ServiceError> {
    raise_beside(app, rows, &[]).await
}

/// The same while others are being written, whose flags are raised already: they are compared as they will be.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn raise_beside(
    app: &App,
    rows: &mut [&mut RecordRow],
    beside: &[&RecordRow],
) -> Result<Looked, ServiceError> {
    if rows.is_empty() {
        return Ok(Looked::default());
    }
    let mut thresholds: HashMap<OrganisationId, Thresholds> = HashMap::new();
    for row in &*rows {
        if let Entry::Vacant(unknown) = thresholds.entry(row.organisation) {
            unknown.insert(of_organisation(app, row.organisation).await?);
        }
    }
    let subjects: Vec<Subject> = rows.iter().map(|row| subject_of(row)).collect();
    let mut found = app.store.flags().surroundings(&subjects).await?;
    let beside: Vec<(Subject, u64)> = beside.iter().map(|row| (subject_of(row), row.flags)).collect();
    let others = unharmed(|| add_each_other(&subjects, &beside, &mut found));
    if others.is_none() {
        tracing::error!(records = subjects.len(), "comparing records with each other panicked; flags may be missing");
    }
    for (row, subject) in rows.iter_mut().zip(&subjects) {
        let mut around = found.around.remove(&subject.record).unwrap_or_default();
        around.jumps.extend(&subject.seen.jumps);
        let Some(raised) = unharmed(|| raise(subject.record, &subject.seen, &around, &thresholds[&row.organisation]))
        else {
            tracing::error!(record = %subject.record, "raising flags panicked; the record has none");
            continue;
        };
        row.flags = bits(&raised);
        let lacking = |raised: &Raised| {
            let bit = raised.flag.bit();
            let others = raised.others().filter(|other| found.flags.get(other).is_some_and(|has| has & bit == 0));
            others.map(|other| (other, bit)).collect::<Vec<_>>()
        };
        row.partners = raised.iter().flat_map(lacking).collect();
    }
    Ok(Looked(found.feeds))
}

/// Looks once more around rows that are stored, because others were written at the same moment that nobody saw; adds the
/// flags that are missing. Whoever of two writes last sees both.
pub(super) async fn look_again(app: &App, mut rows: Vec<&mut RecordRow>) {
    let before: Vec<u64> = rows.iter().map(|row| row.flags).collect();
    let added = match raise_all(app, &mut rows).await {
        Ok(_) => {
            let own = rows.iter().zip(before).map(|(row, before)| (row.row.id, row.flags & !before));
            let others = rows.iter().flat_map(|row| row.partners.iter().copied());
            let raised: Vec<(RecordId, u64)> = own.filter(|(_, bits)| *bits != 0).chain(others).collect();
            if raised.is_empty() { Ok(()) } else { app.store.flags().add_flags(&raised).await.map_err(Into::into) }
        }
        Err(error) => Err(error),
    };
    if let Err(error) = added {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "flags may be missing until the records change");
    }
}

/// What comes of a rule, or `None` if it panics. A flag is a hint: a fault of ours in one keeps no record from being stored.
fn unharmed<T>(rule: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(rule)).ok()
}

/// The flags of one record as it is now, with what speaks for each.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn evidence(
    app: &App,
    organisation: OrganisationId,
    view: &AnyView,
) -> Result<Vec<Raised>, ServiceError> {
    let header = &view.frame().header;
    let subject = Subject {
        record: header.id,
        organisation,
        maker: header.owner,
        office: header.office,
        day: header.day(),
        seen: Sighting::of(organisation, view),
        photos: view.frame().photos.iter().map(|photo| photo.entry.hash).collect(),
    };
    let thresholds = of_organisation(app, organisation).await?;
    let mut found = app.store.flags().surroundings(std::slice::from_ref(&subject)).await?;
    let around = found.around.remove(&subject.record).unwrap_or_default();
    Ok(raise(subject.record, &subject.seen, &around, &thresholds))
}

async fn of_organisation(app: &App, id: OrganisationId) -> Result<Thresholds, ServiceError> {
    match app.store.organisation(id).await {
        Ok(organisation) => Ok(organisation.thresholds),
        Err(StoreError::NotFound) => Ok(Thresholds::default()),
        Err(error) => Err(error.into()),
    }
}

fn subject_of(row: &RecordRow) -> Subject {
    Subject {
        record: row.row.id,
        organisation: row.organisation,
        maker: row.made_by,
        office: row.made_in,
        day: row.row.day,
        seen: row.seen.clone(),
        photos: row.photos.clone(),
    }
}

/// Adds what records that are written together are to each other, and to those that are written just now: none of it is
/// stored yet. What was stored of them before is no longer true.
fn add_each_other(subjects: &[Subject], beside: &[(Subject, u64)], found: &mut Found) {
    let asked: HashSet<RecordId> = subjects.iter().map(|subject| subject.record).collect();
    let others = beside.iter().map(|(subject, _)| subject);
    let here: HashMap<RecordId, &Subject> = others.chain(subjects).map(|subject| (subject.record, subject)).collect();
    for around in found.around.values_mut() {
        around.near.retain(|near| !here.contains_key(&near.record));
        around.same_phone.retain(|other| !here.contains_key(other));
        around.same_photo.retain(|(_, other)| !here.contains_key(other));
    }
    found.flags.retain(|record, _| !here.contains_key(record));
    let of_others = beside.iter().filter(|(subject, _)| !asked.contains(&subject.record));
    found.flags.extend(of_others.map(|(subject, flags)| (subject.record, *flags)));

    let mut by_maker: HashMap<PersonId, Vec<&Subject>> = HashMap::new();
    let mut by_phone: BTreeMap<i64, Vec<RecordId>> = BTreeMap::new();
    let mut by_photo: BTreeMap<(OrganisationId, PhotoHash), Vec<RecordId>> = BTreeMap::new();
    for subject in here.values() {
        by_maker.entry(subject.maker).or_default().push(subject);
        for phone in &subject.seen.phones {
            by_phone.entry(*phone).or_default().push(subject.record);
        }
        for photo in &subject.photos {
            let with = by_photo.entry((subject.organisation, *photo)).or_default();
            if !with.contains(&subject.record) {
                with.push(subject.record);
            }
        }
    }
    for made in by_maker.values_mut() {
        made.sort_unstable_by_key(|subject| (subject.seen.at, subject.record));
        for (place, subject) in made.iter().enumerate().filter(|(_, subject)| asked.contains(&subject.record)) {
            let close = |other: &&&Subject| other.seen.at.since(subject.seen.at).saturating_abs() <= JOURNEY_MS;
            let before = made[..place].iter().rev().take_while(close);
            let after = made[place + 1..].iter().take_while(close);
            let near = before.chain(after).map(|other| Neighbour {
                record: other.record,
                at: other.seen.at,
                point: other.seen.point,
            });
            let near: Vec<Neighbour> = near.collect();
            found.around.entry(subject.record).or_default().near.extend(near);
        }
    }
    for with in by_phone.values() {
        for (record, other) in pairs(with, &asked) {
            let same = &mut found.around.entry(record).or_default().same_phone;
            if !same.contains(&other) {
                same.push(other);
            }
        }
    }
    for ((_, photo), with) in &mut by_photo {
        for (record, other) in pairs(with, &asked) {
            found.around.entry(record).or_default().same_photo.push((*photo, other));
        }
    }
}

/// Each record that is asked for with the first of the others, and the first with the second: enough for all to be
/// flagged, however many there are. Those that nobody asks for come first, because they have each other already.
fn pairs(with: &[RecordId], asked: &HashSet<RecordId>) -> impl Iterator<Item = (RecordId, RecordId)> {
    let mut sorted = with.to_vec();
    sorted.sort_unstable_by_key(|record| (asked.contains(record), *record));
    let first = sorted.first().copied();
    let second = sorted.get(1).copied();
    let to_first = sorted.into_iter().skip(1).filter_map(move |record| Some((record, first?)));
    first.zip(second).into_iter().chain(to_first).filter(|(record, _)| asked.contains(record))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_shares_something_has_a_partner() {
        let id = |n: u128| RecordId(uuid::Uuid::from_u128(n));
        let all = HashSet::from([id(1), id(2), id(3)]);
        let paired = |with: &[RecordId], asked| pairs(with, asked).collect::<Vec<_>>();
        assert_eq!(paired(&[], &all), []);
        assert_eq!(paired(&[id(1)], &all), []);
        assert_eq!(paired(&[id(3), id(1), id(2)], &all), [(id(1), id(2)), (id(2), id(1)), (id(3), id(1))]);
        // Nobody asks for the third, who has no partner yet.
        let asked = HashSet::from([id(1), id(2)]);
        assert_eq!(paired(&[id(3), id(1), id(2)], &asked), [(id(1), id(3)), (id(2), id(3))]);
    }

    /// Records at the same time, of the same person, with the same number and photo.
    fn alike(n: u128) -> Subject {
        Subject {
            record: RecordId(uuid::Uuid::from_u128(n)),
            organisation: OrganisationId(uuid::Uuid::nil()),
            maker: PersonId(uuid::Uuid::nil()),
            office: sync_core::id::OfficeId(uuid::Uuid::nil()),
            day: "2026-03-05".parse().unwrap(),
            seen: Sighting { phones: vec![13312343333], ..Sighting::default() },
            photos: vec![PhotoHash([7; 32])],
        }
    }

    #[test]
    fn what_is_being_written_is_compared_as_it_will_be() {
        let (subject, beside) = (alike(1), alike(2));
        let mut found = Found::default();
        // What is still stored of both.
        found.flags.extend([(subject.record, 0), (beside.record, 0)]);
        let stored = found.around.entry(subject.record).or_default();
        stored.near.push(Neighbour { record: beside.record, at: beside.seen.at.plus(9), point: None });
        stored.same_phone.push(beside.record);
        add_each_other(std::slice::from_ref(&subject), &[(beside.clone(), 128)], &mut found);
        assert_eq!(found.flags, HashMap::from([(beside.record, 128)]));
        let around = &found.around[&subject.record];
        assert_eq!(around.near, [Neighbour { record: beside.record, at: beside.seen.at, point: None }]);
        assert_eq!(around.same_phone, [beside.record]);
        assert_eq!(around.same_photo, [(PhotoHash([7; 32]), beside.record)]);
        assert!(!found.around.contains_key(&beside.record), "nobody asked for it");
    }
}
