//! The validator: every operation of a change is held against the history of its record before Automerge sees it.
//!
//! The rules are those that were shown to let no poison through (reference/automerge.md, "A validator works"):
//! sixteen-byte actor; `seq` = last + 1; the actor's own last change among the ancestors; `start_op` = the ancestors'
//! highest + 1; every object, element and predecessor known, of the right kind, and among the ancestors; no marks,
//! tables or counters. On top of these stand the rules of records: containers only in the first change, and lists that
//! only grow.
//!
//! One of those rules takes as long as all others together: that the bytes are the canonical form of what they say.
//! It is not held here. A document that was saved has only what its changes say, not their bytes, so loading it makes
//! every change anew, and finds another head if one of them was not canonical: whoever reads a document back has held the
//! rule for all its changes ([`super::judge`]). [`Checked::is_canonical`] tells whose fault it was.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ExpandedChange, ObjType, ScalarValue};

use super::{Limits, code};
use crate::id::ChangeHash;
use crate::record::Zone;

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
    place: Place,
    insert: bool,
}

/// Where an operation has written.
#[derive(Clone, Debug)]
enum Place {
    /// In a map, under this key.
    Key(Key),
    /// At the element of a list that it made or wrote to.
    Element(OpKey),
}

/// The operations of one change, which have successive numbers.
#[derive(Clone, Debug)]
struct Stretch {
    start_op: u64,
    seq: u64,
    ops: Vec<KnownOp>,
}

/// Who wrote, and what, in the order of the numbers.
#[derive(Clone, Debug)]
struct KnownActor {
    id: automerge::ActorId,
    last_seq: u64,
    stretches: Vec<Stretch>,
}

impl KnownActor {
    /// An operation, and the sequence number of the change that holds it.
    fn op(&self, number: u64) -> Option<(&KnownOp, u64)> {
        let at = self.stretches.partition_point(|stretch| stretch.start_op <= number).checked_sub(1)?;
        let stretch = self.stretches.get(at)?;
        let op = stretch.ops.get(usize::try_from(number - stretch.start_op).ok()?)?;
        Some((op, stretch.seq))
    }
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
    actors: Vec<KnownActor>,
    changes: HashMap<ChangeHash, KnownChange>,
    objects: HashMap<OpKey, Object>,
    /// Of all changes together.
    ops: u64,
    /// Of all changes together.
    bytes: usize,
}

/// How far from 1970 a change's time may lie, in milliseconds: 285,000 years. Automerge stores differences of times
/// without asking whether they overflow, and a clock however wrong stays far inside.
const FARTHEST_TIME: u64 = 1 << 53;

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
    decoded: Decoded,
    /// What it touches.
    pub touched: Touched,
}

impl Checked {
    /// Whether its bytes are the one canonical form of what they say.
    pub fn is_canonical(&self) -> bool {
        let Decoded { change, expanded } = &self.decoded;
        let again = catch_unwind(AssertUnwindSafe(|| Change::from(expanded.clone()).hash()));
        again.is_ok_and(|again| again == change.hash())
    }

    /// As Automerge has it.
    pub(super) fn change(&self) -> &Change {
        &self.decoded.change
    }

    /// As Automerge has it.
    pub(super) fn into_change(self) -> Change {
        self.decoded.change
    }
}

/// A change, and what it says.
#[derive(Clone, Debug)]
struct Decoded {
    change: Change,
    expanded: ExpandedChange,
}

