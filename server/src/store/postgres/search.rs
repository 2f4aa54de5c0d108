//! Full-text search by words, with an index of our own.
//!
//! What becomes findable together is written as one [`run`]: its words in their order, each with the records and places
//! where it stands. A search looks into all runs, and from time to time several become one. PostgreSQL's own index (GIN)
//! needs the words of each record beside it, and took six times the room with them (docs/PERFORMANCE.md). Words are cut by our own code, so both databases find the same.

mod hits;
mod mending;
mod posting;
mod run;
mod seeking;

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use sqlx::Row as _;
use sync_core::index::phrases;
use tokio::task::spawn_blocking;

pub(super) use self::mending::forget_damaged;
use self::posting::{read_numbers, without, write_numbers};
use self::run::Block;
pub(super) use self::seeking::Search;
use super::run::{Filling, each_of};
use super::{Backend, Conn, Db, DbRow};
use crate::store::StoreError;
use crate::store::shared::failure::corrupt;
use crate::store::shared::pairs::wanted;
use crate::store::shared::stored::count;
use crate::store::shared::{bulk_statements, statements};
use crate::store::varint::Damaged;

/// How many runs of like size become one.
const TOGETHER: usize = 16;
/// Runs of this many records or more stay as they are: to write one anew must not keep others from writing for long.
const LARGE: u64 = 65_536;
/// What an older version left is taken over so many records at a time.
const TAKEN_OVER: i64 = 4_096;

statements! {
    // Runs that may hold a record with such a number.
    AROUND = "select run, numbers, gone from word_run where last_no >= $1 and first_no <= $2";
    ADD_RUN = "insert into word_run (first_no, last_no, written, records, numbers) values ($1, $2, $3, $3, $4) \
        returning run";
    ADD_BLOCKS = "insert into word_block (run, first, part, block) \
        select $1, * from unnest(cast($2 as text[]), cast($3 as bigint[]), cast($4 as bytea[]))";
    NOTE_GONE = "update word_run set gone = $2, records = $3 where run = $1";
    // `offset 0` has PostgreSQL look for each word in each run: without statistics it would rather read all blocks there are.
    // Behind the last word before the one that is wanted there are further blocks only if that one begins them.
    BLOCKS = "select r.run, wanted.ord, b.first, b.block from word_run r \
        cross join unnest(cast($1 as integer[]), cast($2 as text[]), cast($3 as text[])) wanted (ord, word, up_to) \
        cross join lateral (select b.first, b.block from word_block b where b.run = r.run and b.first >= coalesce(\
                (select f.first from word_block f where f.run = r.run and f.first <= wanted.word order by f.first desc limit 1), \
                wanted.word) \
            and b.first <= wanted.up_to and (b.part = 0 or b.first >= wanted.word) offset 0) b \
        where r.last_no >= $4 and r.first_no <= $5 order by r.run";
    // The one block that tells where a record has a word.
    LOOK = "select wanted.run, wanted.ord, wanted.no, b.first, b.block from unnest(cast($1 as bigint[]), cast($2 as integer[]), \
        cast($3 as text[]), cast($4 as bigint[])) wanted (run, ord, word, no) cross join lateral \
        (select f.first, f.block from word_block f where f.run = wanted.run and (f.first, f.part) <= (wanted.word, wanted.no) \
            order by f.first desc, f.part desc limit 1) b";
    // How many blocks words have for themselves, in the largest run: how common they are.
    COMMON = "select wanted.ord, c.blocks from unnest(cast($1 as integer[]), cast($2 as text[])) wanted (ord, word) \
        cross join lateral (select count(*) as blocks from word_block b where b.first = wanted.word \
            and b.run = (select r.run from word_run r order by r.records desc limit 1)) c where c.blocks > 0";
    GONE = "select run, gone from word_run where gone is not null";
    SIZES = "select run, written, records from word_run order by run";
    BEFORE_RUNS = "select 1 from pg_class where oid = to_regclass('words_before')";
}

/// Of a table that only a database of an older version has.
const TAKE_OVER: &str = "with next as (select no from words_before order by no limit $1) \
    delete from words_before w using next where w.no = next.no returning w.no, w.words";
const TAKEN: &str = "drop table words_before";

bulk_statements! {
    CONTENTS[1] = "select run, numbers, gone from word_run where run in ({list})";
    BLOCKS_OF[1] = "select run, first, part, block from word_block where run in ({list})";
    FORGET_BLOCKS[1] = "delete from word_block where run in ({list})";
    FORGET_RUNS[1] = "delete from word_run where run in ({list})";
}

