//! Looking for phrases in all runs.
//!
//! Of a phrase a few words are looked for everywhere, the rarest ones; only where these stand as they should, it is looked
//! whether the others do. A sentence has words that stand in a fifth of all records.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use sync_core::index::is_ideograph;

use super::hits::{beginnings, in_all, keep_common, keep_of, records};
use super::posting::{Spot, without};
use super::run::{cut, find};
use super::{BLOCKS, COMMON, GONE, LOOK, damaged, numbers_at};
use crate::store::StoreError;
use crate::store::postgres::{Conn, Db, DbRow};

/// So many words are looked for everywhere, but one of each phrase.
const EVERYWHERE: usize = 3;
/// Around so many records other words are looked for one by one, of more they are looked for everywhere.
const FEW: usize = 256;
/// So many words of records are looked for in one question.
const LOOKS: usize = 4_096;

/// A word, perhaps the beginning of a longer one.
type Word = (String, bool);

/// What somebody looks for.
#[derive(Clone, Debug)]
pub(in crate::store::postgres) struct Search {
    /// All words, each once.
    words: Vec<Word>,
    /// Phrases by the places of their words among all words.
    pub(super) phrases: Vec<Vec<usize>>,
}

/// Words of phrases: which phrase, and how far from its beginning.
type Places = Vec<(usize, usize)>;

/// Of a run, where each phrase begins as far as is known, in their order; nothing of one of which nothing was asked.
type Candidates = BTreeMap<i64, Vec<Option<Vec<Spot>>>>;

impl Search {
    /// For phrases of words, of which the last may be a beginning.
    pub(super) fn of(phrases: impl Iterator<Item = (Vec<String>, bool)>) -> Self {
        let phrases: Vec<Vec<Word>> = phrases.map(words_of).collect();
        let mut words: Vec<Word> = phrases.iter().flatten().cloned().collect();
        words.sort_unstable();
        words.dedup();
        let place = |word: &Word| words.binary_search(word).unwrap_or_default();
        let phrases = phrases.iter().map(|phrase| phrase.iter().map(place).collect()).collect();
        Self { words, phrases }
    }

    /// The records that have all phrases, in the order of their numbers: all those between these, and perhaps more.
    pub(super) async fn hits(&self, conn: &mut Conn, numbers: RangeInclusive<i64>) -> Result<Vec<i64>, StoreError> {
        let (everywhere, then) = self.split(conn).await?;
        let mut candidates = self.candidates(conn, &everywhere, &numbers).await?;
        self.narrow(conn, &mut candidates, &then, &numbers).await?;
        let gone = sqlx::query::<Db>(GONE).fetch_all(&mut *conn).await?;
        let gone: HashMap<i64, &DbRow> =
            gone.iter().map(|row| Ok((row.try_get(0)?, row))).collect::<Result<_, sqlx::Error>>()?;
        let mut hits = Vec::new();
        for (run, begins) in &candidates {
            let found = with_all(begins);
            match gone.get(run) {
                Some(gone) => hits.extend(without(&found, &numbers_at(gone, 1)?)),
                None => hits.extend(found),
            }
        }
        // Large runs follow each other, which this way of sorting makes use of.
        hits.sort();
        Ok(hits)
    }

    /// Which words are looked for everywhere, and which only where these are found, the rarest first.
    async fn split(&self, conn: &mut Conn) -> Result<(Places, Places), StoreError> {
        let all = |phrase: usize| (0..self.phrases[phrase].len()).map(move |at| (phrase, at));
        let needed = (0..self.phrases.len()).flat_map(all).filter(|place| !self.is_said(*place));
        let needed: Places = needed.collect();
        if needed.len() <= EVERYWHERE {
            return Ok((needed, Vec::new()));
        }
        let whole = self.words.iter().zip(0_i32..).filter(|((_, prefix), _)| !prefix);
        let (words, places): (Vec<&str>, Vec<i32>) = whole.map(|((word, _), place)| (word.as_str(), place)).unzip();
        let common = sqlx::query_as::<Db, (i32, i64)>(COMMON).bind(places).bind(words).fetch_all(conn).await?;
        let common: HashMap<usize, i64> =
            common.into_iter().map(|(place, blocks)| (usize::try_from(place).unwrap_or_default(), blocks)).collect();
        let (mut everywhere, mut then) = (Places::new(), Places::new());
        let share = (EVERYWHERE / self.phrases.len().max(1)).max(1);
        for phrase in 0..self.phrases.len() {
            let mut places: Places = all(phrase).collect();
            places.sort_by_key(|place| {
                let word = self.word(*place);
                // Where a beginning of words stands can't be asked of one record.
                (!self.words[word].1, common.get(&word).copied().unwrap_or_default())
            });
            then.extend(places.split_off(places.len().min(share)));
            everywhere.append(&mut places);
        }
        then.retain(|place| !self.is_said(*place));
        then.sort_by_key(|place| common.get(&self.word(*place)).copied().unwrap_or_default());
        Ok((everywhere, then))
    }

