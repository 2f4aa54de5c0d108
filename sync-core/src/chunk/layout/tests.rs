use automerge::transaction::{CommitOptions, Transactable};
use automerge::{AutoCommit, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use proptest::prelude::*;

use super::super::{Held, read_off};
use super::*;

/// Somebody does something; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Put {
        map: bool,
        name: u8,
        value: u8,
    },
    Forget {
        map: bool,
        name: u8,
    },
    Append {
        value: u8,
    },
    InsertInList {
        at: u8,
        value: u8,
    },
    OverwriteInList {
        at: u8,
        value: u8,
    },
    RemoveFromList {
        at: u8,
    },
    Type {
        at: u8,
        remove: u8,
        text: &'static str,
    },
    OverwriteCharacter {
        at: u8,
        with: char,
    },
    /// What comes next is a change of its own, by one of three.
    Commit {
        next: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let text = prop::sample::select(vec!["", "a", "想看样板房", "two words", "🏠"]);
    prop_oneof![
        (any::<bool>(), 0u8..6, any::<u8>()).prop_map(|(map, name, value)| Step::Put { map, name, value }),
        (any::<bool>(), 0u8..6).prop_map(|(map, name)| Step::Forget { map, name }),
        any::<u8>().prop_map(|value| Step::Append { value }),
        (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::InsertInList { at, value }),
        (any::<u8>(), any::<u8>()).prop_map(|(at, value)| Step::OverwriteInList { at, value }),
        any::<u8>().prop_map(|at| Step::RemoveFromList { at }),
        (any::<u8>(), 0u8..4, text).prop_map(|(at, remove, text)| Step::Type { at, remove, text }),
        (any::<u8>(), prop::sample::select(vec!['x', '好']))
            .prop_map(|(at, with)| Step::OverwriteCharacter { at, with }),
        (0u8..3).prop_map(|next| Step::Commit { next }),
    ]
}

fn value(kind: u8) -> ScalarValue {
    match kind % 9 {
        0 => ScalarValue::Null,
        1 => true.into(),
        2 => false.into(),
        3 => ScalarValue::Uint(u64::from(kind) << 20),
        4 => ScalarValue::Int(-i64::from(kind) * 1_000_003),
        5 => ScalarValue::F64(f64::from(kind) / 7.0),
        6 => "文字 text".into(),
        7 => ScalarValue::Bytes(vec![kind; usize::from(kind % 5)]),
        _ => ScalarValue::Timestamp(1_760_000_000_000 + i64::from(kind)),
    }
}

/// A document in the making.
struct Desk {
    doc: AutoCommit,
    map: ObjId,
    list: ObjId,
    text: ObjId,
    /// Who writes at it, in turns.
    writers: [u8; 3],
    commits: i64,
}

impl Desk {
    fn new() -> Self {
        let writers = [0x80, 0x10, 0xf0];
        let mut doc = AutoCommit::new().with_actor([writers[0]; 16].as_slice().into());
        let list = doc.put_object(ROOT, "list", ObjType::List).unwrap();
        let map = doc.put_object(ROOT, "map", ObjType::Map).unwrap();
        let text = doc.put_object(&map, "text", ObjType::Text).unwrap();
        Self { doc, map, list, text, writers, commits: 0 }
    }

    /// Somebody else's copy.
    fn fork(&mut self) -> Self {
        let writers = [0x33, 0x90, 0x05];
        let doc = self.doc.fork().with_actor([writers[0]; 16].as_slice().into());
        let [map, list, text] = [&self.map, &self.list, &self.text].map(ObjId::clone);
        Self { doc, map, list, text, writers, commits: self.commits }
    }

    fn commit(&mut self, next: u8) {
        // Times go back and forth, as clocks do.
        self.commits += 1;
        let time = 1_760_000_000_000 + self.commits % 3 * 86_400_000 - self.commits;
        self.doc.commit_with(CommitOptions::default().with_time(time));
        let writer = self.writers[usize::from(next) % self.writers.len()];
        self.doc.set_actor([writer; 16].as_slice().into());
    }

