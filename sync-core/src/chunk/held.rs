//! What a straight line of changes comes to, read off them without a document.
//!
//! Where nothing was written without knowing of everything else, what stands is what nobody has overwritten or taken
//! away. Automerge says the same of the document that it makes; property tests hold the two against each other.

use super::change::{Action, Change, Container, Key, Scalar, Value};
use super::layout::{At, Line, Object};
use crate::id::ActorId;

/// Records have objects in objects of the root, and none in these.
const DEEPEST: u8 = 4;

/// What stands somewhere.
#[derive(Clone, Debug, PartialEq)]
pub enum Held<'a> {
    /// A value.
    Value(Value<'a>),
    /// Sorted by name, of which there is one each.
    Map(Vec<(&'a str, Self)>),
    /// Each with who wrote it.
    List(Vec<(ActorId, Self)>),
    /// Characters one after the other.
    Text(String),
}

/// The root of the record that consists of these changes.
///
/// `None` when they are not a straight line from the first change of a record, do what records don't, or leave several
/// values in one place.
pub fn read_off<'a>(changes: &[&'a Change<'a>]) -> Option<Held<'a>> {
    let line = Line::of(changes)?;
    let mut stands = vec![true; line.ops.len()];
    for (before, _) in &line.successors {
        *stands.get_mut(*before as usize)? = false;
    }
    Reading { line, stands }.object(0, 0)
}

struct Reading<'a> {
    line: Line<'a>,
    /// Of each operation whether what it wrote is still there.
    stands: Vec<bool>,
}

impl<'a> Reading<'a> {
    fn stands(&self, at: At) -> bool {
        self.stands.get(at as usize).is_some_and(|stands| *stands)
    }

    fn object(&self, number: u32, depth: u8) -> Option<Held<'a>> {
        if depth > DEEPEST {
            return None;
        }
        let object = self.line.objects.get(number as usize)?;
        match object.kind {
            Container::Map => self.map(object, depth),
            Container::List => self.list(object, depth),
            Container::Text => self.text(object),
            Container::Table => None,
        }
    }

    fn written(&self, at: At, depth: u8) -> Option<Held<'a>> {
        let placed = self.line.ops.get(at as usize)?;
        match placed.op.action {
            Action::Put => Some(Held::Value(placed.op.value)),
            Action::Make(_) => self.object(placed.makes, depth + 1),
            _ => None,
        }
    }

    fn map(&self, object: &Object, depth: u8) -> Option<Held<'a>> {
        let standing = object.entries.iter().filter(|at| self.stands(**at));
        let named = standing.map(|at| match self.line.ops.get(*at as usize)?.op.key {
            Key::Name(name) => Some((name, *at)),
            Key::Head | Key::Element(_) => None,
        });
        let mut named = named.collect::<Option<Vec<_>>>()?;
        named.sort_unstable();
        let is_single = named.array_windows().all(|[(one, _), (other, _)]| one != other);
        let held = named.into_iter().map(|(name, at)| Some((name, self.written(at, depth)?)));
        is_single.then(|| held.collect::<Option<_>>())?.map(Held::Map)
    }

    /// What stands at each element of a list at which something does.
    fn elements(&self, object: &Object) -> impl Iterator<Item = Option<At>> {
        self.line.elements(object).filter_map(|(element, updates)| {
            let mut standing = std::iter::once(element).chain(updates).filter(|at| self.stands(*at));
            let first = standing.next()?;
            Some(standing.next().is_none().then_some(first))
        })
    }

    fn list(&self, object: &Object, depth: u8) -> Option<Held<'a>> {
        let held = self.elements(object).map(|at| {
            let at = at?;
            let actor = self.line.ops.get(at as usize)?.actor;
            Some((*self.line.actors.get(actor as usize)?, self.written(at, depth)?))
        });
        held.collect::<Option<_>>().map(Held::List)
    }

    fn text(&self, object: &Object) -> Option<Held<'a>> {
        let mut text = String::new();
        for at in self.elements(object) {
            let op = self.line.ops.get(at? as usize)?.op;
            if op.action != Action::Put || op.value.scalar() != Scalar::String {
                return None;
            }
            text.push_str(str::from_utf8(op.value.bytes).ok()?);
        }
        Some(Held::Text(text))
    }
}
