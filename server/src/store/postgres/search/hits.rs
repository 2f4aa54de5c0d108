//! What a search finds in a run: the records that have all its phrases, each with its words side by side.

use super::posting::Spot;

/// The records in which these words stand side by side, in the order of their numbers; each word comes with all places
/// where it stands, in their order.
pub(super) fn of_phrase(words: &[&[Spot]]) -> Vec<i64> {
    let Some((first, others)) = words.split_first() else { return Vec::new() };
    let mut records = Vec::new();
    let mut rests: Vec<&[Spot]> = others.to_vec();
    for spot in *first {
        if records.last() == Some(&spot.no) {
            continue;
        }
        let mut behind = 0..;
        let together = rests.iter_mut().all(|rest| {
            let wanted = Spot { no: spot.no, at: spot.at.saturating_add(behind.next().unwrap_or(0) + 1) };
            *rest = beginning_at(rest, wanted);
            rest.first() == Some(&wanted)
        });
        if together {
            records.push(spot.no);
        }
    }
    records
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
            records in btree_map(0_i64..50, vec("[abc]", 0..12), 0..30),
            phrase in vec("[abc]", 1..4),
        ) {
            let spots: Vec<Vec<Spot>> = phrase.iter().map(|word| {
                let of = |(no, words): (&i64, &Vec<String>)| -> Vec<Spot> {
                    let places = words.iter().enumerate().filter(|(_, found)| *found == word);
                    places.map(|(at, _)| Spot { no: *no, at: u32::try_from(at).unwrap() }).collect()
                };
                records.iter().flat_map(of).collect()
            }).collect();
            let spots: Vec<&[Spot]> = spots.iter().map(Vec::as_slice).collect();
            let expected: Vec<i64> = records.iter()
                .filter(|(_, words)| words.windows(phrase.len()).any(|some| some == phrase))
                .map(|(no, _)| *no).collect();
            prop_assert_eq!(of_phrase(&spots), expected);
        }

        #[test]
        fn what_is_in_all_is_in_each(sets in vec(btree_set(0_i64..30, 0..25), 1..4)) {
            let expected: Vec<i64> = (0..30).filter(|no| sets.iter().all(|set| set.contains(no))).collect();
            prop_assert_eq!(in_all(sets.into_iter().map(|set| set.into_iter().collect()).collect()), expected);
        }
    }
}
