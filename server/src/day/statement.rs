//! The sealed statement of a day: what it says, and how it is signed.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;

use super::absence::Absence;
use super::figures::{Counts, Figure, by_person, figures, total};
use crate::hex::hex;
use crate::store::days::{CountedFact, CountedRecord, FactId, SealedItems};

/// The form of a statement's bytes. They are JSON with the fields in this order.
pub const FORM: &str = "daybook/statement/1";

/// A statement of an office's day, or a supplement to it. Names are those of the moment at which it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// [`FORM`].
    pub form: String,
    /// Of which company.
    pub organisation: Named<OrganisationId>,
    /// Of which office.
    pub office: Named<OfficeId>,
    /// Of which business day.
    pub day: Date,
    /// 0 for the statement, then its supplements.
    pub number: u32,
    /// When it was sealed, by the server's clock.
    pub sealed_at: UnixMillis,
    /// By whom.
    pub sealed_by: Named<PersonId>,
    /// Where the audit trail ended: whoever cuts it off before that is found out by this signature.
    pub audit: Option<Anchor>,
    /// Why there is a supplement.
    pub reason: Option<String>,
    /// All records together.
    pub total: Counts,
    /// The records of each person who made any, by name.
    pub people: Vec<PersonCounts>,
    /// Arrivals and money.
    pub figures: BTreeMap<String, Figure>,
    /// How far the server held the journal of each phone.
    pub devices: Vec<DeviceHead>,
    /// The phones that had not handed in their day.
    pub missing: Vec<Missing>,
    /// What is counted: no other statement counts any of it.
    pub records: Vec<RecordId>,
    /// Facts that are counted, each with its record.
    pub facts: Vec<FactRef>,
}

/// An entry of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Which one.
    pub no: u64,
    /// Its link, in hexadecimal digits.
    pub link: String,
}

/// Something with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named<I> {
    /// Which.
    pub id: I,
    /// What it is called.
    pub name: String,
}

/// What somebody made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonCounts {
    /// Who.
    pub person: Named<PersonId>,
    /// How much.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A phone as the server knew it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceHead {
    /// Which.
    pub device: Named<DeviceId>,
    /// Whose.
    pub person: Named<PersonId>,
    /// How many lines of its journal the server held.
    pub n: u64,
    /// The link of the last of them, in hexadecimal digits.
    pub link: String,
    /// When it had exchanged last.
    pub last_exchange_at: Option<UnixMillis>,
    /// Photos that it had said were left on it. Left out if there were none, as in statements from before these were told.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub photos: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none_at_all(count: &u32) -> bool {
    *count == 0
}

/// A phone that had not handed in its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Which.
    pub device: Named<DeviceId>,
    /// Whose.
    pub person: Named<PersonId>,
    /// What the server knew.
    pub absence: Absence,
    /// Changes that it had said were left on it.
    pub unsent: u32,
    /// Photos that it had said were left on it. Left out if there were none, as in statements from before these were told.
    #[serde(default, skip_serializing_if = "is_none_at_all")]
    pub photos: u32,
    /// When it had exchanged last.
    pub last_exchange_at: Option<UnixMillis>,
    /// What whoever closed the day knew.
    pub reason: String,
}

/// A fact that is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRef {
    /// Of which record.
    pub record: RecordId,
    /// Which one, in hexadecimal digits.
    pub fact: String,
}

impl Body {
    /// Counts records and facts into it, in an order of their own.
    pub fn count(&mut self, records: &[CountedRecord], facts: &[CountedFact], name: impl Fn(PersonId) -> String) {
        self.total = total(records);
        let people = by_person(records).into_iter();
        self.people =
            people.map(|(id, counts)| PersonCounts { person: Named { id, name: name(id) }, counts }).collect();
        self.people.sort_by(|one, other| (&one.person.name, one.person.id).cmp(&(&other.person.name, other.person.id)));
        self.figures = figures(facts).into_iter().map(|(sort, figure)| (sort.to_owned(), figure)).collect();
        self.records = records.iter().map(|record| record.record).collect();
        self.records.sort_unstable();
        self.facts = facts.iter().map(|fact| FactRef { record: fact.record, fact: hex(&fact.fact.entry) }).collect();
        self.facts.sort_by(|one, other| (one.record, &one.fact).cmp(&(other.record, &other.fact)));
    }

    /// What it counts; `None` if a fact's name is none.
    pub fn items(&self) -> Option<SealedItems> {
        let facts = self.facts.iter().map(|fact| Some((fact.record, unhex(&fact.fact)?)));
        Some(SealedItems { records: self.records.clone(), facts: facts.collect::<Option<_>>()? })
    }
}

fn unhex(text: &str) -> Option<FactId> {
    let is_one = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_one.then(|| u64::from_str_radix(text, 16).ok().map(u64::to_be_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_keep_their_names() {
        let name: FactId = [0, 1, 0x7f, 0x80, 0xff, 0, 0, 9];
        assert_eq!(unhex(&hex(&name)), Some(name));
        for wrong in ["", "00", "000000000000000g", "0000000000000000ff", "+00000000000000f"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
