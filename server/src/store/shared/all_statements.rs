//! Every statement there is, for tests that prepare and explain them.

use jiff::civil::Date;
use sync_core::id::{OfficeId, OrganisationId, PersonId, PhotoHash, ProjectId, RecordId, TeamId};
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::time::UnixMillis;

use super::*;
use crate::flag::Flag;
use crate::store::shared::bulk::Bulk;
use crate::store::{AtStage, ReceivedBy, RecordFilter, Scope};

pub(super) type Room = (&'static str, &'static [(&'static str, &'static str)], &'static [(&'static str, Bulk)]);

const ROOMS: &[Room] = &[
    ("access", access::STATEMENTS, &[]),
    ("actors", &[], actors::BULK_STATEMENTS),
    ("aside", aside::STATEMENTS, aside::BULK_STATEMENTS),
    ("audit", audit::STATEMENTS, &[]),
    ("bundle", bundle::STATEMENTS, bundle::BULK_STATEMENTS),
    ("days", days::STATEMENTS, days::BULK_STATEMENTS),
    ("decide", decide::STATEMENTS, decide::BULK_STATEMENTS),
    ("drift", drift::STATEMENTS, &[]),
    ("enrolment", enrolment::STATEMENTS, &[]),
    ("feed", feed::STATEMENTS, feed::BULK_STATEMENTS),
    ("flags", flags::STATEMENTS, flags::BULK_STATEMENTS),
    ("identifiers", &[], identifiers::BULK_STATEMENTS),
    ("indexes", indexes::STATEMENTS, &[]),
    ("judge", judge::STATEMENTS, judge::BULK_STATEMENTS),
    ("keep", keep::STATEMENTS, keep::BULK_STATEMENTS),
    ("leads", leads::STATEMENTS, leads::BULK_STATEMENTS),
    ("organisation", organisation::STATEMENTS, &[]),
    ("origins", origins::STATEMENTS, origins::BULK_STATEMENTS),
    ("photos", photos::STATEMENTS, photos::BULK_STATEMENTS),
    ("presets", presets::STATEMENTS, &[]),
    ("publish", publish::STATEMENTS, publish::BULK_STATEMENTS),
    ("read", read::STATEMENTS, read::BULK_STATEMENTS),
    ("rebuild", rebuild::STATEMENTS, rebuild::BULK_STATEMENTS),
    ("receive", receive::STATEMENTS, receive::BULK_STATEMENTS),
    ("record_row", &[], record_row::BULK_STATEMENTS),
    ("rota", rota::STATEMENTS, &[]),
    ("search", search::STATEMENTS, search::BULK_STATEMENTS),
    ("system", system::STATEMENTS, &[]),
    ("totals", totals::STATEMENTS, totals::BULK_STATEMENTS),
    ("trail", trail::STATEMENTS, &[]),
];

/// All statements with their names, those of the database's own rooms too; those that take many rows twice.
pub(super) fn statements(own: &[Room]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (room, single, bulk) in ROOMS.iter().chain(own) {
        all.extend(single.iter().map(|(name, sql)| (format!("{room}::{name}"), (*sql).to_owned())));
        for (name, bulk) in *bulk {
            all.extend([1, 4].map(|rows| (format!("{room}::{name} of {rows}"), bulk.text(rows, PLACEHOLDERS))));
        }
    }
    for (scope, filter, led_by_hits, page) in lists() {
        for (name, sql) in read::statements_of(&scope, &filter, led_by_hits, page) {
            all.push((format!("read::{name} of {scope:?} {filter:?} {led_by_hits:?} {page:?}"), sql));
        }
        if led_by_hits.is_some() {
            let glance = read::glance_of(&scope, &filter, page);
            all.extend(glance.map(|(name, sql)| (format!("read::{name} of {scope:?} {filter:?} {page:?}"), sql)));
        }
        let total = read::total_of(&scope, &filter);
        all.extend(total.map(|sql| (format!("read::TOTALS of {scope:?} {filter:?}"), sql)));
    }
    all
}

pub(super) type List = (Scope, RecordFilter, Option<bool>, Option<(UnixMillis, RecordId)>);

