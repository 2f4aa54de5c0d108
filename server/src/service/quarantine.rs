//! Changes that did not become part of their record: held, set aside as broken, waiting for others, or refused; and
//! those that are not judged yet.

mod words;

use std::collections::{BTreeMap, HashMap};

use sync_core::chunk::read_change;
use sync_core::history::{FieldChange, history};
use sync_core::id::{ChangeHash, DeviceId, RecordId};
use sync_core::time::UnixMillis;
use sync_core::trust::{Limits, code};

use super::decider::{ATTEMPTS, Decider, overtaken, reason, said};
use super::verdicts::dependencies;
use super::{projector, receive};
use crate::clock::millis;
use crate::error::{ServiceError, codes};
use crate::scope::Action;
use crate::state::App;
use crate::store::{Act, AsideChange, AsideQuery, ChangeState, DecidedChange, NewDecision, SetAside, StoreError};

pub use words::in_words;

/// Which changes to list.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Held, quarantined, waiting, refused or not judged yet. Among the quarantined stand those that have waited too long.
    pub state: ChangeState,
    /// Only this device's.
    pub device: Option<DeviceId>,
    /// Only with this code.
    pub code: Option<String>,
    /// Only those that stand before this one.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// A change for which another one waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// Which change.
    pub change: ChangeHash,
    /// What became of it; `None` if it never came.
    pub state: Option<ChangeState>,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The change.
    pub line: SetAside,
    /// It has waited longer than it should have to.
    pub overdue: bool,
    /// What it waits for.
    pub missing: Vec<Missing>,
}

/// One change with everything that is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspected {
    /// The change.
    pub change: AsideChange,
    /// It has waited longer than it should have to.
    pub overdue: bool,
    /// What it follows and is not part of the record.
    pub missing: Vec<Missing>,
    /// What it would do to which field, as far as it can be read.
    pub fields: Vec<FieldChange>,
}

/// Changes that were set aside, newest first.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that may not look.
pub async fn list(app: &App, who: Decider<'_>, wanted: Wanted) -> Result<Vec<Listed>, ServiceError> {
    who.check(Action::SeeQuarantine)?;
    let mut lines = Vec::new();
    for query in queries(app, who, &wanted) {
        lines.extend(app.store.set_aside(&query).await?);
    }
    lines.sort_unstable_by_key(|line| std::cmp::Reverse(line.id));
    lines.truncate(usize::try_from(wanted.limit).unwrap_or(usize::MAX));
    let needs: Vec<(RecordId, Vec<ChangeHash>)> =
        lines.iter().map(|line| (line.record, line.waiting.as_deref().map(dependencies).unwrap_or_default())).collect();
    let missing = missing(app, &needs).await?;
    let before = overdue_before(app);
    let listed = lines.into_iter().zip(missing);
    Ok(listed.map(|(line, missing)| Listed { overdue: is_overdue(&line, before), missing, line }).collect())
}

/// How many changes a list has over all its pages.
///
/// # Errors
/// As [`list`].
pub async fn count(app: &App, who: Decider<'_>, wanted: &Wanted) -> Result<u64, ServiceError> {
    who.check(Action::SeeQuarantine)?;
    let mut found = 0;
    for query in queries(app, who, wanted) {
        found += app.store.count_set_aside(&query).await?;
    }
    Ok(found)
}

/// Why the changes of a list were set aside, over all its pages and whichever code it is narrowed to: each code with how
/// many there are, the most frequent first.
///
/// # Errors
/// As [`list`].
pub async fn codes(app: &App, who: Decider<'_>, wanted: &Wanted) -> Result<Vec<(String, u64)>, ServiceError> {
    who.check(Action::SeeQuarantine)?;
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for query in queries(app, who, wanted) {
        for (code, changes) in app.store.codes_set_aside(&query).await? {
            *counted.entry(code).or_default() += changes;
        }
    }
    let mut codes: Vec<(String, u64)> = counted.into_iter().collect();
    codes.sort_by_key(|(_, changes)| std::cmp::Reverse(*changes));
    Ok(codes)
}

