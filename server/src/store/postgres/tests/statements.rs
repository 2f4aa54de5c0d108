//! Every statement fits the tables, and none of the hot ones reads a whole table.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _, Statement as _};

use super::super::all_statements::{Room, lists_with_their_index};
use super::super::*;
use super::scratch;

const OWN: &[Room] = &[
    ("postgres", super::super::STATEMENTS, &[]),
    ("backup", backup::STATEMENTS, &[]),
    ("months", months::STATEMENTS, &[]),
    ("moving", moving::STATEMENTS, &[]),
    ("neighbours", neighbours::STATEMENTS, &[]),
];

/// All statements, with the types of what they take where PostgreSQL can't know them. In the field the values bring
/// their types along.
fn statements() -> Vec<(String, String)> {
    all_statements::statements(OWN).into_iter().map(|(name, sql)| (name, typed(&sql))).collect()
}

/// Casts the first row of `(a, b) as (values ($1, $2), ...)` and of `(a, b) in (values ...)`.
fn typed(sql: &str) -> String {
    const ROWS: &str = " (values (";
    let Some(at) = sql.find(ROWS) else {
        return sql.to_owned();
    };
    let (before, rows) = (&sql[..at], &sql[at + ROWS.len()..]);
    let named = before.strip_suffix(" as").or(before.strip_suffix(" in")).and_then(|named| named.strip_suffix(')'));
    let Some((_, names)) = named.and_then(|named| named.rsplit_once('(')) else {
        return sql.to_owned();
    };
    let (row, rest) = rows.split_once(')').unwrap();
    let cast = |(value, name): (&str, &str)| format!("cast({value} as {})", type_of(name));
    let row: Vec<String> = row.split(", ").zip(names.split(", ")).map(cast).collect();
    format!("{before}{ROWS}{}){rest}", row.join(", "))
}

/// What columns of rows are called, and what they hold.
fn type_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap() {
        "id" | "record" | "scope" | "organisation" | "maker" | "office" => "uuid",
        "hash" | "link" | "raw" => "bytea",
        "state" => "smallint",
        "code" | "app" | "day" => "text",
        _ => "bigint",
    }
}

#[test]
fn rows_get_their_types() {
    let sql = "with judged (record, n) as (values ($1, $2), ($3, $4)) update t set n = judged.n from judged";
    let with_types = "with judged (record, n) as (values (cast($1 as uuid), cast($2 as bigint)), ($3, $4)) update t set n = judged.n \
        from judged";
    assert_eq!(typed(sql), with_types);
    assert_eq!(typed("insert into t values ($1)"), "insert into t values ($1)");
}

#[tokio::test]
async fn every_statement_fits_the_tables() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    let mut complaints = Vec::new();
    for (name, sql) in statements() {
        let prepared = (&mut *conn).prepare(AssertSqlSafe(sql).into_sql_str()).await;
        complaints.extend(prepared.err().map(|error| format!("{name}: {error}")));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Tables that grow for ever, and the partitions of one of them.
fn grows(table: &str) -> bool {
    const TABLES: &[&str] = &[
        "record",
        "departure",
        "journal_head",
        "journal_part",
        "word_block",
        "photo",
        "photo_reference",
        "photo_upload",
    ];
    TABLES.contains(&table) || table.starts_with("change_") || table.starts_with("bundle_")
}

/// The steps of a plan that read all of a table that grows, or of an index of one. What a partial index holds is rare, or
/// waits and is read until the limit.
fn whole_reads<'a>(plan: &'a [String], partial: &[String]) -> Vec<&'a str> {
    let mut whole = Vec::new();
    let mut lines = plan.iter().peekable();
    while let Some(step) = lines.next() {
        let mut bounded = false;
        while let Some(line) = lines.next_if(|line| !line.contains("->")) {
            bounded |= line.contains("Index Cond:");
        }
        let after = |words: &str| step.split_once(words).and_then(|(_, rest)| rest.split(' ').next());
        let of_table = after("Seq Scan on ").is_some_and(grows);
        let of_index = after("Scan using ").or(after("Scan Backward using ")).or(after("Bitmap Index Scan on "));
        let of_index = of_index.is_some_and(|index| {
            let grows =
                ["bundle", "change", "departure", "journal_head", "journal_part", "photo", "record", "word_block"];
            !bounded && grows.iter().any(|table| index.starts_with(table)) && !partial.iter().any(|rare| rare == index)
        });
        if of_table || of_index {
            whole.push(step.trim());
        }
    }
    whole
}

