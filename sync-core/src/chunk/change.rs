//! What a change says: its operations, read from their columns.

use super::reader::{Booleans, Deltas, Reader, Runs};
use super::{ChangeFrame, ChunkError, contents, read_head};
use crate::id::{ActorId, ChangeHash};
use crate::time::UnixMillis;

/// An operation's number, and its actor as an index into [`Change::actors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpId {
    /// From 1. Later operations have higher ones.
    pub counter: u64,
    /// Who wrote it.
    pub actor: u32,
}

/// Where in its object an operation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// In a map.
    Name(&'a str),
    /// In a list: before everything else.
    Head,
    /// In a list: behind this element when it inserts, otherwise at it.
    Element(OpId),
}

/// What can hold something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Values by their names.
    Map,
    /// Values in an order.
    List,
    /// Characters in an order.
    Text,
    /// Nothing of ours.
    Table,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes a container.
    Make(Container),
    /// Writes a value.
    Put,
    /// Takes away what its predecessors have written.
    Delete,
    /// Adds to a counter.
    Increment,
    /// Begins or ends a mark.
    Mark,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Nothing.
    Null,
    /// True or false.
    Boolean,
    /// A number, whole or not, or a time.
    Number,
    /// A text.
    String,
    /// Bytes.
    Bytes,
    /// A counter.
    Counter,
    /// Of an Automerge that is newer than this one.
    Unknown,
}

/// A value as it stands in the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    /// What it is, in the four low bits, and how many bytes it has.
    pub(super) meta: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

impl Value<'_> {
    /// What it is.
    pub fn scalar(&self) -> Scalar {
        match self.meta & 0b1111 {
            0 => Scalar::Null,
            1 | 2 => Scalar::Boolean,
            3..=5 | 9 => Scalar::Number,
            6 => Scalar::String,
            7 => Scalar::Bytes,
            8 => Scalar::Counter,
            _ => Scalar::Unknown,
        }
    }

    /// Whether it is not a number that is none, or endless.
    pub fn is_finite(&self) -> bool {
        match (self.meta & 0b1111, <[u8; 8]>::try_from(self.bytes)) {
            (5, Ok(bytes)) => f64::from_le_bytes(bytes).is_finite(),
            _ => true,
        }
    }

    /// The value itself, as fields have it.
    pub fn read(&self) -> crate::record::scalar::Scalar {
        use crate::record::scalar::Scalar;
        let unsigned =
            || Reader(self.bytes).unsigned().map_or(i64::MAX, |number| i64::try_from(number).unwrap_or(i64::MAX));
        // Whoever took the change apart has seen that it is well-formed.
        let signed = || Reader(self.bytes).signed().unwrap_or_default();
        match self.meta & 0b1111 {
            0 => Scalar::Null,
            1 => Scalar::Bool(false),
            2 => Scalar::Bool(true),
            3 => Scalar::Int(unsigned()),
            4 | 8 => Scalar::Int(signed()),
            5 => Scalar::Float(<[u8; 8]>::try_from(self.bytes).map_or(f64::NAN, f64::from_le_bytes)),
            6 => Scalar::Text(String::from_utf8_lossy(self.bytes).into_owned()),
            9 => Scalar::Time(UnixMillis(signed())),
            _ => Scalar::Bytes(self.bytes.to_vec()),
        }
    }

    fn is_well_formed(&self) -> bool {
        let mut number = Reader(self.bytes);
        match self.meta & 0b1111 {
            0..=2 => self.bytes.is_empty(),
            3 => number.unsigned().is_ok() && number.is_empty(),
            4 | 8 | 9 => number.signed().is_ok() && number.is_empty(),
            5 => self.bytes.len() == 8,
            6 => str::from_utf8(self.bytes).is_ok(),
            _ => true,
        }
    }
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct Op<'a> {
    /// The object in which it writes; `None` is the root.
    pub object: Option<OpId>,
    /// Where in it.
    pub key: Key<'a>,
    /// Whether it makes a new element of a list.
    pub insert: bool,
    /// What it does.
    pub action: Action,
    /// What it writes; null for everything but [`Action::Put`] and [`Action::Increment`].
    pub value: Value<'a>,
    /// Where its predecessors begin and end in [`Change::preds`].
    preds: (u32, u32),
}

