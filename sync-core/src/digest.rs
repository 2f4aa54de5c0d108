//! How a phone and the server find out that they don't hold the same, without sending what they hold.
//!
//! Feeds drift silently: a row that a disk lost, a page that a bug skipped. So once a day both sides add up what they
//! hold. A [`Leaf`] stands for one record at its published heads; heads are names of changes, each of which names
//! the ones before it, so a leaf stands for the whole history. Leaves are combined by exclusive or, so that a
//! [`Tree`] can be kept up to date record by record and compared from the top: the root, then 256 buckets by the
//! last byte of the record's identifier (the random end of a UUIDv7), then the leaves of the buckets that differ.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

use crate::id::{ChangeHash, RecordId};

/// How many buckets there are.
pub const BUCKETS: usize = 256;

/// Who looks at a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A phone.
    Phone,
    /// The server.
    Server,
}

/// One record at its published heads: sixteen bytes of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf([u8; 16]);

impl Leaf {
    /// Of a record whose published changes are all here. The order of the heads does not matter.
    pub fn of(record: RecordId, heads: &[ChangeHash]) -> Self {
        let mut sorted: Vec<&ChangeHash> = heads.iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut hasher = Sha256::new_with_prefix(b"daybook/digest/1");
        hasher.update(record.as_bytes());
        sorted.iter().for_each(|head| hasher.update(head.0));
        Self::cut(hasher)
    }

    /// Of a record that is not whole here: changes that others follow are missing, or can't be read. It equals
    /// nothing that the other side can say.
    pub fn broken(record: RecordId, side: Side) -> Self {
        let mut hasher = Sha256::new_with_prefix(b"daybook/digest/1/broken");
        hasher.update([side as u8]);
        hasher.update(record.as_bytes());
        Self::cut(hasher)
    }

    fn cut(hasher: Sha256) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finalize()[..16]);
        Self(bytes)
    }

    /// The half that is sent: within a bucket that is known to differ it is enough.
    pub fn short(self) -> Short {
        Short::of(&self.0)
    }
}

/// Eight bytes of a sum or leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Short(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 8],
);

impl Short {
    fn of(bytes: &[u8; 16]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *bytes;
        Self([a, b, c, d, e, f, g, h])
    }
}

/// Leaves added up, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Sum {
    /// How many.
    #[n(0)]
    pub count: u32,
    /// Their exclusive or.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pub leaves: [u8; 16],
}

impl Sum {
    fn toggle(&mut self, leaf: Leaf) {
        self.leaves.iter_mut().zip(leaf.0).for_each(|(sum, byte)| *sum ^= byte);
    }
}

/// The sum of one bucket, as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct BucketSum {
    /// Which bucket: the last byte of its records' identifiers.
    #[n(0)]
    pub bucket: u8,
    /// How many records.
    #[n(1)]
    pub count: u32,
    /// Half of the sum.
    #[n(2)]
    pub leaves: Short,
}

/// One record as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RecordLeaf {
    /// Which record.
    #[n(0)]
    pub record: RecordId,
    /// Half of its leaf.
    #[n(1)]
    pub leaf: Short,
}

/// What one side holds: a leaf for each record, added up by bucket and altogether.
#[derive(Clone, Debug)]
pub struct Tree {
    leaves: [BTreeMap<RecordId, Leaf>; BUCKETS],
    sums: [Sum; BUCKETS],
    root: Sum,
}

impl Default for Tree {
    fn default() -> Self {
        Self { leaves: [const { BTreeMap::new() }; BUCKETS], sums: [Sum::default(); BUCKETS], root: Sum::default() }
    }
}

/// In which bucket a record is.
pub fn bucket(record: RecordId) -> u8 {
    record.as_bytes()[15]
}

impl Tree {
    /// Adds a record, or gives it another leaf.
    pub fn insert(&mut self, record: RecordId, leaf: Leaf) {
        self.remove(record);
        let at = usize::from(bucket(record));
        self.leaves[at].insert(record, leaf);
        for sum in [&mut self.sums[at], &mut self.root] {
            sum.toggle(leaf);
            sum.count += 1;
        }
    }

    /// Takes a record out.
    pub fn remove(&mut self, record: RecordId) {
        let at = usize::from(bucket(record));
        if let Some(leaf) = self.leaves[at].remove(&record) {
            for sum in [&mut self.sums[at], &mut self.root] {
                sum.toggle(leaf);
                sum.count -= 1;
            }
        }
    }