    /// Whether the words before and behind say it already, because both are looked for: of pairs of characters every
    /// second one says all.
    fn is_said(&self, (phrase, at): (usize, usize)) -> bool {
        let words: Vec<&Word> = self.phrases[phrase].iter().map(|word| &self.words[*word]).collect();
        let mut said = false;
        for place in 1..=at {
            said = !said && is_pair(words[place - 1]) && is_pair(words[place]) && place + 1 < words.len();
        }
        said
    }

    fn word(&self, (phrase, at): (usize, usize)) -> usize {
        self.phrases[phrase][at]
    }

    /// Where phrases could begin in the runs that may have records between these numbers, by these of their words.
    async fn candidates(
        &self,
        conn: &mut Conn,
        places: &[(usize, usize)],
        numbers: &RangeInclusive<i64>,
    ) -> Result<Candidates, StoreError> {
        let mut wanted: Vec<usize> = places.iter().map(|place| self.word(*place)).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let ends = wanted.iter().map(|word| match &self.words[*word] {
            (word, true) => format!("{word}\u{10ffff}"),
            (word, false) => word.clone(),
        });
        let mut blocks = sqlx::query::<Db>(BLOCKS)
            .bind(wanted.iter().map(|word| i32::try_from(*word).unwrap_or_default()).collect::<Vec<_>>())
            .bind(wanted.iter().map(|word| self.words[*word].0.as_str()).collect::<Vec<_>>())
            .bind(ends.collect::<Vec<_>>())
            .bind(*numbers.start())
            .bind(*numbers.end())
            .fetch(conn);
        let mut candidates = Candidates::new();
        let mut spots: HashMap<usize, Vec<Spot>> = HashMap::new();
        let mut run = None;
        loop {
            let block = blocks.try_next().await?;
            let of = block.as_ref().map(|row| row.try_get::<i64, _>(0)).transpose()?;
            if let Some(done) = run.filter(|run| Some(*run) != of) {
                let begins = self.begins(places, &mut spots);
                if begins.iter().flatten().all(|begins| !begins.is_empty()) {
                    candidates.insert(done, begins);
                }
                // Their room is needed again at once.
                spots.values_mut().for_each(Vec::clear);
            }
            let Some(row) = &block else { return Ok(candidates) };
            run = of;
            let word = usize::try_from(row.try_get::<i32, _>(1)?).unwrap_or_default();
            let Some((text, prefix)) = self.words.get(word) else { continue };
            find(row.try_get(2)?, row.try_get(3)?, text, *prefix, spots.entry(word).or_default()).map_err(damaged)?;
        }
    }

    /// Where phrases could begin if these of their words stand at these spots.
    fn begins(&self, places: &[(usize, usize)], spots: &mut HashMap<usize, Vec<Spot>>) -> Vec<Option<Vec<Spot>>> {
        for spots in spots.values_mut() {
            // Of several words with one beginning.
            if !spots.is_sorted() {
                spots.sort_unstable();
            }
        }
        let of_phrase = |phrase: usize| {
            let own = places.iter().filter(|place| place.0 == phrase);
            let mut words: Vec<(u32, &[Spot])> = own
                .map(|place| (distance(*place), spots.get(&self.word(*place)).map_or(&[][..], Vec::as_slice)))
                .collect();
            words.sort_by_key(|(_, spots)| spots.len());
            (!words.is_empty()).then(|| beginnings(&words))
        };
        (0..self.phrases.len()).map(of_phrase).collect()
    }

