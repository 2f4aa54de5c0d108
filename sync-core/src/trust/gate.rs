//! The validator: every operation of a change is held against the history of its record before Automerge sees it.
//!
//! The rules are those that were shown to let no poison through (reference/automerge.md, "A validator works"):
//! canonical form; sixteen-byte actor; `seq` = last + 1; the actor's own last change among the ancestors;
//! `start_op` = the ancestors' highest + 1; every object, element and predecessor known, of the right kind, and
//! among the ancestors; no marks, tables or counters. On top of these stand the rules of records: containers only
//! in the first change, and lists that only grow.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange, ObjType, ScalarValue};

use super::{Limits, code};
use crate::id::ChangeHash;
use crate::record::Zone;

/// How far from 1970 a change's time may lie, in milliseconds: 285,000 years. Automerge keeps the differences between
/// times, and the difference of two that lie at the ends of the numbers is none.
const FARTHEST_TIME: u64 = 1 << 53;

/// An operation's number and its actor, as an index into [`History::actors`].
type OpKey = (u64, u32);

/// An object of the document.
#[derive(Clone, Copy, Debug)]
struct Object {
    kind: ObjType,
    /// `None` inside containers of newer apps.
    zone: Option<Zone>,
    /// How many containers lie around it, the root not counted.
    depth: u32,
}

/// What later operations may refer to.
#[derive(Clone, Debug)]
struct KnownOp {
    object: Option<OpKey>,
    /// The map key, or for a list the element that the operation made or wrote to.
    place: Place,
    insert: bool,
    seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Key(String),
    Element(OpKey),
}

#[derive(Clone, Debug)]
struct KnownChange {
    /// The highest operation number among the change and its ancestors.
    max_op: u64,
    /// For each actor the highest sequence number among the change and its ancestors.
    clock: HashMap<u32, u64>,
}

/// Everything that the changes of one record have said so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    actors: Vec<automerge::ActorId>,
    last_seq: HashMap<u32, u64>,
    changes: HashMap<ChangeHash, KnownChange>,
    objects: HashMap<OpKey, Object>,
    ops: HashMap<OpKey, KnownOp>,
    /// Of all changes together.
    bytes: usize,
}

/// What an acceptable change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The parts of the record in which it writes something; making the empty containers does not count.
    pub zones: BTreeSet<Zone>,
    /// Whether something was touched that this version does not know.
    pub unknown: bool,
    /// Whether the change makes the record.
    pub creates: bool,
}

/// A change that was checked against a history.
#[derive(Clone, Debug)]
pub struct Checked {
    hash: ChangeHash,
    bytes: usize,
    change: ExpandedChange,
    /// What it touches.
    pub touched: Touched,
}

/// Why a change can't be taken in now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// It follows changes that are not there.
    Waiting(Vec<ChangeHash>),
    /// It is false.
    False(&'static str),
}

impl History {
    /// Reads the published changes of a record, which were checked when they were published.
    ///
    /// # Errors
    /// A change that can't be decoded, which means that the storage is damaged.
    pub fn of<'a>(published: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, &'static str> {
        let mut history = Self::default();
        for raw in published {
            let (hash, change) = decode(raw)?;
            history.learn(hash, &change, raw.len());
        }
        Ok(history)
    }

    /// How many operations the record holds.
    pub fn ops(&self) -> u64 {
        self.ops.len() as u64
    }

    /// Whether the record holds a change.
    pub fn contains(&self, hash: &ChangeHash) -> bool {
        self.changes.contains_key(hash)
    }

    /// Checks a change against the history.
    ///
    /// # Errors
    /// Why it can't be taken in now.
    pub fn check(&self, raw: &[u8], limits: &Limits) -> Result<Checked, Rejection> {
        let (hash, change) = decode(raw).map_err(Rejection::False)?;
        let missing: Vec<ChangeHash> =
            change.deps.iter().map(|dep| ChangeHash(dep.0)).filter(|dep| !self.changes.contains_key(dep)).collect();
        if !missing.is_empty() {
            return Err(Rejection::Waiting(missing));
        }
        if self.changes.len() >= limits.record_changes
            || self.ops() + change.operations.len() as u64 > limits.record_ops
            || self.bytes + raw.len() > limits.record_bytes
        {
            return Err(Rejection::False(code::TOO_LARGE));
        }
        let touched = self.check_operations(&change, limits).map_err(Rejection::False)?;
        Ok(Checked { hash, bytes: raw.len(), change, touched })
    }

