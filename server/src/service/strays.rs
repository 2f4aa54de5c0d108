//! Changes that phones brought back and nobody can place: somebody who may decide adopts or discards them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use sync_core::ancestry::Ancestry;
use sync_core::chunk::read_change;
use sync_core::document::Document;
use sync_core::history::{FieldChange, history};
use sync_core::id::{ChangeHash, DeviceId, PersonId, RecordId};
use sync_core::trust::Limits;
use sync_core::trust::judge::{Candidate, Judgement, SetAside, judge};

use super::decider::{ATTEMPTS, Decider, reason};
use super::projector::{self, author_of, record_row};
use super::publishing::publish;
use super::quarantine::is_readable;
use crate::error::{ServiceError, codes};
use crate::scope::Action;
use crate::state::App;
use crate::store::{
    NewStray, PendingRecord, Person, Publication, Published, StaffChange, StoreError, Stray, StrayDecision,
};

/// A stray with what it would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// What was offered, by whom and when.
    pub stray: Stray,
    /// What it would do to which field, as far as it can be read.
    pub fields: Vec<FieldChange>,
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
    describe(app, found).await
}

/// Strays with what they would do. In which parts of a record a change writes only the one that made the record tells,
/// so that is read with each.
async fn describe(app: &App, strays: Vec<Stray>) -> Result<Vec<Described>, ServiceError> {
    let mut ids: Vec<RecordId> = strays.iter().map(|stray| stray.change.record).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut made: HashMap<RecordId, Vec<u8>> = HashMap::new();
    let organisation = strays.first().map(|stray| stray.organisation);
    let records = app.store.records(&ids).await?.into_iter();
    for record in records.filter(|record| Some(record.organisation) == organisation) {
        let mut published = record.published.into_iter().map(|change| change.raw);
        made.extend(published.find(|raw| makes_record(raw)).map(|raw| (record.id, raw)));
    }
    for stray in &strays {
        let Stray { organisation, change, .. } = stray;
        if let Entry::Vacant(unknown) = made.entry(change.record) {
            let others = app.store.strays_of_record(*organisation, change.record).await?;
            let mut others = others.into_iter().map(|stray| stray.change.raw);
            unknown.insert(others.find(|raw| makes_record(raw)).unwrap_or_default());
        }
    }
    let limits = app.config.limits.records;
    let described = tokio::task::spawn_blocking(move || {
        let describe = |stray: Stray| {
            let made = made.get(&stray.change.record).map(Vec::as_slice).unwrap_or_default();
            Described { fields: fields(&stray.change, made, &limits), stray }
        };
        strays.into_iter().map(describe).collect()
    });
    described.await.map_err(ServiceError::internal)
}

fn makes_record(raw: &[u8]) -> bool {
    read_change(raw).is_ok_and(|frame| frame.deps.is_empty())
}

/// What a change would do to a record that was made by another one, or by itself.
fn fields(change: &NewStray, made: &[u8], limits: &Limits) -> Vec<FieldChange> {
    let before = (made != change.raw).then_some(made);
    let both = before.into_iter().chain([change.raw.as_slice()]);
    history(both.filter(|raw| is_readable(raw, limits))).into_iter().filter(|line| line.change == change.hash).collect()
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
            return described(app, wanted).await;
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
            described(app, wanted).await
        }
    }
}

async fn described(app: &App, stray: Stray) -> Result<Described, ServiceError> {
    describe(app, vec![stray]).await?.pop().ok_or_else(|| codes::STRAY_NOT_FOUND.into())
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
    let device = maker(record, family, &app.config.limits.records);
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
    let Judgement { accepted, set_aside, view, .. } = judged.map_err(unfit)?;
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
    let row = view.map(|view| record_row(record, &view));
    Ok(Publication {
        id: record.id,
        organisation: record.organisation,
        base_seq: record.base_seq,
        decided: record.decided,
        published: Vec::new(),
        staff,
        set_aside: Vec::new(),
        left: Vec::new(),
        row,
    })
}

/// The device that made the record, if the strays make it: a record says itself where it comes from, and whoever
/// adopts it vouches for that.
fn maker(record: &PendingRecord, family: &[Stray], limits: &Limits) -> DeviceId {
    let unknown = DeviceId(uuid::Uuid::nil());
    if !record.published.is_empty() {
        return unknown;
    }
    let Some(first) = family.first().filter(|first| is_readable(&first.change.raw, limits)) else {
        return unknown;
    };
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Document::load([first.change.raw.as_slice()]).ok()?.any_view().ok().map(|view| view.frame().header.device)
    }));
    read.ok().flatten().unwrap_or(unknown)
}

#[cfg(test)]
mod tests {
    use sync_core::document::{Document, NewRecord};
    use sync_core::id::{ActorId, OfficeId};
    use sync_core::record::Kind;
    use sync_core::record::header::{Header, SCHEMA};
    use sync_core::record::lead::{LeadEdit, LeadFacts};
    use sync_core::time::{BootId, ClockReading, UnixMillis};

    use super::*;

    #[test]
    fn what_a_stray_would_do_is_read_with_what_made_its_record_and_no_more_than_the_gate_reads() {
        let author = ActorId([7; 16]);
        let header = Header {
            id: RecordId::from([1; 16]),
            kind: Kind::Lead,
            schema: SCHEMA,
            owner: PersonId::from([2; 16]),
            office: OfficeId::from([3; 16]),
            team: None,
            project: None,
            captured: ClockReading { wall: UnixMillis(1_000), mono_ms: 1, boot: BootId(4) },
            utc_offset_minutes: 480,
            place: None,
            device: DeviceId::from([5; 16]),
            app: "app".to_owned(),
        };
        let new = NewRecord { header, facts: LeadFacts { name: Some("张伟".to_owned()), ..LeadFacts::default() } };
        let (mut document, made) = Document::create(author, &new).unwrap();
        let edit = LeadEdit::Name(Some("李四".to_owned()));
        let change = document.edit::<LeadFacts>(author, new.header.captured.wall, &[edit]).unwrap().unwrap();
        let (record, claimed) = (new.header.id, None);
        let stray = NewStray { record, hash: change.hash, actor: author, raw: change.bytes, claimed };
        let limits = Limits::default();
        let lines = fields(&stray, &made.bytes, &limits);
        assert_eq!(lines.iter().map(|line| line.field.as_str()).collect::<Vec<_>>(), ["name"]);
        assert_eq!(fields(&stray, &[], &limits), [], "where nothing tells what it is about");
        let ops = read_change(&stray.raw).unwrap().ops;
        assert_eq!(fields(&stray, &made.bytes, &Limits { change_ops: ops - 1, ..limits }), []);
        let first = NewStray { raw: made.bytes.clone(), hash: made.hash, ..stray };
        let alone = history([made.bytes.as_slice()]);
        assert!(!alone.is_empty());
        assert_eq!(fields(&first, &made.bytes, &limits), alone, "the one that makes the record");
    }
}