    /// The sum of everything.
    pub fn root(&self) -> Sum {
        self.root
    }

    /// The sums of the buckets that are not empty.
    pub fn buckets(&self) -> Vec<BucketSum> {
        (0..=u8::MAX)
            .zip(&self.sums)
            .filter(|(_, sum)| sum.count > 0)
            .map(|(bucket, sum)| BucketSum { bucket, count: sum.count, leaves: Short::of(&sum.leaves) })
            .collect()
    }

    /// The buckets of which the other side says something else.
    pub fn differing(&self, theirs: &[BucketSum]) -> Vec<u8> {
        let theirs: BTreeMap<u8, (u32, Short)> =
            theirs.iter().map(|sum| (sum.bucket, (sum.count, sum.leaves))).collect();
        (0..=u8::MAX)
            .zip(&self.sums)
            .filter(|(bucket, sum)| {
                let ours = (sum.count, Short::of(&sum.leaves));
                theirs.get(bucket).copied().unwrap_or_default() != ours
            })
            .map(|(bucket, _)| bucket)
            .collect()
    }

    /// The records of some buckets.
    pub fn records(&self, buckets: &[u8]) -> Vec<RecordLeaf> {
        buckets
            .iter()
            .flat_map(|bucket| &self.leaves[usize::from(*bucket)])
            .map(|(record, leaf)| RecordLeaf { record: *record, leaf: leaf.short() })
            .collect()
    }

    /// What is said about a record; `None` if it is not held.
    pub fn leaf(&self, record: RecordId) -> Option<Leaf> {
        self.leaves[usize::from(bucket(record))].get(&record).copied()
    }
}

impl FromIterator<(RecordId, Leaf)> for Tree {
    fn from_iter<I: IntoIterator<Item = (RecordId, Leaf)>>(leaves: I) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|(record, leaf)| tree.insert(record, leaf));
        tree
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(number: u16) -> RecordId {
        let mut bytes = [7; 16];
        bytes[14..].copy_from_slice(&number.to_be_bytes());
        RecordId::from(bytes)
    }

    fn leaf(number: u16, head: u8) -> (RecordId, Leaf) {
        (record(number), Leaf::of(record(number), &[ChangeHash([head; 32])]))
    }

    #[test]
    fn leaves_name_the_record_and_all_heads_in_any_order() {
        let (one, two) = (ChangeHash([1; 32]), ChangeHash([2; 32]));
        let both = Leaf::of(record(1), &[one, two]);
        assert_eq!(both, Leaf::of(record(1), &[two, one]));
        let others = [
            Leaf::of(record(1), &[one]),
            Leaf::of(record(2), &[one, two]),
            Leaf::broken(record(1), Side::Phone),
            Leaf::broken(record(1), Side::Server),
        ];
        assert!(others.iter().all(|other| *other != both));
        assert_ne!(others[2], others[3], "what both lost is noticed");
    }

    #[test]
    fn one_gap_among_thousands_is_narrowed_to_its_record() {
        let all: Tree = (0..8_000).map(|number| leaf(number, 1)).collect();
        let mut gap = all.clone();
        gap.remove(record(4_711));
        assert_ne!(all.root(), gap.root());
        let differing = all.differing(&gap.buckets());
        assert_eq!(differing, [bucket(record(4_711))]);
        assert!(all.records(&differing).len() < 40);
        assert_eq!(gap.differing(&all.buckets()), differing, "from either side");
    }

    #[test]
    fn everything_is_gone_from_an_empty_side() {
        let all: Tree = (0..1_000).map(|number| leaf(number, 1)).collect();
        assert_eq!(all.differing(&[]).len(), BUCKETS);
        assert_eq!(Tree::default().differing(&all.buckets()).len(), BUCKETS);
    }

    proptest! {
        #[test]
        fn a_tree_depends_on_what_it_holds_and_not_on_how_it_came(
            steps in proptest::collection::vec((0u16..600, 0u8..3), 0..200)
        ) {
            let mut kept = Tree::default();
            let mut held = BTreeMap::new();
            for (number, head) in steps {
                if head == 0 {
                    kept.remove(record(number));
                    held.remove(&record(number));
                } else {
                    let (id, leaf) = leaf(number, head);
                    kept.insert(id, leaf);
                    held.insert(id, leaf);
                }
            }
            let fresh: Tree = held.into_iter().rev().collect();
            prop_assert_eq!(kept.root(), fresh.root());
            prop_assert_eq!(kept.buckets(), fresh.buckets());
        }
    }
}