impl Decoded {
    fn of(raw: &[u8]) -> Result<Self, &'static str> {
        // Automerge's decoder panics on some false changes; it holds no state that could be left half-changed.
        catch_unwind(AssertUnwindSafe(|| {
            let change = Change::from_bytes(raw.to_vec()).map_err(|_| code::MALFORMED)?;
            let expanded = change.decode();
            Ok(Self { change, expanded })
        }))
        .unwrap_or(Err(code::MALFORMED))
    }
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
    /// Reads the published changes of a record, which were checked when they were published; also answers them as
    /// Automerge has them.
    ///
    /// # Errors
    /// A change that can't be decoded, which means that the storage is damaged.
    pub(super) fn of(published: &[&[u8]]) -> Result<(Self, Vec<Change>), &'static str> {
        let mut history = Self::default();
        let mut changes = Vec::with_capacity(published.len());
        for raw in published {
            let decoded = Decoded::of(raw)?;
            history.learn(&decoded);
            changes.push(decoded.change);
        }
        Ok((history, changes))
    }

    /// Checks a change against the history.
    ///
    /// # Errors
    /// Why it can't be taken in now.
    pub fn check(&self, raw: &[u8], limits: &Limits) -> Result<Checked, Rejection> {
        let decoded = Decoded::of(raw).map_err(Rejection::False)?;
        let change = &decoded.expanded;
        let missing: Vec<ChangeHash> =
            change.deps.iter().map(|dep| ChangeHash(dep.0)).filter(|dep| !self.changes.contains_key(dep)).collect();
        if !missing.is_empty() {
            return Err(Rejection::Waiting(missing));
        }
        if self.changes.len() >= limits.record_changes
            || self.ops + change.operations.len() as u64 > limits.record_ops
            || self.bytes + raw.len() > limits.record_bytes
        {
            return Err(Rejection::False(code::TOO_LARGE));
        }
        let touched = self.check_operations(change, limits).map_err(Rejection::False)?;
        Ok(Checked { decoded, touched })
    }

    /// Makes a checked change part of the history, so that others may follow it.
    pub fn accept(&mut self, checked: &Checked) {
        self.learn(&checked.decoded);
    }

    fn actor(&self, id: &automerge::ActorId) -> Option<u32> {
        self.actors.iter().position(|known| known.id == *id).and_then(|index| u32::try_from(index).ok())
    }

    fn known(&self, actor: u32) -> Option<&KnownActor> {
        self.actors.get(actor as usize)
    }

    /// An operation, and the sequence number of the change that holds it.
    fn op(&self, (number, actor): OpKey) -> Option<(&KnownOp, u64)> {
        self.known(actor)?.op(number)
    }

    fn key(&self, id: &OpId) -> Option<OpKey> {
        Some((id.counter(), self.actor(id.actor())?))
    }

    fn check_operations(&self, change: &ExpandedChange, limits: &Limits) -> Result<Touched, &'static str> {
        if change.message.is_some() || !change.extra_bytes.is_empty() || change.operations.is_empty() {
            return Err(code::OPERATION);
        }
        if change.time.unsigned_abs() > FARTHEST_TIME {
            return Err(code::TIME);
        }
        let creates = self.changes.is_empty();
        // Two first changes would be two records in one document.
        if creates != change.deps.is_empty() {
            return Err(code::SEQUENCE);
        }
        let ancestors = self.ancestors(change);
        let actor = self.actor(&change.actor_id);
        let last_seq = actor.and_then(|actor| self.known(actor)).map_or(0, |actor| actor.last_seq);
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
            written: Vec::with_capacity(change.operations.len()),
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

    fn learn(&mut self, Decoded { change: made, expanded: change }: &Decoded) {
        let own = self.actor(&change.actor_id).unwrap_or_else(|| {
            self.actors.push(KnownActor { id: change.actor_id.clone(), last_seq: 0, stretches: Vec::new() });
            u32::try_from(self.actors.len() - 1).unwrap_or(u32::MAX)
        });
        let start_op = change.start_op.get();
        let mut known = self.ancestors(change);
        let mut ops = Vec::with_capacity(change.operations.len());
        for (number, op) in (start_op..).zip(&change.operations) {
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
                Key::Map(_) => Place::Key(op.key.clone()),
                Key::Seq(_) if op.insert => Place::Element((number, own)),
                Key::Seq(ElementId::Id(id)) => Place::Element(self.key(id).unwrap_or_default()),
                Key::Seq(ElementId::Head) => Place::Element((0, 0)),
            };
            ops.push(KnownOp { object, place, insert: op.insert });
            known.max_op = known.max_op.max(number);
        }
        known.clock.insert(own, change.seq);
        self.ops += ops.len() as u64;
        self.bytes += made.raw_bytes().len();
        if let Some(actor) = self.actors.get_mut(own as usize) {
            actor.last_seq = change.seq;
            actor.stretches.push(Stretch { start_op, seq: change.seq, ops });
        }
        self.changes.insert(made.hash().into(), known);
    }
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
    /// What the operations before the present one have written: a second write must name the first as its predecessor.
    written: Vec<Written<'a>>,
    touched: Touched,
}

/// What an operation of this change has written.
struct Written<'a> {
    object: Option<Target>,
    key: &'a Key,
    insert: bool,
}

impl<'a> Checker<'a> {
    fn check(&mut self, number: u64, op: &'a Op) -> Result<(), &'static str> {
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
        self.written.push(Written { object: target, key: &op.key, insert: op.insert });
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

    /// What an earlier operation of this change has written.
    fn own(&self, number: u64) -> Option<&Written<'a>> {
        self.written.get(usize::try_from(number.checked_sub(self.start_op)?).ok()?)
    }

    /// An operation that exists before operation `number` of this change: earlier in it, or among its ancestors.
    fn resolve(&self, id: &OpId, number: u64) -> Result<Target, &'static str> {
        if id.actor() == self.own_actor && id.counter() >= self.start_op {
            return if id.counter() < number { Ok(Target::Own(id.counter())) } else { Err(code::REFERENCE) };
        }
        let key = self.history.key(id).ok_or(code::REFERENCE)?;
        let (_, written_at) = self.history.op(key).ok_or(code::REFERENCE)?;
        let seen = self.ancestors.clock.get(&key.1).is_some_and(|seq| written_at <= *seq);
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
                Target::Known(key) => self.history.op(key).is_some_and(|(known, _)| {
                    let is_there = matches!(&known.place, Place::Key(Key::Map(other)) if other == name);
                    self.same_object(target, known.object) && is_there
                }),
                Target::Own(number) => self.own(number).is_some_and(|written| {
                    written.object == target && matches!(written.key, Key::Map(other) if other == name)
                }),
            };
            if !fits {
                return Err(code::REFERENCE);
            }
        }
        Ok(())
    }

    fn check_insert(
        &self,
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
        Ok(())
    }

    /// The list element behind an identifier, which must have been made by an insertion into this list.
    fn element(&self, id: &OpId, number: u64, target: Option<Target>) -> Result<Target, &'static str> {
        let element = self.resolve(id, number)?;
        let fits = match element {
            Target::Known(key) => {
                let known = self.history.op(key);
                known.is_some_and(|(known, _)| known.insert && self.same_object(target, known.object))
            }
            Target::Own(number) => self
                .own(number)
                .is_some_and(|written| written.insert && written.object.is_some() && written.object == target),
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
                Target::Known(key) => self.history.op(key).is_some_and(|(known, _)| {
                    self.same_object(target, known.object)
                        && matches!((&known.place, element), (Place::Element(at), Target::Known(wanted)) if *at == wanted)
                }),
                Target::Own(number) => match element {
                    Target::Own(made) if made == number => true,
                    _ => self.own(number).is_some_and(|written| {
                        written.object == target && matches!(written.key, Key::Seq(ElementId::Id(other)) if other == id)
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