/// Statements that may read a whole table: what counts on purpose, and what a queue of a few rows is read for.
const UNHURRIED: &[&str] = &[
    "audit::",
    "bundle::EVERY",
    "backup::",
    "keep::PING",
    "moving::",
    "photos::OPEN_UPLOADS",
    "postgres::",
    "system::COUNT",
    "totals::COUNT",
];

/// In transactions as the store begins them, where whole reads are left only where no index helps.
#[tokio::test]
async fn no_statement_reads_all_records_or_changes() {
    let store = scratch().await;
    let mut conn = store.writers.begin_with(begin(true)).await.unwrap();
    let partial = "select cast(cast(indexrelid as regclass) as text) from pg_index where indpred is not null";
    let partial = sqlx::query_as::<Db, (String,)>(partial).fetch_all(&mut *conn).await.unwrap();
    let partial: Vec<String> = partial.into_iter().map(|(name,)| name).collect();
    let mut complaints = Vec::new();
    for (name, sql) in statements() {
        if UNHURRIED.iter().any(|unhurried| name.starts_with(unhurried)) {
            continue;
        }
        let plan = plan_of(&mut conn, &sql).await;
        let whole = whole_reads(&plan, &partial);
        complaints.extend(whole.into_iter().map(|step| format!("{name}: {step}\n  {sql}")));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The plan of a statement, whatever it is asked for.
async fn plan_of(conn: &mut Conn, sql: &str) -> Vec<String> {
    let known = (&mut *conn).prepare(AssertSqlSafe(sql.to_owned()).into_sql_str()).await.unwrap();
    let parameters = known.parameters().map_or(0, |found| found.either(|types| types.len(), |count| count));
    let nulls = vec!["null"; parameters].join(", ");
    let arguments = if parameters == 0 { String::new() } else { format!("({nulls})") };
    sqlx::raw_sql(AssertSqlSafe(format!("prepare explained as {sql}"))).execute(&mut *conn).await.unwrap();
    let plan = sqlx::query_as::<Db, (String,)>(AssertSqlSafe(format!("explain execute explained{arguments}")))
        .persistent(false)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    sqlx::raw_sql("deallocate explained").execute(&mut *conn).await.unwrap();
    plan.into_iter().map(|(line,)| line).collect()
}

/// Somebody's records of two hours are a handful, those of a year are thousands.
#[tokio::test]
async fn records_made_around_another_are_found_by_their_time() {
    let store = scratch().await;
    let mut conn = store.writers.begin_with(begin(true)).await.unwrap();
    let mut found = 0;
    for (_, sql) in statements().into_iter().filter(|(name, _)| name.starts_with("flags::NEAR")) {
        let plan = plan_of(&mut conn, &sql).await;
        let bound = |line: &String| line.contains("Index Cond:") && line.contains("captured_ms");
        assert!(plan.iter().any(bound), "{}\n  {sql}", plan.join("\n"));
        found += 1;
    }
    assert!(found > 0);
}

/// What stands in most records has thousands of blocks, and each search would read all of them.
#[tokio::test]
async fn blocks_are_found_by_run_and_word() {
    let store = scratch().await;
    let mut conn = store.writers.begin_with(begin(true)).await.unwrap();
    let mut found = 0;
    for (name, sql) in statements() {
        let bounds: &[&str] = match name.as_str() {
            "search::BLOCKS" => &["run = r.run", "first >=", "first <= wanted.up_to"],
            "search::COMMON" => &["run = ", "first = wanted.word"],
            _ => continue,
        };
        let plan = plan_of(&mut conn, &sql).await;
        let bound = |line: &String| line.contains("Index Cond:") && bounds.iter().all(|bound| line.contains(bound));
        assert!(plan.iter().any(bound), "{}\n  {sql}", plan.join("\n"));
        found += 1;
    }
    assert_eq!(found, 2);
}

/// A plan that does not know how many rows of a list are wanted sorts all that there are.
#[tokio::test]
async fn lists_are_planned_for_their_values_and_what_is_named_is_not() {
    let store = scratch().await;
    let mut modes = Vec::new();
    for mut conn in [store.reader().await.unwrap(), store.reader_by_name().await.unwrap()] {
        let (mode,) = sqlx::query_as::<Db, (String,)>("show plan_cache_mode").fetch_one(&mut *conn).await.unwrap();
        modes.push(mode);
    }
    assert_eq!(modes, ["auto", "force_generic_plan"]);
}

#[test]
fn a_whole_index_is_a_whole_read() {
    let read = |plan: &[&str]| {
        let plan: Vec<String> = plan.iter().map(|line| (*line).to_owned()).collect();
        whole_reads(&plan, &["record_list_flagged".to_owned()]).len()
    };
    assert_eq!(
        read(&[
            "Limit  (cost=0)",
            "  ->  Index Scan Backward using record_list on record r  (cost=0)",
            "        Filter: x"
        ]),
        1
    );
    assert_eq!(
        read(&["Index Only Scan using record_list on record r  (cost=0)", "  Index Cond: (organisation = 1)"]),
        0
    );
    assert_eq!(read(&["Index Scan using record_list_flagged on record r  (cost=0)"]), 0);
    assert_eq!(read(&["  ->  Seq Scan on change_2026_01 c  (cost=0)", "  ->  Seq Scan on person p  (cost=0)"]), 1);
}

/// A small table without an index is read as a whole all the same. PostgreSQL, told not to, reckons that as the dearest
/// thing there is, and would compile such a statement first, which takes thirty times as long as to read the table.
#[tokio::test]
async fn no_statement_is_compiled() {
    let store = scratch().await;
    for begin in [store.reader().await, store.reader_by_name().await, store.begin_write().await] {
        let mut tx = begin.unwrap();
        let plan = plan_of(&mut tx, "select run, gone from word_run where gone is not null").await;
        assert!(plan.iter().any(|step| step.contains("Seq Scan")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("JIT")), "{plan:?}");
    }
}

/// What is rare is not looked for among everything. Of empty tables nothing is rare, so the index of all is taken away.
#[tokio::test]
async fn lists_with_an_index_of_their_own_can_use_it() {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    let alone = "begin; drop index record_list; set local enable_seqscan = off; set local enable_sort = off; \
        set local enable_bitmapscan = off; set local plan_cache_mode = force_generic_plan;";
    for ((scope, filter, led_by_hits, page), index) in lists_with_their_index() {
        let others = lists_with_their_index().into_iter().map(|(_, other)| other).filter(|other| *other != index);
        let drops: String = others.map(|other| format!("drop index {other};")).collect();
        for (name, sql) in read::statements_of(&scope, &filter, led_by_hits, page) {
            sqlx::raw_sql(AssertSqlSafe(format!("{alone} {drops}"))).execute(&mut *conn).await.unwrap();
            let plan = plan_of(&mut conn, &sql).await;
            assert!(plan.iter().any(|step| step.contains(&index)), "{name}: {plan:?}\n  {sql}");
            sqlx::raw_sql("rollback").execute(&mut *conn).await.unwrap();
        }
    }
}