    fn run(&mut self, step: &Step) {
        let within = |at: u8, length: usize| usize::from(at) % (length + 1);
        match *step {
            Step::Put { map, name, value: kind } => {
                let object = if map { self.map.clone() } else { ROOT };
                self.doc.put(&object, format!("field{name}"), value(kind)).unwrap();
            }
            Step::Forget { map, name } => {
                let object = if map { self.map.clone() } else { ROOT };
                // What is not there can't be forgotten.
                let _ = self.doc.delete(&object, format!("field{name}"));
            }
            Step::Append { value: kind } => {
                self.doc.insert(&self.list, self.doc.length(&self.list), value(kind)).unwrap();
            }
            Step::InsertInList { at, value: kind } => {
                let at = within(at, self.doc.length(&self.list));
                self.doc.insert(&self.list, at, value(kind)).unwrap();
            }
            Step::OverwriteInList { at, value: kind } => {
                let length = self.doc.length(&self.list);
                if length > 0 {
                    self.doc.put(&self.list, usize::from(at) % length, value(kind)).unwrap();
                }
            }
            Step::RemoveFromList { at } => {
                let length = self.doc.length(&self.list);
                if length > 0 {
                    self.doc.delete(&self.list, usize::from(at) % length).unwrap();
                }
            }
            Step::Type { at, remove, text } => {
                let length = self.doc.length(&self.text);
                let at = within(at, length);
                let remove = usize::from(remove).min(length - at);
                self.doc.splice_text(&self.text, at, isize::try_from(remove).unwrap(), text).unwrap();
            }
            Step::OverwriteCharacter { at, with } => {
                let length = self.doc.length(&self.text);
                if length > 0 {
                    self.doc.put(&self.text, usize::from(at) % length, with.to_string()).unwrap();
                }
            }
            Step::Commit { next } => self.commit(next),
        }
    }

    fn raws(&mut self) -> Vec<Vec<u8>> {
        self.commit(0);
        self.doc.get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect()
    }
}

fn read(raws: &[Vec<u8>]) -> Vec<Change<'_>> {
    raws.iter().map(|raw| Change::read(raw, 100_000).unwrap()).collect()
}

fn lay(raws: &[Vec<u8>]) -> Option<Vec<u8>> {
    lay_out(&read(raws).iter().collect::<Vec<_>>())
}

/// What stands somewhere, as both say it.
#[derive(Debug, PartialEq)]
enum Shown {
    Value(String),
    Map(Vec<(String, Self)>),
    List(Vec<(Vec<u8>, Self)>),
    Text(String),
}

fn said(value: &crate::record::scalar::Scalar) -> Shown {
    Shown::Value(format!("{value:?}"))
}

fn shown_by_us(held: &Held<'_>) -> Shown {
    match held {
        Held::Value(value) => said(&value.read()),
        Held::Map(map) => Shown::Map(map.iter().map(|(name, held)| ((*name).to_owned(), shown_by_us(held))).collect()),
        Held::List(list) => Shown::List(list.iter().map(|(who, held)| (who.0.to_vec(), shown_by_us(held))).collect()),
        Held::Text(text) => Shown::Text(text.clone()),
    }
}

fn shown_by_automerge(doc: &AutoCommit, object: &ObjId, kind: ObjType) -> Shown {
    let shown = |value: &automerge::ValueRef<'_>, id: ObjId| match value {
        automerge::ValueRef::Scalar(value) => said(&value.into()),
        automerge::ValueRef::Object(kind) => shown_by_automerge(doc, &id, *kind),
    };
    let writer = |id: &ObjId| match id {
        ObjId::Id(_, actor, _) => actor.to_bytes().to_vec(),
        ObjId::Root => Vec::new(),
    };
    match kind {
        ObjType::Map | ObjType::Table => {
            let entries = doc.map_range(object, ..);
            Shown::Map(entries.map(|item| (item.key.to_string(), shown(&item.value, item.id()))).collect())
        }
        ObjType::List => {
            let elements = doc.list_range(object, ..);
            Shown::List(elements.map(|item| (writer(&item.id()), shown(&item.value, item.id()))).collect())
        }
        ObjType::Text => Shown::Text(doc.text(object).unwrap()),
    }
}

