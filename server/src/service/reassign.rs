//! To whom records belong: one is given to somebody else, or all that a person has open are handed over.
//!
//! A record's owner, team and office are fields of its office part. They are written like any other change, so phones
//! learn of it from the record itself, and the feed tells those whose scope it leaves or enters.

use sync_core::id::{OfficeId, PersonId, RecordId, TeamId};
use sync_core::record::office::OfficeEdit;
use sync_core::record::view::Frame;

use super::events::{News, Topic};
use super::staff_change::{edit_failed, publish_change};
use crate::error::{Code, ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{Person, RecordFilter, RecordLine, RecordQuery, Team};

/// How many records may be given to somebody at once.
pub const MOST_AT_ONCE: usize = 200;

/// To whom a record goes. What is not said follows from the rest: an owner brings their office and team, a team its
/// office; a record that goes to another office leaves its team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Who owns it from now on.
    pub owner: Option<PersonId>,
    /// The team to which it belongs from now on.
    pub team: Option<TeamId>,
    /// The office to which it belongs from now on.
    pub office: Option<OfficeId>,
}

/// What became of the records of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HandedOver {
    /// So many belong to somebody else now.
    pub moved: u32,
    /// So many are still the person's, because they are approved or rejected.
    pub closed: u32,
}

/// Gives a record to somebody.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] outside the territory, [`codes::PERMISSION`] without the role,
/// [`codes::PERSON_NOT_FOUND`], [`codes::TEAM_NOT_FOUND`] and [`codes::OFFICE_NOT_FOUND`] for a goal that is not there,
/// outside the territory, inactive, or of another office, [`codes::RECORD_CLOSED`] for an approved or rejected record.
pub async fn reassign(app: &App, who: &Person, id: RecordId, assignment: Assignment) -> Result<(), ServiceError> {
    let goal = Goal::find(app, who, assignment).await?;
    give(app, who, id, &goal).await
}