/// A change, taken apart. It borrows everything from its bytes.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Its bytes.
    pub raw: &'a [u8],
    /// What stands before its operations.
    pub frame: ChangeFrame,
    /// Who is spoken of: who wrote it, then the others.
    pub actors: Vec<ActorId>,
    /// Whether it carries something besides operations: a message, or bytes behind its columns.
    pub has_more: bool,
    /// What it does. The first has the number `frame.start_op`, and each the one after the one before it.
    pub ops: Vec<Op<'a>>,
    preds: Vec<OpId>,
}

/// The columns of operations, by their numbers.
mod column {
    pub(super) const OBJECT_ACTOR: u64 = 0x01;
    pub(super) const OBJECT_COUNTER: u64 = 0x02;
    pub(super) const KEY_ACTOR: u64 = 0x11;
    pub(super) const KEY_COUNTER: u64 = 0x13;
    pub(super) const KEY_NAME: u64 = 0x15;
    pub(super) const INSERT: u64 = 0x34;
    pub(super) const VALUE_META: u64 = 0x56;
    pub(super) const VALUE: u64 = 0x57;
    pub(super) const PRED_COUNT: u64 = 0x70;
    pub(super) const PRED_ACTOR: u64 = 0x71;
    pub(super) const PRED_COUNTER: u64 = 0x73;
}

impl<'a> Change<'a> {
    /// Takes a change apart that has at most this many operations.
    ///
    /// # Errors
    /// When it is not a change, or its columns say something that no change can say. That it is the canonical form of
    /// what it says is not held here, nor that what it refers to is there.
    pub fn read(raw: &'a [u8], most_ops: u64) -> Result<Self, ChunkError> {
        let mut reader = Reader(contents(raw)?);
        let head = read_head(raw, &mut reader)?;
        if head.frame.ops > most_ops {
            return Err(ChunkError::TooManyOperations);
        }
        let mut columns = Columns::new(&head.columns)?;
        let has_more = head.has_message || !reader.is_empty();
        let mut actors = Vec::with_capacity(1 + head.others.len());
        actors.push(head.frame.actor);
        actors.extend(head.others);
        let ops = usize::try_from(head.frame.ops).map_err(|_| ChunkError::TooManyOperations)?;
        let mut change =
            Self { raw, frame: head.frame, actors, has_more, ops: Vec::with_capacity(ops), preds: Vec::new() };
        for _ in 0..ops {
            let op = columns.next(change.actors.len(), &mut change.preds, most_ops)?;
            change.ops.push(op);
        }
        if columns.are_over() { Ok(change) } else { Err(ChunkError::Malformed) }
    }

    /// Its name.
    pub fn hash(&self) -> ChangeHash {
        self.frame.hash
    }

    /// What was there where the operation writes, and is not any more.
    pub fn preds(&self, op: &Op<'_>) -> &[OpId] {
        let (from, to) = op.preds;
        self.preds.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The operations, each with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &Op<'a>)> {
        (self.frame.start_op..).zip(&self.ops)
    }

    /// The number of its last operation.
    pub fn max_op(&self) -> u64 {
        self.frame.start_op.saturating_add(self.ops.len() as u64).saturating_sub(1)
    }
}

struct Columns<'a> {
    object_actor: Runs<'a, u64>,
    object_counter: Runs<'a, u64>,
    key_actor: Runs<'a, u64>,
    key_counter: Deltas<'a>,
    key_name: Runs<'a, &'a str>,
    insert: Booleans<'a>,
    action: Runs<'a, u64>,
    value_meta: Runs<'a, u64>,
    value: Reader<'a>,
    pred_count: Runs<'a, u64>,
    pred_actor: Runs<'a, u64>,
    pred_counter: Deltas<'a>,
}

