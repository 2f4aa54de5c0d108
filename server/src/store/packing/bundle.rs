//! How the changes lie that one push brought of one record, and that were published together: their names, what their
//! lines say, and their bytes, each for all of them.
//!
//! Together they need less room than one by one: each follows the one before it, and speaks of the same things.

use sync_core::chunk;
use sync_core::id::ChangeHash;

use super::{Form, compress, decompress_second};
use crate::store::varint::{Damaged, put, put_signed, take_bytes, take_count, take_signed};

/// A change is packed as `sync_core::chunk::pack` does, which begins with 0 or 1, or lies there as it is behind this.
const AS_IT_IS: u8 = 2;

/// What a bundle says of one of its changes, beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Bundled {
    /// Its name.
    pub(in crate::store) hash: ChangeHash,
    /// Its place among the changes published at the bundle's position.
    pub(in crate::store) place: i64,
    /// Which line of the journal brought it.
    pub(in crate::store) n: i64,
    /// The number of its actor, and its sequence number.
    pub(in crate::store) actor: i64,
    pub(in crate::store) actor_seq: i64,
}

/// A bundle's columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Packed {
    /// The names, one behind the other.
    pub(in crate::store) hashes: Vec<u8>,
    /// What else is known of each.
    pub(in crate::store) lines: Vec<u8>,
    /// The bytes of all.
    pub(in crate::store) contents: Vec<u8>,
}

/// Packs changes in the order of their lines.
pub(in crate::store) fn pack(changes: &[(Bundled, &[u8])]) -> Packed {
    let mut packed = Packed { hashes: Vec::with_capacity(changes.len() * 32), lines: Vec::new(), contents: Vec::new() };
    let mut plain = Vec::new();
    let mut before = FIRST;
    let mut previous = None;
    for (change, raw) in changes {
        packed.hashes.extend_from_slice(&change.hash.0);
        for (now, expected) in [
            (change.place, before.place.wrapping_add(1)),
            (change.n, before.n.wrapping_add(1)),
            (change.actor, before.actor),
            (change.actor_seq, before.actor_seq.wrapping_add(1)),
        ] {
            put_signed(&mut packed.lines, now.wrapping_sub(expected));
        }
        let packs = |packed: &Vec<u8>| chunk::packs(raw, &change.hash, packed, previous);
        let item = chunk::pack(raw, previous).ok().filter(packs);
        let item = item.unwrap_or_else(|| [&[AS_IT_IS], *raw].concat());
        put(&mut plain, item.len() as u64);
        plain.extend_from_slice(&item);
        (before, previous) = (*change, Some(&change.hash));
    }
    let packs = compress(&plain, Form::PackedBundle);
    packed.contents = packs.unwrap_or_else(|| [&[Form::Bundle as u8], plain.as_slice()].concat());
    packed
}

/// What the first change is compared with.
const FIRST: Bundled = Bundled { hash: ChangeHash([0; 32]), place: -1, n: 0, actor: 0, actor_seq: 0 };

/// What a bundle says of its changes. Where that is damaged they have their names and their order, and no line and
/// actor: whoever wants their bytes can have them all the same.
pub(in crate::store) fn bundled(hashes: &[u8], lines: &[u8]) -> Vec<Bundled> {
    let (names, _) = hashes.as_chunks::<32>();
    read_lines(names, lines).unwrap_or_else(|Damaged| {
        let nameless = |(hash, place): (&[u8; 32], i64)| Bundled { hash: ChangeHash(*hash), place, ..FIRST };
        names.iter().zip(0..).map(nameless).collect()
    })
}

/// What a bundle says of its changes.
///
/// # Errors
/// When the bytes are not those that [`pack`] wrote.
pub(in crate::store) fn read_lines(names: &[[u8; 32]], mut lines: &[u8]) -> Result<Vec<Bundled>, Damaged> {
    let mut before = FIRST;
    let mut read = Vec::with_capacity(names.len());
    for name in names {
        before = Bundled {
            hash: ChangeHash(*name),
            place: before.place.wrapping_add(1).wrapping_add(take_signed(&mut lines)?),
            n: before.n.wrapping_add(1).wrapping_add(take_signed(&mut lines)?),
            actor: before.actor.wrapping_add(take_signed(&mut lines)?),
            actor_seq: before.actor_seq.wrapping_add(1).wrapping_add(take_signed(&mut lines)?),
        };
        read.push(before);
    }
    if lines.is_empty() { Ok(read) } else { Err(Damaged) }
}

/// The bytes of a bundle's changes, in their order. Those that are damaged come back as they lie, as
/// [`unpack`](super::unpack) gives them.
pub(in crate::store) fn contents(changes: &[Bundled], stored: &[u8]) -> Vec<Vec<u8>> {
    let plain = match stored.split_first() {
        Some((form, rest)) if *form == Form::PackedBundle as u8 => decompress_second(rest),
        Some((form, rest)) if *form == Form::Bundle as u8 => Some(rest.to_vec()),
        _ => None,
    };
    let mut rest = plain.as_deref().unwrap_or_default();
    let mut previous = None;
    let mut read = Vec::with_capacity(changes.len());
    for change in changes {
        let raw = next(&mut rest, change, previous);
        read.push(raw.unwrap_or_else(|Damaged| stored.to_vec()));
        previous = Some(&change.hash);
    }
    read
}