/// The numbers of the records that have what somebody looks for, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Sought {
    hits: Vec<i64>,
}

/// A search with at most so many hits begins at the hits; one with more walks the list until the page is full. With a
/// million records, a page of fifty takes about as long in either way.
pub(super) const FEW_HITS: i64 = 6_000;
/// Only those runs are looked into that have records between certain numbers.
pub(super) const BY_NUMBERS: bool = true;

/// What somebody typed: all phrases must be found. `None` if there is nothing to look for.
pub(super) fn of(typed: &str) -> Option<Search> {
    let search = Search::of(phrases(typed).iter().map(wanted));
    (!search.phrases.is_empty()).then_some(search)
}

/// Looks for it in the runs that may have records between these numbers.
pub(super) async fn find(conn: &mut Conn, search: &Search, numbers: RangeInclusive<i64>) -> Result<Sought, StoreError> {
    Ok(Sought { hits: search.hits(conn, numbers).await? })
}

/// How many records a search finds, counted no further than `limit`.
pub(super) async fn hits_up_to(_: &mut Conn, sought: &Sought, limit: i64) -> Result<i64, StoreError> {
    Ok(limit.min(i64::try_from(sought.hits.len()).unwrap_or(i64::MAX)))
}

/// The condition on a record `r` that a search finds it, where few are found.
pub(super) fn matching(placeholder: &str) -> String {
    format!("r.no = any (cast({placeholder} as bigint[]))")
}

/// The same where many are found: each record is looked up in a row of bits.
pub(super) fn among_many(placeholder: &str) -> String {
    found(placeholder, "r.no")
}

/// The same for records of a list's beginning, the table `newest`.
pub(super) fn among_newest(placeholder: &str) -> String {
    found(placeholder, "newest.no")
}

/// The same for a record with this number.
fn found(placeholder: &str, no: &str) -> String {
    format!(
        "(case when {no} < 8 * octet_length(cast({placeholder} as bytea)) \
        then get_bit(cast({placeholder} as bytea), {no}) = 1 else false end)"
    )
}

/// Binds what [`matching`] needs, or what [`among_many`] needs.
pub(super) fn bind<'q>(query: Filling<'q>, sought: &Sought, few: bool) -> Filling<'q> {
    if few { query.bind(sought.hits.clone()) } else { query.bind(bits(&sought.hits)) }
}

/// A bit for each number up to the last, set for those that are there.
fn bits(numbers: &[i64]) -> Vec<u8> {
    let place = |number: i64| usize::try_from(number / 8).unwrap_or_default();
    let mut bits = vec![0; numbers.last().map_or(0, |last| place(*last) + 1)];
    for number in numbers {
        if let Some(byte) = bits.get_mut(place(*number)) {
            *byte |= 1 << (number % 8);
        }
    }
    bits
}

/// Makes records findable by these words, and by these only.
pub(super) async fn index(conn: &mut Conn, words: &[(i64, &str)]) -> Result<(), StoreError> {
    let mut words = words.to_vec();
    words.sort_unstable_by_key(|(no, _)| *no);
    let numbers: Vec<i64> = words.iter().map(|(no, _)| *no).collect();
    for held in around(conn, &numbers).await? {
        let new: Vec<i64> = numbers.iter().copied().filter(|no| held.has(*no)).collect();
        held.note_gone(conn, new).await?;
    }
    add(conn, numbers, &run::write(&words)).await?;
    Ok(())
}

/// Those of the records that a search can find at all.
pub(super) async fn indexed(conn: &mut Conn, numbers: &[i64]) -> Result<HashSet<i64>, StoreError> {
    let held = around(conn, numbers).await?;
    Ok(numbers.iter().copied().filter(|no| held.iter().any(|held| held.has(*no))).collect())
}

/// Which records a run holds.
struct Held {
    run: i64,
    numbers: Vec<i64>,
    /// Those of which another run holds newer words.
    gone: Vec<i64>,
}

impl Held {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        let gone = row.try_get::<Option<&[u8]>, _>(2)?.map(read_numbers).transpose().map_err(damaged)?;
        Ok(Self { run: row.try_get(0)?, numbers: numbers_at(row, 1)?, gone: gone.unwrap_or_default() })
    }

    fn has(&self, no: i64) -> bool {
        self.numbers.binary_search(&no).is_ok() && self.gone.binary_search(&no).is_err()
    }

    /// Notes that it holds these of its records no more.
    async fn note_gone(mut self, conn: &mut Conn, more: Vec<i64>) -> Result<(), StoreError> {
        if more.is_empty() {
            return Ok(());
        }
        self.gone.extend(more);
        self.gone.sort_unstable();
        let left = self.numbers.len() - self.gone.len();
        let note = sqlx::query::<Db>(NOTE_GONE).bind(self.run).bind(write_numbers(&self.gone));
        note.bind(i64::try_from(left).unwrap_or(i64::MAX)).execute(conn).await?;
        Ok(())
    }
}

