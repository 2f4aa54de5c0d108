use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ObjType, ReadDoc};

use super::*;
use crate::chunk;
use crate::document::{NewChange, NewRecord};
use crate::id::{ActorId, EntryId, OfficeId, PersonId, TeamId};
use crate::record::Kind;
use crate::record::entry::FollowUp;
use crate::record::lead::{LeadEdit, LeadFacts};
use crate::record::review::Review;
use crate::testing::rng;
use crate::time::{BootId, ClockReading, UnixMillis};
use crate::wire::enrol::Role;

struct Desk {
    owner: Author,
    supervisor: Author,
    device: DeviceId,
    header: Header,
}

fn desk() -> Desk {
    let mut rng = rng(1);
    let now = UnixMillis(1_760_000_000_000);
    let (office, team) = (OfficeId::new(now, &mut rng), TeamId::new(now, &mut rng));
    let mut author =
        |role| Author { person: PersonId::new(now, &mut rng), role, office: Some(office), team: Some(team) };
    let (owner, supervisor) = (author(Role::Promoter), author(Role::Supervisor));
    let device = DeviceId::from([5; 16]);
    let header = Header {
        id: RecordId::from([7; 16]),
        kind: Kind::Lead,
        schema: SCHEMA,
        owner: owner.person,
        office,
        team: Some(team),
        project: None,
        captured: ClockReading { wall: now, mono_ms: 1, boot: BootId(1) },
        utc_offset_minutes: 480,
        place: None,
        device,
        app: "test/1".to_owned(),
    };
    Desk { owner, supervisor, device, header }
}

const ACTOR: ActorId = ActorId([1; 16]);

impl Desk {
    fn record(&self) -> (Document, Vec<u8>) {
        let mut facts = LeadFacts { name: Some("张".into()), notes: "想看".into(), ..Default::default() };
        facts.phones.insert("13312343333".parse().unwrap(), String::new());
        let (document, change) = Document::create(ACTOR, &NewRecord { header: self.header.clone(), facts }).unwrap();
        (document, change.bytes)
    }

    fn judge(&self, published: &[&[u8]], incoming: &[(&[u8], Author)]) -> Judgement {
        let candidates: Vec<Candidate<'_>> = incoming
            .iter()
            .map(|(raw, author)| Candidate {
                hash: crate::chunk::read_change(raw).unwrap().hash,
                raw,
                author: *author,
                device: self.device,
                copied: false,
                approved: false,
            })
            .collect();
        judge(self.header.id, published, &[], &candidates, &Limits::default()).unwrap()
    }

    /// The verdict about one change on top of a published record.
    fn verdict(&self, change: &[u8]) -> Option<SetAside> {
        let (_, first) = self.record();
        let judgement = self.judge(&[&first], &[(change, self.owner)]);
        judgement.set_aside.into_iter().next().map(|(_, reason)| reason)
    }
}

fn name(name: &str) -> [LeadEdit; 1] {
    [LeadEdit::Name(Some(name.into()))]
}

#[test]
fn honest_work_is_accepted_in_any_order_of_arrival() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let mut changes = vec![first];
    for n in 0..4i64 {
        let edits = [name(&format!("n{n}"))[0].clone(), LeadEdit::Notes(format!("想看{n}号楼"))];
        changes.push(document.edit::<LeadFacts>(ACTOR, UnixMillis(n), &edits).unwrap().unwrap().bytes);
    }
    let entry = FollowUp { id: EntryId([1; 8]), at: UnixMillis(1), text: "t".into(), by_means_of: None, next_on: None };
    changes.push(document.append(ACTOR, UnixMillis(9), &entry).unwrap().unwrap().bytes);
    let forward: Vec<_> = changes.iter().map(|raw| (raw.as_slice(), desk.owner)).collect();
    let backward: Vec<_> = forward.iter().copied().rev().collect();
    for order in [forward, backward] {
        let judgement = desk.judge(&[], &order);
        assert_eq!(judgement.set_aside, vec![]);
        assert_eq!(judgement.accepted.len(), 6);
        let view = judgement.view.unwrap();
        assert_eq!(view, document.any_view().unwrap());
    }
}