fn next(rest: &mut &[u8], change: &Bundled, previous: Option<&ChangeHash>) -> Result<Vec<u8>, Damaged> {
    let length = take_count(rest)?;
    let item = take_bytes(rest, length)?;
    match item.split_first() {
        Some((&AS_IT_IS, raw)) => Ok(raw.to_vec()),
        _ => match chunk::unpack(item, previous) {
            Ok((name, raw)) if name == change.hash => Ok(raw),
            _ => Err(Damaged),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use sync_core::chunk::change_of;

    use super::*;

    /// Changes as phones make them, stored by the first version that bundled: one that makes a record, and one after it.
    const GOLDEN: &[u8] = include_bytes!("4.golden");

    fn of(hash: ChangeHash, n: i64) -> Bundled {
        Bundled { hash, place: n - 7, n, actor: 12, actor_seq: n }
    }

    /// Changes with these contents, each after the one before it.
    fn chain(contents: &[Vec<u8>]) -> Vec<(Bundled, Vec<u8>)> {
        let mut previous: Option<ChangeHash> = None;
        let mut all = Vec::new();
        for (contents, n) in contents.iter().zip(7..) {
            let deps = previous.map_or(vec![0], |previous| [&[1], &previous.0[..]].concat());
            let (name, raw) = change_of(&[deps, contents.clone()].concat());
            all.push((of(name, n), raw));
            previous = Some(name);
        }
        all
    }

    fn packed(changes: &[(Bundled, Vec<u8>)]) -> Packed {
        pack(&changes.iter().map(|(bundled, raw)| (*bundled, raw.as_slice())).collect::<Vec<_>>())
    }

    fn unpacked(Packed { hashes, lines, contents: stored }: &Packed) -> Vec<(Bundled, Vec<u8>)> {
        let changes = bundled(hashes, lines);
        let raws = contents(&changes, stored);
        changes.into_iter().zip(raws).collect()
    }

    #[test]
    fn what_was_bundled_once_can_be_read_for_ever() {
        let first = super::super::unpack(&ChangeHash([0; 32]), include_bytes!("1.golden").to_vec());
        let name = chunk::read_change(&first).unwrap().hash;
        let (second, edit) = change_of(&[&[1], &name.0[..], b"what a change after it says"].concat());
        let changes = [(of(name, 7), first), (of(second, 8), edit)];
        let all = packed(&changes);
        assert_eq!(all.lines.len(), 8, "a byte for what goes on as it did");
        assert_eq!(all.contents[0], Form::PackedBundle as u8);
        assert_eq!(contents(&[changes[0].0, changes[1].0], GOLDEN), [&*changes[0].1, &*changes[1].1]);
        assert_eq!(unpacked(&all), changes);
    }

    #[test]
    fn a_change_that_follows_another_does_not_say_so_twice() {
        let changes = chain(&[vec![1; 50], vec![2; 50], vec![3; 50]]);
        let all = packed(&changes);
        for (change, _) in &changes[..2] {
            assert!(!all.contents.windows(16).any(|bytes| bytes == &change.hash.0[..16]));
        }
    }

    #[test]
    fn what_is_no_change_lies_as_it_is() {
        let whole = change_of(b"\0contents").1;
        let raws = [b"\x85 and anything else".to_vec(), Vec::new(), whole[..whole.len() - 1].to_vec(), vec![AS_IT_IS]];
        let changes: Vec<_> = raws.into_iter().zip(1..).map(|(raw, n)| (of(ChangeHash([9; 32]), n), raw)).collect();
        assert_eq!(unpacked(&packed(&changes)), changes);
    }

    #[test]
    fn what_is_damaged_is_no_change_and_nobody_s_error() {
        let changes = chain(&[vec![1; 50], vec![2; 50]]);
        let all = packed(&changes);
        let names = [changes[0].0, changes[1].0];
        for stored in [&all.contents[..9], &[], &[4], &[5], &[5, 3, 0], &[9, 9]] {
            assert!(contents(&names, stored).iter().all(|raw| raw == stored));
        }
        let lines = bundled(&all.hashes, &all.lines[1..]);
        assert_eq!(
            lines.iter().map(|line| (line.hash, line.place)).collect::<Vec<_>>(),
            [(names[0].hash, 0), (names[1].hash, 1)]
        );
        assert_eq!(read_lines(&[names[0].hash.0, names[1].hash.0], &all.lines[1..]), Err(Damaged));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(of in vec(vec(0_u8..8, 0..300), 0..6)) {
            let changes = chain(&of);
            prop_assert_eq!(unpacked(&packed(&changes)), changes);
        }

        #[test]
        fn any_numbers_come_back(of in vec(any::<(i64, i64, i64, i64)>(), 0..6)) {
            let change = |(place, n, actor, actor_seq)| {
                (Bundled { hash: ChangeHash([1; 32]), place, n, actor, actor_seq }, vec![1])
            };
            let changes: Vec<_> = of.into_iter().map(change).collect();
            prop_assert_eq!(unpacked(&packed(&changes)), changes);
        }

        #[test]
        fn no_bytes_make_it_panic(hashes in vec(any::<u8>(), 0..100), lines in vec(any::<u8>(), 0..30), form in 0_u8..7, stored in vec(any::<u8>(), 0..100)) {
            let changes = bundled(&hashes, &lines);
            prop_assert_eq!(contents(&changes, &[&[form], &stored[..]].concat()).len(), hashes.len() / 32);
        }
    }
}
