//! What the identifiers in lists are called, in somebody's language.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use sync_core::id::{OfficeId, PersonId, ProjectId, TeamId};
use sync_core::time::UnixMillis;

use super::Cell;
use super::words::{self, Language};
use crate::flag::Flag;

/// What identifiers are called, and which clocks offices go by.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// In which language words stand.
    pub language: Language,
    /// People, each with their office.
    pub people: HashMap<PersonId, (String, Option<OfficeId>)>,
    /// Offices with their time zones.
    pub offices: HashMap<OfficeId, (String, TimeZone)>,
    /// Teams.
    pub teams: HashMap<TeamId, String>,
    /// Developments.
    pub projects: HashMap<ProjectId, String>,
    /// The zone of what belongs to no office.
    pub zone: Option<TimeZone>,
}

impl Names {
    /// The word for a name of ours; the name itself where there is none, as for a stage of a newer app.
    pub fn word(&self, name: &str) -> Cell {
        Cell::text(words::of(name, self.language).unwrap_or(name))
    }

    /// Yes or no.
    pub fn yes(&self, is: bool) -> Cell {
        self.word(if is { "yes" } else { "no" })
    }

    /// The flags of a bit set.
    pub fn flags(&self, flags: u64) -> Cell {
        let names = Flag::of(flags).map(Flag::as_str);
        let shown: Vec<&str> = names.map(|name| words::of(name, self.language).unwrap_or(name)).collect();
        Cell::text(&shown.join(words::between(self.language)))
    }

    /// A time by an office's clock; by that of all offices without one.
    pub fn moment(&self, at: Option<UnixMillis>, office: Option<OfficeId>) -> Cell {
        let of_office = office.and_then(|id| self.offices.get(&id)).map(|(_, zone)| zone);
        let zone = of_office.or(self.zone.as_ref()).cloned().unwrap_or(TimeZone::UTC);
        match at.map(|at| jiff::Timestamp::from_millisecond(at.0)) {
            Some(Ok(at)) => Cell::Moment(at.to_zoned(zone).datetime()),
            _ => Cell::Empty,
        }
    }

    /// A person's name.
    pub fn person(&self, id: PersonId) -> Cell {
        Cell::maybe(self.people.get(&id).map(|(name, _)| name.as_str()))
    }

    /// In which office a person works.
    pub fn office_of(&self, person: PersonId) -> Option<OfficeId> {
        self.people.get(&person).and_then(|(_, office)| *office)
    }

    /// An office's name.
    pub fn office(&self, id: Option<OfficeId>) -> Cell {
        Cell::maybe(id.and_then(|id| self.offices.get(&id)).map(|(name, _)| name.as_str()))
    }

    /// A team's name.
    pub fn team(&self, id: Option<TeamId>) -> Cell {
        Cell::maybe(id.and_then(|id| self.teams.get(&id)).map(String::as_str))
    }

    /// A development's name.
    pub fn project(&self, id: Option<ProjectId>) -> Cell {
        Cell::maybe(id.and_then(|id| self.projects.get(&id)).map(String::as_str))
    }
}
