//! What older versions left is found again.

use super::super::migrations;
use super::super::search::{find, hits_up_to, indexed, of, take_over};
use super::scratch;
use crate::store::Store as _;

/// Words lay as vectors with their places before 0020, and as texts before 0025; what a vector can't tell is found anew by
/// the server.
#[tokio::test]
async fn words_of_older_versions_are_found_where_they_stand() {
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
    while take_over(&mut conn).await.unwrap() {}
    assert!(!take_over(&mut conn).await.unwrap(), "there is nothing left");
    for (typed, found) in [("张伟", true), ("\"伟 hotel\"", true), ("hotel 张", true), ("hotel伟", false)] {
        let sought = find(&mut conn, &of(typed).unwrap(), i64::MIN..=i64::MAX).await.unwrap();
        assert_eq!(hits_up_to(&mut conn, &sought, 9).await.unwrap(), i64::from(found), "{typed}");
    }
    assert_eq!(indexed(&mut conn, &[1, 2, 5]).await.unwrap(), [1, 2].into());
    let again = sqlx::query_as::<_, (i64,)>("select no from record where search_digest is null order by no");
    let again: Vec<i64> = again.fetch_all(&mut *conn).await.unwrap().into_iter().map(|(no,)| no).collect();
    assert_eq!(again, [3, 4]);
    drop(conn);
    store.close().await;
}