    /// Leaves what has these words too.
    async fn narrow(
        &self,
        conn: &mut Conn,
        candidates: &mut Candidates,
        places: &[(usize, usize)],
        numbers: &RangeInclusive<i64>,
    ) -> Result<(), StoreError> {
        let mut rest = places;
        while !rest.is_empty() {
            let mut left = 0;
            candidates.retain(|_, begins| {
                let found = with_all(begins);
                if begins.len() > 1 {
                    begins.iter_mut().flatten().for_each(|begins| keep_of(begins, &found));
                }
                left += found.len();
                !found.is_empty()
            });
            if left == 0 {
                return Ok(());
            }
            let many = if left > FEW { EVERYWHERE } else { LOOKS / left };
            let (next, others) = rest.split_at(many.min(rest.len()));
            rest = others;
            if left > FEW {
                let more = self.candidates(conn, next, numbers).await?;
                candidates.retain(|run, begins| {
                    let Some(more) = more.get(run) else { return false };
                    for (begins, more) in begins.iter_mut().zip(more) {
                        if let (Some(begins), Some(more)) = (begins, more) {
                            keep_common(begins, more);
                        }
                    }
                    true
                });
            } else {
                self.look(conn, candidates, next).await?;
            }
        }
        Ok(())
    }

    /// The same, looking at each record by itself.
    async fn look(
        &self,
        conn: &mut Conn,
        candidates: &mut Candidates,
        places: &[(usize, usize)],
    ) -> Result<(), StoreError> {
        let mut words: Vec<usize> = places.iter().map(|place| self.word(*place)).collect();
        words.sort_unstable();
        words.dedup();
        let (mut runs, mut ords, mut texts, mut numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (run, begins) in candidates.iter() {
            for no in with_all(begins) {
                for word in &words {
                    runs.push(*run);
                    ords.push(i32::try_from(*word).unwrap_or_default());
                    texts.push(self.words[*word].0.as_str());
                    numbers.push(no);
                }
            }
        }
        let query = sqlx::query::<Db>(LOOK).bind(runs).bind(ords).bind(texts).bind(numbers);
        let mut known: HashMap<(i64, usize, i64), Vec<Spot>> = HashMap::new();
        let mut found = query.fetch(conn);
        while let Some(row) = found.try_next().await? {
            let word = usize::try_from(row.try_get::<i32, _>(1)?).unwrap_or_default();
            let Some((text, prefix)) = self.words.get(word) else { continue };
            let mut spots = Vec::new();
            find(row.try_get(3)?, row.try_get(4)?, text, *prefix, &mut spots).map_err(damaged)?;
            known.insert((row.try_get(0)?, word, row.try_get(2)?), spots);
        }
        for (run, begins) in candidates.iter_mut() {
            for place in places {
                let (word, distance) = (self.word(*place), distance(*place));
                let stands = |spot: &Spot| {
                    let wanted = spot.after(distance);
                    known.get(&(*run, word, spot.no())).is_some_and(|spots| spots.binary_search(&wanted).is_ok())
                };
                begins.get_mut(place.0).into_iter().flatten().for_each(|begins| begins.retain(stands));
            }
        }
        Ok(())
    }
}

/// The records in which all phrases begin somewhere.
fn with_all(begins: &[Option<Vec<Spot>>]) -> Vec<i64> {
    in_all(begins.iter().flatten().map(|begins| records(begins)).collect())
}

fn is_pair((word, prefix): &Word) -> bool {
    let mut characters = word.chars();
    !prefix && characters.next().is_some_and(is_ideograph) && characters.next().is_some()
}

/// How far a word is from the beginning of its phrase.
fn distance((_, at): (usize, usize)) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The words of a phrase, of which the last may be a beginning.
fn words_of((words, prefix): (Vec<String>, bool)) -> Vec<Word> {
    let last = words.len().saturating_sub(1);
    words.iter().enumerate().map(|(at, word)| (cut(word).to_owned(), prefix && at == last)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(words: &[&str], prefix: bool) -> Search {
        Search::of(std::iter::once((words.iter().map(|word| (*word).to_owned()).collect(), prefix)))
    }

    #[test]
    fn only_the_last_word_is_a_beginning() {
        let search = search(&["b", "a"], true);
        assert_eq!(search.words, [("a".to_owned(), true), ("b".to_owned(), false)]);
        assert_eq!(search.phrases, [[1, 0]]);
    }

    #[test]
    fn of_pairs_every_second_one_says_all() {
        let said = |words: &[&str], prefix| -> Vec<bool> {
            let search = search(words, prefix);
            (0..words.len()).map(|at| search.is_said((0, at))).collect()
        };
        assert_eq!(said(&["天安", "安门", "门广", "广场"], false), [false, true, false, false]);
        assert_eq!(said(&["天安", "安门", "门广", "广场", "场上"], false), [false, true, false, true, false]);
        assert_eq!(said(&["天安", "安"], true), [false, false]);
        assert_eq!(said(&["天安", "安门", "门", "a", "b", "天安"], false), [false, true, false, false, false, false]);
        assert_eq!(said(&["a", "b", "c"], false), [false; 3]);
    }
}
