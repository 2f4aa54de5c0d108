//! Who has which record open at this moment, so that two reviewers don't work on one.
//!
//! Kept in memory: whoever looks says so every twenty seconds, and who falls silent is gone. Other servers hear it with
//! the news.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use sync_core::id::{PersonId, RecordId};
use sync_core::time::UnixMillis;

use super::events::News;
use crate::error::{ServiceError, codes};
use crate::scope;
use crate::state::App;
use crate::store::{Person, StoreError};

/// How long somebody counts as present who has not said so again.
const STAY_MS: i64 = 45_000;
/// Records that are remembered at most; more than all reviewers of a large organisation have open.
const MOST: usize = 10_000;

/// Who has which record open.
#[derive(Debug, Default)]
pub struct Presence(Mutex<HashMap<RecordId, BTreeMap<PersonId, UnixMillis>>>);

impl Presence {
    /// Notes until when somebody has a record open; whether that is news.
    pub fn note(&self, record: RecordId, person: PersonId, until: UnixMillis, now: UnixMillis) -> bool {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() >= MOST {
            records.retain(|_, people| people.values().any(|until| *until > now));
        }
        if records.len() >= MOST && !records.contains_key(&record) {
            return false;
        }
        let people = records.entry(record).or_default();
        people.retain(|_, until| *until > now);
        let news = if until > now { people.insert(person, until).is_none() } else { people.remove(&person).is_some() };
        if people.is_empty() {
            records.remove(&record);
        }
        news
    }

    /// Whether somebody has a record open.
    pub fn is_at(&self, record: RecordId, person: PersonId, now: UnixMillis) -> bool {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.get(&record).and_then(|people| people.get(&person)).is_some_and(|until| *until > now)
    }

    /// Who else has a record open.
    fn others(&self, record: RecordId, person: PersonId, now: UnixMillis) -> Vec<PersonId> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let people = records.get(&record).into_iter().flatten();
        people.filter(|(id, until)| **id != person && **until > now).map(|(id, _)| *id).collect()
    }
}

/// Says that somebody has a record open, for a while; who else has.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] outside the territory.
pub async fn stay(app: &App, who: &Person, record: RecordId) -> Result<Vec<Person>, ServiceError> {
    visible(app, who, record).await?;
    let now = app.clock.now();
    note(app, who, record, now.plus(STAY_MS), now);
    let mut others = Vec::new();
    for id in app.presence.others(record, who.id, now) {
        match app.store.person(id).await {
            Ok(person) => others.push(person),
            Err(StoreError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(others)
}

/// Says that somebody has closed a record.
///
/// # Errors
/// As [`stay`].
pub async fn leave(app: &App, who: &Person, record: RecordId) -> Result<(), ServiceError> {
    visible(app, who, record).await?;
    let now = app.clock.now();
    note(app, who, record, now, now);
    Ok(())
}

/// Notes it here. The other servers are told each time, because they have to know until when; whoever looks is told
/// only that somebody came or went.
fn note(app: &App, who: &Person, record: RecordId, until: UnixMillis, now: UnixMillis) {
    let turn = app.presence.note(record, who.id, until, now);
    if turn || app.store.neighbours().is_some() {
        app.events.tell([News::Present { record, person: who.id, until, turn }]);
    }
}

async fn visible(app: &App, who: &Person, record: RecordId) -> Result<(), ServiceError> {
    let line = app.store.record_line(record).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if scope::sees(who, &line) { Ok(()) } else { Err(codes::RECORD_NOT_FOUND.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_falls_silent_is_gone() {
        let presence = Presence::default();
        let record = RecordId::from([1; 16]);
        let [li, wang] = [PersonId::from([1; 16]), PersonId::from([2; 16])];
        let at = UnixMillis;
        assert!(presence.note(record, li, at(100), at(0)));
        assert!(!presence.note(record, li, at(150), at(50)), "they stay");
        assert!(presence.note(record, wang, at(160), at(60)));
        assert_eq!(presence.others(record, li, at(60)), [wang]);
        assert_eq!(presence.others(record, wang, at(149)), [li]);
        assert_eq!(presence.others(record, wang, at(150)), []);
        assert!(presence.note(record, li, at(300), at(200)), "they come back");
        assert!(!presence.is_at(record, wang, at(200)) && presence.is_at(record, li, at(200)));
        assert!(presence.note(record, li, at(201), at(201)), "they leave");
        assert!(!presence.note(record, li, at(202), at(202)));
    }

    #[test]
    fn memory_is_bounded() {
        let presence = Presence::default();
        let person = PersonId::from([1; 16]);
        let record = |n: usize| RecordId(uuid::Uuid::from_u128(n as u128));
        for n in 0..MOST {
            assert!(presence.note(record(n), person, UnixMillis(100), UnixMillis(0)));
        }
        assert!(!presence.note(record(MOST), person, UnixMillis(100), UnixMillis(0)), "there is no room");
        assert!(presence.note(record(MOST), person, UnixMillis(300), UnixMillis(200)), "others are long gone");
    }
}
