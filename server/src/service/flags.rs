//! Raising the flags of records: what each says by itself, and what those around it say.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use sync_core::document::view_of_changes;
use sync_core::id::{OrganisationId, PersonId, PhotoHash, RecordId};
use sync_core::record::view::AnyView;

use crate::error::ServiceError;
use crate::flag::rules::{JOURNEY_MS, Neighbour, Raised, bits, raise};
use crate::flag::sighting::Sighting;
use crate::flag::thresholds::Thresholds;
use crate::state::App;
use crate::store::flags::{Found, Subject};
use crate::store::{RecordRow, StoreError};

/// What flags were raised by.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// How far the feeds of organisations had come when it was looked what lies around records.
    feeds: HashMap<OrganisationId, u64>,
    /// From when on the organisations raised flags.
    thresholds: HashMap<OrganisationId, Thresholds>,
}

impl Looked {
    /// Whether something was published between looking and writing, as another server may do while this one waits for
    /// its turn: behind this position of the feed stands what was written.
    pub(super) fn missed(&self, organisation: OrganisationId, behind: u64) -> bool {
        self.feeds.get(&organisation).is_none_or(|seen| *seen < behind)
    }

    /// Has the flags of an organisation raised anew if somebody changed its thresholds between looking and writing:
    /// those who raise them anew may have passed these records before they were written.
    pub(super) async fn see_to_thresholds(&self, app: &App) {
        for (organisation, used) in &self.thresholds {
            if let Err(error) = see_to_threshold(app, *organisation, used).await {
                tracing::warn!(code = error.code.name, cause = ?error.internal, "flags may be by earlier thresholds");
            }
        }
    }
}

async fn see_to_threshold(app: &App, organisation: OrganisationId, used: &Thresholds) -> Result<(), ServiceError> {
    if of_organisation(app, organisation).await? != *used {
        app.store.flags().raise_anew(organisation).await?;
        app.upkeep.notify_one();
    }
    Ok(())
}

/// Raises the flags of rows that are about to be written together, and notes in each which others raise one with it.
/// A handful of questions for all of them.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn raise_all(app: &App, rows: &mut [&mut RecordRow]) -> Result<Looked, ServiceError> {
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
    let others = unharmed(|| add_each_other(&subjects, &mut found));
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
    Ok(Looked { feeds: found.feeds, thresholds })
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

/// Whether a published record raises no flag at this moment. What its line in lists says may be older: after other
/// thresholds flags are raised anew one record after the other.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn raises_none(app: &App, organisation: OrganisationId, id: RecordId) -> Result<bool, ServiceError> {
    let record = app.store.record(id).await?;
    let published = record.published.iter().map(|change| change.raw.as_slice());
    let view = view_of_changes(published).map_err(ServiceError::internal)?;
    Ok(evidence(app, organisation, &view).await?.is_empty())
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

/// Adds what records that are written together are to each other: none of it is stored yet. What was stored of them
/// before is no longer true.
fn add_each_other(subjects: &[Subject], found: &mut Found) {
    let here: HashMap<RecordId, &Subject> = subjects.iter().map(|subject| (subject.record, subject)).collect();
    for around in found.around.values_mut() {
        around.near.retain(|near| !here.contains_key(&near.record));
        around.same_phone.retain(|other| !here.contains_key(other));
        around.same_photo.retain(|(_, other)| !here.contains_key(other));
    }
    found.flags.retain(|record, _| !here.contains_key(record));

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
        for (place, subject) in made.iter().enumerate() {
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
        for (record, other) in pairs(with) {
            let same = &mut found.around.entry(record).or_default().same_phone;
            if !same.contains(&other) {
                same.push(other);
            }
        }
    }
    for ((_, photo), with) in &mut by_photo {
        for (record, other) in pairs(with) {
            found.around.entry(record).or_default().same_photo.push((*photo, other));
        }
    }
}

/// Each record with the first of the others, and the first with the second: enough for all to be flagged, however many
/// there are.
fn pairs(with: &[RecordId]) -> impl Iterator<Item = (RecordId, RecordId)> {
    let mut sorted = with.to_vec();
    sorted.sort_unstable();
    let first = sorted.first().copied();
    let second = sorted.get(1).copied();
    let to_first = sorted.into_iter().skip(1).filter_map(move |record| Some((record, first?)));
    first.zip(second).into_iter().chain(to_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_shares_something_has_a_partner() {
        let id = |n: u128| RecordId(uuid::Uuid::from_u128(n));
        assert_eq!(pairs(&[]).count(), 0);
        assert_eq!(pairs(&[id(1)]).count(), 0);
        let paired: Vec<_> = pairs(&[id(3), id(1), id(2)]).collect();
        assert_eq!(paired, [(id(1), id(2)), (id(2), id(1)), (id(3), id(1))]);
    }
}