    /// Makes a checked change part of the history, so that others may follow it.
    pub fn accept(&mut self, checked: &Checked) {
        self.learn(checked.hash, &checked.change, checked.bytes);
    }

    fn actor(&self, id: &automerge::ActorId) -> Option<u32> {
        self.actors.iter().position(|known| known == id).and_then(|index| u32::try_from(index).ok())
    }

    fn key(&self, id: &OpId) -> Option<OpKey> {
        Some((id.counter(), self.actor(id.actor())?))
    }

    fn check_operations(&self, change: &ExpandedChange, limits: &Limits) -> Result<Touched, &'static str> {
        if change.message.is_some() || !change.extra_bytes.is_empty() || change.operations.is_empty() {
            return Err(code::OPERATION);
        }
        if change.time.unsigned_abs() > FARTHEST_TIME {
            return Err(code::OPERATION);
        }
        let creates = self.changes.is_empty();
        // Two first changes would be two records in one document.
        if creates != change.deps.is_empty() {
            return Err(code::SEQUENCE);
        }
        let ancestors = self.ancestors(change);
        let actor = self.actor(&change.actor_id);
        let last_seq = actor.and_then(|actor| self.last_seq.get(&actor)).copied().unwrap_or(0);
        let last_is_ancestor =
            last_seq == 0 || actor.is_some_and(|actor| ancestors.clock.get(&actor) == Some(&last_seq));
        if change.seq != last_seq + 1 || !last_is_ancestor || change.start_op.get() != ancestors.max_op + 1 {
            return Err(code::SEQUENCE);
        }
        let mut checker = Checker {
            history: self,
            limits,
            ancestors: &ancestors,
            own_actor: &change.actor_id,
            start_op: change.start_op.get(),
            creates,
            objects: HashMap::new(),
            elements: HashMap::new(),
            written: HashMap::new(),
            touched: Touched { zones: BTreeSet::new(), unknown: false, creates },
        };
        for (number, op) in (checker.start_op..).zip(&change.operations) {
            checker.check(number, op)?;
        }
        Ok(checker.touched)
    }

    fn ancestors(&self, change: &ExpandedChange) -> KnownChange {
        let mut all = KnownChange { max_op: 0, clock: HashMap::new() };
        for dep in change.deps.iter().filter_map(|dep| self.changes.get(&ChangeHash(dep.0))) {
            all.max_op = all.max_op.max(dep.max_op);
            for (&actor, &seq) in &dep.clock {
                let known = all.clock.entry(actor).or_default();
                *known = (*known).max(seq);
            }
        }
        all
    }

    fn learn(&mut self, hash: ChangeHash, change: &ExpandedChange, bytes: usize) {
        self.bytes += bytes;
        let own = self.actor(&change.actor_id).unwrap_or_else(|| {
            self.actors.push(change.actor_id.clone());
            u32::try_from(self.actors.len() - 1).unwrap_or(u32::MAX)
        });
        let mut known = self.ancestors(change);
        for (number, op) in (change.start_op.get()..).zip(&change.operations) {
            let object = match &op.obj {
                ObjectId::Root => None,
                ObjectId::Id(id) => self.key(id),
            };
            if let OpType::Make(kind) = op.action {
                let zone = match (&object, &op.key) {
                    (None, Key::Map(name)) => Zone::from_key(name),
                    (Some(parent), _) => self.objects.get(parent).and_then(|parent| parent.zone),
                    (None, Key::Seq(_)) => None,
                };
                let parent = object.as_ref().and_then(|parent| self.objects.get(parent));
                let depth = parent.map_or(0, |parent| parent.depth + 1);
                self.objects.insert((number, own), Object { kind, zone, depth });
            }
            let place = match &op.key {
                Key::Map(name) => Place::Key(name.to_string()),
                Key::Seq(_) if op.insert => Place::Element((number, own)),
                Key::Seq(ElementId::Id(id)) => Place::Element(self.key(id).unwrap_or_default()),
                Key::Seq(ElementId::Head) => Place::Element((0, 0)),
            };
            self.ops.insert((number, own), KnownOp { object, place, insert: op.insert, seq: change.seq });
            known.max_op = known.max_op.max(number);
        }
        known.clock.insert(own, change.seq);
        self.last_seq.insert(own, change.seq);
        self.changes.insert(hash, known);
    }
}

