//! The promise, checked at the end of a run against what people remember: whatever was saved is on the server, set
//! aside where a person sees it, or still on the phone; never nowhere, never twice, and nobody's "synced" lies.

use std::collections::{BTreeMap, BTreeSet};

use server::service::detail::{RecordDetail, detail};
use server::store::{AsideQuery, ChangeState, JournalLine, Person, RecordFilter, Scope, SetAside};
use sync_core::history::Act;
use sync_core::id::{ChangeHash, DeviceId, OrganisationId, PersonId, RecordId};
use sync_core::index::Row;
use sync_core::journal::Head;
use sync_core::record::Zone;
use sync_core::record::review::ReviewState;
use sync_core::record::scalar::{FieldValue as _, Scalar};
use sync_core::record::view::AnyView;
use sync_core::refusal::Refusal;
use sync_core::store::Store as _;
use sync_core::wire::enrol::Role;

use super::backend::{odd, refused};
use super::diary::{Kept, Saved, What};
use super::fault::Fault;
use super::handset::{Handset, notes};
use super::tap::{Mark, Violation};
use super::world::World;
use crate::failure::Failure;

/// More than is ever set aside in a run.
const ALL: u32 = 100_000;

/// What the server says at the end.
struct Testimony {
    reviewer: Person,
    /// The journals of all devices that were ever heard of.
    journals: BTreeMap<DeviceId, Vec<JournalLine>>,
    /// What became of each change in them.
    states: BTreeMap<ChangeHash, Vec<(DeviceId, u64, ChangeState)>>,
    set_aside: Vec<SetAside>,
    /// What phones brought back that nobody can place, and people are shown.
    strays: BTreeSet<ChangeHash>,
    records: BTreeMap<RecordId, RecordDetail>,
}

/// Checks everything that has to hold once all is quiet.
///
/// # Errors
/// When the server's storage can't be read.
pub async fn judge(world: &mut World) -> Result<Vec<Violation>, Failure> {
    let testimony = hear(world).await?;
    let mut found = Vec::new();
    journals_are_equal(world, &testimony, &mut found)?;
    receipts_are_honoured(world, &testimony, &mut found);
    for saved in &world.diary.saved {
        saved_is_somewhere(world, &testimony, saved, &mut found)?;
    }
    for corrected in &world.diary.corrected {
        let here = testimony.records.get(&corrected.record);
        if !here.is_some_and(|detail| stands_in(detail, &corrected.what, None, world)) {
            found.push(Violation::new("what head quarters wrote stays", format!("{corrected:?}")));
        }
    }
    no_duplicates(world, &testimony, &mut found).await?;
    nothing_drifts_by_itself(world, &mut found);
    authority_is_asked_at_publication(world, &testimony, &mut found);
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
    let mut states: BTreeMap<ChangeHash, Vec<_>> = BTreeMap::new();
    for device in world.tap.devices() {
        let lines = app.store.journal(device, 1, ALL).await.map_err(odd("a journal"))?;
        for line in &lines {
            states.entry(line.entry.change).or_default().push((device, line.entry.n, line.state));
        }
        journals.insert(device, lines);
    }
    let mut set_aside = Vec::new();
    for state in [ChangeState::Held, ChangeState::Quarantined, ChangeState::Waiting, ChangeState::Refused] {
        let listed = app.store.set_aside(&everything(reviewer.organisation, state)).await;
        set_aside.extend(listed.map_err(odd("what was set aside"))?);
    }
    let strays = app.store.strays(reviewer.organisation, None, ALL).await.map_err(odd("strays"))?;
    let strays = strays.into_iter().map(|stray| stray.change.hash).collect();
    let mut records = BTreeMap::new();
    for id in app.store.record_ids(None, ALL).await.map_err(odd("the records"))? {
        records.insert(id, detail(app, &reviewer, id).await.map_err(refused("a record"))?);
    }
    Ok(Testimony { reviewer, journals, states, set_aside, strays, records })
}

fn everything(organisation: OrganisationId, state: ChangeState) -> AsideQuery {
    AsideQuery { organisation, state, received_before: None, device: None, code: None, before: None, limit: ALL }
}

