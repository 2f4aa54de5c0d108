//! The validator: every operation of a change is held against the history of its record before Automerge sees it.
//!
//! The rules are those that were shown to let no poison through (reference/automerge.md, "A validator works"):
//! sixteen-byte actor; `seq` = last + 1; the actor's own last change among the ancestors; `start_op` = the ancestors'
//! highest + 1; every object, element and predecessor known, of the right kind, and among the ancestors; no marks,
//! tables or counters. On top of these stand the rules of records: containers only in the first change, and lists that
//! only grow.
//!
//! One of those rules takes as long as all others together: that the bytes are the canonical form of what they say.
//! It is not held here. A document has only what its changes say, not their bytes, so loading it makes every change
//! anew, and finds another head if one of them was not canonical: whoever loads a document has held the rule for all its
//! changes ([`super::judge`]). [`Checked::is_canonical`] tells whose fault it was.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Limits, code};
use crate::chunk::{Action, Change, ChunkError, Container, Key, Op, OpId, Scalar};
use crate::id::{ActorId, ChangeHash};
use crate::record::Zone;

/// An operation's number and its actor, as an index into [`History::actors`].
type OpKey = (u64, u32);

/// An object of the document.
#[derive(Clone, Copy, Debug)]
struct Object {
    kind: Container,
    /// `None` inside containers of newer apps.
    zone: Option<Zone>,
    /// How many containers lie around it, the root not counted.
    depth: u32,
}

/// What later operations may refer to.
#[derive(Clone, Debug)]
struct KnownOp<'a> {
    object: Option<OpKey>,
    place: Place<'a>,
    insert: bool,
    /// It only takes away: nothing is there that could be overwritten.
    delete: bool,
}

/// Where an operation has written.
#[derive(Clone, Debug)]
enum Place<'a> {
    /// In a map, under this name.
    Name(&'a str),
    /// At the element of a list that it made or wrote to.
    Element(OpKey),
}

/// The operations of one change, which have successive numbers.
#[derive(Clone, Debug)]
struct Stretch<'a> {
    start_op: u64,
    seq: u64,
    ops: Vec<KnownOp<'a>>,
}

/// Who wrote, and what, in the order of the numbers.
#[derive(Clone, Debug)]
struct KnownActor<'a> {
    id: ActorId,
    last_seq: u64,
    stretches: Vec<Stretch<'a>>,
}

impl<'a> KnownActor<'a> {
    /// An operation, and the sequence number of the change that holds it.
    fn op(&self, number: u64) -> Option<(&KnownOp<'a>, u64)> {
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

/// Everything that the changes of one record have said so far. It borrows from their bytes.
#[derive(Clone, Debug, Default)]
pub struct History<'a> {
    actors: Vec<KnownActor<'a>>,
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
pub struct Checked<'a> {
    change: Change<'a>,
    /// What it touches.
    pub touched: Touched,
}

impl<'a> Checked<'a> {
    /// Whether its bytes are the one canonical form of what they say.
    pub fn is_canonical(&self) -> bool {
        // Automerge's decoder panics on some false changes; it holds no state that could be left half-changed.
        let again = catch_unwind(AssertUnwindSafe(|| {
            let change = automerge::Change::from_bytes(self.change.raw.to_vec()).ok()?;
            Some(ChangeHash::from(automerge::Change::from(change.decode()).hash()))
        }));
        again.is_ok_and(|again| again == Some(self.change.hash()))
    }

    /// Taken apart.
    pub(super) fn change(&self) -> &Change<'a> {
        &self.change
    }