/// Decodes a change and makes sure that the bytes are the one canonical form of what they say.
fn decode(raw: &[u8]) -> Result<(ChangeHash, ExpandedChange), &'static str> {
    // Automerge's decoder panics on some false changes; it holds no state that could be left half-changed.
    catch_unwind(AssertUnwindSafe(|| {
        let change = Change::from_bytes(raw.to_vec()).map_err(|_| code::MALFORMED)?;
        let hash = change.hash();
        let expanded = change.decode();
        let again = Change::from(expanded.clone());
        if again.hash() == hash { Ok((hash.into(), expanded)) } else { Err(code::NON_CANONICAL) }
    }))
    .unwrap_or(Err(code::MALFORMED))
}

/// Where in the history, or in the change itself, an operation points.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Known(OpKey),
    /// An operation of this very change.
    Own(u64),
}

struct Checker<'a> {
    history: &'a History,
    limits: &'a Limits,
    ancestors: &'a KnownChange,
    own_actor: &'a automerge::ActorId,
    start_op: u64,
    creates: bool,
    /// Objects made by this change.
    objects: HashMap<u64, Object>,
    /// List elements made by this change, and in which list.
    elements: HashMap<u64, Target>,
    /// Keys and elements written by this change: a second write must name the first as its predecessor.
    written: HashMap<u64, (Option<Target>, Key)>,
    touched: Touched,
}

