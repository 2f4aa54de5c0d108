//! What a search finds in a run: the records that have all its phrases, each with its words side by side.

use super::posting::Spot;

/// Where a phrase begins of which these words are known, each by how far it is from the beginning and all places where it
/// stands, in their order. The first one should be rare.
pub(super) fn beginnings(words: &[(u32, &[Spot])]) -> Vec<Spot> {
    let Some(((first, spots), others)) = words.split_first() else { return Vec::new() };
    let mut rests: Vec<(u32, &[Spot])> = others.to_vec();
    let mut beginnings = Vec::with_capacity(spots.len());
    for spot in *spots {
        let Some(begin) = spot.before(*first) else { continue };
        let together = rests.iter_mut().all(|(distance, rest)| {
            let wanted = begin.after(*distance);
            *rest = beginning_at(rest, wanted);
            rest.first() == Some(&wanted)
        });
        if together {
            beginnings.push(begin);
        }
    }
    beginnings
}

/// What is left from this spot on. Steps double, because the next one wanted is near or far.
fn beginning_at(spots: &[Spot], wanted: Spot) -> &[Spot] {
    let mut step = 1;
    while spots.get(step - 1).is_some_and(|spot| *spot < wanted) {
        step *= 2;
    }
    let from = step / 2;
    let to = step.min(spots.len());
    let skipped = from + spots[from..to].partition_point(|spot| *spot < wanted);
    &spots[skipped..]
}

/// Leaves those spots that are among the others, both in their order.
pub(super) fn keep_common(spots: &mut Vec<Spot>, mut others: &[Spot]) {
    spots.retain(|spot| {
        others = beginning_at(others, *spot);
        others.first() == Some(spot)
    });
}

/// Leaves the spots of these records, both in their order.
pub(super) fn keep_of(spots: &mut Vec<Spot>, records: &[i64]) {
    let mut records = records.iter().peekable();
    spots.retain(|spot| {
        while records.next_if(|no| **no < spot.no()).is_some() {}
        records.peek().is_some_and(|no| **no == spot.no())
    });
}

/// The records of these spots, each once.
pub(super) fn records(spots: &[Spot]) -> Vec<i64> {
    let mut records = Vec::with_capacity(spots.len());
    records.extend(
        spots.chunk_by(|one, next| one.no() == next.no()).filter_map(|record| record.first()).map(|spot| spot.no()),
    );
    records
}

/// The records that are in all of these, each of which is in its order.
pub(super) fn in_all(mut found: Vec<Vec<i64>>) -> Vec<i64> {
    found.sort_unstable_by_key(Vec::len);
    let mut found = found.into_iter();
    let mut records = found.next().unwrap_or_default();
    for other in found {
        records.retain(|no| other.binary_search(no).is_ok());
    }
    records
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn phrases_are_found_where_their_words_stand_side_by_side(
            texts in btree_map(0_i64..50, vec("[abc]", 0..12), 0..30),
            phrase in vec("[abc]", 1..4),
            first in 0_usize..3,
        ) {
            let spots = |word: &String| -> Vec<Spot> {
                let of = |(no, words): (&i64, &Vec<String>)| -> Vec<Spot> {
                    let places = words.iter().enumerate().filter(|(_, found)| *found == word);
                    places.map(|(at, _)| Spot::new(*no, u32::try_from(at).unwrap())).collect()
                };
                texts.iter().flat_map(of).collect()
            };
            let spots: Vec<Vec<Spot>> = phrase.iter().map(spots).collect();
            let mut words: Vec<(u32, &[Spot])> = (0..).zip(spots.iter().map(Vec::as_slice)).collect();
            // Any of them may be the rarest.
            words.rotate_left(first % phrase.len());
            let expected: Vec<i64> = texts.iter()
                .filter(|(_, words)| words.windows(phrase.len()).any(|some| some == phrase))
                .map(|(no, _)| *no).collect();
            prop_assert_eq!(records(&beginnings(&words)), expected);
        }

        #[test]
        fn what_is_kept_is_among_the_others(one in btree_set((0_i64..9, 0_u32..9), 0..40), other in btree_set((0_i64..9, 0_u32..9), 0..40)) {
            let spots = |of: Vec<(i64, u32)>| -> Vec<Spot> { of.into_iter().map(|(no, at)| Spot::new(no, at)).collect() };
            let all = spots(one.iter().copied().collect());
            let others = spots(other.iter().copied().collect());
            let mut kept = all.clone();
            keep_common(&mut kept, &others);
            prop_assert_eq!(kept, spots(one.intersection(&other).copied().collect()));
            let mut kept = all;
            keep_of(&mut kept, &records(&others));
            prop_assert_eq!(kept, spots(one.into_iter().filter(|(no, _)| other.iter().any(|(of, _)| of == no)).collect()));
        }

        #[test]
        fn what_is_in_all_is_in_each(sets in vec(btree_set(0_i64..30, 0..25), 1..4)) {
            let expected: Vec<i64> = (0..30).filter(|no| sets.iter().all(|set| set.contains(no))).collect();
            prop_assert_eq!(in_all(sets.into_iter().map(|set| set.into_iter().collect()).collect()), expected);
        }
    }
}
