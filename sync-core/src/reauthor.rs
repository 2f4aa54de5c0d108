//! A phone that is not who it was: writing the tail of a journal again under new actors.
//!
//! When a phone is cloned, or restored from a backup, two histories use the same actor and sequence numbers, and
//! Automerge can take only one of them. The other is written again: the same operations on the same places, under
//! other actors, chained into a new journal with the clocks of the old one. Nothing a person typed changes, and the
//! entries of lists keep their identifiers.
//!
//! Several copies of a phone may hold the same unsent change, and each writes it again by itself. So every change gets an
//! actor of its own, which follows from what it was and what it stands on: copies write the same change, whoever
//! brings it first, and it is there once.

use std::collections::HashMap;
use std::ops::Range;

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{Change, ExpandedChange, ScalarValue};
use sha2::{Digest as _, Sha256};

use crate::document::NewChange;
use crate::id::{ActorId, ChangeHash, DeviceId, RecordId};
use crate::wire::segment::Item;

/// A line whose change can't be written again: the store holds something that is not a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the journal holds no change that can be written again")]
pub struct Unwritable(pub u64);

/// Writes the changes of a journal's tail again, in the same order, for a new device.
///
/// # Errors
/// When a line has no change, or one that can't be read.
pub fn reauthor(tail: &[Item], device: DeviceId) -> Result<Vec<NewChange>, Unwritable> {
    let mut records: HashMap<RecordId, Rewriter> = HashMap::new();
    tail.iter()
        .map(|item| {
            let fail = Unwritable(item.entry.n);
            let raw = item.change.as_deref().ok_or(fail)?;
            let change = Change::try_from(raw).map_err(|_| fail)?.decode();
            let rewriter = records.entry(item.entry.record).or_default();
            Ok(rewriter.rewrite(item.entry.change, change, device))
        })
        .collect()
}

/// The tail of one record.
#[derive(Default)]
struct Rewriter {
    renamed: HashMap<ChangeHash, ChangeHash>,
    spans: Vec<Span>,
}

/// The operations of one change of the tail.
struct Span {
    /// Who wrote them.
    old: automerge::ActorId,
    /// From which number to which.
    numbers: Range<u64>,
    /// Whose they are now.
    new: automerge::ActorId,
}

impl Rewriter {
    fn rewrite(&mut self, old: ChangeHash, mut change: ExpandedChange, device: DeviceId) -> NewChange {
        let makes_record = change.deps.is_empty();
        for dep in &mut change.deps {
            if let Some(new) = self.renamed.get(&ChangeHash(dep.0)) {
                *dep = (*new).into();
            }
        }
        // Dependencies stand in the order of their hashes.
        change.deps.sort_unstable();
        let maker = makes_record.then_some(device);
        let new = automerge::ActorId::from(actor_for(old, &change.deps, maker));
        let first = change.start_op.get();
        let numbers = first..first + change.operations.len() as u64;
        self.spans.push(Span { old: change.actor_id.clone(), numbers, new: new.clone() });
        for op in &mut change.operations {
            if let ObjectId::Id(id) = &mut op.obj {
                self.rename(id);
            }
            if let Key::Seq(ElementId::Id(id)) = &mut op.key {
                self.rename(id);
            }
            let mut preds: Vec<OpId> = op.pred.iter().cloned().collect();
            preds.iter_mut().for_each(|id| self.rename(id));
            op.pred = preds.into();
            // The header names the device that made the record, which is this one from now on.
            let is_device = makes_record && matches!(&op.key, Key::Map(name) if name == "device");
            if is_device && matches!(op.action, OpType::Put(ScalarValue::Bytes(_))) {
                op.action = OpType::Put(ScalarValue::Bytes(device.as_bytes().to_vec()));
            }
        }
        change.actor_id = new;
        change.seq = 1;
        change.hash = None;
        let change = Change::from(change);
        let new = NewChange { hash: change.hash().into(), bytes: change.raw_bytes().to_vec() };
        self.renamed.insert(old, new.hash);
        new
    }

    fn rename(&self, id: &mut OpId) {
        if let Some(span) = self.spans.iter().find(|span| span.old == id.1 && span.numbers.contains(&id.0)) {
            id.1 = span.new.clone();
        }
    }
}

