//! What follows what among the changes of a record, read from their frames alone: no document is loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::chunk::read_change;
use crate::id::ChangeHash;

/// Names and ancestors of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ancestry {
    deps: BTreeMap<ChangeHash, Vec<ChangeHash>>,
    damaged: BTreeSet<ChangeHash>,
}

impl Ancestry {
    /// Of stored changes: the name under which each is kept, and its bytes. One whose bytes don't have that name
    /// is damaged.
    pub fn of<'a>(changes: impl IntoIterator<Item = (ChangeHash, &'a [u8])>) -> Self {
        let mut ancestry = Self::default();
        for (hash, raw) in changes {
            match read_change(raw) {
                Ok(frame) if frame.hash == hash => {
                    ancestry.deps.insert(hash, frame.deps);
                }
                _ => {
                    ancestry.damaged.insert(hash);
                }
            }
        }
        ancestry
    }

    /// The changes whose bytes are not what their names say.
    pub fn damaged(&self) -> &BTreeSet<ChangeHash> {
        &self.damaged
    }

    /// Leaves out some changes and everything that follows them.
    pub fn without(mut self, unwanted: &BTreeSet<ChangeHash>) -> Self {
        let mut out: BTreeSet<ChangeHash> = unwanted.clone();
        for hash in self.in_order() {
            if self.deps.get(&hash).is_some_and(|deps| deps.iter().any(|dep| out.contains(dep))) {
                out.insert(hash);
            }
        }
        self.deps.retain(|hash, _| !out.contains(hash));
        self.damaged.retain(|hash| !out.contains(hash));
        self
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.deps.is_empty() && self.damaged.is_empty()
    }

    /// The newest changes, sorted; `None` if changes that others follow are missing or damaged.
    pub fn heads(&self) -> Option<Vec<ChangeHash>> {
        if !self.damaged.is_empty() || !self.lost().is_empty() {
            return None;
        }
        let followed: BTreeSet<&ChangeHash> = self.deps.values().flatten().collect();
        Some(self.deps.keys().filter(|hash| !followed.contains(hash)).copied().collect())
    }

    /// The changes that others follow and that are not here.
    pub fn lost(&self) -> BTreeSet<ChangeHash> {
        self.deps.values().flatten().filter(|dep| !self.deps.contains_key(dep)).copied().collect()
    }

    /// Those of which some ancestor is not here.
    pub fn orphans(&self) -> BTreeSet<ChangeHash> {
        let rest = self.clone().without(&self.lost());
        self.deps.keys().filter(|hash| !rest.deps.contains_key(hash)).copied().collect()
    }

    /// All changes, each after the ones that it follows.
    pub fn in_order(&self) -> Vec<ChangeHash> {
        let mut done = BTreeSet::new();
        let mut order = Vec::with_capacity(self.deps.len());
        for start in self.deps.keys() {
            // Depth first with a stack of our own: a long history must not exhaust the thread's.
            let mut open = vec![(*start, 0)];
            while let Some((hash, next)) = open.pop() {
                if done.contains(&hash) {
                    continue;
                }
                let dep = self.deps.get(&hash).and_then(|deps| deps.get(next));
                match dep {
                    Some(dep) => {
                        open.push((hash, next + 1));
                        if self.deps.contains_key(dep) && !done.contains(dep) {
                            open.push((*dep, 0));
                        }
                    }
                    None => {
                        done.insert(hash);
                        order.push(hash);
                    }
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u8) -> ChangeHash {
        ChangeHash([number; 32])
    }

    fn family(changes: &[(u8, &[u8])]) -> Ancestry {
        let deps = changes.iter().map(|(name, deps)| (hash(*name), deps.iter().copied().map(hash).collect()));
        Ancestry { deps: deps.collect(), damaged: BTreeSet::new() }
    }

    #[test]
    fn heads_are_what_nothing_follows() {
        assert_eq!(family(&[]).heads(), Some(vec![]));
        assert_eq!(family(&[(9, &[]), (1, &[9]), (2, &[9])]).heads(), Some(vec![hash(1), hash(2)]));
        assert_eq!(family(&[(1, &[9]), (2, &[1])]).heads(), None, "9 is missing");
    }

    #[test]
    fn what_follows_something_left_out_is_left_out_too() {
        let all = family(&[(9, &[]), (8, &[9]), (1, &[8]), (2, &[9])]);
        assert_eq!(all.clone().without(&[hash(8)].into()).heads(), Some(vec![hash(2)]));
        assert!(all.without(&[hash(9)].into()).is_empty());
        let gap = family(&[(9, &[]), (1, &[8]), (2, &[9]), (0, &[1])]);
        assert_eq!(gap.lost(), [hash(8)].into());
        assert_eq!(gap.orphans(), [hash(1), hash(0)].into());
    }

    #[test]
    fn ancestors_come_first_however_long_the_line() {
        let line: Vec<(u8, Vec<u8>)> = (0..=255).map(|n: u8| (n, n.checked_add(1).into_iter().collect())).collect();
        let line: Vec<(u8, &[u8])> = line.iter().map(|(n, deps)| (*n, deps.as_slice())).collect();
        let expected: Vec<ChangeHash> = (0..=255).rev().map(hash).collect();
        assert_eq!(family(&line).in_order(), expected);
    }

    #[test]
    fn bytes_of_another_name_are_damaged() {
        let ancestry = Ancestry::of([(hash(1), b"\x85oJ\x83".as_slice())]);
        assert_eq!(ancestry.damaged(), &[hash(1)].into());
        assert_eq!(ancestry.heads(), None);
        assert!(!ancestry.is_empty());
    }
}