proptest! {
    #[test]
    fn what_is_read_off_a_straight_line_is_what_automerge_shows(steps in prop::collection::vec(step(), 0..60)) {
        let mut desk = Desk::new();
        steps.iter().for_each(|step| desk.run(step));
        let raws = desk.raws();
        let taken = read(&raws);
        let held = read_off(&taken.iter().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(shown_by_us(&held), shown_by_automerge(&desk.doc, &ROOT, ObjType::Map));
    }

    #[test]
    fn nothing_is_read_off_where_two_have_written_at_once(
        (before, there) in (prop::collection::vec(step(), 0..20), prop::collection::vec(step(), 0..20))
    ) {
        let mut desk = Desk::new();
        before.iter().for_each(|step| desk.run(step));
        desk.commit(1);
        let mut other = desk.fork();
        for desk in [&mut desk, &mut other] {
            desk.doc.put(ROOT, "field1", 7).unwrap();
            there.iter().for_each(|step| desk.run(step));
            desk.commit(2);
        }
        desk.doc.merge(&mut other.doc).unwrap();
        let raws = desk.raws();
        let taken = read(&raws);
        prop_assert_eq!(read_off(&taken.iter().collect::<Vec<_>>()), None);
    }

    #[test]
    fn a_straight_line_becomes_the_document_that_automerge_makes(steps in prop::collection::vec(step(), 0..60)) {
        let mut desk = Desk::new();
        steps.iter().for_each(|step| desk.run(step));
        let raws = desk.raws();
        let mut applied = AutoCommit::load(&raws.concat()).unwrap();
        let laid = lay(&raws).unwrap();
        prop_assert_eq!(&laid, &applied.save_nocompress());
        prop_assert_eq!(AutoCommit::load(&laid).unwrap().text(&desk.text).unwrap(), desk.doc.text(&desk.text).unwrap());
    }

    #[test]
    fn taken_apart_a_change_says_what_automerge_reads_in_it(
        (before, here, there) in (prop::collection::vec(step(), 0..20), prop::collection::vec(step(), 0..20), prop::collection::vec(step(), 0..20))
    ) {
        let mut desk = Desk::new();
        before.iter().for_each(|step| desk.run(step));
        desk.commit(1);
        let mut other = desk.fork();
        here.iter().for_each(|step| desk.run(step));
        desk.commit(2);
        there.iter().for_each(|step| other.run(step));
        other.doc.commit();
        desk.doc.merge(&mut other.doc).unwrap();
        // Everything that is overwritten now has what both wrote as its predecessors.
        here.iter().for_each(|step| desk.run(step));
        desk.commit(0);
        for theirs in desk.doc.get_changes(&[]) {
            let ours = Change::read(theirs.raw_bytes(), 100_000).unwrap();
            let expanded = theirs.decode();
            prop_assert_eq!(ours.hash(), theirs.hash().into());
            prop_assert_eq!(ours.ops.len(), expanded.operations.len());
            for (our, their) in ours.ops.iter().zip(&expanded.operations) {
                assert_same(&ours, our, their);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(steps in prop::collection::vec(step(), 0..20), which: u8, at in 0usize..2_000, with: u8) {
        let mut desk = Desk::new();
        steps.iter().for_each(|step| desk.run(step));
        let mut raws = desk.raws();
        let which = usize::from(which) % raws.len();
        let raw = &mut raws[which];
        let at = 8 + at % (raw.len() - 8);
        raw[at] ^= with;
        // With its checksum mended it is a well-formed chunk.
        if let Some(body) = super::super::contents(raw).ok().map(<[u8]>::to_vec) {
            *raw = super::super::chunk_of(super::super::TYPE_CHANGE, &body).1;
        }
        let taken: Vec<Change<'_>> = raws.iter().filter_map(|raw| Change::read(raw, 1_000).ok()).collect();
        let taken: Vec<&Change<'_>> = taken.iter().collect();
        let _ = lay_out(&taken);
        let _ = read_off(&taken);
    }
}

/// Compares by what Automerge prints: its own types can't be made from ours.
fn assert_same(change: &Change<'_>, ours: &Op<'_>, theirs: &automerge::legacy::Op) {
    use automerge::legacy::{ElementId, Key as TheirKey, ObjectId, OpType};

    let same = |id: OpId, theirs: &automerge::legacy::OpId| {
        assert_eq!(id.counter, theirs.counter());
        assert_eq!(change.actors[id.actor as usize].0, theirs.actor().to_bytes());
    };
    match (ours.object, &theirs.obj) {
        (None, ObjectId::Root) => {}
        (Some(ours), ObjectId::Id(theirs)) => same(ours, theirs),
        other => panic!("{other:?}"),
    }
    match (ours.key, &theirs.key) {
        (Key::Name(ours), TheirKey::Map(theirs)) => assert_eq!(ours, theirs.as_str()),
        (Key::Head, TheirKey::Seq(ElementId::Head)) => {}
        (Key::Element(ours), TheirKey::Seq(ElementId::Id(theirs))) => same(ours, theirs),
        other => panic!("{other:?}"),
    }
    assert_eq!(ours.insert, theirs.insert);
    let preds: Vec<_> = theirs.pred.iter().collect();
    assert_eq!(change.preds(ours).len(), preds.len());
    change.preds(ours).iter().zip(preds).for_each(|(ours, theirs)| same(*ours, theirs));
    match (ours.action, &theirs.action) {
        (Action::Make(Container::Map), OpType::Make(ObjType::Map))
        | (Action::Make(Container::List), OpType::Make(ObjType::List))
        | (Action::Make(Container::Text), OpType::Make(ObjType::Text))
        | (Action::Delete, OpType::Delete) => {}
        (Action::Put, OpType::Put(value)) => match value {
            ScalarValue::Str(text) => assert_eq!(ours.value.bytes, text.as_bytes()),
            ScalarValue::Bytes(bytes) => assert_eq!(ours.value.bytes, bytes),
            ScalarValue::F64(number) => assert_eq!(ours.value.bytes, number.to_le_bytes()),
            ScalarValue::Null | ScalarValue::Boolean(_) => assert!(ours.value.bytes.is_empty()),
            _ => assert_eq!(ours.value.scalar(), crate::chunk::Scalar::Number),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_two_wrote_without_knowing_of_each_other_is_left_to_automerge() {
    let mut desk = Desk::new();
    desk.commit(1);
    let mut other = desk.doc.fork().with_actor([0x33; 16].as_slice().into());
    desk.doc.put(ROOT, "field", 1).unwrap();
    desk.commit(0);
    other.put(ROOT, "field", 2).unwrap();
    other.commit();
    desk.doc.merge(&mut other).unwrap();
    assert_eq!(lay(&desk.raws()), None);
}

#[test]
fn a_line_without_its_beginning_or_middle_is_left_to_automerge() {
    let mut desk = Desk::new();
    for at in 0..3 {
        desk.commit(0);
        desk.doc.put(ROOT, "field", at).unwrap();
    }
    let raws = desk.raws();
    assert_eq!(raws.len(), 4);
    assert!(lay(&raws).is_some());
    assert_eq!(lay(&raws[1..]), None);
    assert_eq!(lay(&[raws[0].clone(), raws[2].clone()]), None);
    assert_eq!(lay(&[]), None);
}

#[test]
fn a_few_bytes_that_claim_millions_of_predecessors_are_not_unpacked() {
    let mut desk = Desk::new();
    desk.doc.put(ROOT, "field", 1).unwrap();
    desk.commit(0);
    desk.doc.put(ROOT, "field", 2).unwrap();
    let raw = desk.raws().pop().unwrap();
    let body = super::super::contents(&raw).unwrap();
    // The last three columns say of the only operation how many predecessors it has (1), whose (0) and which (4).
    let lengths = [0x70, 2, 0x71, 2, 0x73, 2];
    let from = body.windows(lengths.len()).position(|window| window == lengths).expect("columns of predecessors");
    let (before, data) = (&body[..from], &body[from + lengths.len()..body.len() - 6]);
    assert_eq!(body[body.len() - 6..], [0x7f, 1, 0x7f, 0, 0x7f, 4]);
    // Ten million of them: each zero is a difference to the one before.
    let bomb = [
        before,
        &[0x70, 5, 0x71, 5, 0x73, 7],
        data,
        &[0x7f, 0x80, 0xad, 0xe2, 0x04],
        &[0x80, 0xad, 0xe2, 0x04, 0],
        &[0x7f, 4, 0xff, 0xac, 0xe2, 0x04, 0],
    ];
    let (_, raw) = chunk_of(super::super::TYPE_CHANGE, &bomb.concat());
    assert!(matches!(Change::read(&raw, 1), Err(crate::chunk::ChunkError::TooManyOperations)));
}
