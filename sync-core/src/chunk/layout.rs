//! A document, laid out from the changes of a record without working through them one after the other.
//!
//! Nearly every record has a straight line of changes, each of which follows the one before it: nothing was written
//! without knowing of everything else. Then an operation's number alone says which one it is, a new element of a list
//! stands directly behind the one that it names, and what an operation overwrites is exactly what it names. Automerge
//! would find out the same, change by change, at three times the cost.
//!
//! What is made here is trusted by nobody: Automerge makes every change anew from a document that it loads, and does
//! not load one whose changes do not have the names that it gives. Only the order of what stands in a list is not part
//! of any name. It is held against Automerge's own document, byte for byte, by property tests, and wherever assertions
//! are on by [`crate::document::Document::load`].

use hexane::{DeltaEncoder, Encoder, EncoderApi};

use super::change::{Action, Change, Container, Key, Op, OpId};
use super::{TYPE_DOCUMENT, chunk_of, unsigned_leb128};
use crate::id::ActorId;

/// The document that consists of these changes, as a chunk that Automerge loads.
///
/// `None` when they are not a straight line from the first change of a record, or do what records don't.
pub fn lay_out(changes: &[&Change<'_>]) -> Option<Vec<u8>> {
    let mut line = Line::of(changes)?;
    let head = changes.last()?;
    let mut body = Vec::with_capacity(changes.iter().map(|change| change.raw.len()).sum());
    body.extend(unsigned_leb128(line.actors.len() as u64));
    for actor in &line.actors {
        body.extend(unsigned_leb128(actor.0.len() as u64));
        body.extend_from_slice(&actor.0);
    }
    body.push(1);
    body.extend_from_slice(&head.hash().0);
    let columns = [line.changes(changes), line.operations()];
    columns.iter().for_each(|columns| columns.write_lengths(&mut body));
    columns.iter().for_each(|columns| body.extend_from_slice(&columns.data));
    body.extend(unsigned_leb128(changes.len() as u64 - 1));
    Some(chunk_of(TYPE_DOCUMENT, &body).1)
}

/// In a line a change names the one before it and its writer's last one. Each is searched for.
const MOST_DEPS: usize = 2;

/// The index of an operation, which is its number less one.
pub(super) type At = u32;

const NOTHING: At = At::MAX;

/// An operation of the line.
pub(super) struct Placed<'a> {
    pub(super) op: &'a Op<'a>,
    /// Who wrote it, as an index into [`Line::actors`].
    pub(super) actor: u32,
    /// In which of [`Line::objects`].
    object: u32,
    /// The element that it names.
    element: At,
    /// The object that it makes, or [`NOTHING`].
    pub(super) makes: u32,
}

pub(super) struct Object {
    /// What made it; the root was always there.
    maker: Option<At>,
    pub(super) kind: Container,
    /// Everything that writes in a map, in the order of the numbers.
    pub(super) entries: Vec<At>,
    /// The first element of a list.
    first: At,
    /// What was written over an element of a list, and over which.
    updates: Vec<(At, At)>,
}

impl Object {
    fn new(maker: Option<At>, kind: Container) -> Self {
        Self { maker, kind, entries: Vec::new(), first: NOTHING, updates: Vec::new() }
    }
}

/// Changes that follow each other.
#[derive(Default)]
pub(super) struct Line<'a> {
    /// Everybody who is spoken of, sorted.
    pub(super) actors: Vec<ActorId>,
    /// What each change names as those that it follows, by their places in the line.
    deps: Vec<usize>,
    pub(super) ops: Vec<Placed<'a>>,
    /// The root is the first.
    pub(super) objects: Vec<Object>,
    /// For each element of a list the one that stands behind it.
    behind: Vec<At>,
    /// What was overwritten or taken away, and by what.
    pub(super) successors: Vec<(At, At)>,
}

impl<'a> Line<'a> {
    /// `None` when changes are not a straight line from the first change of a record, or do what records don't.
    pub(super) fn of(changes: &[&'a Change<'a>]) -> Option<Self> {
        let mut line = Self::default();
        for (at, change) in changes.iter().enumerate() {
            let (before, earlier) = match at.checked_sub(1) {
                None => (None, &[][..]),
                Some(before) => (changes.get(before), changes.get(..at)?),
            };
            let follows = match before {
                None => change.frame.deps.is_empty() && change.frame.start_op == 1,
                Some(before) => {
                    change.frame.deps.contains(&before.hash())
                        && Some(change.frame.start_op) == before.max_op().checked_add(1)
                }
            };
            if !follows || change.has_more || change.ops.is_empty() || change.frame.deps.len() > MOST_DEPS {
                return None;
            }
            // Beside the one before it, a change names its writer's last one.
            for dep in &change.frame.deps {
                line.deps.push(earlier.iter().rposition(|known| known.hash() == *dep)?);
            }
            line.actors.extend_from_slice(&change.actors);
        }
        line.actors.sort_unstable();
        line.actors.dedup();
        let count = changes.iter().map(|change| change.ops.len()).sum();
        line.ops = Vec::with_capacity(count);
        line.behind = vec![NOTHING; count];
        line.objects.push(Object::new(None, Container::Map));
        for change in changes {
            line.follow(change)?;
        }
        for object in &mut line.objects {
            object.updates.sort_unstable();
        }
        Some(line)
    }