#[test]
fn what_follows_something_missing_waits() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let gap = document.edit::<LeadFacts>(ACTOR, UnixMillis(1), &name("a")).unwrap().unwrap();
    let late = document.edit::<LeadFacts>(ACTOR, UnixMillis(2), &name("b")).unwrap().unwrap();
    let judgement = desk.judge(&[&first], &[(&late.bytes, desk.owner)]);
    assert_eq!(judgement.set_aside, vec![(late.hash, SetAside::Waiting(vec![gap.hash]))]);
    let judgement = desk.judge(&[&first], &[(&late.bytes, desk.owner), (&gap.bytes, desk.owner)]);
    assert_eq!(judgement.accepted, vec![gap.hash, late.hash]);
}

#[test]
fn a_hand_without_authority_is_held_and_so_is_a_closed_record() {
    let desk = desk();
    let (document, first) = desk.record();
    let stranger = Author { person: PersonId::from([9; 16]), ..desk.owner };
    let edit = |actor: u8| {
        let mut copy = document.clone();
        copy.edit::<LeadFacts>(ActorId([actor; 16]), UnixMillis(5), &name("x")).unwrap().unwrap()
    };
    let judgement = desk.judge(&[&first], &[(&edit(2).bytes, stranger), (&edit(3).bytes, desk.supervisor)]);
    assert_eq!(judgement.accepted, vec![edit(3).hash]);
    assert_eq!(judgement.set_aside, vec![(edit(2).hash, SetAside::Held(code::AUTHORITY))]);

    let mut closed = document.clone();
    let verdict = Review { state: ReviewState::Approved, ..Review::default() };
    let approval = closed.review(ActorId([8; 16]), &verdict).unwrap().unwrap();
    let judgement = desk.judge(&[&first, &approval.bytes], &[(&edit(2).bytes, desk.owner)]);
    assert_eq!(judgement.set_aside, vec![(edit(2).hash, SetAside::Held(code::CLOSED))]);
    let reviewed_by_phone = desk.judge(&[&first], &[(&approval.bytes, desk.owner)]);
    assert_eq!(reviewed_by_phone.set_aside[0].1, SetAside::Held(code::AUTHORITY));
}

#[test]
fn a_new_record_must_name_where_it_came_from() {
    let desk = desk();
    let set_aside = |header: Header| {
        let new = NewRecord { header, facts: LeadFacts::default() };
        let (_, change) = Document::create(ACTOR, &new).unwrap();
        desk.judge(&[], &[(&change.bytes, desk.owner)]).set_aside.into_iter().next().map(|(_, reason)| reason)
    };
    let header = || desk.header.clone();
    assert_eq!(set_aside(header()), None);
    let foreign = Some(SetAside::Quarantined(code::FOREIGN_RECORD));
    assert_eq!(set_aside(Header { owner: PersonId::from([3; 16]), ..header() }), foreign);
    assert_eq!(set_aside(Header { device: DeviceId::from([3; 16]), ..header() }), foreign);
    assert_eq!(set_aside(Header { id: RecordId::from([3; 16]), ..header() }), foreign);
    assert_eq!(set_aside(Header { schema: 99, ..header() }), Some(SetAside::Quarantined(code::SCHEMA)));
    let moved = Header { office: OfficeId::from([3; 16]), ..header() };
    assert_eq!(set_aside(moved), Some(SetAside::Held(code::AUTHORITY)));
}

#[test]
fn one_bad_change_does_not_take_the_others_along() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let good = document.edit::<LeadFacts>(ACTOR, UnixMillis(1), &name("good")).unwrap().unwrap();
    let bad = tamper(&first, |ops| ops.last_mut().unwrap().pred = vec![opid(99, 4)].into());
    let judgement = desk.judge(&[&first], &[(&bad, desk.owner), (&good.bytes, desk.owner)]);
    assert_eq!(judgement.accepted, vec![good.hash]);
    assert_eq!(judgement.set_aside.len(), 1);
}

#[test]
fn a_second_first_change_is_not_a_record_in_the_record() {
    let desk = desk();
    let (_, first) = desk.record();
    let new = NewRecord { header: desk.header.clone(), facts: LeadFacts::default() };
    let (_, twin) = Document::create(ActorId([2; 16]), &new).unwrap();
    let judgement = desk.judge(&[&first], &[(&twin.bytes, desk.owner)]);
    assert_eq!(judgement.set_aside, vec![(twin.hash, SetAside::Quarantined(code::SEQUENCE))]);
}

