//! The promise, checked at the end of a run against what people remember: whatever was saved is on the server, set
//! aside where a person sees it, or still on the phone; never nowhere, never twice, and nobody's "synced" lies.

use std::collections::{BTreeMap, BTreeSet};

use server::service::detail::{RecordDetail, detail};
use server::store::{ChangeState, JournalLine, Person, RecordFilter, Scope, SetAside};
use sync_core::history::Act;
use sync_core::id::{ChangeHash, RecordId};
use sync_core::index::Row;
use sync_core::journal::Head;
use sync_core::record::scalar::Scalar;
use sync_core::record::view::AnyView;
use sync_core::store::Store as _;

use super::backend::{odd, refused};
use super::diary::{Saved, What};
use super::fault::Fault;
use super::handset::notes;
use super::tap::Violation;
use super::world::World;
use crate::failure::Failure;

/// More than is ever set aside in a run.
const ALL: u32 = 100_000;

/// What the server says at the end.
struct Testimony {
    reviewer: Person,
    /// The journals, by phone.
    journals: BTreeMap<usize, Vec<JournalLine>>,
    set_aside: Vec<SetAside>,
    records: BTreeMap<RecordId, RecordDetail>,
}

/// Checks everything that has to hold once all is quiet.
///
/// # Errors
/// When the server's storage can't be read.
pub async fn judge(world: &mut World) -> Result<Vec<Violation>, Failure> {
    let testimony = hear(world).await?;
    let mut found = Vec::new();
    phones_kept_everything(world, &testimony, &mut found)?;
    receipts_are_honoured(world, &testimony, &mut found);
    for saved in &world.diary.saved {
        saved_is_somewhere(world, &testimony, saved, &mut found)?;
    }
    for corrected in &world.diary.corrected {
        let here = testimony.records.get(&corrected.record);
        if !here.is_some_and(|detail| stands_in(detail, &corrected.what, None)) {
            found.push(Violation::new("what head quarters wrote stays", format!("{corrected:?}")));
        }
    }
    no_duplicates(world, &testimony, &mut found).await?;
    documents_are_equal(world, &testimony, &mut found)?;
    let conflicts: usize = testimony.records.values().map(|detail| detail.view.frame().conflicts.len()).sum();
    (0..conflicts).for_each(|_| world.faults.fired(Fault::Conflict));
    testimony.set_aside.iter().for_each(|_| world.faults.fired(Fault::Held));
    Ok(found)
}

async fn hear(world: &World) -> Result<Testimony, Failure> {
    let app = world.backend.app();
    let reviewer = app.store.person(world.house.reviewer).await.map_err(odd("the reviewer"))?;
    let mut journals = BTreeMap::new();
    for phone in &world.phones {
        if let Some(device) = phone.device {
            let lines = app.store.journal(device, 1, ALL).await.map_err(odd("a journal"))?;
            journals.insert(phone.number, lines);
        }
    }
    let mut set_aside = Vec::new();
    for state in [ChangeState::Held, ChangeState::Quarantined, ChangeState::Waiting] {
        let listed = app.store.set_aside(reviewer.organisation, state, None, ALL).await;
        set_aside.extend(listed.map_err(odd("what was set aside"))?);
    }
    let mut records = BTreeMap::new();
    for id in app.store.record_ids(None, ALL).await.map_err(odd("the records"))? {
        records.insert(id, detail(app, &reviewer, id).await.map_err(refused("a record"))?);
    }
    Ok(Testimony { reviewer, journals, set_aside, records })
}

