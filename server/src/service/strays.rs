//! Changes that phones brought back and nobody can place: somebody who may decide adopts or discards them.

use std::collections::BTreeSet;

use sync_core::ancestry::Ancestry;
use sync_core::document::Document;
use sync_core::history::{FieldChange, history};
use sync_core::id::{ChangeHash, DeviceId, PersonId};
use sync_core::trust::chunk::read_change;
use sync_core::trust::judge::{Candidate, Judgement, SetAside, judge};

use super::decider::{ATTEMPTS, Decider, reason};
use super::projector::{self, author_of, record_row};
use super::publishing::publish;
use crate::error::{ServiceError, codes};
use crate::scope::Action;
use crate::state::App;
use crate::store::{PendingRecord, Person, Publication, Published, StaffChange, StoreError, Stray, StrayDecision};

/// A stray with what it would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What was offered, by whom and when.
    pub stray: Stray,
    /// What it would do to which field, as far as it can be read.
    pub fields: Vec<FieldChange>,
}

impl From<Stray> for Described {
    fn from(stray: Stray) -> Self {
        let fields = history([stray.change.raw.as_slice()]);
        Self { stray, fields }
    }
}

/// Strays that wait for somebody, newest first.
///
/// # Errors
/// [`codes::PERMISSION`] for roles that may not look.
pub async fn list(
    app: &App,
    who: Decider<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Described>, ServiceError> {
    who.check(Action::SeeQuarantine)?;
    let found = app.store.strays(who.organisation(), before, limit).await?;
    Ok(found.into_iter().map(Described::from).collect())
}

/// Makes a stray part of its record, together with the strays that it follows. Its form is checked like any change's;
/// whether its author might write there is not asked again. The author is the person to whom its actor belongs; if
/// the server has lost that too, `author`, or else whom the phone named.
///
/// # Errors
/// [`codes::PERMISSION`] for other roles, [`codes::STRAY_NOT_FOUND`] if it does not wait any more,
/// [`codes::STRAY_AUTHOR`] if nobody knows who wrote it, [`codes::STRAY_UNFIT`] if it can't become part of its record.
pub async fn adopt(app: &App, who: Decider<'_>, id: i64, author: Option<PersonId>) -> Result<Described, ServiceError> {
    who.check(Action::DecideQuarantine)?;
    for _ in 0..ATTEMPTS {
        let wanted = find(app, who, id).await?;
        let family = family(app, &wanted).await?;
        let mut authors = Vec::with_capacity(family.len());
        for stray in &family {
            authors.push(author_of_stray(app, stray, author).await?);
        }
        let record = match app.store.record(wanted.change.record).await {
            Ok(record) if record.organisation == wanted.organisation => record,
            Ok(_) => return Err(codes::STRAY_NOT_FOUND.into()),
            Err(StoreError::NotFound) => nothing_of(&wanted),
            Err(error) => return Err(error.into()),
        };
        let publication = compose(app, &record, &family, &authors)?;
        let published = publish(app, &mut [publication]).await?;
        if let [Published::At(_)] = published.as_slice() {
            let ids: Vec<i64> = family.iter().map(|stray| stray.id).collect();
            app.store.decide_strays(&ids, who.id(), &StrayDecision::Adopted, app.clock.now()).await?;
            // Whatever has waited for it need not wait any more.
            projector::judge_again(app, wanted.change.record).await?;
            app.events.tell(who.news());
            return Ok(wanted.into());
        }
    }
    Err(codes::BUSY.into())
}

/// Sets a stray away for good, with a reason. Its bytes are kept.
///
/// # Errors
/// [`codes::PERMISSION`] for other roles, [`codes::DECISION_REASON`] without a reason, [`codes::STRAY_NOT_FOUND`] if it
/// does not wait any more.
pub async fn discard(app: &App, who: Decider<'_>, id: i64, why: Option<String>) -> Result<Described, ServiceError> {
    who.check(Action::DecideQuarantine)?;
    let wanted = find(app, who, id).await?;
    let decision = StrayDecision::Discarded { reason: reason(why).ok_or(codes::DECISION_REASON)? };
    match app.store.decide_strays(&[id], who.id(), &decision, app.clock.now()).await? {
        0 => Err(codes::STRAY_NOT_FOUND.into()),
        _ => {
            app.events.tell(who.news());
            Ok(wanted.into())
        }
    }
}

async fn find(app: &App, who: Decider<'_>, id: i64) -> Result<Stray, ServiceError> {
    app.store.stray(who.organisation(), id).await.map_err(|error| error.missing(codes::STRAY_NOT_FOUND))
}

/// The stray and those of its record that it follows, in an order in which they can be applied.
async fn family(app: &App, wanted: &Stray) -> Result<Vec<Stray>, ServiceError> {
    let all = app.store.strays_of_record(wanted.organisation, wanted.change.record).await?;
    let ancestry = Ancestry::of(all.iter().map(|stray| (stray.change.hash, stray.change.raw.as_slice())));
    let order = ancestry.in_order();
    let mut needed: BTreeSet<ChangeHash> = [wanted.change.hash].into();
    for hash in order.iter().rev().filter(|hash| **hash != wanted.change.hash) {
        let followed = all.iter().any(|stray| {
            needed.contains(&stray.change.hash)
                && read_change(&stray.change.raw).is_ok_and(|frame| frame.deps.contains(hash))
        });
        if followed {
            needed.insert(*hash);
        }
    }
    let ordered = order.iter().filter(|hash| needed.contains(hash));
    Ok(ordered.filter_map(|hash| all.iter().find(|stray| stray.change.hash == *hash).cloned()).collect())
}

async fn author_of_stray(app: &App, stray: &Stray, author: Option<PersonId>) -> Result<Person, ServiceError> {
    let id = stray.author.or(author).or(stray.change.claimed).ok_or(codes::STRAY_AUTHOR)?;
    let person = app.store.person(id).await.map_err(|error| error.missing(codes::STRAY_AUTHOR))?;
    if person.organisation == stray.organisation { Ok(person) } else { Err(codes::STRAY_AUTHOR.into()) }
}

/// A record of which the server has nothing.
fn nothing_of(stray: &Stray) -> PendingRecord {
    PendingRecord {
        id: stray.change.record,
        organisation: stray.organisation,
        base_seq: 0,
        published: Vec::new(),
        incoming: Vec::new(),
        refused: Vec::new(),
        decided: 0,
    }
}

fn compose(
    app: &App,
    record: &PendingRecord,
    family: &[Stray],
    authors: &[Person],
) -> Result<Publication, ServiceError> {
    let published: Vec<&[u8]> = record.published.iter().map(|change| change.raw.as_slice()).collect();
    let device = maker(record, family);
    let candidates: Vec<Candidate<'_>> = family
        .iter()
        .zip(authors)
        .map(|(stray, author)| Candidate {
            hash: stray.change.hash,
            raw: &stray.change.raw,
            author: author_of(author),
            device,
            copied: false,
            approved: true,
        })
        .collect();
    let judged = judge(record.id, &published, &record.refused, &candidates, &app.config.limits.records);
    let unfit = |_| ServiceError::from(codes::STRAY_UNFIT).detail("the published record does not load");
    let Judgement { accepted, set_aside, document, view } = judged.map_err(unfit)?;
    if let Some((_, reason)) = set_aside.first() {
        return Err(match reason {
            SetAside::Waiting(_) => {
                ServiceError::from(codes::STRAY_UNFIT).detail("it follows changes that are not here")
            }
            SetAside::Held(code) | SetAside::Quarantined(code) | SetAside::Refused(code) => {
                ServiceError::from(codes::STRAY_UNFIT).detail(*code)
            }
        });
    }
    let mut staff = Vec::with_capacity(accepted.len());
    for hash in &accepted {
        let Some((stray, author)) = family.iter().zip(authors).find(|(stray, _)| stray.change.hash == *hash) else {
            continue;
        };
        let frame = read_change(&stray.change.raw).map_err(ServiceError::internal)?;
        staff.push(StaffChange {
            hash: *hash,
            actor: frame.actor,
            actor_seq: frame.seq,
            person: author.id,
            raw: stray.change.raw.clone(),
        });
    }
    let row = document.zip(view).map(|(mut document, view)| record_row(record, &mut document, &view));
    Ok(Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: Vec::new(),
        staff,
        set_aside: Vec::new(),
        row,
    })
}

/// The device that made the record, if the strays make it: a record says itself where it comes from, and whoever
/// adopts it vouches for that.
fn maker(record: &PendingRecord, family: &[Stray]) -> DeviceId {
    let unknown = DeviceId(uuid::Uuid::nil());
    if !record.published.is_empty() {
        return unknown;
    }
    let Some(first) = family.first() else {
        return unknown;
    };
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Document::load([first.change.raw.as_slice()]).ok()?.any_view().ok().map(|view| view.frame().header.device)
    }));
    read.ok().flatten().unwrap_or(unknown)
}