/// Gives records to somebody, each for itself: the ones that can't be are named with the reason.
///
/// # Errors
/// As [`reassign`], where all records are concerned; [`codes::MALFORMED_REQUEST`] for more than [`MOST_AT_ONCE`].
pub async fn reassign_all(
    app: &App,
    who: &Person,
    records: &[RecordId],
    assignment: Assignment,
) -> Result<Vec<(RecordId, Code)>, ServiceError> {
    if !scope::may_do(who, Action::Reassign) {
        return Err(codes::PERMISSION.into());
    }
    if records.len() > MOST_AT_ONCE {
        return Err(ServiceError::from(codes::MALFORMED_REQUEST).detail(format!("at most {MOST_AT_ONCE} records")));
    }
    let goal = Goal::find(app, who, assignment).await?;
    let mut left = Vec::new();
    for id in records {
        match give(app, who, *id, &goal).await {
            Ok(()) => {}
            Err(error) if error.internal.is_none() => left.push((*id, error.code)),
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

/// Gives everything that a person has open to somebody else, as far as the territory reaches. May be repeated.
///
/// # Errors
/// As [`reassign`].
pub async fn hand_over(app: &App, who: &Person, from: PersonId, to: PersonId) -> Result<HandedOver, ServiceError> {
    let from = app.store.person(from).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
    if !scope::sees_person(who, &from) {
        return Err(codes::PERSON_NOT_FOUND.into());
    }
    if !scope::may_do(who, Action::Reassign) {
        return Err(codes::PERMISSION.into());
    }
    let goal = Goal::find(app, who, Assignment { owner: Some(to), ..Assignment::default() }).await?;
    let mut done = HandedOver::default();
    if to == from.id {
        return Ok(done);
    }
    let filter = RecordFilter { owner: Some(from.id), ..RecordFilter::default() };
    let mut query = RecordQuery { scope: scope::records_of(who), filter, after: None, limit: 200 };
    loop {
        let page = app.store.list_records(&query).await?;
        for RecordLine { row, .. } in &page {
            if row.review.is_closed() {
                done.closed += 1;
                continue;
            }
            match give(app, who, row.id, &goal).await {
                Ok(()) => done.moved += 1,
                // It was closed, or taken by somebody else, since the page was read.
                Err(error) if error.code == codes::RECORD_CLOSED => done.closed += 1,
                Err(error) if error.code == codes::RECORD_NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        let Some(last) = page.last() else {
            return Ok(done);
        };
        query.after = Some((last.row.captured, last.row.id));
    }
}

async fn give(app: &App, who: &Person, id: RecordId, goal: &Goal) -> Result<(), ServiceError> {
    let line = app.store.record_line(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if !scope::sees(who, &line) {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    if !scope::may(who, Action::Reassign, &line) {
        return Err(codes::PERMISSION.into());
    }
    publish_change(app, who, id, |document, view, actor, now| {
        let frame = view.frame();
        let edits = goal.edits(frame);
        if edits.is_empty() {
            return Ok(None);
        }
        document.edit_office(actor, now, &edits).map_err(edit_failed)
    })
    .await?;
    // Where it goes, its publication tells.
    let left = [Topic::Records, Topic::Photos].map(|topic| News::of(topic, who.organisation, Some(line.row.office)));
    app.events.tell(left);
    Ok(())
}

/// An assignment that can be carried out.
struct Goal {
    owner: Option<Person>,
    team: Option<Team>,
    office: Option<OfficeId>,
}

impl Goal {
    async fn find(app: &App, who: &Person, assignment: Assignment) -> Result<Self, ServiceError> {
        let Assignment { owner, team, office } = assignment;
        let owner = match owner {
            Some(id) => {
                let owner = app.store.person(id).await.map_err(|error| error.missing(codes::PERSON_NOT_FOUND))?;
                if !owner.active || !scope::sees_person(who, &owner) {
                    return Err(codes::PERSON_NOT_FOUND.into());
                }
                Some(owner)
            }
            None => None,
        };
        let team = match team {
            Some(id) => {
                let teams = super::directory::teams(app, who).await?;
                Some(teams.into_iter().find(|team| team.id == id).ok_or(codes::TEAM_NOT_FOUND)?)
            }
            None => None,
        };
        if let Some(id) = office {
            let offices = super::directory::offices(app, who).await?;
            offices.iter().find(|office| office.id == id).ok_or(codes::OFFICE_NOT_FOUND)?;
            if team.as_ref().is_some_and(|team| team.office != id) {
                return Err(codes::TEAM_NOT_FOUND.into());
            }
        }
        Ok(Self { owner, team, office })
    }

    /// Where a record goes that stands so now.
    fn place(&self, now: &Frame) -> (PersonId, OfficeId, Option<TeamId>) {
        let owner = self.owner.as_ref().map_or(now.owner(), |owner| owner.id);
        let of_owner = self.owner.as_ref().and_then(|owner| owner.office);
        let of_team = self.team.as_ref().map(|team| team.office);
        let office = self.office.or(of_team).or(of_owner).unwrap_or(now.office_id());
        let team = self.team.as_ref().map(|team| team.id);
        let owners_team = self.owner.as_ref().and_then(|owner| owner.team).filter(|_| of_owner == Some(office));
        let present = now.team_id().filter(|_| now.office_id() == office);
        (owner, office, team.or(owners_team).or(present))
    }

    /// What has to be written; nothing if the record is there already.
    fn edits(&self, now: &Frame) -> Vec<OfficeEdit> {
        let (owner, office, team) = self.place(now);
        let mut edits = Vec::new();
        if owner != now.owner() {
            edits.push(OfficeEdit::Owner(Some(owner)));
        }
        if office != now.office_id() {
            edits.push(OfficeEdit::Office(Some(office)));
        }
        // With another office the field means something else, even if it stays the same.
        if team != now.team_id() || office != now.office_id() {
            edits.push(OfficeEdit::Team(team));
        }
        edits
    }
}
