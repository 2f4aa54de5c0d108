use proptest::prelude::*;

use super::*;
use crate::history::{Act, history};
use crate::id::{ActorId, DeviceId, EntryId, OfficeId, PersonId, RecordId};
use crate::record::entry::{FollowUp, Stage, StageEntry};
use crate::record::facts::MAX_TEXT_BYTES;
use crate::record::header::{Header, SCHEMA};
use crate::record::lead::{LeadEdit, LeadFacts};
use crate::record::review::{Review, ReviewState};
use crate::record::scalar::{ChannelSource, Scalar};
use crate::record::visit::{VisitEdit, VisitFacts};
use crate::testing::rng;
use crate::time::{BootId, ClockReading, UnixMillis};

fn header(kind: Kind) -> Header {
    let mut rng = rng(7);
    let now = UnixMillis(1_760_000_000_000);
    Header {
        id: RecordId::new(now, &mut rng),
        kind,
        schema: SCHEMA,
        owner: PersonId::new(now, &mut rng),
        office: OfficeId::new(now, &mut rng),
        team: None,
        project: None,
        captured: ClockReading { wall: now, mono_ms: 1_000, boot: BootId(u64::MAX) },
        utc_offset_minutes: 480,
        place: crate::place::Place::wgs84(30.65, 104.06, 12.0).ok(),
        device: DeviceId::new(now, &mut rng),
        app: "test/1".to_owned(),
    }
}

fn actor(n: u8) -> ActorId {
    ActorId([n; 16])
}

fn lead() -> NewRecord<LeadFacts> {
    let mut facts = LeadFacts {
        name: Some("张伟".into()),
        budget: "1250000.50".parse().ok(),
        channel_source: Some(ChannelSource::ColdVisit),
        consent: Some(true),
        notes: "想看三居".into(),
        ..Default::default()
    };
    facts.phones.insert("13312343333".parse().unwrap(), "本人".into());
    NewRecord { header: header(Kind::Lead), facts }
}

fn at(n: i64) -> UnixMillis {
    UnixMillis(1_760_000_000_000 + n)
}

#[test]
fn a_record_reads_back_as_it_was_made() {
    let new = lead();
    let (mut document, change) = Document::create(actor(1), &new).unwrap();
    let view = document.view::<LeadFacts>().unwrap();
    assert_eq!(view.facts, new.facts);
    assert_eq!(view.header, new.header);
    assert!(view.conflicts.is_empty() && view.unknown.is_empty());
    assert_eq!(view.heads, vec![change.hash]);
    let mut loaded = Document::load([change.bytes.as_slice()]).unwrap();
    assert_eq!(loaded.view::<LeadFacts>().unwrap(), view);
    let mut saved = Document::load_bytes(&loaded.save()).unwrap();
    assert_eq!(saved.view::<LeadFacts>().unwrap(), view);
    assert_eq!(loaded.view::<VisitFacts>(), Err(DocumentError::OtherKind(Kind::Lead)));
}

#[test]
fn follow_ups_of_the_same_form_are_part_of_the_first_change() {
    let entry = |n: u8, text: &str| FollowUp {
        id: EntryId([n; 8]),
        at: at(0),
        text: text.to_owned(),
        by_means_of: Some("phone".to_owned()),
        next_on: None,
    };
    let follow_ups = [entry(1, "电话"), entry(2, "微信")];
    let (_, change) = Document::create_with(actor(1), &lead(), &follow_ups).unwrap();
    let view = Document::load([change.bytes.as_slice()]).unwrap().view::<LeadFacts>().unwrap();
    assert_eq!(view.follow_ups.iter().map(|signed| signed.entry.clone()).collect::<Vec<_>>(), follow_ups);
    assert!(view.follow_ups.iter().all(|signed| signed.author == actor(1)));
    let too_long = entry(3, &"长".repeat(MAX_TEXT_BYTES));
    assert!(Document::create_with(actor(1), &lead(), &[too_long]).is_err());
}