fn phones_kept_everything(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) -> Result<(), Failure> {
    for phone in &world.phones {
        let head = phone.store.head().map_err(odd("a phone"))?;
        let saved = world.diary.count(phone.number);
        if head.n != saved {
            let said = format!("phone {}: saved {saved} times, the journal has {}", phone.number, head.n);
            found.push(Violation::new("what was saved is on the phone", said));
        }
        let lines = testimony.journals.get(&phone.number).map(Vec::as_slice).unwrap_or_default();
        let there = lines.iter().fold(Head::EMPTY, |head, line| head.after(&line.entry));
        if there != head {
            let said = format!("phone {}: the phone is at {head:?}, the server at {there:?}", phone.number);
            found.push(Violation::new("in the end the server holds every journal", said));
        }
        if let Some(open) = lines.iter().find(|line| line.state == ChangeState::Received) {
            let said = format!("phone {}: line {}", phone.number, open.entry.n);
            found.push(Violation::new("in the end everything is judged", said));
        }
    }
    Ok(())
}

fn receipts_are_honoured(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) {
    let mut heads: BTreeSet<(usize, u64, [u8; 32])> = BTreeSet::new();
    for (phone, lines) in &testimony.journals {
        let mut head = Head::EMPTY;
        heads.insert((*phone, head.n, head.link.0));
        for line in lines {
            head = head.after(&line.entry);
            heads.insert((*phone, head.n, head.link.0));
        }
    }
    for (phone, n, _) in world.tap.receipts.difference(&heads) {
        found.push(Violation::new("every receipt is honoured", format!("phone {phone}: the receipt for line {n}")));
    }
}

fn saved_is_somewhere(
    world: &World,
    testimony: &Testimony,
    saved: &Saved,
    found: &mut Vec<Violation>,
) -> Result<(), Failure> {
    let lines = testimony.journals.get(&saved.phone).map(Vec::as_slice).unwrap_or_default();
    let Some(line) = lines.iter().find(|line| line.entry.n == saved.n) else {
        found.push(Violation::new("what was saved is somewhere", format!("no line for {saved:?}")));
        return Ok(());
    };
    if line.entry.record != saved.record {
        found.push(Violation::new("what was saved is somewhere", format!("another record's line for {saved:?}")));
    }
    if line.state == ChangeState::Published {
        let detail = testimony.records.get(&saved.record);
        for what in &saved.what {
            if !detail.is_some_and(|detail| stands_in(detail, what, Some((world, saved)))) {
                found.push(Violation::new("what was published can be read", format!("{what:?} of {saved:?}")));
            }
        }
        return Ok(());
    }
    let device = world.phones.get(saved.phone).and_then(|phone| phone.device);
    let visible = testimony.set_aside.iter().find(|aside| aside.device == device && aside.n == Some(saved.n));
    match visible {
        None if line.state != ChangeState::Received => {
            found.push(Violation::new("what was set aside is shown", format!("{:?}: {saved:?}", line.state)));
        }
        Some(aside) if aside.state == ChangeState::Quarantined => {
            let said = format!("{} for {saved:?}", aside.code);
            found.push(Violation::new("nothing honest is quarantined", said));
        }
        _ => {}
    }
    if let Some(phone) = world.phones.get(saved.phone) {
        let sync = phone.store.record_sync(saved.record).map_err(odd("a phone"))?;
        if !sync.problems.iter().any(|problem| problem.n == saved.n) {
            found.push(Violation::new("the phone is told of what was set aside", format!("{saved:?}")));
        }
    }
    Ok(())
}

/// Whether something reads in a record: shown, concurrent or in its history, and, where it came from a phone, with
/// that phone's name on it.
fn stands_in(detail: &RecordDetail, what: &What, from: Option<(&World, &Saved)>) -> bool {
    let origin = from.map(|(world, saved)| (world.phones.get(saved.phone).and_then(|phone| phone.device), saved.n));
    let mut lines = detail.history.iter().filter(|line| match origin {
        Some((device, n)) => line.device == device && line.n == Some(n),
        None => line.device.is_none(),
    });
    match what {
        What::Field { field, value } => lines.any(|line| {
            line.change.field == *field && line.change.act == Act::Set { value: Scalar::Text(value.clone()) }
        }),
        What::Consultant(value) => lines.any(|line| {
            line.change.field == "consultant" && line.change.act == Act::Set { value: Scalar::Text(value.clone()) }
        }),
        What::Phrase(words) => notes(&Some(detail.view.clone())).contains(words.as_str()),
        What::FollowUp(words) => detail.view.frame().follow_ups.iter().any(|entry| entry.entry.text == *words),
        What::Stage(words) => detail.view.frame().stages.iter().any(|entry| entry.entry.reason.as_ref() == Some(words)),
    }
}