/// The actor of a change that is written again: of what it was, what it follows now, and, as that stands in what it says,
/// the device that makes the record.
fn actor_for(old: ChangeHash, deps: &[automerge::ChangeHash], maker: Option<DeviceId>) -> ActorId {
    let mut hash = Sha256::new();
    hash.update(b"daybook actor of a change written again\0");
    hash.update(old.0);
    deps.iter().for_each(|dep| hash.update(dep.0));
    maker.iter().for_each(|device| hash.update(device.as_bytes()));
    let mut actor = [0; 16];
    actor.copy_from_slice(&hash.finalize()[..16]);
    ActorId(actor)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::document::{Document, NewRecord};
    use crate::id::{EntryId, OfficeId, PersonId};
    use crate::journal::Head;
    use crate::record::Kind;
    use crate::record::entry::FollowUp;
    use crate::record::header::{Header, SCHEMA};
    use crate::record::lead::{LeadEdit, LeadFacts};
    use crate::time::{BootId, ClockReading, UnixMillis};
    use crate::trust::Limits;
    use crate::trust::authority::Author;
    use crate::trust::judge::{Candidate, judge};
    use crate::wire::enrol::Role;

    const OLD: ActorId = ActorId([1; 16]);
    const CLOCK: ClockReading = ClockReading { wall: UnixMillis(1_760_000_000_000), mono_ms: 1, boot: BootId(1) };

    fn header(device: DeviceId) -> Header {
        Header {
            id: RecordId::from([7; 16]),
            kind: Kind::Lead,
            schema: SCHEMA,
            owner: PersonId::from([3; 16]),
            office: OfficeId::from([4; 16]),
            team: None,
            project: None,
            captured: CLOCK,
            utc_offset_minutes: 480,
            place: None,
            device,
            app: "test/1".to_owned(),
        }
    }

    /// A lead with edits of every sort, as a journal's items.
    fn journal(device: DeviceId) -> (Document, Vec<Item>) {
        let mut facts = LeadFacts { notes: "想看三居".into(), ..LeadFacts::default() };
        facts.phones.insert("13312343333".parse().unwrap(), "本人".into());
        let (mut document, made) = Document::create(OLD, &NewRecord { header: header(device), facts }).unwrap();
        let at = CLOCK.wall;
        let edits = [LeadEdit::Name(Some("张".into())), LeadEdit::Notes("周末想看".into())];
        let mut changes = vec![made, document.edit::<LeadFacts>(OLD, at, &edits).unwrap().unwrap()];
        let edits = [LeadEdit::Name(None), LeadEdit::Phone("13312343333".parse().unwrap(), None)];
        changes.push(document.edit::<LeadFacts>(OLD, at, &edits).unwrap().unwrap());
        let entry = FollowUp { id: EntryId([1; 8]), at, text: "t".into(), by_means_of: None, next_on: None };
        changes.push(document.append(OLD, at, &entry).unwrap().unwrap());
        let edits = [LeadEdit::Notes("周末想看四居".into()), LeadEdit::Name(Some("李".into()))];
        changes.push(document.edit::<LeadFacts>(OLD, at, &edits).unwrap().unwrap());
        let mut head = Head::EMPTY;
        let items = changes.into_iter().map(|change| {
            let (entry, next) = head.append(RecordId::from([7; 16]), change.hash, CLOCK);
            head = next;
            Item { entry, change: Some(change.bytes) }
        });
        (document, items.collect())
    }

    fn author() -> Author {
        Author {
            person: PersonId::from([3; 16]),
            role: Role::Promoter,
            office: Some(OfficeId::from([4; 16])),
            team: None,
        }
    }

    #[test]
    fn a_tail_reads_the_same_wherever_it_begins_and_passes_the_gate() {
        let (old_device, new_device) = (DeviceId::from([5; 16]), DeviceId::from([6; 16]));
        let (mut before, items) = journal(old_device);
        let wanted = before.view::<LeadFacts>().unwrap();
        for common in 0..items.len() {
            let (known, tail) = items.split_at(common);
            let rewritten = reauthor(tail, new_device).unwrap();
            let published: Vec<&[u8]> = known.iter().map(|item| item.change.as_deref().unwrap()).collect();
            let candidates: Vec<_> = rewritten
                .iter()
                .map(|change| Candidate {
                    hash: change.hash,
                    raw: &change.bytes,
                    author: author(),
                    device: new_device,
                    copied: false,
                    approved: false,
                })
                .collect();
            let id = RecordId::from([7; 16]);
            let judgement = judge(id, &published, &[], &candidates, &Limits::default()).unwrap();
            assert_eq!(judgement.set_aside, vec![], "from line {common}");
            let view = judgement.document.unwrap().view::<LeadFacts>().unwrap();
            assert_eq!(view.facts, wanted.facts);
            assert_eq!(view.follow_ups.len(), 1);
            assert!(view.conflicts.is_empty());
            let device = if common == 0 { new_device } else { old_device };
            assert_eq!(view.header, header(device));
        }
    }

    #[test]
    fn twins_that_edited_the_same_record_merge_like_two_people() {
        let device = DeviceId::from([5; 16]);
        let (document, items) = journal(device);
        let edit = |name: &str| {
            let mut copy = document.clone();
            copy.edit::<LeadFacts>(OLD, CLOCK.wall, &[LeadEdit::Name(Some(name.into()))]).unwrap().unwrap()
        };
        let (first, second) = (edit("first"), edit("second"));
        let (entry, _) = Head::EMPTY.append(RecordId::from([7; 16]), second.hash, CLOCK);
        let again = reauthor(&[Item { entry, change: Some(second.bytes) }], DeviceId::from([6; 16])).unwrap();
        let mut merged = document.clone();
        assert_eq!(items.len(), 5);
        merged.apply([first.bytes.as_slice(), again[0].bytes.as_slice()]).unwrap();
        let view = merged.view::<LeadFacts>().unwrap();
        assert_eq!(view.conflicts.len(), 1);
        assert_eq!(view.conflicts[0].values.len(), 2);
    }

    #[test]
    fn copies_write_the_same_again_whatever_else_they_hold() {
        let (_, items) = journal(DeviceId::from([5; 16]));
        let [one, other] = [DeviceId::from([6; 16]), DeviceId::from([8; 16])];
        let again = reauthor(&items[1..3], one).unwrap();
        let longer = reauthor(&items[1..], other).unwrap();
        assert_eq!(again, longer[..2]);
        let actors: HashSet<_> =
            longer.iter().map(|change| Change::try_from(change.bytes.as_slice()).unwrap().actor_id().clone()).collect();
        assert_eq!(actors.len(), longer.len(), "each could have been written by somebody else");
        // The header says on which of them the record was made.
        assert_ne!(reauthor(&items, one).unwrap()[0].hash, reauthor(&items, other).unwrap()[0].hash);
    }

    #[test]
    fn a_line_without_a_change_is_named() {
        let (entry, _) = Head::EMPTY.append(RecordId::from([7; 16]), ChangeHash([1; 32]), CLOCK);
        let unwritable = reauthor(&[Item { entry, change: None }], DeviceId::from([6; 16]));
        assert_eq!(unwritable, Err(Unwritable(1)));
    }
}
