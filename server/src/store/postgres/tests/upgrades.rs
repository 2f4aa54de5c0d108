//! What older versions left is found again.

use super::super::migrations;
use super::scratch;
use crate::store::Store as _;

/// Words from before 0020 lay as vectors with their places; what a vector can't tell is found anew by the server.
#[tokio::test]
async fn words_from_before_they_lay_as_texts_keep_their_places() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    sqlx::raw_sql("create schema old; set search_path = old").execute(&mut *conn).await.unwrap();
    let migrations = migrations();
    let (before, after): (Vec<_>, Vec<_>) = migrations.iter().partition(|migration| migration.version < 20);
    for migration in before {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *conn).await.unwrap();
    }
    let record = "insert into record (no, id, organisation, kind, owner, office, day, captured_ms, title, subtitle, review, \
        conflicts, flags, changes, heads, seq, owner_since, team_since, office_since, first_seq, updated_at, search_digest) \
        select no, gen_random_uuid(), 1, 'lead', 2, 3, '2026-11-01', 5, 't', 's', 'received', 0, 0, 4, '', 9, 1, 2, 3, 4, 6, 8 \
        from generate_series(1, 4) no";
    sqlx::raw_sql(record).execute(&mut *conn).await.unwrap();
    let long =
        |words: i32| format!("select string_agg('''w' || n || ''':' || n, ' ') from generate_series(1, {words}) n");
    let often = "select string_agg('''w'':' || n, ' ') from generate_series(1, 300) n";
    let vectors = format!(
        "insert into record_search (no, terms) values (1, '''张伟'':1 ''伟'':2 ''hotel'':3,5 ''张'':4'), (2, ''), \
        (3, cast(({}) as tsvector)), (4, cast(({often}) as tsvector))",
        long(17_000)
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(vectors)).execute(&mut *conn).await.unwrap();
    for migration in after {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut *conn).await.unwrap();
    }
    let words = sqlx::query_as::<_, (String,)>("select words from record_search where no < 3 order by no");
    let words: Vec<String> = words.fetch_all(&mut *conn).await.unwrap().into_iter().map(|(words,)| words).collect();
    assert_eq!(words, [" 张伟 伟 hotel 张 hotel ", " "]);
    let again = sqlx::query_as::<_, (i64,)>("select no from record where search_digest is null order by no");
    let again: Vec<i64> = again.fetch_all(&mut *conn).await.unwrap().into_iter().map(|(no,)| no).collect();
    assert_eq!(again, [3, 4]);
    drop(conn);
    store.close().await;
}
