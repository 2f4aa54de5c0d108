//! Changes that are well-formed and false, of every class that is known to hurt Automerge, and bytes that are worse.
//!
//! The bench throws them at a live server, the fuzz targets at the gate. Each is made from an honest lead and is
//! numbered, so that no two are alike.

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{AutoCommit, Change, ExpandedChange, ObjType, ReadDoc as _};
use sync_core::document::Document;
use sync_core::id::ActorId;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::time::UnixMillis;

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A way to be false.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Class { $($(#[$doc])* $name,)+ }

        impl Class {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

classes! {
    /// A predecessor that never was.
    UnknownPredecessor,
    /// A predecessor of an actor that never wrote.
    PredecessorOfNobody,
    /// A predecessor in another place.
    PredecessorElsewhere,
    /// An object that never was.
    UnknownObject,
    /// A list's key on a map.
    ListKeyOnMap,
    /// A map's key on a text.
    MapKeyOnText,
    /// A character after one that never was.
    UnknownElement,
    /// A deletion of nothing.
    DeleteOfNothing,
    /// An increment of what is no counter.
    Increment,
    /// A container that is made late.
    LateContainer,
    /// A table.
    Table,
    /// A counter.
    Counter,
    /// A mark on a text.
    Mark,
    /// A write beside the record's parts.
    RootWrite,
    /// The list of follow-ups emptied.
    EntryOverwritten,
    /// The head quarters' verdict by a phone.
    ForgedReview,
    /// The header rewritten.
    ForgedHeader,
    /// An actor and number that were used before.
    ReusedSequence,
    /// A gap in the actor's numbers.
    SequenceGap,
    /// An actor of another phone.
    ForeignActor,
    /// Operations numbered too low.
    LowStart,
    /// Operations numbered up to the end of numbers.
    HighStart,
    /// Operations numbered a little too high.
    StartGap,
    /// A message.
    Message,
    /// No operations.
    Empty,
    /// No ancestors.
    NoAncestors,
    /// Ancestors that never come.
    MissingAncestors,
    /// An ancestor twice.
    AncestorTwice,
    /// A time before all times.
    AbsurdTime,
    /// A string beyond the limit of a field.
    LongString,
    /// Hundreds of kilobytes in one change.
    HugeString,
    /// Thousands of honest operations.
    ManyOperations,
    /// Containers in containers.
    DeepNesting,
    /// Ten million operations in 69 bytes.
    OperationBomb,
    /// The columns deflated.
    DeflatedColumns,
    /// A whole document.
    WholeDocument,
    /// A bundle.
    Bundle,
    /// The end is missing.
    Truncated,
    /// One bit is another one.
    FlippedBit,
    /// Nothing at all.
    Nothing,
    /// Noise.
    Garbage,
}

/// What false changes are made from: an honest lead as it was first written, and who may write to it.
#[derive(Clone, Debug)]
pub struct Mould {
    first: Vec<u8>,
    owner: ActorId,
    honest: ExpandedChange,
}

fn opid(counter: u64, actor: &[u8]) -> OpId {
    OpId::new(counter, &automerge::ActorId::from(actor))
}

/// Automerge refuses to make what it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MouldError(pub String);

impl std::fmt::Display for MouldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MouldError {}

fn odd(error: impl std::fmt::Display) -> MouldError {
    MouldError(error.to_string())
}

impl Mould {
    /// From the first change of a lead with notes, which `owner` wrote.
    ///
    /// # Errors
    /// When it is no such change.
    pub fn of(first: &[u8], owner: ActorId) -> Result<Self, MouldError> {
        let mut document = Document::load([first]).map_err(odd)?;
        let edits = [LeadEdit::Name(Some("李".into())), LeadEdit::Notes("想看房".into())];
        let made = document.edit::<LeadFacts>(owner, UnixMillis(5), &edits).map_err(odd)?;
        let made = made.ok_or_else(|| odd("the edit changes nothing"))?;
        let honest = Change::try_from(made.bytes.as_slice()).map_err(odd)?.decode();
        Ok(Self { first: first.to_vec(), owner, honest })
    }

    /// The lead's first change.
    pub fn first(&self) -> &[u8] {
        &self.first
    }

    /// An honest edit of the lead.
    pub fn honest(&self) -> ExpandedChange {
        self.honest.clone()
    }

    /// The contents of a false change as they stand in a push: those of the chunk without its header. `number` makes
    /// it another one than the last.
    ///
    /// # Errors
    /// When Automerge refuses to make it.
    pub fn cast(&self, class: Class, number: u64) -> Result<Vec<u8>, MouldError> {
        Ok(match class {
            Class::Mark | Class::Table | Class::Counter | Class::RootWrite => self.rogue(class, number)?,
            Class::EntryOverwritten | Class::ForgedReview | Class::ForgedHeader => self.rogue(class, number)?,
            Class::OperationBomb => bomb(&self.owner, number),
            Class::WholeDocument | Class::DeflatedColumns | Class::Bundle => self.container(class, number)?,
            Class::Nothing => number.to_be_bytes()[..usize::from(!number.is_multiple_of(3))].to_vec(),
            Class::Garbage => noise(number, 20 + number as usize % 400),
            Class::Truncated => {
                let mut bytes = contents(self.edit(|_| (), number)?);
                bytes.truncate(bytes.len() * (number as usize % 97) / 100);
                bytes
            }
            Class::FlippedBit => {
                let mut bytes = contents(self.edit(|_| (), number)?);
                let bit = (number as usize * 7_919) % (bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            }
            _ => contents(self.edit(|change| bend(class, change, number), number)?),
        })
    }

    /// The honest edit, bent and encoded again.
    fn edit(&self, bend: impl FnOnce(&mut ExpandedChange), number: u64) -> Result<Vec<u8>, MouldError> {
        let mut change = self.honest();
        change.time = 1_000 + number.cast_signed();
        bend(&mut change);
        Ok(Change::from(change).raw_bytes().to_vec())
    }

    /// A change that Automerge itself makes when it is told nonsense.
    fn rogue(&self, class: Class, number: u64) -> Result<Vec<u8>, MouldError> {
        let actor = automerge::ActorId::from(self.owner.0);
        let mut doc = AutoCommit::load(&self.first).map_err(odd)?.with_actor(actor);
        let part = |doc: &AutoCommit, key: &str| match doc.get(automerge::ROOT, key) {
            Ok(Some((_, id))) => Ok(id),
            _ => Err(odd(format!("the lead has no {key}"))),
        };
        let facts = part(&doc, "facts")?;
        match class {
            Class::Mark => {
                let notes = doc.get(&facts, "notes").map_err(odd)?.ok_or_else(|| odd("no notes"))?.1;
                let mark = Mark::new("bold".to_owned(), true, 0, 1);
                doc.mark(&notes, mark, ExpandMark::Both).map_err(odd)?;
            }
            Class::Table => drop(doc.put_object(&facts, "table", ObjType::Table).map_err(odd)?),
            Class::Counter => doc.put(&facts, "name", automerge::ScalarValue::counter(1)).map_err(odd)?,
            Class::EntryOverwritten => {
                drop(doc.put_object(automerge::ROOT, "follow_ups", ObjType::List).map_err(odd)?);
            }
            Class::ForgedReview => doc.put(part(&doc, "review")?, "state", "approved").map_err(odd)?,
            Class::ForgedHeader => doc.put(part(&doc, "header")?, "owner", "me").map_err(odd)?,
            _ => doc.put(automerge::ROOT, "beside", 1).map_err(odd)?,
        }
        doc.commit_with(CommitOptions::default().with_time(1_000 + number.cast_signed()));
        let made = doc.get_last_local_change().ok_or_else(|| odd("Automerge made nothing"))?;
        Ok(contents(made.raw_bytes().to_vec()))
    }

    /// Something of Automerge's that is no plain change, put where the contents of one should be.
    fn container(&self, class: Class, number: u64) -> Result<Vec<u8>, MouldError> {
        let mut doc = AutoCommit::load(&self.first).map_err(odd)?;
        doc.put(automerge::ROOT, "filler", format!("{number}").repeat(400)).map_err(odd)?;
        doc.commit();
        Ok(match class {
            Class::WholeDocument => doc.save(),
            Class::DeflatedColumns => {
                let mut made = doc.get_last_local_change().ok_or_else(|| odd("Automerge made nothing"))?;
                contents(made.bytes().to_vec())
            }
            _ => {
                let mut bytes = doc.save();
                // The type of the chunk: a bundle, whose columns ask for gigabytes.
                bytes[8] = 3;
                bytes.extend_from_slice(&[0xff; 9]);
                bytes
            }
        })
    }
}

/// Falsifies an honest change.
fn bend(class: Class, change: &mut ExpandedChange, number: u64) {
    let (own, low) = (change.actor_id.clone(), 40_000 + number % 1_000);
    let counter = |ops: &[Op]| ops.len() as u64;
    let text = change.operations.iter().position(|op| op.insert).unwrap_or(0);
    let ops = &mut change.operations;
    match class {
        Class::UnknownPredecessor => ops[0].pred = vec![opid(low, own.to_bytes())].into(),
        Class::PredecessorOfNobody => ops[0].pred = vec![opid(3, &[9; 16])].into(),
        Class::PredecessorElsewhere => ops[0].pred = vec![opid(1 + number % 4, own.to_bytes())].into(),
        Class::UnknownObject => ops[0].obj = ObjectId::Id(opid(low, own.to_bytes())),
        Class::ListKeyOnMap => ops[0].key = Key::Seq(ElementId::Head),
        Class::MapKeyOnText => ops[text].key = Key::Map("k".into()),
        Class::UnknownElement => ops[text].key = Key::Seq(ElementId::Id(opid(low, own.to_bytes()))),
        Class::DeleteOfNothing => (ops[0].action, ops[0].pred) = (OpType::Delete, vec![].into()),
        Class::Increment => ops[0].action = OpType::Increment(number.cast_signed()),
        Class::LateContainer => ops[0].action = OpType::Make(ObjType::Map),
        Class::ReusedSequence => change.seq = 1,
        Class::SequenceGap => change.seq += 1 + number % 1_000,
        Class::ForeignActor => change.actor_id = automerge::ActorId::from([4; 16]),
        Class::LowStart => set_start(change, 2),
        Class::HighStart => set_start(change, u64::from(u32::MAX) - number % 3),
        Class::StartGap => {
            let start = change.start_op.get();
            set_start(change, start + 1 + number % 5);
        }
        Class::Message => change.message = Some(format!("{number}")),
        Class::Empty => ops.clear(),
        Class::NoAncestors => change.deps.clear(),
        Class::MissingAncestors => change.deps = vec![automerge::ChangeHash(seeded(number))],
        Class::AncestorTwice => change.deps = vec![change.deps[0]; 2],
        Class::AbsurdTime => change.time = i64::MIN + number.cast_signed(),
        Class::LongString => ops[0].action = OpType::Put("长".repeat(20_000).as_str().into()),
        Class::HugeString => ops[0].action = OpType::Put("x".repeat(300_000).as_str().into()),
        Class::ManyOperations => {
            let insert = ops[text].clone();
            let start = change.start_op.get();
            for _ in 0..4_000 {
                let last = start + counter(ops) - 1;
                let key = Key::Seq(ElementId::Id(opid(last, own.to_bytes())));
                ops.push(Op { key, pred: vec![].into(), insert: true, ..insert.clone() });
            }
            // Where the last character stands is not where the first of these says.
            ops[0].pred = vec![opid(low, own.to_bytes())].into();
        }
        Class::DeepNesting => {
            let mut parent = ops[0].obj.clone();
            for _ in 0..2_000 {
                let id = change.start_op.get() + counter(ops);
                let (action, key) = (OpType::Make(ObjType::Map), Key::Map("deeper".into()));
                ops.push(Op { action, obj: parent, key, pred: vec![].into(), insert: false });
                parent = ObjectId::Id(opid(id, own.to_bytes()));
            }
        }
        _ => {}
    }
}

fn set_start(change: &mut ExpandedChange, start: u64) {
    if let Ok(start) = start.try_into() {
        change.start_op = start;
    }
}

/// The contents of a chunk, without its header.
pub fn contents(chunk: Vec<u8>) -> Vec<u8> {
    // Magic, checksum, type; then the length in groups of seven bits.
    let length = chunk.iter().skip(9).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    chunk.get(9 + length..).unwrap_or_default().to_vec()
}

/// A change whose action column claims ten million operations.
fn bomb(actor: &ActorId, number: u64) -> Vec<u8> {
    let mut bytes = vec![0, 16];
    bytes.extend_from_slice(&actor.0);
    // seq 1, first operation 1, a time, no message, no other actors
    bytes.extend_from_slice(&[1, 1]);
    let mut time = number % (1 << 20);
    loop {
        let last = time < 0x40;
        bytes.push((time & 0x7f) as u8 | if last { 0 } else { 0x80 });
        time >>= 7;
        if last {
            break;
        }
    }
    bytes.extend_from_slice(&[0, 0]);
    // Columns: key string and action, each a run of ten million.
    let run = [0x80, 0xad, 0xe2, 0x04];
    bytes.extend_from_slice(&[2, 0x15, 6, 0x42, 5]);
    bytes.extend_from_slice(&run);
    bytes.extend_from_slice(&[1, b'k']);
    bytes.extend_from_slice(&run);
    bytes.push(1);
    bytes
}

/// Bytes that follow from a number.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn seeded(number: u64) -> [u8; 32] {
    let mut bytes = [0xee; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}