#[test]
fn a_time_that_no_clock_shows_is_caught_before_automerge_subtracts_it_from_another() {
    let desk = desk();
    let (_, first) = desk.record();
    let at = |time: i64| desk.verdict(&tamper_change(&first, |change| change.time = time));
    for honest in [-57 * 31_536_000_000, 0, 4_000_000_000_000, 1 << 53] {
        assert_eq!(at(honest), None, "{honest}");
    }
    for absurd in [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, (1 << 53) + 1, i64::MAX] {
        assert_eq!(at(absurd), Some(SetAside::Quarantined(code::TIME)), "{absurd}");
    }
}

fn opid(counter: u64, actor: u8) -> automerge::legacy::OpId {
    automerge::legacy::OpId::new(counter, &automerge::ActorId::from([actor; 16]))
}

/// An honest edit of the record's name and notes, changed behind Automerge's back and encoded again.
fn tamper(first: &[u8], with: impl FnOnce(&mut Vec<automerge::legacy::Op>)) -> Vec<u8> {
    tamper_change(first, |change| with(&mut change.operations))
}

fn tamper_change(first: &[u8], with: impl FnOnce(&mut automerge::ExpandedChange)) -> Vec<u8> {
    let mut document = Document::load([first]).unwrap();
    let edits = [LeadEdit::Name(Some("李".into())), LeadEdit::Notes("想看房".into())];
    let honest = document.edit::<LeadFacts>(ActorId([4; 16]), UnixMillis(5), &edits).unwrap().unwrap();
    let mut expanded = automerge::Change::try_from(honest.bytes.as_slice()).unwrap().decode();
    with(&mut expanded);
    automerge::Change::from(expanded).raw_bytes().to_vec()
}

#[test]
fn every_class_of_false_change_is_caught_before_automerge_sees_it() {
    use automerge::legacy::{ElementId, Key, ObjectId, OpType};
    let desk = desk();
    let (_, first) = desk.record();
    assert_eq!(desk.verdict(&tamper(&first, |_| {})), None, "the honest edit is good");
    let quarantined = |code| Some(SetAside::Quarantined(code));
    let edit = |with: &dyn Fn(&mut Vec<automerge::legacy::Op>)| desk.verdict(&tamper(&first, with));
    assert_eq!(edit(&|ops| ops[0].pred = vec![opid(50_000, 1)].into()), quarantined(code::REFERENCE), "unknown pred");
    assert_eq!(edit(&|ops| ops[0].pred = vec![opid(3, 9)].into()), quarantined(code::REFERENCE), "unknown actor");
    assert_eq!(edit(&|ops| ops[0].pred = vec![opid(1, 1)].into()), quarantined(code::REFERENCE), "pred elsewhere");
    assert_eq!(edit(&|ops| ops[0].obj = ObjectId::Id(opid(9_999, 1))), quarantined(code::REFERENCE), "unknown object");
    assert_eq!(edit(&|ops| ops[0].key = Key::Seq(ElementId::Head)), quarantined(code::REFERENCE), "list key on a map");
    assert_eq!(
        edit(&|ops| {
            ops[0].action = OpType::Delete;
            ops[0].pred = vec![].into();
        }),
        quarantined(code::REFERENCE),
        "delete without predecessor"
    );
    for number in [f64::NAN, f64::INFINITY] {
        let action = OpType::Put(number.into());
        assert_eq!(edit(&|ops| ops[0].action = action.clone()), quarantined(code::OPERATION), "{number}");
    }
    assert_eq!(edit(&|ops| ops[0].action = OpType::Increment(1)), quarantined(code::OPERATION), "increment");
    assert_eq!(edit(&|ops| ops[0].action = OpType::Make(ObjType::Map)), quarantined(code::FROZEN), "late container");
    assert_eq!(edit(&|ops| ops[0].obj = ObjectId::Root), quarantined(code::FROZEN), "write at the root");
    assert_eq!(
        edit(&|ops| {
            let text = ops.iter_mut().find(|op| op.insert).unwrap();
            text.key = Key::Map("k".into());
        }),
        quarantined(code::REFERENCE),
        "map key on a text"
    );
    assert_eq!(
        edit(&|ops| {
            let text = ops.iter_mut().find(|op| op.insert).unwrap();
            text.key = Key::Seq(ElementId::Id(opid(77_777, 1)));
        }),
        quarantined(code::REFERENCE),
        "insert after nothing"
    );
    let change = |with: &dyn Fn(&mut automerge::ExpandedChange)| desk.verdict(&tamper_change(&first, with));
    // The first operation once more, over what one of this change has written.
    let over = |c: &mut automerge::ExpandedChange, written: u64, action: OpType| {
        let pred = vec![automerge::legacy::OpId::new(c.start_op.get() + written, &c.actor_id)].into();
        c.operations.push(automerge::legacy::Op { action, pred, ..c.operations[0].clone() });
    };
    let put = || OpType::Put("王".into());
    let twice = change(&|c| {
        c.operations.truncate(1);
        over(c, 0, OpType::Delete);
        over(c, 1, put());
    });
    assert_eq!(twice, quarantined(code::REFERENCE), "over what only takes away");
    let honest = change(&|c| {
        c.operations.truncate(1);
        over(c, 0, put());
        over(c, 1, OpType::Delete);
    });
    assert_eq!(honest, None, "over its own");
    assert_eq!(change(&|c| c.deps.push(c.deps[0])), quarantined(code::SEQUENCE), "an ancestor named twice");
    assert_eq!(change(&|c| c.seq = 2), quarantined(code::SEQUENCE), "gap in the sequence");
    assert_eq!(
        change(&|c| c.actor_id = automerge::ActorId::from([1u8; 16])),
        quarantined(code::SEQUENCE),
        "reused seq"
    );
    assert_eq!(change(&|c| c.start_op = 5.try_into().unwrap()), quarantined(code::SEQUENCE), "low start");
    assert_eq!(change(&|c| c.start_op = (1u64 << 32).try_into().unwrap()), quarantined(code::SEQUENCE), "high start");
    assert_eq!(change(&|c| c.message = Some("hello".into())), quarantined(code::OPERATION), "message");
    assert_eq!(change(&|c| c.operations.clear()), quarantined(code::OPERATION), "empty");
    assert_eq!(change(&|c| c.deps.clear()), quarantined(code::SEQUENCE), "no ancestors");
    assert!(matches!(change(&|c| c.deps = vec![automerge::ChangeHash([3; 32])]), Some(SetAside::Waiting(_))));
}