    /// Taken apart.
    pub(super) fn into_change(self) -> Change<'a> {
        self.change
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

impl<'a> History<'a> {
    /// Reads the published changes of a record, which were checked when they were published; also answers them taken
    /// apart.
    ///
    /// # Errors
    /// A change that can't be read, which means that the storage is damaged.
    pub(super) fn of(published: &[&'a [u8]], limits: &Limits) -> Result<(Self, Vec<Change<'a>>), ChunkError> {
        let mut history = Self::default();
        let mut changes = Vec::with_capacity(published.len());
        for raw in published {
            let change = Change::read(raw, limits.record_ops)?;
            history.learn(&change);
            changes.push(change);
        }
        Ok((history, changes))
    }

    /// Checks a change against the history.
    ///
    /// # Errors
    /// Why it can't be taken in now.
    pub fn check(&self, raw: &'a [u8], limits: &Limits) -> Result<Checked<'a>, Rejection> {
        let change = Change::read(raw, limits.record_ops).map_err(|error| {
            Rejection::False(match error {
                ChunkError::TooManyOperations => code::TOO_LARGE,
                ChunkError::UnknownColumn => code::OPERATION,
                _ => code::MALFORMED,
            })
        })?;
        let missing: Vec<ChangeHash> =
            change.frame.deps.iter().copied().filter(|dep| !self.changes.contains_key(dep)).collect();
        if !missing.is_empty() {
            return Err(Rejection::Waiting(missing));
        }
        if self.changes.len() >= limits.record_changes
            || self.ops + change.ops.len() as u64 > limits.record_ops
            || self.bytes + raw.len() > limits.record_bytes
        {
            return Err(Rejection::False(code::TOO_LARGE));
        }
        let touched = self.check_operations(&change, limits).map_err(Rejection::False)?;
        Ok(Checked { change, touched })
    }

    /// Makes a checked change part of the history, so that others may follow it.
    pub fn accept(&mut self, checked: &Checked<'a>) {
        self.learn(&checked.change);
    }

    fn actor(&self, id: &ActorId) -> Option<u32> {
        self.actors.iter().position(|known| known.id == *id).and_then(|index| u32::try_from(index).ok())
    }

    fn known(&self, actor: u32) -> Option<&KnownActor<'a>> {
        self.actors.get(actor as usize)
    }

    /// An operation, and the sequence number of the change that holds it.
    fn op(&self, (number, actor): OpKey) -> Option<(&KnownOp<'a>, u64)> {
        self.known(actor)?.op(number)
    }

    /// The actors of a change, as this history numbers them.
    fn actors_of(&self, change: &Change<'_>) -> Vec<Option<u32>> {
        change.actors.iter().map(|actor| self.actor(actor)).collect()
    }

    fn check_operations(&self, change: &Change<'a>, limits: &Limits) -> Result<Touched, &'static str> {
        let frame = &change.frame;
        if change.has_more || change.ops.is_empty() {
            return Err(code::OPERATION);
        }
        if frame.time.0.unsigned_abs() > FARTHEST_TIME {
            return Err(code::TIME);
        }
        if !are_different(frame.deps.iter()) {
            return Err(code::SEQUENCE);
        }
        let creates = self.changes.is_empty();
        // Two first changes would be two records in one document.
        if creates != frame.deps.is_empty() {
            return Err(code::SEQUENCE);
        }
        let ancestors = self.ancestors(change);
        let actors = self.actors_of(change);
        let actor = actors.first().copied().flatten();
        let last_seq = actor.and_then(|actor| self.known(actor)).map_or(0, |actor| actor.last_seq);
        let last_is_ancestor =
            last_seq == 0 || actor.is_some_and(|actor| ancestors.clock.get(&actor) == Some(&last_seq));
        if frame.seq != last_seq + 1 || !last_is_ancestor || frame.start_op != ancestors.max_op + 1 {
            return Err(code::SEQUENCE);
        }
        let mut checker = Checker {
            history: self,
            limits,
            change,
            ancestors: &ancestors,
            actors,
            creates,
            objects: HashMap::new(),
            written: Vec::with_capacity(change.ops.len()),
            touched: Touched { zones: BTreeSet::new(), unknown: false, creates },
        };
        for (number, op) in change.numbered() {
            checker.check(number, op)?;
        }
        Ok(checker.touched)
    }

    fn ancestors(&self, change: &Change<'_>) -> KnownChange {
        let mut all = KnownChange { max_op: 0, clock: HashMap::new() };
        for dep in change.frame.deps.iter().filter_map(|dep| self.changes.get(dep)) {
            all.max_op = all.max_op.max(dep.max_op);
            for (&actor, &seq) in &dep.clock {
                let known = all.clock.entry(actor).or_default();
                *known = (*known).max(seq);
            }
        }
        all
    }

    fn learn(&mut self, change: &Change<'a>) {
        let frame = &change.frame;
        let own = self.actor(&frame.actor).unwrap_or_else(|| {
            self.actors.push(KnownActor { id: frame.actor, last_seq: 0, stretches: Vec::new() });
            u32::try_from(self.actors.len() - 1).unwrap_or(u32::MAX)
        });
        let actors = self.actors_of(change);
        let key = |id: OpId| Some((id.counter, actors.get(id.actor as usize).copied().flatten()?));
        let mut known = self.ancestors(change);
        let mut ops = Vec::with_capacity(change.ops.len());
        for (number, op) in change.numbered() {
            let object = op.object.and_then(key);
            if let Action::Make(kind) = op.action {
                let zone = match (&object, op.key) {
                    (None, Key::Name(name)) => Zone::from_key(name),
                    (Some(parent), _) => self.objects.get(parent).and_then(|parent| parent.zone),
                    (None, _) => None,
                };
                let parent = object.as_ref().and_then(|parent| self.objects.get(parent));
                let depth = parent.map_or(0, |parent| parent.depth + 1);
                self.objects.insert((number, own), Object { kind, zone, depth });
            }
            let place = match op.key {
                Key::Name(name) => Place::Name(name),
                _ if op.insert => Place::Element((number, own)),
                Key::Element(id) => Place::Element(key(id).unwrap_or_default()),
                Key::Head => Place::Element((0, 0)),
            };
            ops.push(KnownOp { object, place, insert: op.insert, delete: op.action == Action::Delete });
            known.max_op = known.max_op.max(number);
        }
        known.clock.insert(own, frame.seq);
        self.ops += ops.len() as u64;
        self.bytes += change.raw.len();
        if let Some(actor) = self.actors.get_mut(own as usize) {
            actor.last_seq = frame.seq;
            actor.stretches.push(Stretch { start_op: frame.start_op, seq: frame.seq, ops });
        }
        self.changes.insert(change.hash(), known);
    }
}

/// Whether nothing comes twice. There may be thousands, where somebody wants it to take long.
fn are_different<T: Ord>(all: impl ExactSizeIterator<Item = T>) -> bool {
    if all.len() < 2 {
        return true;
    }
    let mut sorted: Vec<T> = all.collect();
    sorted.sort_unstable();
    sorted.is_sorted_by(|before, after| before < after)
}

/// Where in the history, or in the change itself, an operation points.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Known(OpKey),
    /// An operation of this very change.
    Own(u64),
}

struct Checker<'h, 'a> {
    history: &'h History<'a>,
    limits: &'h Limits,
    change: &'h Change<'a>,
    ancestors: &'h KnownChange,
    /// Those of the change, as the history numbers them; `None` for who has not written yet.
    actors: Vec<Option<u32>>,
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
    key: Key<'a>,
    insert: bool,
    delete: bool,
}

impl<'a> Checker<'_, 'a> {
    fn check(&mut self, number: u64, op: &Op<'a>) -> Result<(), &'static str> {
        let (target, object) = self.object(op.object, number)?;
        let zone = match (op.key, target) {
            (Key::Name(name), None) => Zone::from_key(name),
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
        self.check_preds(op)?;
        match (object.kind, op.key) {
            (Container::Map, Key::Name(name)) => self.check_map_op(op, target, name)?,
            (Container::List, Key::Head | Key::Element(_)) => {
                if !op.insert {
                    return Err(code::APPEND_ONLY);
                }
                self.check_insert(number, op, target)?;
            }
            (Container::Text, Key::Head | Key::Element(_)) if op.insert => self.check_insert(number, op, target)?,
            (Container::Text, Key::Element(element)) => self.check_element_op(op, target, element)?,
            _ => return Err(code::REFERENCE),
        }
        let delete = op.action == Action::Delete;
        self.written.push(Written { object: target, key: op.key, insert: op.insert, delete });
        Ok(())
    }

    fn check_action(
        &mut self,
        number: u64,
        op: &Op<'_>,
        target: Option<Target>,
        inner: Object,
    ) -> Result<(), &'static str> {
        match op.action {
            Action::Put => match op.value.scalar() {
                Scalar::String | Scalar::Bytes if op.value.bytes.len() > self.limits.scalar_bytes => {
                    Err(code::TOO_LARGE)
                }
                Scalar::Counter | Scalar::Unknown => Err(code::OPERATION),
                // Unlike itself, or lost on the way to a page: JSON has no such numbers.
                Scalar::Number if !op.value.is_finite() => Err(code::OPERATION),
                // Everything at the root is a container of the first change.
                _ if target.is_none() => Err(code::FROZEN),
                _ => Ok(()),
            },
            Action::Delete if target.is_none() => Err(code::FROZEN),
            Action::Delete if self.change.preds(op).is_empty() || op.insert => Err(code::REFERENCE),
            Action::Delete => Ok(()),
            Action::Make(_) if !self.creates => Err(code::FROZEN),
            // Reading deep nesting recurses, and would overflow the stack.
            Action::Make(_) if inner.depth > self.limits.depth => Err(code::TOO_LARGE),
            Action::Make(kind @ (Container::Map | Container::List | Container::Text)) if !op.insert => {
                self.objects.insert(number, Object { kind, ..inner });
                Ok(())
            }
            Action::Make(_) | Action::Increment | Action::Mark => Err(code::OPERATION),
        }
    }

    /// What was overwritten was there, and is named once.
    fn check_preds(&self, op: &Op<'_>) -> Result<(), &'static str> {
        let preds = self.change.preds(op);
        let there = preds.iter().all(|pred| match self.resolve(*pred, u64::MAX) {
            Ok(Target::Known(key)) => self.history.op(key).is_some_and(|(known, _)| !known.delete),
            Ok(Target::Own(number)) => self.own(number).is_some_and(|written| !written.delete),
            Err(_) => false,
        });
        if there && are_different(preds.iter().map(|pred| (pred.counter, pred.actor))) {
            Ok(())
        } else {
            Err(code::REFERENCE)
        }
    }

    fn object(&self, id: Option<OpId>, number: u64) -> Result<(Option<Target>, Object), &'static str> {
        let Some(id) = id else {
            return Ok((None, Object { kind: Container::Map, zone: None, depth: 0 }));
        };
        let target = self.resolve(id, number)?;
        let object = match target {
            Target::Known(key) => self.history.objects.get(&key),
            Target::Own(counter) => self.objects.get(&counter),
        };
        object.map(|object| (Some(target), *object)).ok_or(code::REFERENCE)
    }

    /// What an earlier operation of this change has written.
    fn own(&self, number: u64) -> Option<&Written<'a>> {
        self.written.get(usize::try_from(number.checked_sub(self.change.frame.start_op)?).ok()?)
    }

