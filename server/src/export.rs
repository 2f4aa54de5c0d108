//! Lists as tables for people's own programs: what stands in which column, in their language.

pub mod sheet;
pub mod words;

use std::collections::HashMap;

use jiff::tz::TimeZone;
use sync_core::id::{OfficeId, PersonId, ProjectId, TeamId};
use sync_core::time::UnixMillis;

use crate::flag::Flag;
use crate::store::RecordLine;
use words::Language;

/// The columns of a list of records, in order. Their headings are in [`words`].
pub const COLUMNS: [&str; 18] = [
    "id",
    "kind",
    "title",
    "subtitle",
    "day",
    "captured",
    "owner",
    "office",
    "team",
    "project",
    "state",
    "reason",
    "stage",
    "completeness",
    "conflicts",
    "flags",
    "changes",
    "updated",
];

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(u32),
    /// A time by the clock of the record's office: `2026-03-05 18:20:07`.
    Moment(jiff::civil::DateTime),
}

/// What the identifiers in records are called, and which clocks offices go by.
#[derive(Debug, Default)]
pub struct Names {
    /// People.
    pub people: HashMap<PersonId, String>,
    /// Offices with their time zones.
    pub offices: HashMap<OfficeId, (String, TimeZone)>,
    /// Teams.
    pub teams: HashMap<TeamId, String>,
    /// Developments.
    pub projects: HashMap<ProjectId, String>,
}

impl Names {
    /// The row of a record, in the order of [`COLUMNS`].
    pub fn row(&self, line: &RecordLine, language: Language) -> [Cell; COLUMNS.len()] {
        let row = &line.row;
        let office = self.offices.get(&row.office);
        let zone = office.map_or(TimeZone::UTC, |(_, zone)| zone.clone());
        let moment = |at: UnixMillis| match jiff::Timestamp::from_millisecond(at.0) {
            Ok(at) => Cell::Moment(at.to_zoned(zone.clone()).datetime()),
            Err(_) => Cell::Empty,
        };
        let word = |name: &str| text(words::of(name, language).unwrap_or(name));
        let flags: Vec<&str> = Flag::ALL
            .iter()
            .filter(|flag| line.flags & flag.bit() != 0)
            .map(|flag| words::of(flag.as_str(), language).unwrap_or(flag.as_str()))
            .collect();
        [
            text(&row.id.to_string()),
            word(row.kind.as_str()),
            text(&row.title),
            text(&row.subtitle),
            text(&row.day.to_string()),
            moment(row.captured),
            self.people.get(&row.owner).map_or(Cell::Empty, |name| text(name)),
            office.map_or(Cell::Empty, |(name, _)| text(name)),
            row.team.and_then(|id| self.teams.get(&id)).map_or(Cell::Empty, |name| text(name)),
            row.project.and_then(|id| self.projects.get(&id)).map_or(Cell::Empty, |name| text(name)),
            word(row.review.as_str()),
            row.review_reason.as_deref().map_or(Cell::Empty, text),
            row.stage_text().map_or(Cell::Empty, |stage| word(&stage)),
            row.completeness.map_or(Cell::Empty, |percent| Cell::Number(percent.into())),
            Cell::Number(row.conflicts),
            text(&flags.join(words::between(language))),
            Cell::Number(line.changes),
            moment(line.updated_at),
        ]
    }
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}