/// Lists of a whole organisation that have an index of their own, and which.
pub(super) fn lists_with_their_index() -> Vec<(List, String)> {
    let whole = |filter| (Scope::Organisation(OrganisationId::from([1; 16])), filter, None, None);
    let none = RecordFilter::default();
    let flagged = |flag: &Flag| {
        let filter = RecordFilter { flags: Some(flag.bit()), ..none.clone() };
        (whole(filter), format!("record_list_{}", flag.as_str()))
    };
    let staged = RecordFilter { kind: Some(Kind::Lead), stage: Some(AtStage::At(String::new())), ..none.clone() };
    let mut all: Vec<(List, String)> = Flag::ALL.iter().map(flagged).collect();
    all.push((whole(RecordFilter { flags: Some(Flag::any()), ..none.clone() }), "record_list_flagged".to_owned()));
    all.push((whole(staged), "record_list_stage".to_owned()));
    let of_project = RecordFilter { project: Some(ProjectId::from([1; 16])), ..none };
    all.push((whole(of_project), "record_list_project".to_owned()));
    all
}

/// Lists in every scope, with every filter, with few hits, many hits and no search, first pages and later ones.
pub(super) fn lists() -> Vec<List> {
    let none = RecordFilter::default();
    let filters = [
        none.clone(),
        RecordFilter { kind: Some(Kind::Lead), ..none.clone() },
        RecordFilter { office: Some(OfficeId::from([1; 16])), ..none.clone() },
        RecordFilter { team: Some(TeamId::from([1; 16])), ..none.clone() },
        RecordFilter { owner: Some(PersonId::from([1; 16])), ..none.clone() },
        RecordFilter { project: Some(ProjectId::from([1; 16])), ..none.clone() },
        RecordFilter { day: Some(String::new()), ..none.clone() },
        RecordFilter { review: Some(ReviewState::Received), ..none.clone() },
        RecordFilter { stage: Some(AtStage::At(String::new())), ..none.clone() },
        RecordFilter { stage: Some(AtStage::None), ..none.clone() },
        RecordFilter { flags: Some(1), ..none.clone() },
        RecordFilter { flags: Some(3), ..none.clone() },
        RecordFilter { made_by: Some(PersonId::from([1; 16])), ..none.clone() },
        RecordFilter { made_in: Some(OfficeId::from([1; 16])), day: Some(String::new()), ..none.clone() },
        RecordFilter { received: Some(ReceivedBy::Nobody), ..none.clone() },
        RecordFilter { received: Some(ReceivedBy::Consultant(String::new())), ..none.clone() },
        RecordFilter { made_in: Some(OfficeId::from([1; 16])), sealed: Some(0), day: Some(String::new()), ..none.clone() },
        RecordFilter { made_in: Some(OfficeId::from([1; 16])), unsealed: true, day: Some(String::new()), ..none.clone() },
        RecordFilter { photo: Some(PhotoHash([1; 32])), ..none.clone() },
        RecordFilter { unsearchable: true, ..none.clone() },
        RecordFilter { in_conflict: Some(true), ..none.clone() },
        RecordFilter { from: Some(Date::ZERO), to: Some(Date::ZERO), ..none.clone() },
        RecordFilter { from: Some(Date::ZERO), review: Some(ReviewState::Received), ..none.clone() },
        RecordFilter { day: Some(String::new()), review: Some(ReviewState::Received), ..none },
    ];
    let scopes = [
        Scope::Person(PersonId::from([1; 16])),
        Scope::Team(TeamId::from([1; 16])),
        Scope::Office(OfficeId::from([1; 16])),
        Scope::Organisation(OrganisationId::from([1; 16])),
    ];
    let pages = [None, Some((UnixMillis(1), RecordId::from([1; 16])))];
    let mut all = Vec::new();
    for scope in scopes {
        for filter in &filters {
            for led_by_hits in [None, Some(true), Some(false)] {
                all.extend(pages.map(|page| (scope, filter.clone(), led_by_hits, page)));
            }
        }
    }
    all
}