/// What a list asks of the store: among what is quarantined stands what has waited too long.
fn queries(app: &App, who: Decider<'_>, wanted: &Wanted) -> Vec<AsideQuery> {
    let Wanted { state, device, code, before, limit } = wanted.clone();
    let organisation = who.organisation();
    let query = AsideQuery { organisation, state, received_before: None, device, code, before, limit };
    let late = AsideQuery { state: ChangeState::Waiting, received_before: Some(overdue_before(app)), ..query.clone() };
    if state == ChangeState::Quarantined { vec![query, late] } else { vec![query] }
}

/// One change with everything that is known about it.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that may not look, [`codes::NOT_FOUND`] if the organisation has no such change.
pub async fn inspect(app: &App, who: Decider<'_>, id: i64) -> Result<Inspected, ServiceError> {
    who.check(Action::SeeQuarantine)?;
    let change = find(app, who, id).await?;
    describe(app, change).await
}

/// Judges a quarantined change again, after a fix or a change of settings; tells what became of it.
///
/// # Errors
/// As [`inspect`]; [`codes::QUARANTINE_DECIDED`] if it is not quarantined any more, [`codes::NOT_REPLAYABLE`] if there
/// is nothing to judge.
pub async fn replay(app: &App, who: Decider<'_>, id: i64, why: Option<String>) -> Result<Inspected, ServiceError> {
    who.check(Action::DecideQuarantine)?;
    for _ in 0..ATTEMPTS {
        let change = find(app, who, id).await?;
        if change.line.state != ChangeState::Quarantined {
            if who.did(Act::Replayed, change.decision.as_ref()) {
                return describe(app, change).await;
            }
            return Err(decided(&change));
        }
        let Some(raw) = &change.raw else {
            return Err(ServiceError::from(codes::NOT_REPLAYABLE).detail("only its name came; the phone has its bytes"));
        };
        if change.repeated {
            let detail = "another line of a journal brought the same change; look at that one";
            return Err(ServiceError::from(codes::NOT_REPLAYABLE).detail(detail));
        }
        let (to, code, actor) = match receive::examine_again(app, &change, raw).await? {
            Ok(actor) => (ChangeState::Received, None, Some(actor)),
            Err(code) => (ChangeState::Quarantined, Some(code.to_owned()), None),
        };
        let decision = NewDecision {
            organisation: change.organisation,
            record: change.line.record,
            act: Act::Replayed,
            by: who.id(),
            reason: reason(why.clone()),
            at: app.clock.now(),
            changes: vec![DecidedChange { id, from: ChangeState::Quarantined, to, code, actor }],
        };
        if !overtaken(app.store.decide(&decision, app.salt).await)? {
            projector::settle(app, who.organisation()).await?;
            app.events.tell(who.news());
            return describe(app, find(app, who, id).await?).await;
        }
    }
    Err(codes::BUSY.into())
}

/// Sets a quarantined change away for good. Its bytes are kept; the phone is told, and keeps the person's own text.
///
/// # Errors
/// As [`inspect`]; [`codes::DECISION_REASON`] without a reason, [`codes::QUARANTINE_DECIDED`] if it is not quarantined
/// any more.
pub async fn discard(app: &App, who: Decider<'_>, id: i64, why: Option<String>) -> Result<Inspected, ServiceError> {
    who.check(Action::DecideQuarantine)?;
    let why = reason(why).ok_or(codes::DECISION_REASON)?;
    for _ in 0..ATTEMPTS {
        let change = find(app, who, id).await?;
        if change.line.state != ChangeState::Quarantined {
            if who.did(Act::Discarded, change.decision.as_ref()) {
                return describe(app, change).await;
            }
            return Err(decided(&change));
        }
        let (from, to) = (ChangeState::Quarantined, ChangeState::Refused);
        let decision = NewDecision {
            organisation: change.organisation,
            record: change.line.record,
            act: Act::Discarded,
            by: who.id(),
            reason: Some(why.clone()),
            at: app.clock.now(),
            changes: vec![DecidedChange { id, from, to, code: Some(code::DISCARDED.to_owned()), actor: None }],
        };
        if !overtaken(app.store.decide(&decision, app.salt).await)? {
            projector::settle(app, who.organisation()).await?;
            app.events.tell(who.news());
            return describe(app, find(app, who, id).await?).await;
        }
    }
    Err(codes::BUSY.into())
}

