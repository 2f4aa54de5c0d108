//! Amendments: changes that came after a record was closed, or by a hand that may not write there. They are held until
//! somebody accepts or rejects them.
//!
//! An amendment is what one device did to one record: the changes that are held, and those of the same device that wait
//! behind them. Accepting only marks them; the projector judges them again, with everything that waited, so that two
//! reviewers and a push at the same moment can't publish anything twice.

mod compare;

use std::collections::HashSet;

use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::trust::code;

use super::decider::{ATTEMPTS, Decider, overtaken, reason, said};
use super::projector;
use super::verdicts::dependencies;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{
    Act, AsideChange, ChangeState, DecidedChange, HeldGroup, HeldQuery, NewDecision, Person, RecordLine, Scope,
    StoreError,
};

pub use compare::{AmendedField, Comparison};

/// An amendment and what it would do.
#[derive(Clone, Debug)]
pub struct Amendment {
    /// The record as it stands in lists; `None` if nothing of it is published.
    pub line: Option<RecordLine>,
    /// The changes, each after the ones that it follows.
    pub changes: Vec<AsideChange>,
    /// What accepting all of them would change.
    pub comparison: Comparison,
}

/// Which amendments are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    /// Of this record.
    pub record: RecordId,
    /// By this device.
    pub device: DeviceId,
}

/// The amendments in somebody's territory, the latest first.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that may not look.
pub async fn list(
    app: &App,
    who: Decider<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<HeldGroup>, ServiceError> {
    who.check(Action::SeeAmendments)?;
    let office = match who {
        Decider::Machine(_) => None,
        Decider::Person(person) => match scope::records_of(person) {
            Scope::Organisation(_) => None,
            Scope::Office(office) => Some(office),
            Scope::Person(_) | Scope::Team(_) => return Ok(Vec::new()),
        },
    };
    let query = HeldQuery { organisation: who.organisation(), office, before, limit };
    Ok(app.store.held(&query).await?)
}

/// One amendment, and what it would change.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that may not look, [`codes::RECORD_NOT_FOUND`] outside the territory,
/// [`codes::NOT_FOUND`] if there is no such amendment, [`codes::AMENDMENT_DECIDED`] if there was one.
pub async fn inspect(app: &App, who: Decider<'_>, which: Which) -> Result<Amendment, ServiceError> {
    who.check(Action::SeeAmendments)?;
    let found = find(app, who, which).await?;
    if found.changes.is_empty() {
        return Err(found.missing());
    }
    let author = author(app, &found.changes).await?;
    let comparison = compare::compare(app, which.record, &found.changes, &author).await?;
    Ok(Amendment { line: found.line, changes: found.changes, comparison })
}

/// What somebody decides about an amendment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruling {
    /// The last change to accept: what it follows is accepted with it. `None` stands for all. Nothing is rejected in
    /// part.
    pub through: Option<ChangeHash>,
    /// The changes that were looked at: nothing else is decided about. `None` for whatever is there.
    pub seen: Option<Vec<ChangeHash>>,
    /// Why; needed to reject.
    pub reason: Option<String>,
}

/// Makes an amendment part of its record, as far as it is said; tells what became of the changes. What waited behind
/// them follows by itself.
///
/// # Errors
/// As [`inspect`]; [`codes::PERMISSION`] also if the office may not decide about this record any more,
/// [`codes::AMENDMENT_GREW`] if it has changes that were not seen.
pub async fn accept(
    app: &App,
    who: Decider<'_>,
    which: Which,
    ruling: Ruling,
) -> Result<Vec<AsideChange>, ServiceError> {
    let ruling = Ruling { reason: reason(ruling.reason), ..ruling };
    decide(app, who, which, Act::Accepted, &ruling, |found| {
        let wanted = ruling.through.map(|last| found.ancestry(last));
        let accepted = |change: &&AsideChange| wanted.as_ref().is_none_or(|wanted| wanted.contains(&change.line.hash));
        let again = |change: &AsideChange| DecidedChange {
            id: change.line.id,
            from: change.line.state,
            to: ChangeState::Received,
            code: None,
            actor: None,
        };
        found.changes.iter().filter(accepted).map(again).collect()
    })
    .await
}

/// Refuses an amendment for good; tells what became of the changes. What follows it is refused too, now or when it
/// comes. The phone is told, and keeps the person's own text.
///
/// # Errors
/// As [`accept`]; [`codes::DECISION_REASON`] without a reason.
pub async fn reject(
    app: &App,
    who: Decider<'_>,
    which: Which,
    ruling: Ruling,
) -> Result<Vec<AsideChange>, ServiceError> {
    let why = reason(ruling.reason).ok_or(codes::DECISION_REASON)?;
    let ruling = Ruling { through: None, seen: ruling.seen, reason: Some(why) };
    decide(app, who, which, Act::Rejected, &ruling, |found| {
        let held = found.changes.iter().filter(|change| change.line.state == ChangeState::Held);
        let refused = |change: &AsideChange| DecidedChange {
            id: change.line.id,
            from: ChangeState::Held,
            to: ChangeState::Refused,
            code: Some(code::REJECTED.to_owned()),
            actor: None,
        };
        held.map(refused).collect()
    })
    .await
}