impl Checker<'_> {
    fn check(&mut self, number: u64, op: &Op) -> Result<(), &'static str> {
        let (target, object) = self.object(&op.obj, number)?;
        let zone = match (&op.key, target) {
            (Key::Map(name), None) => Zone::from_key(name),
            _ => object.zone,
        };
        match zone {
            Some(zone) if target.is_some() => {
                self.touched.zones.insert(zone);
            }
            Some(_) => {}
            None => self.touched.unknown = true,
        }
        let inner = Object { zone, depth: target.map_or(0, |_| object.depth + 1), kind: object.kind };
        self.check_action(number, op, target, inner)?;
        match (object.kind, &op.key) {
            (ObjType::Map, Key::Map(name)) => self.check_map_op(op, target, name)?,
            (ObjType::List, Key::Seq(element)) => {
                if !op.insert {
                    return Err(code::APPEND_ONLY);
                }
                self.check_insert(number, op, target, element)?;
            }
            (ObjType::Text, Key::Seq(element)) if op.insert => self.check_insert(number, op, target, element)?,
            (ObjType::Text, Key::Seq(ElementId::Id(element))) => self.check_element_op(op, target, element)?,
            _ => return Err(code::REFERENCE),
        }
        self.written.insert(number, (target, op.key.clone()));
        Ok(())
    }

    fn check_action(
        &mut self,
        number: u64,
        op: &Op,
        target: Option<Target>,
        inner: Object,
    ) -> Result<(), &'static str> {
        match &op.action {
            OpType::Put(ScalarValue::Str(text)) if text.len() > self.limits.scalar_bytes => Err(code::TOO_LARGE),
            OpType::Put(ScalarValue::Bytes(bytes)) if bytes.len() > self.limits.scalar_bytes => Err(code::TOO_LARGE),
            OpType::Put(ScalarValue::Counter(_) | ScalarValue::Unknown { .. }) => Err(code::OPERATION),
            // Everything at the root is a container of the first change.
            OpType::Put(_) | OpType::Delete if target.is_none() => Err(code::FROZEN),
            OpType::Put(_) => Ok(()),
            OpType::Delete if op.pred.is_empty() || op.insert => Err(code::REFERENCE),
            OpType::Delete => Ok(()),
            OpType::Make(_) if !self.creates => Err(code::FROZEN),
            // Reading deep nesting recurses, and would overflow the stack.
            OpType::Make(_) if inner.depth > self.limits.depth => Err(code::TOO_LARGE),
            OpType::Make(kind @ (ObjType::Map | ObjType::List | ObjType::Text)) if !op.insert => {
                self.objects.insert(number, Object { kind: *kind, ..inner });
                Ok(())
            }
            OpType::Make(_) | OpType::Increment(_) | OpType::MarkBegin(_) | OpType::MarkEnd(_) => Err(code::OPERATION),
        }
    }

    fn object(&self, id: &ObjectId, number: u64) -> Result<(Option<Target>, Object), &'static str> {
        match id {
            ObjectId::Root => Ok((None, Object { kind: ObjType::Map, zone: None, depth: 0 })),
            ObjectId::Id(id) => {
                let target = self.resolve(id, number)?;
                let object = match target {
                    Target::Known(key) => self.history.objects.get(&key),
                    Target::Own(counter) => self.objects.get(&counter),
                };
                object.map(|object| (Some(target), *object)).ok_or(code::REFERENCE)
            }
        }
    }

    /// An operation that exists before operation `number` of this change: earlier in it, or among its ancestors.
    fn resolve(&self, id: &OpId, number: u64) -> Result<Target, &'static str> {
        if id.actor() == self.own_actor && id.counter() >= self.start_op {
            return if id.counter() < number { Ok(Target::Own(id.counter())) } else { Err(code::REFERENCE) };
        }
        let key = self.history.key(id).ok_or(code::REFERENCE)?;
        let op = self.history.ops.get(&key).ok_or(code::REFERENCE)?;
        let seen = self.ancestors.clock.get(&key.1).is_some_and(|seq| op.seq <= *seq);
        if seen { Ok(Target::Known(key)) } else { Err(code::REFERENCE) }
    }

    fn same_object(&self, target: Option<Target>, known: Option<OpKey>) -> bool {
        match (target, known) {
            (None, None) => true,
            (Some(Target::Known(target)), Some(known)) => target == known,
            _ => false,
        }
    }

    fn check_map_op(&self, op: &Op, target: Option<Target>, name: &str) -> Result<(), &'static str> {
        if op.insert || name.len() > crate::record::facts::MAX_KEY_BYTES {
            return Err(code::REFERENCE);
        }
        for pred in op.pred.iter() {
            let fits = match self.resolve(pred, u64::MAX)? {
                Target::Known(key) => self.history.ops.get(&key).is_some_and(|known| {
                    self.same_object(target, known.object) && known.place == Place::Key(name.to_owned())
                }),
                Target::Own(counter) => self
                    .written
                    .get(&counter)
                    .is_some_and(|(object, key)| *object == target && matches!(key, Key::Map(other) if other == name)),
            };
            if !fits {
                return Err(code::REFERENCE);
            }
        }
        Ok(())
    }

    fn check_insert(
        &mut self,
        number: u64,
        op: &Op,
        target: Option<Target>,
        after: &ElementId,
    ) -> Result<(), &'static str> {
        if !op.pred.is_empty() || !matches!(op.action, OpType::Put(_)) {
            return Err(code::REFERENCE);
        }
        if let ElementId::Id(id) = after {
            self.element(id, number, target)?;
        }
        self.elements.extend(target.map(|list| (number, list)));
        Ok(())
    }

    /// The list element behind an identifier, which must have been made by an insertion into this list.
    fn element(&self, id: &OpId, number: u64, target: Option<Target>) -> Result<Target, &'static str> {
        let element = self.resolve(id, number)?;
        let fits = match element {
            Target::Known(key) => {
                self.history.ops.get(&key).is_some_and(|known| known.insert && self.same_object(target, known.object))
            }
            Target::Own(counter) => self.elements.get(&counter).copied() == target && target.is_some(),
        };
        if fits { Ok(element) } else { Err(code::REFERENCE) }
    }

    /// Overwrites or deletes one character of a text.
    fn check_element_op(&self, op: &Op, target: Option<Target>, id: &OpId) -> Result<(), &'static str> {
        let element = self.element(id, u64::MAX, target)?;
        if op.pred.is_empty() {
            return Err(code::REFERENCE);
        }
        for pred in op.pred.iter() {
            let fits = match self.resolve(pred, u64::MAX)? {
                Target::Known(key) => self.history.ops.get(&key).is_some_and(|known| {
                    self.same_object(target, known.object)
                        && matches!((&known.place, element), (Place::Element(at), Target::Known(wanted)) if *at == wanted)
                }),
                Target::Own(counter) => match element {
                    Target::Own(made) if made == counter => true,
                    _ => self.written.get(&counter).is_some_and(|(object, key)| {
                        *object == target && matches!(key, Key::Seq(ElementId::Id(other)) if other == id)
                    }),
                },
            };
            if !fits {
                return Err(code::REFERENCE);
            }
        }
        Ok(())
    }
}