async fn no_duplicates(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) -> Result<(), Failure> {
    for (id, detail) in &testimony.records {
        if world.diary.maker(*id).is_none() {
            found.push(Violation::new("there is no record that nobody made", format!("{id}")));
        }
        let frame = detail.view.frame();
        let mut texts: Vec<&str> = frame.follow_ups.iter().map(|entry| entry.entry.text.as_str()).collect();
        texts.extend(frame.stages.iter().filter_map(|entry| entry.entry.reason.as_deref()));
        texts.sort_unstable();
        if let Some(twice) = texts.windows(2).find(|pair| pair[0] == pair[1]) {
            found.push(Violation::new("no entry is there twice", format!("{id}: {:?}", twice[0])));
        }
    }
    let scope = Scope::Organisation(testimony.reviewer.organisation);
    let store = &world.backend.app().store;
    let counted = store.count_records(&scope, &RecordFilter::default()).await.map_err(odd("the count"))?;
    if counted != testimony.records.len() as u64 {
        let said = format!("{counted} in lists, {} in the log", testimony.records.len());
        found.push(Violation::new("lists show every record once", said));
    }
    Ok(())
}

fn documents_are_equal(world: &mut World, testimony: &Testimony, found: &mut Vec<Violation>) -> Result<(), Failure> {
    let now = world.now();
    let World { phones, house, diary, .. } = world;
    for phone in phones {
        let here: BTreeSet<RecordId> = phone.records()?.into_iter().collect();
        for (record, maker) in diary.records() {
            let Some(maker) = house.members.get(maker) else { continue };
            let due = phone.member.sees_what_is_of(maker);
            let published = testimony.records.contains_key(&record);
            if due && published && !here.contains(&record) {
                found.push(Violation::new("a phone has its scope", format!("phone {}: {record}", phone.number)));
            }
            if !due && here.contains(&record) {
                let said = format!("phone {} has {record}", phone.number);
                found.push(Violation::new("nothing outside the scope is on a phone", said));
            }
        }
        for record in here {
            let Some(detail) = testimony.records.get(&record) else { continue };
            let lines = testimony.journals.get(&phone.number).map(Vec::as_slice).unwrap_or_default();
            let own: BTreeSet<ChangeHash> = lines
                .iter()
                .filter(|line| line.state != ChangeState::Published)
                .map(|line| line.entry.change)
                .collect();
            let there: BTreeSet<ChangeHash> = detail.history.iter().map(|line| line.change.change).collect();
            let changes = phone.store.changes(record).map_err(odd("a phone"))?;
            let held: BTreeSet<ChangeHash> = changes.iter().map(|(hash, _)| *hash).collect();
            let open = held.iter().any(|hash| own.contains(hash));
            if let Some(missing) = there.difference(&held).next() {
                let said = format!("phone {} lacks {missing} of {record}", phone.number);
                found.push(Violation::new("documents are equal everywhere", said));
                continue;
            }
            let view = phone.view(now, record)?;
            if !open && view != detail.view {
                let said = format!("phone {}: {record}\n  here  {view:?}\n  there {:?}", phone.number, detail.view);
                found.push(Violation::new("documents are equal everywhere", said));
            }
            row_fits(phone.number, phone.store.row(record).map_err(odd("a phone"))?, &view, found);
        }
    }
    Ok(())
}

fn row_fits(phone: usize, row: Option<Row>, view: &AnyView, found: &mut Vec<Violation>) {
    if row.as_ref() != Some(&Row::of(view)) {
        let said = format!("phone {phone}: {:?} is not the line of {}", row, view.frame().header.id);
        found.push(Violation::new("lists say what records say", said));
    }
}
