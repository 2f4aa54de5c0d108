//! What is wrong with a few contacts of the demonstration on purpose, so that flags have something to say.
//!
//! Everything else in it is plausible and raises none: most of what head quarters reviews can be approved as it is.

use std::collections::BTreeSet;

use sync_core::id::RecordId;
use sync_core::phone_number::PhoneNumberError;
use sync_core::place::{Datum, Place};

use crate::console::Listed;
use crate::day::Met;
use crate::paperwork::Paperwork;
use crate::people::phone;
use crate::towns::north_of;
use crate::world::OFFICES_IN_ALL;

/// The oddities come round after so many contacts.
const ROUND: u32 = 120;
/// Further than any geofence, nearer than any journey.
const OFF_THE_OUTLET_M: f64 = 1_500.0;
/// Too far for the minutes between two records of a contact, not for those between two contacts.
const NEXT_TOWN_M: f64 = 12_000.0;

/// What is wrong with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Another app makes up where the phone is.
    MadeUpPlace,
    /// The survey is asked in another town, minutes later.
    NextTown,
    /// The check-in is not where the outlet stands.
    OffTheOutlet,
    /// The survey is answered in seconds.
    HastySurvey,
    /// Nobody asked for the person's consent.
    NoConsent,
    /// A colleague of another team has registered the same number.
    SameNumber,
    /// The promoter turned back the clock for the visit.
    TurnedClock,
}

impl Oddity {
    /// What is wrong with the contact of this number, made by a promoter with so many contacts.
    pub fn of(number: u32, contacts: u32) -> Option<Self> {
        match number % ROUND {
            11 => Some(Self::MadeUpPlace),
            24 => Some(Self::NextTown),
            37 | 102 => Some(Self::OffTheOutlet),
            50 | 115 => Some(Self::HastySurvey),
            63 => Some(Self::NoConsent),
            76 => colleague(number, contacts).map(|_| Self::SameNumber),
            89 => Some(Self::TurnedClock),
            _ => None,
        }
    }

    /// Writes into what the promoter knows about a contact what this oddity changes there.
    ///
    /// # Errors
    /// Never, unless the rules for Chinese numbers change.
    pub fn bend(
        self,
        paper: &mut Paperwork,
        (number, contacts, seed): (u32, u32, u64),
    ) -> Result<(), PhoneNumberError> {
        match self {
            Self::MadeUpPlace => {
                if let Place::Fix { lat, lon, accuracy_m, .. } = paper.outlet_place {
                    paper.fix = Place::Fix { lat, lon, accuracy_m, datum: Datum::Wgs84, mock: true };
                }
            }
            // A phone without a fix would give nothing away.
            Self::NextTown => paper.fix = paper.outlet_place,
            Self::OffTheOutlet => paper.fix = north_of(paper.outlet_place, OFF_THE_OUTLET_M),
            Self::NoConsent => paper.consent = false,
            Self::SameNumber => {
                if let Some(other) = colleague(number, contacts) {
                    paper.phone = phone(other, seed)?;
                }
            }
            Self::HastySurvey | Self::TurnedClock => {}
        }
        Ok(())
    }

    /// Where the survey of a contact is asked.
    pub fn survey_place(oddity: Option<Self>, fix: Place) -> Place {
        if oddity == Some(Self::NextTown) { north_of(fix, NEXT_TOWN_M) } else { fix }
    }

    /// The flag that it raises, and the records of its contact on which.
    fn raises(self, met: &Met) -> (&'static str, Vec<RecordId>) {
        match self {
            Self::MadeUpPlace => ("mock_location", vec![met.visit, met.lead, met.survey]),
            Self::NextTown => ("impossible_travel", vec![met.visit, met.lead, met.survey]),
            Self::OffTheOutlet => ("outside_geofence", vec![met.visit]),
            Self::HastySurvey => ("hasty_survey", vec![met.survey]),
            Self::NoConsent => ("missing_consent", vec![met.lead]),
            Self::SameNumber => ("duplicate_phone", vec![met.lead]),
            // Once when it is turned back, and once when it is put right.
            Self::TurnedClock => ("clock_jump", vec![met.visit, met.lead]),
        }
    }
}

/// A contact of the same office, made by another team.
fn colleague(number: u32, contacts: u32) -> Option<u32> {
    number.checked_sub(OFFICES_IN_ALL * contacts)
}

/// A flag on a record.
pub type Flagged = (RecordId, String);

/// The flags that these contacts have to raise.
pub fn expected<'a>(met: impl IntoIterator<Item = &'a Met>, contacts: u32) -> BTreeSet<Flagged> {
    let met: Vec<&Met> = met.into_iter().collect();
    let mut flags = BTreeSet::new();
    for contact in &met {
        let Some(oddity) = Oddity::of(contact.number, contacts) else { continue };
        let (flag, mut records) = oddity.raises(contact);
        if oddity == Oddity::SameNumber {
            let other = colleague(contact.number, contacts);
            records.extend(met.iter().find(|met| Some(met.number) == other).map(|met| met.lead));
        }
        flags.extend(records.into_iter().map(|record| (record, flag.to_owned())));
    }
    flags
}

/// The flags that the server raised.
pub fn raised(listed: &[Listed]) -> BTreeSet<Flagged> {
    listed.iter().flat_map(|line| line.flags.iter().map(|flag| (line.id, flag.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_of_contacts_has_every_oddity_and_few_of_them() {
        let odd: Vec<Oddity> = (0..ROUND).filter_map(|number| Oddity::of(number, ROUND / 6)).collect();
        let id = |n: u8| RecordId::from([n; 16]);
        let met = Met { number: 0, visit: id(1), lead: id(2), survey: id(3) };
        let flags: BTreeSet<&str> = odd.iter().map(|oddity| oddity.raises(&met).0).collect();
        assert_eq!(flags.len(), 7);
        let records: usize = odd.iter().map(|oddity| oddity.raises(&met).1.len()).sum();
        let share = records * 100 / (3 * ROUND as usize);
        assert!((3..=8).contains(&share), "{share} %");
    }
}
