//! What came for a closed day and is in no statement of it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use sync_core::id::RecordId;

use crate::hex::hex;
use crate::store::days::{CountedFact, CountedRecord, DayFact, FactId};

/// What a day counts and no statement does.
#[derive(Debug, Default)]
pub struct Late {
    records: BTreeSet<RecordId>,
    facts: BTreeMap<(RecordId, FactId), DayFact>,
}

impl Late {
    /// Of what a closed day counts.
    pub fn of(records: &[CountedRecord], facts: &[CountedFact]) -> Self {
        let records = records.iter().filter(|record| record.sealed.is_none()).map(|record| record.record);
        let facts = facts.iter().filter(|fact| fact.sealed.is_none());
        let facts = facts.map(|CountedFact { record, fact, .. }| ((*record, fact.entry), fact.clone()));
        Self { records: records.collect(), facts: facts.collect() }
    }

    /// How many facts there are.
    pub fn facts(&self) -> usize {
        self.facts.len()
    }

    /// The records, those too of which only a fact is late.
    pub fn into_records(self) -> BTreeSet<RecordId> {
        self.records.into_iter().chain(self.facts.into_keys().map(|(record, _)| record)).collect()
    }

    /// A word that is another one as soon as anything else is late, or a fact says something else; `None` if nothing is.
    pub fn mark(&self) -> Option<String> {
        if self.records.is_empty() && self.facts.is_empty() {
            return None;
        }
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        self.records.iter().for_each(|record| add(record.as_bytes()));
        // No record is empty.
        add(&[]);
        for ((record, entry), fact) in &self.facts {
            add(record.as_bytes());
            add(entry);
            add(fact.sort.as_str().as_bytes());
            add(fact.amount.map(|amount| amount.to_string()).unwrap_or_default().as_bytes());
            add(fact.consultant.as_deref().unwrap_or_default().as_bytes());
        }
        digest.finalize().get(..16).map(hex)
    }
}

#[cfg(test)]
mod tests {
    use sync_core::id::PersonId;
    use sync_core::record::Kind;

    use super::*;
    use crate::store::days::{ARRIVAL, FactSort};

    fn record(n: u8, sealed: Option<u32>) -> CountedRecord {
        CountedRecord {
            record: RecordId::from([n; 16]),
            kind: Kind::Lead,
            by: PersonId::from([1; 16]),
            flags: 0,
            sealed,
        }
    }

    fn arrival(n: u8, consultant: &str, sealed: Option<u32>) -> CountedFact {
        let (day, consultant) = ("2026-03-05".parse().unwrap(), Some(consultant.to_owned()));
        let fact = DayFact { entry: ARRIVAL, sort: FactSort::Arrival, day, amount: None, consultant };
        CountedFact { record: RecordId::from([n; 16]), fact, sealed }
    }

    #[test]
    fn what_is_sealed_is_not_late_and_whatever_else_is_makes_another_mark() {
        assert_eq!(Late::of(&[record(1, Some(0))], &[arrival(1, "李静", Some(0))]).mark(), None);
        let marks = [
            Late::of(&[record(1, None), record(2, Some(0))], &[]),
            Late::of(&[record(1, None), record(2, None)], &[]),
            Late::of(&[], &[arrival(1, "李静", None)]),
            Late::of(&[], &[arrival(1, "陈晨", None)]),
            Late::of(&[record(1, None)], &[arrival(1, "李静", None)]),
        ]
        .map(|late| late.mark().unwrap());
        assert_eq!(marks.iter().collect::<BTreeSet<_>>().len(), marks.len(), "{marks:?}");
        let turned = Late::of(&[record(2, None), record(1, None)], &[]).mark();
        assert_eq!(turned.as_ref(), Some(&marks[1]), "in whatever order they are read");
        let late = Late::of(&[record(1, None)], &[arrival(1, "李静", None), arrival(3, "李静", None)]);
        assert_eq!((late.facts(), late.into_records().len()), (2, 2));
    }
}