    /// The elements of a list in their order, each with what was written over it.
    pub(super) fn elements(&self, object: &Object) -> impl Iterator<Item = (At, impl Iterator<Item = At>)> {
        let next = |at: At| Some(at).filter(|at| *at != NOTHING);
        let all = std::iter::successors(next(object.first), move |at| next(*self.behind.get(*at as usize)?));
        all.map(|element| {
            let from = object.updates.partition_point(|(updated, _)| *updated < element);
            let updates = object.updates.iter().skip(from).take_while(move |(updated, _)| *updated == element);
            (element, updates.map(|(_, by)| *by))
        })
    }

    fn follow(&mut self, change: &'a Change<'a>) -> Option<()> {
        let actors = change.actors.iter().map(|actor| {
            let at = self.actors.binary_search(actor).ok()?;
            u32::try_from(at).ok()
        });
        let actors = actors.collect::<Option<Vec<u32>>>()?;
        for op in &change.ops {
            self.place(change, &actors, op)?;
        }
        Some(())
    }

    fn place(&mut self, change: &'a Change<'a>, actors: &[u32], op: &'a Op<'a>) -> Option<()> {
        let at = At::try_from(self.ops.len()).ok().filter(|at| *at != NOTHING)?;
        let object = match op.object {
            None => 0,
            Some(id) => self.ops.get(self.find(actors, id)? as usize)?.makes,
        };
        let kind = self.objects.get(object as usize)?.kind;
        let element = match (op.key, kind) {
            (Key::Name(_), Container::Map) => NOTHING,
            (Key::Head, Container::List | Container::Text) if op.insert => NOTHING,
            (Key::Element(id), Container::List | Container::Text) => {
                let element = self.find(actors, id)?;
                let found = self.ops.get(element as usize)?;
                if !found.op.insert || found.object != object {
                    return None;
                }
                element
            }
            _ => return None,
        };
        for pred in change.preds(op) {
            let before = self.find(actors, *pred)?;
            if self.ops.get(before as usize)?.op.action == Action::Delete {
                return None;
            }
            self.successors.push((before, at));
        }
        let makes = match op.action {
            Action::Make(made @ (Container::Map | Container::List | Container::Text)) => {
                self.objects.push(Object::new(Some(at), made));
                u32::try_from(self.objects.len() - 1).ok()?
            }
            Action::Put => NOTHING,
            Action::Delete if !op.insert => NOTHING,
            _ => return None,
        };
        let writes_in = self.objects.get_mut(object as usize)?;
        if op.insert {
            let before = match element {
                NOTHING => &mut writes_in.first,
                element => self.behind.get_mut(element as usize)?,
            };
            let next = std::mem::replace(before, at);
            *self.behind.get_mut(at as usize)? = next;
        } else if op.action != Action::Delete {
            match element {
                NOTHING => writes_in.entries.push(at),
                element => writes_in.updates.push((element, at)),
            }
        }
        self.ops.push(Placed { op, actor: *actors.first()?, object, element, makes });
        Some(())
    }

    /// An operation that came before. There is one with that number at most, and it has to be of that actor.
    fn find(&self, actors: &[u32], id: OpId) -> Option<At> {
        let at = usize::try_from(id.counter.checked_sub(1)?).ok()?;
        let found = self.ops.get(at)?;
        if actors.get(id.actor as usize) == Some(&found.actor) { At::try_from(at).ok() } else { None }
    }

    /// All operations but those that only take away, as they stand in a document: by their objects, in these by their
    /// places, at these by their numbers.
    fn order(&self) -> Vec<At> {
        let mut order = Vec::with_capacity(self.ops.len());
        for object in &self.objects {
            let name = |at: &At| match self.ops.get(*at as usize).map(|placed| placed.op.key) {
                Some(Key::Name(name)) => name,
                _ => "",
            };
            let from = order.len();
            order.extend_from_slice(&object.entries);
            if let Some(entries) = order.get_mut(from..) {
                entries.sort_by_key(name);
            }
            for (element, updates) in self.elements(object) {
                order.push(element);
                order.extend(updates);
            }
        }
        order
    }