impl Testimony {
    /// The journal of a phone as the server has it.
    fn journal_of(&self, phone: &Handset) -> &[JournalLine] {
        phone.device.and_then(|device| self.journals.get(&device)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The phones that somebody uses.
fn used(world: &World) -> impl Iterator<Item = &Handset> {
    world.phones.iter().filter(|phone| phone.used)
}

fn journals_are_equal(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) -> Result<(), Failure> {
    for phone in used(world).filter(|phone| !phone.wiped) {
        let head = phone.store.head().map_err(odd("a phone"))?;
        let lines = testimony.journal_of(phone);
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
    let mut held = BTreeSet::new();
    for (device, lines) in &testimony.journals {
        let mut head = Head::EMPTY;
        held.insert(Mark::of(*device, head));
        for line in lines {
            head = head.after(&line.entry);
            held.insert(Mark::of(*device, head));
        }
    }
    for Mark { device, n, .. } in world.tap.receipts.difference(&held) {
        found.push(Violation::new("every receipt is honoured", format!("{device}: the receipt for line {n}")));
    }
}

fn saved_is_somewhere(
    world: &World,
    testimony: &Testimony,
    saved: &Saved,
    found: &mut Vec<Violation>,
) -> Result<(), Failure> {
    let changes: BTreeSet<ChangeHash> = world.tap.changes_with(saved.words()).collect();
    let lines: Vec<_> = changes.iter().filter_map(|change| testimony.states.get(change)).flatten().collect();
    let published = lines.iter().filter(|(_, _, state)| *state == ChangeState::Published).count();
    if published > 1 {
        found.push(Violation::new("what was saved once is published once", format!("{published} times: {saved:?}")));
    }
    if published > 0 {
        let detail = testimony.records.get(&saved.record);
        for what in &saved.what {
            if !detail.is_some_and(|detail| stands_in(detail, what, Some(saved), world)) {
                found.push(Violation::new("what was published can be read", format!("{what:?} of {saved:?}")));
            }
        }
        return Ok(());
    }
    if saved.kept == Kept::Nowhere {
        return Ok(());
    }
    if lines.is_empty() {
        found.push(Violation::new("what was saved is somewhere", format!("no line for {saved:?}")));
    }
    let phone = world.phones.get(saved.phone);
    for (device, n, state) in lines {
        let visible = testimony.set_aside.iter().find(|aside| aside.device == Some(*device) && aside.n == Some(*n));
        match visible {
            None if *state != ChangeState::Received => {
                found.push(Violation::new("what was set aside is shown", format!("{state:?}: {saved:?}")));
            }
            Some(aside) if aside.state == ChangeState::Refused && !world.tap.somebody_refused(aside) => {
                found.push(Violation::new("nothing is refused that nobody refused", format!("{saved:?}")));
            }
            Some(aside) if aside.state == ChangeState::Quarantined && !world.house.cut_off.contains(device) => {
                let said = format!("{} for {saved:?}", aside.code);
                found.push(Violation::new("nothing honest is quarantined", said));
            }
            _ => {}
        }
        let due = world.house.sees(saved.phone, saved.record) && !world.house.cut_off.contains(device);
        let Some(phone) = phone.filter(|phone| due && !phone.wiped && phone.device == Some(*device)) else { continue };
        let sync = phone.store.record_sync(saved.record).map_err(odd("a phone"))?;
        if !sync.problems.iter().any(|problem| problem.n == *n) {
            found.push(Violation::new("the phone is told of what was set aside", format!("{saved:?}")));
        }
        let here = phone.store.changes(saved.record).map_err(odd("a phone"))?;
        let refusals = phone.store.refusals().map_err(odd("a phone"))?;
        let offered = |refusal: &Refusal| format!("{:?}", refusal.fields).contains(saved.words());
        let kept = here.iter().any(|(change, _)| changes.contains(change)) || refusals.iter().any(offered);
        // A record that went and came back came without what is only set aside.
        if !kept && world.faults.count(Fault::RecordGone) == 0 {
            found.push(Violation::new("what was set aside stays on the phone", format!("{saved:?}")));
        }
    }
    Ok(())
}

/// Whether something reads in a record: shown, concurrent or in its history, and, where it came from a phone, with
/// that person's name on it.
fn stands_in(detail: &RecordDetail, what: &What, from: Option<&Saved>, world: &World) -> bool {
    let author = from.and_then(|saved| world.house.members.get(saved.phone)).map(|member| member.person);
    let mut lines = detail.history.iter().filter(|line| match author {
        Some(person) => line.device.is_some() && line.person == person,
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

/// What head quarters has closed stays as it is, and a record takes nothing from a promoter to whom it does not belong
/// any more, unless somebody accepted it.
fn authority_is_asked_at_publication(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) {
    for (id, detail) in &testimony.records {
        let mut closed = false;
        let mut owner = detail.view.frame().header.owner;
        for line in &detail.history {
            let change = &line.change;
            match (change.zone, change.field.as_str(), &change.act) {
                (Zone::Review, "state", Act::Set { value }) => {
                    let state = String::from_scalar(value).and_then(|state| state.parse::<ReviewState>().ok());
                    closed = state.is_some_and(ReviewState::is_closed);
                    continue;
                }
                (Zone::Office, "owner", Act::Set { value }) => owner = PersonId::from_scalar(value).unwrap_or(owner),
                _ => {}
            }
            if line.device.is_none() || world.tap.decided.contains_key(&change.change) {
                continue;
            }
            let promoter =
                world.house.members.iter().any(|member| member.person == line.person && member.role == Role::Promoter);
            let stranger = promoter && line.person != owner && change.zone != Zone::Header;
            if closed || stranger {
                let said = format!("{id}: {} in {} by {}, closed {closed}", change.change, change.field, line.person);
                found.push(Violation::new("authority is asked at publication", said));
            }
        }
    }
}

/// What a comparison repairs must have been broken by something.
fn nothing_drifts_by_itself(world: &World, found: &mut Vec<Violation>) {
    let broken =
        [Fault::GapPlanted, Fault::ServerRestored, Fault::ServerSetBack, Fault::PhoneRestored, Fault::PhoneCloned];
    let repaired = world.faults.count(Fault::DriftRepaired);
    if repaired > 0 && broken.iter().all(|fault| world.faults.count(*fault) == 0) {
        found.push(Violation::new("nothing drifts by itself", format!("{repaired} records had to be repaired")));
    }
}

async fn no_duplicates(world: &World, testimony: &Testimony, found: &mut Vec<Violation>) -> Result<(), Failure> {
    for (id, detail) in &testimony.records {
        if world.diary.maker(*id).is_none() && world.diary.foreign != Some(*id) {
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
    for phone in phones.iter_mut().filter(|phone| phone.used && !phone.wiped) {
        if phone.device.is_some_and(|device| house.cut_off.contains(&device)) {
            continue;
        }
        let here: BTreeSet<RecordId> = phone.records()?.into_iter().collect();
        for (record, _) in diary.records() {
            let due = house.sees(phone.number, record);
            let published = testimony.records.contains_key(&record);
            if due && published && !here.contains(&record) {
                found.push(Violation::new("a phone has its scope", format!("phone {}: {record}", phone.number)));
            }
            if !due && published && here.contains(&record) {
                let said = format!("phone {} has {record}", phone.number);
                found.push(Violation::new("nothing outside the scope is on a phone", said));
            }
        }
        for record in here {
            let Some(detail) = testimony.records.get(&record) else { continue };
            let there: BTreeSet<ChangeHash> = detail.history.iter().map(|line| line.change.change).collect();
            let changes = phone.store.changes(record).map_err(odd("a phone"))?;
            let held: BTreeSet<ChangeHash> = changes.iter().map(|(hash, _)| *hash).collect();
            // What was set aside, under this identity of the phone or an earlier one, stands on the phone all the same.
            let is_aside = |hash: &ChangeHash| {
                let states = testimony.states.get(hash).map(Vec::as_slice).unwrap_or_default();
                !states.is_empty() && states.iter().all(|(_, _, state)| *state != ChangeState::Published)
            };
            let open = held.iter().any(|hash| is_aside(hash) || testimony.strays.contains(hash));
            if let Some(missing) = there.difference(&held).next() {
                let said = format!("phone {} lacks {missing} of {record}", phone.number);
                found.push(Violation::new("documents are equal everywhere", said));
                continue;
            }
            let Ok(view) = phone.view(now, record) else {
                let said = format!("phone {} can't show {record}", phone.number);
                found.push(Violation::new("what is on a phone can be read", said));
                continue;
            };
            if !open && view != detail.view {
                let said = format!("phone {}: {record}: {}", phone.number, difference(&view, &detail.view));
                found.push(Violation::new("documents are equal everywhere", said));
            }
            row_fits(phone.number, phone.store.row(record).map_err(odd("a phone"))?, &view, found);
        }
    }
    Ok(())
}

/// The lines in which two records differ, here and there.
fn difference(here: &AnyView, there: &AnyView) -> String {
    let (here, there) = (format!("{here:#?}"), format!("{there:#?}"));
    let only = |in_this: &str, not_in: &str| -> Vec<String> {
        let not_in: BTreeSet<&str> = not_in.lines().collect();
        in_this.lines().filter(|line| !not_in.contains(line)).map(|line| line.trim().to_owned()).collect()
    };
    format!("here {:?}, there {:?}", only(&here, &there), only(&there, &here))
}

fn row_fits(phone: usize, row: Option<Row>, view: &AnyView, found: &mut Vec<Violation>) {
    if row.as_ref() != Some(&Row::of(view)) {
        let said = format!("phone {phone}: {:?} is not the line of {}", row, view.frame().header.id);
        found.push(Violation::new("lists say what records say", said));
    }
}