#[test]
fn entries_can_not_be_changed_and_headers_not_be_rewritten() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let entry = FollowUp { id: EntryId([1; 8]), at: UnixMillis(1), text: "t".into(), by_means_of: None, next_on: None };
    let appended = document.append(ACTOR, UnixMillis(9), &entry).unwrap().unwrap().bytes;
    let rogue = |with: &dyn Fn(&mut AutoCommit)| {
        let log: Vec<u8> = [first.as_slice(), &appended].concat();
        let mut doc = AutoCommit::load(&log).unwrap().with_actor(automerge::ActorId::from([6u8; 16]));
        with(&mut doc);
        doc.commit_with(CommitOptions::default()).unwrap();
        doc.get_last_local_change().unwrap().raw_bytes().to_vec()
    };
    let verdict = |raw: &[u8]| {
        desk.judge(&[&first, &appended], &[(raw, desk.owner)]).set_aside.into_iter().next().map(|(_, reason)| reason)
    };
    let zone = |doc: &AutoCommit, key: &str| doc.get(automerge::ROOT, key).unwrap().unwrap().1;
    let overwrite = rogue(&|doc| doc.put(zone(doc, "follow_ups"), 0, "gone").unwrap());
    assert_eq!(verdict(&overwrite), Some(SetAside::Quarantined(code::APPEND_ONLY)));
    let delete = rogue(&|doc| doc.delete(zone(doc, "follow_ups"), 0).unwrap());
    assert_eq!(verdict(&delete), Some(SetAside::Quarantined(code::APPEND_ONLY)));
    let header = rogue(&|doc| doc.put(zone(doc, "header"), "owner", "me").unwrap());
    assert_eq!(verdict(&header), Some(SetAside::Quarantined(code::HEADER)));
    let container = rogue(&|doc| drop(doc.put_object(automerge::ROOT, "follow_ups", ObjType::List).unwrap()));
    assert_eq!(verdict(&container), Some(SetAside::Quarantined(code::FROZEN)));
    let removed = rogue(&|doc| doc.delete(automerge::ROOT, "stages").unwrap());
    assert_eq!(verdict(&removed), Some(SetAside::Quarantined(code::FROZEN)));
    let huge = rogue(&|doc| doc.put(zone(doc, "facts"), "name", "x".repeat(40_000)).unwrap());
    assert_eq!(verdict(&huge), Some(SetAside::Quarantined(code::TOO_LARGE)));
    let newer = rogue(&|doc| doc.put(zone(doc, "facts"), "zodiac", "dragon").unwrap());
    assert_eq!(verdict(&newer), None, "a field of a newer app is kept");
}

