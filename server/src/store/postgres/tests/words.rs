//! The index of words while it grows, changes and is tidied.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sqlx::{AssertSqlSafe, Row as _};
use sync_core::index::terms;

use super::super::search::{Merge, among_many, bind, find, hits_up_to, index, indexed, matching, of, tidy};
use super::*;
use crate::store::shared::pairs::words;

/// What records say, by their numbers.
type Records = BTreeMap<i64, String>;

/// Which of all records up to 10,000 a search finds, by either condition.
async fn found(store: &PostgresStore, typed: &str) -> BTreeSet<i64> {
    let found = found_between(store, typed, 1..=10_000).await;
    let mut conn = store.writers.acquire().await.unwrap();
    let sought = find(&mut conn, &of(typed).unwrap(), i64::MIN..=i64::MAX).await.unwrap();
    let all = i64::try_from(found.len()).unwrap();
    assert_eq!(hits_up_to(&mut conn, &sought, i64::MAX).await.unwrap(), all);
    found
}

/// Which of the records between these numbers it finds.
async fn found_between(store: &PostgresStore, typed: &str, numbers: RangeInclusive<i64>) -> BTreeSet<i64> {
    let mut conn = store.writers.acquire().await.unwrap();
    let (first, last) = (*numbers.start(), *numbers.end());
    let sought = find(&mut conn, &of(typed).unwrap(), numbers).await.unwrap();
    let mut by_condition = Vec::new();
    for (few, condition) in [(true, matching("$1")), (false, among_many("$1"))] {
        let sql = format!("select cast(r.no as bigint) from generate_series({first}, {last}) r (no) where {condition}");
        let rows = bind(sqlx::query::<Db>(AssertSqlSafe(sql)), &sought, few).fetch_all(&mut *conn).await.unwrap();
        by_condition.push(rows.iter().map(|row| row.try_get(0).unwrap()).collect::<BTreeSet<i64>>());
    }
    let found = by_condition.remove(0);
    assert_eq!(by_condition.remove(0), found, "{typed}");
    found
}

async fn write(store: &PostgresStore, records: &Records) {
    let mut tx = store.begin_write().await.unwrap();
    let words: Vec<(i64, &str)> = records.iter().map(|(no, words)| (*no, words.as_str())).collect();
    index(&mut tx, &words).await.unwrap();
    tx.commit().await.unwrap();
}

async fn runs(store: &PostgresStore) -> i64 {
    let runs = sqlx::query_as::<Db, (i64,)>("select count(*) from word_run").fetch_one(&store.writers);
    runs.await.unwrap().0
}

/// Each search finds what has its words side by side, and nothing else.
async fn check(store: &PostgresStore, records: &Records) {
    for phrase in ["a", "b", "a b", "b a c", "c c", "ab", "d", "a b c ab", "b cab a c a", "ab c b cab c"] {
        // Each word but the last is a whole one.
        let has = |words: &str| format!(" {words}").contains(&format!(" {phrase}"));
        let expected: BTreeSet<i64> = records.iter().filter(|(_, words)| has(words)).map(|(no, _)| *no).collect();
        let typed = phrase.replace(' ', "-");
        assert_eq!(found(store, &typed).await, expected, "{phrase}");
        for between in [1..=1, 40..=90, 500..=9_000] {
            let near: BTreeSet<i64> = expected.range(between.clone()).copied().collect();
            assert_eq!(found_between(store, &typed, between.clone()).await, near, "{phrase} in {between:?}");
        }
    }
    let mut conn = store.writers.acquire().await.unwrap();
    let all: Vec<i64> = (1..10_000).collect();
    assert_eq!(indexed(&mut conn, &all).await.unwrap(), records.keys().copied().collect());
}

#[tokio::test]
async fn searches_find_what_records_say_now_however_the_index_came_about() {
    let store = scratch().await;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut records = Records::new();
    let mut most = 0;
    for round in 0..60 {
        // New ones and some that were there, in runs of all sizes.
        let many = [1, 3, 40][round % 3];
        let mut next = Records::new();
        for _ in 0..many {
            let no = rng.random_range(1..400);
            let words: Vec<&str> =
                (0..rng.random_range(0..12)).map(|_| ["a", "b", "c", "ab", "cab"][rng.random_range(0..5)]).collect();
            next.insert(no, words.join(" "));
        }
        write(&store, &next).await;
        records.extend(next);
        if round % 7 == 0 {
            check(&store, &records).await;
        }
        most = most.max(runs(&store).await);
        if round % 20 == 19 {
            while tidy(&store).await.unwrap() {}
            check(&store, &records).await;
        }
    }
    assert!(most > 30 && runs(&store).await <= 30, "no more than fifteen of one record, and as many of forty: {most}");
    store.close().await;
}