    /// An operation that exists before operation `number` of this change: earlier in it, or among its ancestors.
    fn resolve(&self, id: OpId, number: u64) -> Result<Target, &'static str> {
        if id.actor == 0 && id.counter >= self.change.frame.start_op {
            return if id.counter < number { Ok(Target::Own(id.counter)) } else { Err(code::REFERENCE) };
        }
        let actor = self.actors.get(id.actor as usize).copied().flatten().ok_or(code::REFERENCE)?;
        let key = (id.counter, actor);
        let (_, written_at) = self.history.op(key).ok_or(code::REFERENCE)?;
        let seen = self.ancestors.clock.get(&actor).is_some_and(|seq| written_at <= *seq);
        if seen { Ok(Target::Known(key)) } else { Err(code::REFERENCE) }
    }

    fn same_object(&self, target: Option<Target>, known: Option<OpKey>) -> bool {
        match (target, known) {
            (None, None) => true,
            (Some(Target::Known(target)), Some(known)) => target == known,
            _ => false,
        }
    }

    fn check_map_op(&self, op: &Op<'_>, target: Option<Target>, name: &str) -> Result<(), &'static str> {
        if op.insert || name.len() > crate::record::facts::MAX_KEY_BYTES {
            return Err(code::REFERENCE);
        }
        for pred in self.change.preds(op) {
            let fits = match self.resolve(*pred, u64::MAX)? {
                Target::Known(key) => self.history.op(key).is_some_and(|(known, _)| {
                    let is_there = matches!(known.place, Place::Name(other) if other == name);
                    self.same_object(target, known.object) && is_there
                }),
                Target::Own(number) => {
                    self.own(number).is_some_and(|written| written.object == target && written.key == Key::Name(name))
                }
            };
            if !fits {
                return Err(code::REFERENCE);
            }
        }
        Ok(())
    }

    fn check_insert(&self, number: u64, op: &Op<'_>, target: Option<Target>) -> Result<(), &'static str> {
        if !self.change.preds(op).is_empty() || op.action != Action::Put {
            return Err(code::REFERENCE);
        }
        if let Key::Element(id) = op.key {
            self.element(id, number, target)?;
        }
        Ok(())
    }

    /// The list element behind an identifier, which must have been made by an insertion into this list.
    fn element(&self, id: OpId, number: u64, target: Option<Target>) -> Result<Target, &'static str> {
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
    fn check_element_op(&self, op: &Op<'_>, target: Option<Target>, id: OpId) -> Result<(), &'static str> {
        let element = self.element(id, u64::MAX, target)?;
        if self.change.preds(op).is_empty() {
            return Err(code::REFERENCE);
        }
        for pred in self.change.preds(op) {
            let fits = match self.resolve(*pred, u64::MAX)? {
                Target::Known(key) => self.history.op(key).is_some_and(|(known, _)| {
                    self.same_object(target, known.object)
                        && matches!((&known.place, element), (Place::Element(at), Target::Known(wanted)) if *at == wanted)
                }),
                Target::Own(number) => match element {
                    Target::Own(made) if made == number => true,
                    _ => self.own(number).is_some_and(|written| {
                        written.object == target && !written.insert && written.key == Key::Element(id)
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