#[test]
fn a_first_change_can_not_bring_its_own_approval() {
    let desk = desk();
    let (_, first) = desk.record();
    let mut expanded = automerge::Change::try_from(first.as_slice()).unwrap().decode();
    let review = expanded
        .operations
        .iter()
        .position(|op| matches!(&op.key, automerge::legacy::Key::Map(key) if key == "review"))
        .unwrap();
    let start = expanded.start_op.get();
    let number = start + review as u64;
    let put = automerge::legacy::Op {
        action: automerge::legacy::OpType::Put("approved".into()),
        obj: automerge::legacy::ObjectId::Id(opid(number, 1)),
        key: automerge::legacy::Key::Map("state".into()),
        pred: vec![].into(),
        insert: false,
    };
    expanded.operations.push(put);
    let forged = automerge::Change::from(expanded).raw_bytes().to_vec();
    let judgement = desk.judge(&[], &[(&forged, desk.owner)]);
    assert_eq!(judgement.set_aside[0].1, SetAside::Quarantined(code::AUTHORITY));
    assert!(judgement.view.is_none());
}

#[test]
fn containers_can_not_be_nested_until_the_stack_is_full() {
    let desk = desk();
    let mut doc = AutoCommit::load(&desk.record().1).unwrap();
    let changes = doc.get_changes(&[]);
    let mut expanded = changes[0].decode();
    let facts = expanded
        .operations
        .iter()
        .position(|op| matches!(&op.key, automerge::legacy::Key::Map(key) if key == "facts"))
        .unwrap();
    let mut parent = expanded.start_op.get() + facts as u64;
    for _ in 0..5_000 {
        let number = expanded.start_op.get() + expanded.operations.len() as u64;
        expanded.operations.push(automerge::legacy::Op {
            action: automerge::legacy::OpType::Make(ObjType::Map),
            obj: automerge::legacy::ObjectId::Id(opid(parent, 1)),
            key: automerge::legacy::Key::Map("deeper".into()),
            pred: vec![].into(),
            insert: false,
        });
        parent = number;
    }
    let forged = automerge::Change::from(expanded).raw_bytes().to_vec();
    let judgement = desk.judge(&[], &[(&forged, desk.owner)]);
    assert_eq!(judgement.set_aside[0].1, SetAside::Quarantined(code::TOO_LARGE));
}

fn candidate<'a>(desk: &Desk, change: &'a NewChange, author: Author, approved: bool) -> Candidate<'a> {
    Candidate { hash: change.hash, raw: &change.bytes, author, device: desk.device, copied: false, approved }
}

#[test]
fn an_approval_overrides_authority_and_not_form() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let stranger = Author { person: PersonId::from([9; 16]), ..desk.owner };
    let amendment = document.edit::<LeadFacts>(ACTOR, UnixMillis(1), &name("李")).unwrap().unwrap();
    let held = |approved| {
        let candidates = [candidate(&desk, &amendment, stranger, approved)];
        judge(desk.header.id, &[&first], &[], &candidates, &Limits::default()).unwrap()
    };
    assert_eq!(held(false).set_aside, [(amendment.hash, SetAside::Held(code::AUTHORITY))]);
    assert_eq!(held(true).accepted, [amendment.hash]);

    // A verdict of a phone's own making stays out, whoever is made to accept it.
    let (mut document, _) = desk.record();
    let review = Review { state: ReviewState::Approved, reason: None, by: None, at: Some(UnixMillis(1)) };
    let verdict = document.review(ACTOR, &review).unwrap().unwrap();
    let candidates = [candidate(&desk, &verdict, desk.owner, true)];
    let judgement = judge(desk.header.id, &[&first], &[], &candidates, &Limits::default()).unwrap();
    assert_eq!(judgement.set_aside, [(verdict.hash, SetAside::Quarantined(code::AUTHORITY))]);

    let small = Limits { record_bytes: first.len() + amendment.bytes.len() - 1, ..Limits::default() };
    let candidates = [candidate(&desk, &amendment, desk.owner, true)];
    let judgement = judge(desk.header.id, &[&first], &[], &candidates, &small).unwrap();
    assert_eq!(judgement.set_aside, [(amendment.hash, SetAside::Quarantined(code::TOO_LARGE))]);
}