/// The runs that may hold one of these records.
async fn around(conn: &mut Conn, numbers: &[i64]) -> Result<Vec<Held>, StoreError> {
    let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(Vec::new()) };
    let held = sqlx::query::<Db>(AROUND).bind(*first).bind(*last).fetch_all(conn).await?;
    held.iter().map(Held::of).collect()
}

/// Adds a run of these records, which are in their order; nothing if there are none.
async fn add(conn: &mut Conn, numbers: Vec<i64>, blocks: &[Block]) -> Result<Option<Held>, StoreError> {
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return Ok(None) };
    let records = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let run = sqlx::query_as::<Db, (i64,)>(ADD_RUN).bind(*first).bind(*last).bind(records);
    let (run,) = run.bind(write_numbers(&numbers)).fetch_one(&mut *conn).await?;
    sqlx::query::<Db>(ADD_BLOCKS)
        .bind(run)
        .bind(blocks.iter().map(|block| block.first.as_str()).collect::<Vec<_>>())
        .bind(blocks.iter().map(|block| block.part).collect::<Vec<_>>())
        .bind(blocks.iter().map(|block| block.bytes.as_slice()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(Some(Held { run, numbers, gone: Vec::new() }))
}

/// Makes one run of several, if there are too many, or writes one without what is gone; answers whether there was one to
/// make.
pub(super) async fn tidy(store: &Backend) -> Result<bool, StoreError> {
    match Merge::of(store).await? {
        Some(merge) => merge.write(store).await.map(|()| true),
        None => Ok(false),
    }
}

/// Several runs that become one. It is made while others write.
pub(super) struct Merge {
    of: Vec<Held>,
    numbers: Vec<i64>,
    blocks: Vec<Block>,
}

impl Merge {
    /// Reads the runs that should become one, and makes it.
    pub(super) async fn of(store: &Backend) -> Result<Option<Self>, StoreError> {
        let mut conn = store.reader().await?;
        let sizes = sqlx::query::<Db>(SIZES).fetch_all(&mut *conn).await?;
        let sizes: Vec<Size> = sizes.iter().map(Size::of).collect::<Result<_, _>>()?;
        let runs = to_merge(&sizes);
        if runs.is_empty() {
            return Ok(None);
        }
        let held = contents(&mut conn, &runs).await?;
        let mut blocks: BTreeMap<i64, Vec<Block>> = BTreeMap::new();
        for row in &each_of(&mut conn, BLOCKS_OF, &runs).await? {
            let block = Block { first: row.try_get(1)?, part: row.try_get(2)?, bytes: row.try_get(3)? };
            blocks.entry(row.try_get(0)?).or_default().push(block);
        }
        drop(conn);
        let merged = spawn_blocking(move || Self::merged(held, blocks)).await;
        merged.map_err(|error| StoreError::Internal(Box::new(error)))?.map(Some).map_err(damaged)
    }

    fn merged(of: Vec<Held>, mut blocks: BTreeMap<i64, Vec<Block>>) -> Result<Self, Damaged> {
        for blocks in blocks.values_mut() {
            blocks.sort_unstable_by(|one, other| (&one.first, one.part).cmp(&(&other.first, other.part)));
        }
        let mut numbers: Vec<i64> = of.iter().flat_map(|held| without(&held.numbers, &held.gone)).collect();
        numbers.sort_unstable();
        let blocks_of = |held: &Held| blocks.get(&held.run).map_or(&[][..], Vec::as_slice);
        let runs: Vec<(&[Block], &[i64])> = of.iter().map(|held| (blocks_of(held), held.gone.as_slice())).collect();
        let blocks = run::merge(&runs, numbers.first().copied().unwrap_or_default())?;
        Ok(Self { of, numbers, blocks })
    }

    /// Writes it in place of those of which it was made.
    pub(super) async fn write(self, store: &Backend) -> Result<(), StoreError> {
        let Self { of, numbers, blocks } = self;
        let runs: Vec<i64> = of.iter().map(|held| held.run).collect();
        let mut tx = store.begin_write().await?;
        let now = contents(&mut tx, &runs).await?;
        if !now.iter().map(|now| now.run).eq(runs.iter().copied()) {
            // Another server was quicker.
            return Ok(());
        }
        each_of(&mut tx, FORGET_BLOCKS, &runs).await?;
        each_of(&mut tx, FORGET_RUNS, &runs).await?;
        if let Some(new) = add(&mut tx, numbers, &blocks).await? {
            // What got newer words meanwhile.
            let gone = now.iter().zip(&of).flat_map(|(now, then)| without(&now.gone, &then.gone)).collect();
            new.note_gone(&mut tx, gone).await?;
        }
        Ok(tx.commit().await?)
    }
}

async fn contents(conn: &mut Conn, runs: &[i64]) -> Result<Vec<Held>, StoreError> {
    let mut held: Vec<Held> = each_of(conn, CONTENTS, runs).await?.iter().map(Held::of).collect::<Result<_, _>>()?;
    held.sort_unstable_by_key(|held| held.run);
    Ok(held)
}

/// A run, how many records it was written of, and how many it still has.
#[derive(Clone, Copy)]
struct Size {
    run: i64,
    written: u64,
    records: u64,
}

impl Size {
    fn of(row: &DbRow) -> Result<Self, StoreError> {
        Ok(Self { run: row.try_get(0)?, written: count(row.try_get(1)?)?, records: count(row.try_get(2)?)? })
    }
}

/// The runs that should become one: so many of like size, or one of which a fourth is gone.
fn to_merge(sizes: &[Size]) -> Vec<i64> {
    let like = |size: &Size| size.records.max(1).ilog(TOGETHER as u64);
    let mut of_size: BTreeMap<u32, Vec<&Size>> = BTreeMap::new();
    for size in sizes.iter().filter(|size| size.records < LARGE) {
        of_size.entry(like(size)).or_default().push(size);
    }
    if let Some(many) = of_size.values().find(|runs| runs.len() >= TOGETHER) {
        let mut records = 0;
        let fit = many.iter().enumerate().take_while(|(place, size)| {
            records += size.records;
            *place < 2 || records <= 2 * LARGE
        });
        return fit.take(TOGETHER).map(|(_, size)| size.run).collect();
    }
    let worn = sizes.iter().find(|size| (size.written - size.records) * 4 > size.written);
    worn.map(|size| size.run).into_iter().collect()
}

/// Takes over the words that lay beside PostgreSQL's own index before there were runs, some at a time; answers whether
/// there may be more.
pub(super) async fn take_over(conn: &mut Conn) -> Result<bool, StoreError> {
    if sqlx::query::<Db>(BEFORE_RUNS).fetch_optional(&mut *conn).await?.is_none() {
        return Ok(false);
    }
    let rows = sqlx::query::<Db>(TAKE_OVER).bind(TAKEN_OVER).fetch_all(&mut *conn).await?;
    let words: Vec<(i64, &str)> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<_, sqlx::Error>>()?;
    if words.is_empty() {
        sqlx::query::<Db>(TAKEN).execute(conn).await?;
        return Ok(false);
    }
    index(conn, &words).await?;
    Ok(true)
}

fn numbers_at(row: &DbRow, at: usize) -> Result<Vec<i64>, StoreError> {
    read_numbers(row.try_get(at)?).map_err(damaged)
}

fn damaged(_: Damaged) -> StoreError {
    corrupt("index of words")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(records: &[u64]) -> Vec<Size> {
        records.iter().zip(1..).map(|(records, run)| Size { run, written: *records, records: *records }).collect()
    }

    #[test]
    fn sixteen_runs_of_like_size_become_one() {
        assert_eq!(to_merge(&sizes(&[40; 15])), [0; 0]);
        assert_eq!(to_merge(&sizes(&[40; 17])), (1..=16).collect::<Vec<i64>>());
        assert_eq!(to_merge(&sizes(&[400, 40, 70_000, 1].repeat(15))), [0; 0]);
        assert_eq!(to_merge(&sizes(&[70_000; 40])), [0; 0], "they are large already");
        assert_eq!(to_merge(&sizes(&[60_000; 16])), [1, 2]);
    }

    #[test]
    fn a_run_of_which_a_fourth_is_gone_is_written_anew() {
        let worn = |records| [Size { run: 7, written: 100_000, records }];
        assert_eq!(to_merge(&worn(75_000)), [0; 0]);
        assert_eq!(to_merge(&worn(74_999)), [7]);
    }

    #[test]
    fn each_number_has_its_bit() {
        assert_eq!(bits(&[1, 8, 15]), [0b10, 0b1000_0001]);
        assert_eq!(bits(&[]), [0; 0]);
    }
}
