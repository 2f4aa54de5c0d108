//! A run: the words of some records in their order, with where they stand. It is written once and never changed; several
//! become one that has what is still true of them.
//!
//! It lies in blocks of about two kilobytes. Words begin alike, so each says only how it goes on after the one before.
//! A word that needs more than a block has its own blocks, in parts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::posting::{self, Spot};
use crate::store::varint::{Damaged, put, take, take_bytes, take_count};

/// So many bytes of a block, and of the word in its key, fit into a row that PostgreSQL does not put elsewhere: a fourth
/// of a page.
const ROOM: usize = 1_960;

/// A block as it lies in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The first word in it.
    pub(super) first: String,
    /// 0, or of a word's further part the first record in it.
    pub(super) part: i64,
    /// The number from which its records are counted, then its words.
    pub(super) bytes: Vec<u8>,
}

/// Writes runs, words in their order.
struct Writer {
    /// No record of the run has a smaller number.
    base: i64,
    blocks: Vec<Block>,
    /// The last word of the last block, if there is room behind it.
    last: Option<String>,
    postings: Vec<u8>,
}

impl Writer {
    fn new(base: i64) -> Self {
        Self { base, blocks: Vec::new(), last: None, postings: Vec::new() }
    }

    fn begin(&mut self, word: &str, part: i64, base: i64) {
        let mut bytes = Vec::with_capacity(ROOM);
        put(&mut bytes, base.cast_unsigned());
        self.blocks.push(Block { first: word.to_owned(), part, bytes });
        self.last = Some(word.to_owned());
    }

    /// Appends a word to the last block: how much of it the word before says, the rest, and where it stands.
    fn append(&mut self, word: &str) {
        let (Some(block), Some(last)) = (self.blocks.last_mut(), &mut self.last) else { return };
        let shared = word.bytes().zip(last.bytes()).take_while(|(one, other)| one == other).count();
        put(&mut block.bytes, shared as u64);
        put(&mut block.bytes, (word.len() - shared) as u64);
        block.bytes.extend_from_slice(&word.as_bytes()[shared..]);
        put(&mut block.bytes, self.postings.len() as u64);
        block.bytes.append(&mut self.postings);
        word.clone_into(last);
    }

    fn add(&mut self, word: &str, spots: &[Spot]) {
        /// Of numbers that say how long something is.
        const LENGTHS: usize = 12;
        let most = ROOM.saturating_sub(2 * word.len() + LENGTHS);
        let whole = posting::write(&mut self.postings, spots, self.base, most) == spots.len();
        if whole {
            let needed = word.len() + self.postings.len() + LENGTHS;
            let fits = |block: &Block| block.first.len() + block.bytes.len() + needed <= ROOM;
            if self.last.is_none() || !self.blocks.last().is_some_and(fits) {
                self.begin(word, 0, self.base);
            }
            return self.append(word);
        }
        let (mut rest, mut part) = (spots, 0);
        while let Some(next) = rest.first() {
            self.postings.clear();
            let written = posting::write(&mut self.postings, rest, next.no(), most);
            self.begin(word, part, next.no());
            self.append(word);
            rest = &rest[written..];
            part = rest.first().map_or(0, |next| next.no());
        }
        // Nothing follows the parts of a word.
        self.last = None;
    }
}

/// Writes the words of these records, which are sorted by their numbers; words stand between spaces.
pub(super) fn write(records: &[(i64, &str)]) -> Vec<Block> {
    let Some((base, _)) = records.first() else { return Vec::new() };
    let mut words: HashMap<&str, Vec<Spot>> = HashMap::new();
    for (no, text) in records {
        for (at, word) in text.split_ascii_whitespace().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            words.entry(cut(word)).or_default().push(Spot::new(*no, at));
        }
    }
    let mut words: Vec<(&str, Vec<Spot>)> = words.into_iter().collect();
    words.sort_unstable_by_key(|(word, _)| *word);
    let mut writer = Writer::new(*base);
    for (word, spots) in &words {
        writer.add(word, spots);
    }
    writer.blocks
}

/// The beginning of a word that is too long to be a key.
pub(super) fn cut(word: &str) -> &str {
    const LONGEST: usize = 500;
    word.get(..word.floor_char_boundary(LONGEST)).unwrap_or(word)
}

/// The words of a block, one after the other.
struct Words<'b> {
    word: Vec<u8>,
    base: i64,
    rest: &'b [u8],
}

impl<'b> Words<'b> {
    fn of(first: &str, mut bytes: &'b [u8]) -> Result<Self, Damaged> {
        let base = take(&mut bytes)?.cast_signed();
        Ok(Self { word: first.as_bytes().to_vec(), base, rest: bytes })
    }