    fn changes(&self, changes: &[&Change<'_>]) -> Columns {
        let mut columns = Columns::default();
        let author = |change: &&Change<'_>| self.actors.binary_search(&change.frame.actor).unwrap_or_default();
        let frames = || changes.iter().map(|change| &change.frame);
        columns.add(0x01, |data| Encoder::<usize>::encode_to(data, changes.iter().map(author)));
        columns.add(0x03, |data| DeltaEncoder::<u64>::encode_to(data, frames().map(|frame| frame.seq)));
        columns.add(0x13, |data| DeltaEncoder::<u64>::encode_to(data, changes.iter().map(|change| change.max_op())));
        columns.add(0x23, |data| DeltaEncoder::<i64>::encode_to(data, frames().map(|frame| frame.time.0)));
        columns.add(0x40, |data| Encoder::<usize>::encode_to(data, frames().map(|frame| frame.deps.len())));
        columns.add(0x43, |data| DeltaEncoder::<usize>::encode_to(data, self.deps.iter().copied()));
        // No bytes of a newer Automerge: the type is "bytes", and there are none.
        columns.add(0x56, |data| Encoder::<u64>::encode_to(data, changes.iter().map(|_| 7)));
        columns
    }

    fn operations(&mut self) -> Columns {
        let order = self.order();
        self.successors.sort_unstable();
        let placed = || order.iter().filter_map(|at| self.ops.get(*at as usize));
        let number = |at: At| at + 1;
        let maker = |placed: &Placed<'_>| self.objects.get(placed.object as usize).and_then(|object| object.maker);
        let actor = |at: At| self.ops.get(at as usize).map(|placed| placed.actor);
        let element = |placed: &Placed<'_>| Some(placed.element).filter(|element| *element != NOTHING);
        let successors = |at: At| {
            let from = self.successors.partition_point(|(before, _)| *before < at);
            self.successors.iter().skip(from).take_while(move |(before, _)| *before == at).map(|(_, by)| *by)
        };
        let counted: Vec<u32> =
            order.iter().map(|at| u32::try_from(successors(*at).count()).unwrap_or_default()).collect();
        let in_order =
            || order.iter().zip(&counted).filter(|(_, count)| **count > 0).flat_map(|(at, _)| successors(*at));

        let mut columns = Columns::default();
        columns.add(0x01, |data| {
            Encoder::<Option<u32>>::encode_to_unless(data, placed().map(|op| maker(op).and_then(actor)), None)
        });
        columns.add(0x02, |data| {
            Encoder::<Option<u32>>::encode_to_unless(data, placed().map(|op| maker(op).map(number)), None)
        });
        columns.add(0x11, |data| {
            Encoder::<Option<u32>>::encode_to_unless(data, placed().map(|op| element(op).and_then(actor)), None)
        });
        columns.add(0x13, |data| {
            let counters = placed().map(|op| match op.op.key {
                Key::Name(_) => None,
                Key::Head => Some(0),
                Key::Element(_) => element(op).map(number),
            });
            DeltaEncoder::<Option<u32>>::encode_to_unless(data, counters, None)
        });
        columns.add(0x15, |data| {
            let names = placed().map(|op| match op.op.key {
                Key::Name(name) => Some(name),
                Key::Head | Key::Element(_) => None,
            });
            Encoder::<Option<String>>::encode_to_unless(data, names, None)
        });
        columns.add(0x21, |data| Encoder::<u32>::encode_to(data, placed().map(|op| op.actor)));
        columns.add(0x23, |data| DeltaEncoder::<u32>::encode_to(data, order.iter().map(|at| number(*at))));
        columns.add(0x34, |data| Encoder::<bool>::encode_to(data, placed().map(|op| op.op.insert)));
        columns.add(0x42, |data| Encoder::<u64>::encode_to(data, placed().map(|op| code(op.op.action))));
        columns.add(0x56, |data| Encoder::<u64>::encode_to(data, placed().map(|op| op.op.value.meta)));
        columns.add(0x57, |data| placed().for_each(|op| data.extend_from_slice(op.op.value.bytes)));
        columns.add(0x80, |data| Encoder::<u32>::encode_to(data, counted.iter().copied()));
        columns.add(0x81, |data| Encoder::<u32>::encode_to(data, in_order().filter_map(actor)));
        columns.add(0x83, |data| DeltaEncoder::<u32>::encode_to(data, in_order().map(number)));
        columns
    }
}

/// As it is written.
fn code(action: Action) -> u64 {
    match action {
        Action::Make(Container::Map) => 0,
        Action::Put => 1,
        Action::Make(Container::List) => 2,
        Action::Delete => 3,
        Action::Make(Container::Text) => 4,
        Action::Increment => 5,
        Action::Make(Container::Table) => 6,
        Action::Mark => 7,
    }
}

/// Columns one behind the other, in the order of their numbers.
#[derive(Default)]
struct Columns {
    lengths: Vec<(u64, usize)>,
    data: Vec<u8>,
}

impl Columns {
    /// Adds a column, unless it turns out empty.
    fn add<T>(&mut self, number: u64, write: impl FnOnce(&mut Vec<u8>) -> T) {
        let from = self.data.len();
        write(&mut self.data);
        let length = self.data.len() - from;
        if length > 0 {
            self.lengths.push((number, length));
        }
    }

    fn write_lengths(&self, out: &mut Vec<u8>) {
        out.extend(unsigned_leb128(self.lengths.len() as u64));
        for (number, length) in &self.lengths {
            out.extend(unsigned_leb128(*number));
            out.extend(unsigned_leb128(*length as u64));
        }
    }
}

#[cfg(test)]
mod tests;