#[test]
fn every_limit_of_a_record_is_kept() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let ops = crate::chunk::read_change(&first).unwrap().ops;
    let edit = document.edit::<LeadFacts>(ACTOR, UnixMillis(1), &name("李")).unwrap().unwrap();
    let usual = Limits::default();
    let limits = [
        Limits { record_changes: 1, ..usual },
        Limits { record_ops: ops, ..usual },
        Limits { record_bytes: first.len(), ..usual },
        Limits { scalar_bytes: 2, ..usual },
    ];
    for limits in limits {
        let candidates = [candidate(&desk, &edit, desk.owner, false)];
        let judgement = judge(desk.header.id, &[&first], &[], &candidates, &limits).unwrap();
        assert_eq!(judgement.set_aside, [(edit.hash, SetAside::Quarantined(code::TOO_LARGE))], "{limits:?}");
    }
    // The containers of a lead lie two deep.
    let maker = NewChange { hash: crate::chunk::read_change(&first).unwrap().hash, bytes: first };
    let flat = Limits { depth: 0, ..usual };
    let judgement = judge(desk.header.id, &[], &[], &[candidate(&desk, &maker, desk.owner, false)], &flat).unwrap();
    assert_eq!(judgement.set_aside, [(maker.hash, SetAside::Quarantined(code::TOO_LARGE))]);
}

#[test]
fn what_follows_a_refused_change_does_not_wait_for_it() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let mut edit = |n: i64| document.edit::<LeadFacts>(ACTOR, UnixMillis(n), &name(&n.to_string())).unwrap().unwrap();
    let (refused, second, third) = (edit(1), edit(2), edit(3));
    let candidates = [&third, &second].map(|change| candidate(&desk, change, desk.owner, false));
    let judgement = judge(desk.header.id, &[&first], &[refused.hash], &candidates, &Limits::default()).unwrap();
    let follows = SetAside::Refused(code::FOLLOWS_REFUSED);
    assert_eq!(judgement.set_aside, [(second.hash, follows.clone()), (third.hash, follows)]);
    assert!(judgement.accepted.is_empty());
}

/// The same change in a form in which Automerge would not write it: a run of one instead of a single value.
fn bend(raw: &[u8]) -> Vec<u8> {
    let says = |raw: &[u8]| automerge::Change::from_bytes(raw.to_vec()).ok().map(|change| change.decode());
    let honest = says(raw).unwrap();
    let packed = chunk::pack(raw, None).unwrap();
    // Minus one announces a single value.
    let mut bent = (0..packed.len()).filter(|at| packed[*at] == 0x7f).filter_map(|at| {
        let mut packed = packed.clone();
        packed[at] = 1;
        let (_, raw) = chunk::unpack(&packed, None).unwrap();
        let same = std::panic::catch_unwind(|| says(&raw)).ok().flatten().is_some_and(|change| {
            change.operations == honest.operations && change.deps == honest.deps && change.seq == honest.seq
        });
        same.then_some(raw)
    });
    bent.next().unwrap()
}

#[test]
fn an_unusual_form_costs_the_change_only_that_has_it() {
    let desk = desk();
    let (mut document, first) = desk.record();
    let mut elsewhere = document.clone();
    let edit = document.edit::<LeadFacts>(ACTOR, UnixMillis(1), &name("李")).unwrap().unwrap();
    let honest = elsewhere.edit::<LeadFacts>(ActorId([2; 16]), UnixMillis(1), &name("王")).unwrap().unwrap();
    let bent = bend(&edit.bytes);
    let bent_hash = chunk::read_change(&bent).unwrap().hash;
    assert_ne!(bent_hash, edit.hash);
    let unusual = SetAside::Quarantined(code::NON_CANONICAL);
    let judgement = desk.judge(&[&first], &[(&bent, desk.owner), (&honest.bytes, desk.owner)]);
    assert_eq!((judgement.set_aside, judgement.accepted), (vec![(bent_hash, unusual.clone())], vec![honest.hash]));
    // What was built on it waits for it.
    let next = document.edit::<LeadFacts>(ACTOR, UnixMillis(2), &name("赵")).unwrap().unwrap();
    let judgement = desk.judge(&[&first], &[(&bent, desk.owner), (&next.bytes, desk.owner)]);
    let waits = SetAside::Waiting(vec![edit.hash]);
    assert_eq!(judgement.set_aside, [(bent_hash, unusual.clone()), (next.hash, waits)]);

    let bent = bend(&first);
    let bent_hash = chunk::read_change(&bent).unwrap().hash;
    let judgement = desk.judge(&[], &[(&bent, desk.owner)]);
    assert_eq!((judgement.set_aside, judgement.view.is_none()), (vec![(bent_hash, unusual)], true));
}