#[test]
fn the_first_change_is_the_same_whenever_it_is_made() {
    let hashes: Vec<_> = (0..20).map(|_| Document::create(actor(1), &lead()).unwrap().1.hash).collect();
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn concurrent_values_are_all_listed_until_somebody_decides() {
    let (mut mine, first) = Document::create(actor(1), &lead()).unwrap();
    let mut theirs = Document::load([first.bytes.as_slice()]).unwrap();
    let budget = |yuan: &str| [LeadEdit::Budget(yuan.parse().ok())];
    let a = mine.edit::<LeadFacts>(actor(1), at(1), &budget("900000")).unwrap().unwrap();
    let b = theirs.edit::<LeadFacts>(actor(2), at(2), &budget("1100000")).unwrap().unwrap();
    mine.apply([b.bytes.as_slice()]).unwrap();
    theirs.apply([a.bytes.as_slice()]).unwrap();
    let view = mine.view::<LeadFacts>().unwrap();
    assert_eq!(view, theirs.view::<LeadFacts>().unwrap());
    let [conflict] = view.conflicts.as_slice() else { panic!("{:?}", view.conflicts) };
    assert_eq!((conflict.zone, conflict.field.as_str()), (Zone::Facts, "budget"));
    let mut seen: Vec<_> = conflict.values.iter().map(|v| (v.value.clone(), v.author, v.at, v.change)).collect();
    seen.sort_by_key(|value| value.1);
    assert_eq!(
        seen,
        vec![
            (Some(Scalar::Text("900000".into())), actor(1), at(1), a.hash),
            (Some(Scalar::Text("1100000".into())), actor(2), at(2), b.hash),
        ]
    );
    let shown = conflict.values.last().unwrap();
    assert!(shown.shown);
    assert_eq!(shown.value, view.facts.budget.map(|yuan| Scalar::Text(yuan.to_string())));
    // Writing the shown value again settles it, although nothing reads differently.
    let same = [LeadEdit::Budget(view.facts.budget)];
    mine.edit::<LeadFacts>(actor(1), at(3), &same).unwrap().unwrap();
    assert!(mine.view::<LeadFacts>().unwrap().conflicts.is_empty());
}

#[test]
fn notes_merge_by_character_and_lists_by_union() {
    let (mut mine, first) = Document::create(actor(1), &lead()).unwrap();
    let mut theirs = Document::load([first.bytes.as_slice()]).unwrap();
    let a = mine.edit::<LeadFacts>(actor(1), at(1), &[LeadEdit::Notes("周末想看三居".into())]).unwrap().unwrap();
    let b = theirs.edit::<LeadFacts>(actor(2), at(1), &[LeadEdit::Notes("想看三居,预算有限".into())]).unwrap().unwrap();
    let entry = |n: u8| FollowUp {
        id: EntryId([n; 8]),
        at: at(2),
        text: format!("call {n}"),
        by_means_of: None,
        next_on: None,
    };
    let c = mine.append(actor(1), at(2), &entry(1)).unwrap().unwrap();
    let d = theirs.append(actor(2), at(2), &entry(2)).unwrap().unwrap();
    mine.apply([b.bytes.as_slice(), d.bytes.as_slice()]).unwrap();
    theirs.apply([a.bytes.as_slice(), c.bytes.as_slice()]).unwrap();
    let view = mine.view::<LeadFacts>().unwrap();
    assert_eq!(view, theirs.view::<LeadFacts>().unwrap());
    assert_eq!(view.facts.notes, "周末想看三居,预算有限");
    let mut texts: Vec<_> = view.follow_ups.iter().map(|signed| (signed.author, signed.entry.text.clone())).collect();
    texts.sort();
    assert_eq!(texts, vec![(actor(1), "call 1".into()), (actor(2), "call 2".into())]);
}

#[test]
fn an_entry_that_was_written_again_stands_once() {
    let (mut document, _) = Document::create(actor(1), &lead()).unwrap();
    let entry =
        StageEntry { id: EntryId([3; 8]), at: at(1), stage: Stage::Arrived, reason: None, amount: None, unit: None };
    document.append(actor(1), at(1), &entry).unwrap();
    document.append(actor(9), at(2), &entry).unwrap();
    let view = document.view::<LeadFacts>().unwrap();
    assert_eq!(view.stages.len(), 1);
    assert_eq!(view.stage, Some(Stage::Arrived));
}

#[test]
fn saving_a_form_without_a_difference_makes_no_change() {
    let (mut document, _) = Document::create(actor(1), &lead()).unwrap();
    let edits = [LeadEdit::Name(Some("张伟".into())), LeadEdit::Gender(None), LeadEdit::Notes("想看三居".into())];
    assert_eq!(document.edit::<LeadFacts>(actor(1), at(1), &edits).unwrap(), None);
}

#[test]
fn a_bad_edit_changes_nothing_at_all() {
    let (mut document, _) = Document::create(actor(1), &lead()).unwrap();
    let before = document.view::<LeadFacts>().unwrap();
    let edits = [LeadEdit::Name(Some("李".into())), LeadEdit::Notes("x".repeat(20_000))];
    assert!(matches!(document.edit::<LeadFacts>(actor(1), at(1), &edits), Err(EditError::Field(_))));
    assert_eq!(document.view::<LeadFacts>().unwrap(), before);
    assert!(matches!(
        document.edit::<VisitFacts>(actor(1), at(1), &[VisitEdit::Purpose(None)]),
        Err(EditError::Document(DocumentError::OtherKind(Kind::Lead)))
    ));
}

#[test]
fn fields_of_newer_apps_survive_and_are_shown_as_unknown() {
    use automerge::transaction::Transactable as _;
    let (mut document, _) = Document::create(actor(1), &lead()).unwrap();
    let facts = document.zone(Zone::Facts).clone();
    document.doc.put(&facts, "zodiac", "dragon").unwrap();
    document.doc.put(&facts, "budget", true).unwrap();
    let mut again = Document::load_bytes(&document.save()).unwrap();
    again.edit::<LeadFacts>(actor(2), at(5), &[LeadEdit::Name(Some("王".into()))]).unwrap();
    let view = again.view::<LeadFacts>().unwrap();
    assert_eq!(view.unknown.get("facts/zodiac"), Some(&Scalar::Text("dragon".into())));
    assert_eq!(view.unknown.get("facts/budget"), Some(&Scalar::Bool(true)));
    assert_eq!(view.facts.budget, None);
}

#[test]
fn the_verdict_is_written_and_replaced() {
    let (mut document, _) = Document::create(actor(1), &lead()).unwrap();
    let verdict = |state, reason: Option<&str>| Review {
        state,
        reason: reason.map(str::to_owned),
        by: Some(PersonId::from([8; 16])),
        at: Some(at(9)),
    };
    document.review(actor(5), &verdict(ReviewState::Returned, Some("no budget"))).unwrap().unwrap();
    document.review(actor(5), &verdict(ReviewState::Approved, None)).unwrap().unwrap();
    assert_eq!(document.view::<LeadFacts>().unwrap().review, verdict(ReviewState::Approved, None));
}

#[test]
fn the_history_names_every_field_and_author() {
    let (mut document, first) = Document::create(actor(1), &lead()).unwrap();
    let edits = [LeadEdit::Name(Some("李".into())), LeadEdit::Notes("想看四居".into()), LeadEdit::Budget(None)];
    let second = document.edit::<LeadFacts>(actor(2), at(3), &edits).unwrap().unwrap();
    let lines = history([first.bytes.as_slice(), second.bytes.as_slice()]);
    let of = |hash, field: &str| {
        lines.iter().find(|line| line.change == hash && line.field == field).map(|line| (line.author, line.act.clone()))
    };
    assert_eq!(of(first.hash, "name"), Some((actor(1), Act::Set { value: Scalar::Text("张伟".into()) })));
    assert_eq!(of(first.hash, "phones/+8613312343333").map(|line| line.0), Some(actor(1)));
    assert_eq!(of(second.hash, "name"), Some((actor(2), Act::Set { value: Scalar::Text("李".into()) })));
    assert_eq!(of(second.hash, "budget"), Some((actor(2), Act::Cleared)));
    assert_eq!(of(second.hash, "notes"), Some((actor(2), Act::Typed { inserted: "四".into(), deleted: 1 })));
    assert!(lines.iter().all(|line| line.zone != Zone::Header));
}

#[derive(Clone, Debug)]
enum Step {
    Edit { phone: usize, yuan: u32 },
    Note { phone: usize, text: String },
    FollowUp { phone: usize },
    Exchange { from: usize, to: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let phone = 0usize..3;
    let step = prop_oneof![
        (phone.clone(), 0u32..5).prop_map(|(phone, yuan)| Step::Edit { phone, yuan }),
        (phone.clone(), "[a-c张]{0,6}").prop_map(|(phone, text)| Step::Note { phone, text }),
        phone.clone().prop_map(|phone| Step::FollowUp { phone }),
        (phone.clone(), phone).prop_map(|(from, to)| Step::Exchange { from, to }),
    ];
    proptest::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Three phones that edit and exchange in any order read the same in the end, and nothing appended is lost.
    #[test]
    fn any_order_of_delivery_converges(steps in steps()) {
        let (document, first) = Document::create(actor(1), &lead()).unwrap();
        let copy = Document::load([first.bytes.as_slice()]).unwrap();
        let mut phones = [document, copy.clone(), copy];
        let mut appended = 0;
        for (time, step) in (1i64..).zip(steps) {
            match step {
                Step::Edit { phone, yuan } => {
                    let actor = actor(phone as u8 + 1);
                    phones[phone].edit::<LeadFacts>(actor, at(time), &[LeadEdit::Budget(Some(yuan.into()))]).unwrap();
                }
                Step::Note { phone, text } => {
                    let actor = actor(phone as u8 + 1);
                    phones[phone].edit::<LeadFacts>(actor, at(time), &[LeadEdit::Notes(text)]).unwrap();
                }
                Step::FollowUp { phone } => {
                    let id = EntryId(time.to_be_bytes());
                    let entry = FollowUp { id, at: at(time), text: "t".into(), by_means_of: None, next_on: None };
                    phones[phone].append(actor(phone as u8 + 1), at(time), &entry).unwrap();
                    appended += 1;
                }
                Step::Exchange { from, to } => deliver(&mut phones, from, to),
            }
        }
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            deliver(&mut phones, from, to);
        }
        let view = phones[0].view::<LeadFacts>().unwrap();
        for phone in &mut phones[1..] {
            prop_assert_eq!(&phone.view::<LeadFacts>().unwrap(), &view);
        }
        prop_assert_eq!(view.follow_ups.len(), appended);
    }
}

fn deliver(phones: &mut [Document], from: usize, to: usize) {
    let changes = phones[from].changes();
    let read_off = view_of_changes(changes.iter().map(|change| change.bytes.as_slice()));
    assert_eq!(read_off, phones[from].any_view());
    if from != to {
        phones[to].apply(changes.iter().map(|change| change.bytes.as_slice())).unwrap();
    }
}