async fn find(app: &App, who: Decider<'_>, id: i64) -> Result<AsideChange, ServiceError> {
    let change = app.store.aside(id).await.map_err(|error| error.missing(codes::NOT_FOUND))?;
    // A change that was never set aside is looked at in its record.
    let listed = change.decision.is_some() || change.line.state != ChangeState::Published;
    if listed && change.organisation == who.organisation() { Ok(change) } else { Err(codes::NOT_FOUND.into()) }
}

fn decided(change: &AsideChange) -> ServiceError {
    let state = change.line.state;
    let said = change.decision.as_ref().map_or_else(|| format!("it is {state:?}").to_lowercase(), said);
    ServiceError::from(codes::QUARANTINE_DECIDED).detail(said)
}

async fn describe(app: &App, change: AsideChange) -> Result<Inspected, ServiceError> {
    let record = change.line.record;
    let deps = change.raw.as_deref().map(dependencies).unwrap_or_default();
    let missing = missing(app, &[(record, deps)]).await?.pop().unwrap_or_default();
    let fields = match &change.raw {
        Some(raw) => fields(app, &change, raw).await?,
        None => Vec::new(),
    };
    Ok(Inspected { overdue: is_overdue(&change.line, overdue_before(app)), missing, fields, change })
}

/// What a change would do, on top of the published record. Nothing is decoded that the gate would not decode.
async fn fields(app: &App, change: &AsideChange, raw: &[u8]) -> Result<Vec<FieldChange>, ServiceError> {
    if !is_readable(raw, &app.config.limits.records) {
        return Ok(Vec::new());
    }
    let mut log = match app.store.record(change.line.record).await {
        Ok(record) => record.published.into_iter().map(|published| published.raw).collect(),
        Err(StoreError::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    log.push(raw.to_vec());
    let hash = change.line.hash;
    let lines = tokio::task::spawn_blocking(move || history(log.iter().map(Vec::as_slice))).await;
    let lines = lines.map_err(ServiceError::internal)?;
    Ok(lines.into_iter().filter(|line| line.change == hash).collect())
}

/// Whether a change may be decoded: the gate would not decode what is larger, and a few bytes can stand for a million
/// operations.
pub(super) fn is_readable(raw: &[u8], limits: &Limits) -> bool {
    raw.len() <= limits.change_bytes && read_change(raw).is_ok_and(|frame| frame.ops <= limits.change_ops)
}

/// For each list of changes of a record, those that are not part of it.
async fn missing(app: &App, wanted: &[(RecordId, Vec<ChangeHash>)]) -> Result<Vec<Vec<Missing>>, ServiceError> {
    let all: Vec<(RecordId, ChangeHash)> =
        wanted.iter().flat_map(|(record, deps)| deps.iter().map(|dep| (*record, *dep))).collect();
    let states = if all.is_empty() { Vec::new() } else { app.store.states_of(&all).await? };
    let states: HashMap<_, _> = states.into_iter().map(|(record, hash, state)| ((record, hash), state)).collect();
    let missing = |record: RecordId, change: ChangeHash| match states.get(&(record, change)).copied() {
        Some(ChangeState::Published) => None,
        state => Some(Missing { change, state }),
    };
    Ok(wanted.iter().map(|(record, deps)| deps.iter().filter_map(|dep| missing(*record, *dep)).collect()).collect())
}

fn overdue_before(app: &App) -> UnixMillis {
    app.clock.now().plus(-millis(app.config.limits.waiting))
}

fn is_overdue(line: &SetAside, before: UnixMillis) -> bool {
    line.state == ChangeState::Waiting && line.received_at < before
}