async fn decide(
    app: &App,
    who: Decider<'_>,
    which: Which,
    act: Act,
    ruling: &Ruling,
    choose: impl Fn(&Found) -> Vec<DecidedChange>,
) -> Result<Vec<AsideChange>, ServiceError> {
    who.check(Action::SeeAmendments)?;
    for _ in 0..ATTEMPTS {
        let found = find(app, who, which).await?;
        if let Decider::Person(person) = who
            && !scope::may_decide_amendment(person, found.line.as_ref())
        {
            return Err(codes::PERMISSION.into());
        }
        let changes = choose(&found);
        if changes.is_empty() {
            // Asked again, because the answer was lost.
            let latest = found.latest.filter(|latest| who.did(act, latest.decision.as_ref()));
            let decided = match latest.as_ref().and_then(|latest| latest.decision.as_ref()) {
                Some(decision) => decided_with(app, which, decision.no).await?,
                None => Vec::new(),
            };
            let named = |last: ChangeHash| decided.iter().any(|change| change.line.hash == last);
            let same = ruling.through.map_or(!decided.is_empty(), named);
            return if same { Ok(decided) } else { Err(find(app, who, which).await?.missing()) };
        }
        if found.has_unseen(ruling) {
            return Err(codes::AMENDMENT_GREW.into());
        }
        let decision = NewDecision {
            organisation: who.organisation(),
            record: which.record,
            act,
            by: who.id(),
            reason: ruling.reason.clone(),
            at: app.clock.now(),
            changes,
        };
        if !overtaken(app.store.decide(&decision, app.salt).await)? {
            projector::settle(app, who.organisation()).await?;
            app.events.tell(who.news());
            let mut became = Vec::with_capacity(found.changes.len());
            for id in found.changes.iter().map(|change| change.line.id) {
                became.push(app.store.aside(id).await?);
            }
            return Ok(became);
        }
    }
    Err(codes::BUSY.into())
}

async fn decided_with(app: &App, which: Which, no: i64) -> Result<Vec<AsideChange>, ServiceError> {
    let mut changes = app.store.aside_of_record(which.record).await?;
    changes.retain(|change| change.decision.as_ref().is_some_and(|decision| decision.no == no));
    Ok(changes)
}

/// What is there of an amendment.
struct Found {
    line: Option<RecordLine>,
    changes: Vec<AsideChange>,
    /// The device's change that was decided about last.
    latest: Option<AsideChange>,
}

impl Found {
    /// Why there is nothing to decide.
    fn missing(&self) -> ServiceError {
        match self.latest.as_ref().and_then(|latest| latest.decision.as_ref()) {
            Some(decision) => ServiceError::from(codes::AMENDMENT_DECIDED).detail(said(decision)),
            None => codes::NOT_FOUND.into(),
        }
    }

    /// Whether something is decided about that was not looked at. What waits behind a change that is decided about
    /// shares its fate, and so counts as well.
    fn has_unseen(&self, ruling: &Ruling) -> bool {
        let Some(seen) = &ruling.seen else { return false };
        let concerned = ruling.through.map(|last| self.ancestry(last));
        let concerns = |hash: &ChangeHash| concerned.as_ref().is_none_or(|concerned| concerned.contains(hash));
        self.changes.iter().map(|change| change.line.hash).any(|hash| concerns(&hash) && !seen.contains(&hash))
    }

    /// A change and everything in the amendment that it follows.
    fn ancestry(&self, last: ChangeHash) -> HashSet<ChangeHash> {
        let mut wanted = HashSet::from([last]);
        // Each stands after the ones that it follows.
        for change in self.changes.iter().rev().filter(|change| change.raw.is_some()) {
            if wanted.contains(&change.line.hash) {
                wanted.extend(change.raw.as_deref().map(dependencies).unwrap_or_default());
            }
        }
        wanted
    }
}

async fn find(app: &App, who: Decider<'_>, Which { record, device }: Which) -> Result<Found, ServiceError> {
    let line = match app.store.record_line(record).await {
        Ok(line) => Some(line),
        Err(StoreError::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    let all = app.store.aside_of_record(record).await?;
    let organisation = line.as_ref().map(|line| line.organisation).or(all.first().map(|change| change.organisation));
    let sees = match who {
        Decider::Machine(own) => organisation == Some(own),
        Decider::Person(person) => {
            organisation.is_some_and(|organisation| scope::sees_amendments(person, organisation, line.as_ref()))
        }
    };
    if !sees {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    let own = all.into_iter().filter(|change| change.line.device == Some(device));
    let (mut own, mut latest) = (own.collect::<Vec<_>>(), None);
    for change in own.iter().filter(|change| change.decision.is_some()) {
        let no = |change: &AsideChange| change.decision.as_ref().map(|decision| decision.no);
        if latest.as_ref().is_none_or(|latest: &AsideChange| no(latest) < no(change)) {
            latest = Some(change.clone());
        }
    }
    let members = members(&own);
    own.retain(|change| members.contains(&change.line.id));
    Ok(Found { line, changes: own, latest })
}

/// The held changes of a device, and those that wait behind them.
fn members(own: &[AsideChange]) -> HashSet<i64> {
    let mut names: HashSet<ChangeHash> = HashSet::new();
    let mut ids = HashSet::new();
    loop {
        let before = ids.len();
        for change in own.iter().filter(|change| !change.repeated) {
            let follows = || {
                let deps = change.raw.as_deref().map(dependencies).unwrap_or_default();
                deps.iter().any(|dep| names.contains(dep))
            };
            let belongs = match change.line.state {
                ChangeState::Held => true,
                ChangeState::Waiting => follows(),
                _ => false,
            };
            if belongs && ids.insert(change.line.id) {
                names.insert(change.line.hash);
            }
        }
        if ids.len() == before {
            return ids;
        }
    }
}

async fn author(app: &App, changes: &[AsideChange]) -> Result<Person, ServiceError> {
    let person = changes.first().map(|change| change.line.person).ok_or(codes::NOT_FOUND)?;
    Ok(app.store.person(person).await?)
}