#[tokio::test]
async fn what_gets_newer_words_while_runs_become_one_is_found_by_these() {
    let store = scratch().await;
    let mut records = Records::new();
    for no in 1..=16 {
        let one = Records::from([(no, "a b".to_owned())]);
        write(&store, &one).await;
        records.extend(one);
    }
    // Twice, so that one is gone already when the merging begins.
    let again = Records::from([(3, "b a".to_owned())]);
    write(&store, &again).await;
    records.extend(again);
    let merge = Merge::of(&store).await.unwrap().unwrap();
    let meanwhile = Records::from([(3, "c".to_owned()), (5, "a c".to_owned())]);
    write(&store, &meanwhile).await;
    records.extend(meanwhile);
    check(&store, &records).await;
    merge.write(&store).await.unwrap();
    check(&store, &records).await;
    while tidy(&store).await.unwrap() {}
    check(&store, &records).await;
    store.close().await;
}

#[tokio::test]
async fn of_two_servers_that_make_the_same_run_one_writes_it() {
    let store = scratch().await;
    let records: Records = (1..=16).map(|no| (no, "a b".to_owned())).collect();
    for (no, words) in &records {
        write(&store, &Records::from([(*no, words.clone())])).await;
    }
    let (one, other) = (Merge::of(&store).await.unwrap().unwrap(), Merge::of(&store).await.unwrap().unwrap());
    one.write(&store).await.unwrap();
    other.write(&store).await.unwrap();
    assert_eq!(runs(&store).await, 1);
    check(&store, &records).await;
    store.close().await;
}

/// Of a sentence a few words are looked for everywhere, and the others where these are found, in one way or another.
#[tokio::test]
async fn a_sentence_is_found_in_many_records_and_in_few() {
    let store = scratch().await;
    let said = |no: i64| match no {
        1..=300 => "a b c d e f g h",
        301..=600 => "a b c d x e f g h a b c d e f",
        601..=605 => "h g f e d c b a b c d e f g",
        _ => "g a b",
    };
    let records: Records = (1..=700).map(|no| (no, said(no).to_owned())).collect();
    write(&store, &records).await;
    let having =
        |of: &str| records.iter().filter(|(_, said)| said.contains(of)).map(|(no, _)| *no).collect::<BTreeSet<_>>();
    for (sentence, many) in [
        ("a b c d e f", 605),
        ("a b c d e f g", 305),
        ("b c d x e f g h", 300),
        ("c b a b c d e f g", 5),
        ("g f e d c b a c", 0),
    ] {
        assert_eq!(having(sentence).len(), many, "{sentence}");
        assert_eq!(found(&store, &sentence.replace(' ', "-")).await, having(sentence), "{sentence}");
    }
    let both = having("d x e f g h").intersection(&having("a b c d e")).copied().collect();
    assert_eq!(found(&store, "d-x-e-f-g-h a-b-c-d-e").await, both);
    store.close().await;
}

/// As [`a_sentence_is_found_in_many_records_and_in_few`], of pairs of characters.
#[tokio::test]
async fn a_chinese_sentence_is_found_where_all_of_it_stands() {
    let store = scratch().await;
    let said = [("客户想要三居室朝南", 300), ("客户想要两居室朝南", 20), ("想要三居室的客户朝南", 4)];
    let mut records = Records::new();
    for (sentence, many) in said {
        let next = i64::try_from(records.len()).unwrap() + 1;
        records.extend((next..next + many).map(|no| (no, words(&terms(sentence)))));
    }
    write(&store, &records).await;
    for (typed, many) in [
        ("客户想要三居室朝南", 300),
        ("户想要两居室朝", 20),
        ("想要三居室", 304),
        ("要三居室的客户朝", 4),
        ("客户想要四居室朝南", 0),
        ("想要三居室朝客户", 0),
    ] {
        assert_eq!(found(&store, typed).await.len(), many, "{typed}");
    }
    store.close().await;
}

/// A damaged index says so, and what is stored beside it is not touched.
#[tokio::test]
async fn a_damaged_block_is_an_error_and_nothing_worse() {
    let store = scratch().await;
    write(&store, &Records::from([(1, "a b c".to_owned())])).await;
    sqlx::raw_sql("update word_block set block = '\\xffffffffffffffffffffff'").execute(&store.writers).await.unwrap();
    let mut conn = store.writers.acquire().await.unwrap();
    let refused = find(&mut conn, &of("a").unwrap(), i64::MIN..=i64::MAX).await;
    assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    drop(conn);
    store.close().await;
}