impl<'a> Columns<'a> {
    fn new(columns: &[(u64, &'a [u8])]) -> Result<Self, ChunkError> {
        if !columns.is_sorted_by_key(|(number, _)| number) {
            return Err(ChunkError::Malformed);
        }
        let mut known = 0;
        let mut column = |number: u64| {
            let found = columns.binary_search_by_key(&number, |(number, _)| *number).ok();
            known += usize::from(found.is_some());
            Reader(found.and_then(|at| columns.get(at)).map_or(&[], |(_, data)| data))
        };
        let all = Self {
            object_actor: Runs::new(column(column::OBJECT_ACTOR)),
            object_counter: Runs::new(column(column::OBJECT_COUNTER)),
            key_actor: Runs::new(column(column::KEY_ACTOR)),
            key_counter: Deltas::new(column(column::KEY_COUNTER)),
            key_name: Runs::new(column(column::KEY_NAME)),
            insert: Booleans::new(column(column::INSERT)),
            action: Runs::new(column(super::ACTION_COLUMN)),
            value_meta: Runs::new(column(column::VALUE_META)),
            value: column(column::VALUE),
            pred_count: Runs::new(column(column::PRED_COUNT)),
            pred_actor: Runs::new(column(column::PRED_ACTOR)),
            pred_counter: Deltas::new(column(column::PRED_COUNTER)),
        };
        // Marks, and what a newer Automerge may bring; or one column twice.
        if known == columns.len() { Ok(all) } else { Err(ChunkError::UnknownColumn) }
    }

    /// The next operation. `preds` takes its predecessors, up to a number: a few bytes can claim millions of them.
    fn next(&mut self, actors: usize, preds: &mut Vec<OpId>, most_preds: u64) -> Result<Op<'a>, ChunkError> {
        let id = |counter: Option<u64>, actor: Option<u64>| match (counter, actor) {
            (None, None) => Ok(None),
            (Some(counter @ 1..), Some(actor)) if actor < actors as u64 => {
                Ok(Some(OpId { counter, actor: u32::try_from(actor).map_err(|_| ChunkError::Malformed)? }))
            }
            _ => Err(ChunkError::Malformed),
        };
        let object = id(self.object_counter.next()?, self.object_actor.next()?)?;
        let key = match (self.key_name.next()?, self.key_counter.next()?, self.key_actor.next()?) {
            (Some(name), None, None) => Key::Name(name),
            (None, Some(0), None) => Key::Head,
            (None, counter, actor) => Key::Element(id(counter, actor)?.ok_or(ChunkError::Malformed)?),
            _ => return Err(ChunkError::Malformed),
        };
        let insert = self.insert.next()?;
        let action = match self.action.next()?.ok_or(ChunkError::Malformed)? {
            0 => Action::Make(Container::Map),
            1 => Action::Put,
            2 => Action::Make(Container::List),
            3 => Action::Delete,
            4 => Action::Make(Container::Text),
            5 => Action::Increment,
            6 => Action::Make(Container::Table),
            7 => Action::Mark,
            _ => return Err(ChunkError::Malformed),
        };
        let value = self.value()?;
        if matches!(action, Action::Make(_) | Action::Delete) && value.scalar() != Scalar::Null {
            return Err(ChunkError::Malformed);
        }
        let from = preds.len();
        for _ in 0..self.pred_count.next()?.unwrap_or(0) {
            let pred = id(self.pred_counter.next()?, self.pred_actor.next()?)?.ok_or(ChunkError::Malformed)?;
            if preds.len() as u64 >= most_preds {
                return Err(ChunkError::TooManyOperations);
            }
            preds.push(pred);
        }
        let [from, to] = [from, preds.len()].map(|at| u32::try_from(at).map_err(|_| ChunkError::Malformed));
        Ok(Op { object, key, insert, action, value, preds: (from?, to?) })
    }

    fn value(&mut self) -> Result<Value<'a>, ChunkError> {
        let meta = self.value_meta.next()?.ok_or(ChunkError::Malformed)?;
        let length = usize::try_from(meta >> 4).map_err(|_| ChunkError::Malformed)?;
        let value = Value { meta, bytes: self.value.take(length)? };
        if value.is_well_formed() { Ok(value) } else { Err(ChunkError::Malformed) }
    }

    fn are_over(&self) -> bool {
        [self.object_actor, self.object_counter, self.key_actor, self.action, self.value_meta]
            .iter()
            .chain([&self.pred_count, &self.pred_actor])
            .all(Runs::is_over)
            && self.key_counter.is_over()
            && self.pred_counter.is_over()
            && self.key_name.is_over()
            && self.insert.is_over()
            && self.value.is_empty()
    }
}