    /// Goes on to the next word, which then is `self.word`; answers where it stands, `None` if there is no further one.
    fn next(&mut self) -> Result<Option<&'b [u8]>, Damaged> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let shared = take_count(&mut self.rest)?;
        let length = take_count(&mut self.rest)?;
        let own = take_bytes(&mut self.rest, length)?;
        if shared > self.word.len() {
            return Err(Damaged);
        }
        self.word.truncate(shared);
        self.word.extend_from_slice(own);
        let length = take_count(&mut self.rest)?;
        take_bytes(&mut self.rest, length).map(Some)
    }
}

/// Where a word stands that is in this block, or all words with such a beginning; behind what there is already.
pub(super) fn find(first: &str, bytes: &[u8], word: &str, prefix: bool, spots: &mut Vec<Spot>) -> Result<(), Damaged> {
    let mut words = Words::of(first, bytes)?;
    while let Some(postings) = words.next()? {
        let found = if prefix { words.word.starts_with(word.as_bytes()) } else { words.word == word.as_bytes() };
        if found {
            posting::read(postings, words.base, spots)?;
        } else if words.word.as_slice() > word.as_bytes() {
            break;
        }
    }
    Ok(())
}

/// A run that is read from its beginning to its end.
struct Reader<'b> {
    blocks: std::slice::Iter<'b, Block>,
    words: Words<'b>,
    postings: &'b [u8],
}

impl<'b> Reader<'b> {
    /// A reader that stands before the first word.
    fn of(blocks: &'b [Block]) -> Self {
        Self { blocks: blocks.iter(), words: Words { word: Vec::new(), base: 0, rest: &[] }, postings: &[] }
    }

    /// Goes on to the next word; `false` if there is none.
    fn next(&mut self) -> Result<bool, Damaged> {
        loop {
            if let Some(postings) = self.words.next()? {
                self.postings = postings;
                return Ok(true);
            }
            let Some(block) = self.blocks.next() else { return Ok(false) };
            self.words = Words::of(&block.first, &block.bytes)?;
        }
    }
}

/// Whether these blocks of a run, in their order, can be read.
pub(super) fn is_sound(blocks: &[Block]) -> bool {
    let mut reader = Reader::of(blocks);
    let mut spots = Vec::new();
    let mut read = || -> Result<(), Damaged> {
        while reader.next()? {
            spots.clear();
            posting::read(reader.postings, reader.words.base, &mut spots)?;
            std::str::from_utf8(&reader.words.word).map_err(|_| Damaged)?;
        }
        Ok(())
    };
    read().is_ok()
}

