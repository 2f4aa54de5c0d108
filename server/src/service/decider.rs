//! Who decides about what was set aside.

use sync_core::id::{OrganisationId, PersonId};

use super::events::{News, Topic};
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::store::{Act, Decision, Person, StoreError};

/// How often a decision is made anew because something else happened to the changes meanwhile.
pub(super) const ATTEMPTS: u32 = 8;

/// Somebody who is signed in, or whoever has the machine itself and may do everything there.
#[derive(Clone, Copy, Debug)]
pub enum Decider<'a> {
    /// A staff member.
    Person(&'a Person),
    /// `daybook admin`, for this organisation.
    Machine(OrganisationId),
}

impl Decider<'_> {
    /// Whose changes they decide about.
    pub fn organisation(self) -> OrganisationId {
        match self {
            Self::Person(person) => person.organisation,
            Self::Machine(organisation) => organisation,
        }
    }

    /// Who they are; `None` at the machine.
    pub fn id(self) -> Option<PersonId> {
        match self {
            Self::Person(person) => Some(person.id),
            Self::Machine(_) => None,
        }
    }

    /// That they decided about something, for whoever looks at what was set aside.
    pub(super) fn news(self) -> [News; 1] {
        let office = match self {
            Self::Person(person) => person.office,
            Self::Machine(_) => None,
        };
        [News::of(Topic::Quarantine, self.organisation(), office)]
    }

    /// Refuses what the role may not do.
    pub(super) fn check(self, action: Action) -> Result<(), ServiceError> {
        match self {
            Self::Person(person) if !scope::may_do(person, action) => Err(codes::PERMISSION.into()),
            _ => Ok(()),
        }
    }

    /// Whether it was this one who did that: asking for the same again is not a contradiction.
    pub(super) fn did(self, act: Act, decision: Option<&Decision>) -> bool {
        decision.is_some_and(|decision| decision.act == act && decision.by == self.id())
    }
}

/// A reason with something in it.
pub(super) fn reason(given: Option<String>) -> Option<String> {
    given.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty())
}

/// What was decided, for somebody who came too late: by whom, but not by name.
pub(super) fn said(decision: &Decision) -> String {
    let by = decision.by.map_or_else(|| "at the server itself".to_owned(), |by| format!("by {by}"));
    format!("{} {by} at {}", decision.act.as_str(), decision.at.0)
}

/// Whether somebody else was faster, so that a second look is needed.
pub(super) fn overtaken(result: Result<(), StoreError>) -> Result<bool, ServiceError> {
    match result {
        Ok(()) => Ok(false),
        Err(StoreError::Conflict(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
