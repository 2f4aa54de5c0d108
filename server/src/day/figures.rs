//! What is counted of a day.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sync_core::id::PersonId;
use sync_core::record::Kind;

use crate::store::days::{CountedFact, CountedRecord, FactSort};

/// Records by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Visits.
    pub visit: u32,
    /// Surveys.
    pub survey: u32,
    /// Leads.
    pub lead: u32,
    /// So many of all these have flags.
    pub flagged: u32,
}

impl Counts {
    /// All records together.
    pub fn records(self) -> u32 {
        self.visit + self.survey + self.lead
    }

    fn add(&mut self, record: &CountedRecord) {
        match record.kind {
            Kind::Visit => self.visit += 1,
            Kind::Survey => self.survey += 1,
            Kind::Lead => self.lead += 1,
        }
        self.flagged += u32::from(record.flags != 0);
    }
}

/// Facts of one sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// How many.
    pub count: u32,
    /// Yuan altogether. What has no amount, as an arrival, adds nothing.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// So many have a consultant.
    pub assigned: u32,
}

/// The counts of all records together.
pub fn total<'a>(records: impl IntoIterator<Item = &'a CountedRecord>) -> Counts {
    records.into_iter().fold(Counts::default(), |mut counts, record| {
        counts.add(record);
        counts
    })
}

/// The counts of each person who made something.
pub fn by_person<'a>(records: impl IntoIterator<Item = &'a CountedRecord>) -> BTreeMap<PersonId, Counts> {
    records.into_iter().fold(BTreeMap::new(), |mut people: BTreeMap<PersonId, Counts>, record| {
        people.entry(record.by).or_default().add(record);
        people
    })
}

/// The figures of all sorts, also of those of which there is nothing. Sums that no decimal holds stay at the largest.
pub fn figures<'a>(facts: impl IntoIterator<Item = &'a CountedFact>) -> BTreeMap<&'static str, Figure> {
    let mut figures: BTreeMap<&'static str, Figure> =
        FactSort::ALL.into_iter().map(|sort| (sort.as_str(), Figure::default())).collect();
    for CountedFact { fact, .. } in facts {
        let figure = figures.entry(fact.sort.as_str()).or_default();
        figure.count += 1;
        figure.assigned += u32::from(fact.consultant.is_some());
        figure.amount = figure.amount.saturating_add(fact.amount.unwrap_or_default());
    }
    figures
}