/// Makes one run of several. Each comes with the records that are no longer in it; `base` is the smallest number of those
/// that are left.
pub(super) fn merge(runs: &[(&[Block], &[i64])], base: i64) -> Result<Vec<Block>, Damaged> {
    let mut readers: Vec<Reader<'_>> = runs.iter().map(|(blocks, _)| Reader::of(blocks)).collect();
    let mut next = BinaryHeap::with_capacity(readers.len());
    for (run, reader) in readers.iter_mut().enumerate() {
        if reader.next()? {
            next.push(Reverse((reader.words.word.clone(), run)));
        }
    }
    let mut writer = Writer::new(base);
    let mut spots = Vec::new();
    while let Some(Reverse((word, run))) = next.pop() {
        let (reader, gone) = (&mut readers[run], runs[run].1);
        let begin = spots.len();
        posting::read(reader.postings, reader.words.base, &mut spots)?;
        if !gone.is_empty() {
            let mut at = 0;
            spots.retain(|spot: &Spot| {
                at += 1;
                at <= begin || gone.binary_search(&spot.no()).is_err()
            });
        }
        if reader.next()? {
            next.push(Reverse((reader.words.word.clone(), run)));
        }
        if next.peek().is_none_or(|Reverse((other, _))| *other != word) {
            if !spots.is_empty() {
                spots.sort_unstable();
                writer.add(std::str::from_utf8(&word).map_err(|_| Damaged)?, &spots);
            }
            spots.clear();
        }
    }
    Ok(writer.blocks)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    type Records = BTreeMap<i64, String>;

    fn run(records: &Records) -> Vec<Block> {
        let records: Vec<(i64, &str)> = records.iter().map(|(no, words)| (*no, words.as_str())).collect();
        write(&records)
    }

    /// What whoever searches finds in blocks that may have the word, which the database chooses.
    fn spots(run: &[Block], word: &str, prefix: bool) -> BTreeSet<(i64, u32)> {
        let before = run.iter().rev().map(|block| block.first.as_str()).find(|first| *first <= word).unwrap_or(word);
        let end = format!("{word}\u{10ffff}");
        let in_range = |first: &str| first >= before && if prefix { first <= end.as_str() } else { first <= word };
        let mut spots = Vec::new();
        for block in
            run.iter().filter(|block| in_range(&block.first) && (block.part == 0 || block.first.as_str() >= word))
        {
            find(&block.first, &block.bytes, word, prefix, &mut spots).unwrap();
        }
        spots.into_iter().map(|spot| (spot.no(), spot.at())).collect()
    }

    fn expected(records: &Records, word: &str, prefix: bool) -> BTreeSet<(i64, u32)> {
        let mut expected = BTreeSet::new();
        for (no, words) in records {
            for (at, found) in words.split_whitespace().enumerate() {
                if found == word || prefix && found.starts_with(word) {
                    expected.insert((*no, u32::try_from(at).unwrap()));
                }
            }
        }
        expected
    }

    fn records() -> impl Strategy<Value = Records> {
        btree_map(1_i64..5_000, vec("[ab张伟]{1,3}", 0..40).prop_map(|words| words.join(" ")), 0..60)
    }

    fn check(blocks: &[Block], records: &Records) -> Result<(), TestCaseError> {
        let words: BTreeSet<&str> = records.values().flat_map(|words| words.split_whitespace()).collect();
        for word in words.into_iter().chain(["a", "张", "zz", "0"]) {
            prop_assert_eq!(spots(blocks, word, false), expected(records, word, false), "{}", word);
            prop_assert_eq!(spots(blocks, word, true), expected(records, word, true), "{}…", word);
        }
        let keys: Vec<(&str, i64)> = blocks.iter().map(|block| (block.first.as_str(), block.part)).collect();
        prop_assert!(keys.is_sorted_by(|one, next| one < next), "{:?}", keys);
        // Whoever asks about one record looks into one block.
        for (no, text) in records {
            for (at, word) in text.split_whitespace().enumerate() {
                let block =
                    blocks.iter().rev().find(|block| (block.first.as_str(), block.part) <= (word, *no)).unwrap();
                let mut spots = Vec::new();
                find(&block.first, &block.bytes, word, false, &mut spots).unwrap();
                prop_assert!(spots.contains(&Spot::new(*no, u32::try_from(at).unwrap())), "{} in {}", word, no);
            }
        }
        Ok(())
    }

    #[test]
    fn a_word_of_many_records_has_blocks_of_its_own() {
        let records: Records = (1..3_000).map(|no| (no, "a b c".to_owned())).collect();
        let blocks = run(&records);
        assert!(blocks.iter().filter(|block| block.first == "b").count() > 2);
        assert!(blocks.iter().all(|block| block.first.len() + block.bytes.len() <= ROOM), "{blocks:?}");
        check(&blocks, &records).unwrap();
    }

    #[test]
    fn a_word_that_is_too_long_means_its_beginning() {
        let word = "é".repeat(3_000);
        assert_eq!(cut(&word).len(), 500);
        assert_eq!(cut("张伟"), "张伟");
        let records = Records::from([(7, word.clone())]);
        assert_eq!(spots(&run(&records), cut(&word), false).len(), 1);
    }

    proptest! {
        #[test]
        fn every_word_is_found_where_it_stands(records in records()) {
            check(&run(&records), &records)?;
        }

        #[test]
        fn runs_become_one(records in vec(records(), 0..4), gone in vec(vec(1_i64..5_000, 0..500), 4)) {
            let mut left = Records::new();
            let mut runs = Vec::new();
            for (records, gone) in records.iter().zip(&gone) {
                // A record is in one run only.
                let own: Records = records.iter().filter(|(no, _)| !left.contains_key(no)).map(|(no, words)| (*no, words.clone())).collect();
                let mut gone: Vec<i64> = gone.clone();
                gone.sort_unstable();
                runs.push((run(&own), gone.clone()));
                left.extend(own.into_iter().filter(|(no, _)| !gone.contains(no)));
            }
            let runs: Vec<(&[Block], &[i64])> = runs.iter().map(|(run, gone)| (run.as_slice(), gone.as_slice())).collect();
            let merged = merge(&runs, left.keys().next().copied().unwrap_or_default()).unwrap();
            prop_assert_eq!(&merged, &run(&left));
            check(&merged, &left)?;
        }

        #[test]
        fn no_bytes_make_it_panic(first in "[ab张]{0,3}", bytes in vec(any::<u8>(), 0..80)) {
            let _ = find(&first, &bytes, "a", true, &mut Vec::new());
            let _ = merge(&[(&[Block { first, part: 0, bytes }], &[])], 0);
        }
    }
}
