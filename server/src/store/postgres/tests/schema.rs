//! Both databases have the same tables.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::AssertSqlSafe;

use super::scratch;
use crate::store::Store as _;
use crate::store::sqlite::SqliteStore;

/// A column without its type: whether it has to be filled, and whether it is part of the table's key.
type Column = (bool, bool);

/// A table as both databases describe it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    /// What keys and indexes hold of which rows, and whether it must be unique.
    indexes: BTreeSet<(String, bool)>,
    references: BTreeSet<(String, String)>,
}

type Schema = BTreeMap<String, Table>;

/// What is meant to differ.
fn differences(schema: &mut Schema) {
    // One is a virtual table with tables of its own, the other is an index of our own.
    schema.retain(|name, _| !name.starts_with("record_search") && !name.starts_with("word_"));
    // Only a database with several servers has one that leads.
    schema.remove("lead");
    let change = schema.get_mut("change").unwrap();
    // A key over all partitions has to name the record, by which they are cut.
    for column in ["id", "record"] {
        change.columns.get_mut(column).unwrap().1 = true;
    }
    let own = ["id ", "id, record ", "device, n where device is not null "];
    change.indexes.retain(|(holds, _)| !own.contains(&holds.as_str()));
}

/// What an index holds, without what each database adds in its own way: brackets and types.
fn plain(index: &str) -> String {
    let mut plain = String::new();
    let words = index.replace("= ANY", "in").replace("ARRAY[", "").replace("::bigint", "").replace("::text", "");
    for word in words.split_whitespace() {
        let word = word.replace(['(', ')', ']'], " ");
        plain.extend(word.split_whitespace().flat_map(|word| [word, " "]));
    }
    plain.to_lowercase()
}

async fn of_postgres() -> Schema {
    let store = scratch().await;
    let mut conn = store.writers.acquire().await.unwrap();
    let mut schema = Schema::new();
    let columns = sqlx::query_as::<_, (String, String, bool, bool)>(
        "select cast(c.relname as text), cast(a.attname as text), a.attnotnull, \
        coalesce(a.attnum = any (i.indkey), false) from pg_class c \
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
        left join pg_index i on i.indrelid = c.oid and i.indisprimary \
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition",
    );
    for (table, column, filled, key) in columns.fetch_all(&mut *conn).await.unwrap() {
        schema.entry(table).or_default().columns.insert(column, (filled, key));
    }
    let indexes = sqlx::query_as::<_, (String, String, bool)>(
        "select cast(c.relname as text), (select string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' order by k) \
        from generate_series(1, i.indnkeyatts) k) || coalesce(' where ' || pg_get_expr(i.indpred, i.indrelid, true), ''), \
        i.indisunique from pg_index i join pg_class c on c.oid = i.indrelid \
        where c.relnamespace = 'public'::regnamespace and not c.relispartition",
    );
    for (table, columns, unique) in indexes.fetch_all(&mut *conn).await.unwrap() {
        schema.get_mut(&table).unwrap().indexes.insert((plain(&columns), unique));
    }
    let references = sqlx::query_as::<_, (String, String, String)>(
        "select cast(c.relname as text), cast(a.attname as text), cast(t.relname as text) from pg_constraint f \
        join pg_class c on c.oid = f.conrelid join pg_class t on t.oid = f.confrelid \
        join pg_attribute a on a.attrelid = c.oid and a.attnum = f.conkey[1] where f.contype = 'f'",
    );
    for (table, column, target) in references.fetch_all(&mut *conn).await.unwrap() {
        schema.get_mut(&table).unwrap().references.insert((column, target));
    }
    drop(conn);
    store.close().await;
    schema
}

async fn of_sqlite() -> Schema {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(folder.path()).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("daybook.db"));
    let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let tables = sqlx::query_as::<_, (String,)>(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    );
    let mut schema = Schema::new();
    for (name,) in tables.fetch_all(&mut conn).await.unwrap() {
        let mut table = Table::default();
        let columns = sqlx::query_as::<_, (String, bool, i64)>(AssertSqlSafe(format!(
            "select name, \"notnull\", pk from pragma_table_info('{name}')"
        )));
        let mut key = Vec::new();
        for (column, filled, place) in columns.fetch_all(&mut conn).await.unwrap() {
            // What is part of a key is filled, though SQLite does not say so of every key.
            table.columns.insert(column.clone(), (filled || place > 0, place > 0));
            key.extend((place > 0).then_some((place, column)));
        }
        key.sort();
        let key: Vec<String> = key.into_iter().map(|(_, column)| column).collect();
        table.indexes.extend((!key.is_empty()).then(|| (plain(&key.join(", ")), true)));
        let indexes = sqlx::query_as::<_, (String, bool, Option<String>)>(AssertSqlSafe(format!(
            "select l.name, l.\"unique\", s.sql from pragma_index_list('{name}') l \
            left join sqlite_schema s on s.name = l.name"
        )));
        for (index, unique, made_by) in indexes.fetch_all(&mut conn).await.unwrap() {
            if let Some((_, holds)) = made_by.as_deref().and_then(|sql| sql.split_once(" on ")?.1.split_once(' ')) {
                table.indexes.insert((plain(holds), unique));
                continue;
            }
            let columns = sqlx::query_as::<_, (String,)>(AssertSqlSafe(format!(
                "select name from pragma_index_info('{index}') order by seqno"
            )));
            let columns: Vec<String> =
                columns.fetch_all(&mut conn).await.unwrap().into_iter().map(|(column,)| column).collect();
            table.indexes.insert((plain(&columns.join(", ")), unique));
        }
        let references = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(format!(
            "select \"from\", \"table\" from pragma_foreign_key_list('{name}')"
        )));
        table.references.extend(references.fetch_all(&mut conn).await.unwrap());
        schema.insert(name, table);
    }
    schema
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (mut sqlite, mut postgres) = (of_sqlite().await, of_postgres().await);
    for schema in [&mut sqlite, &mut postgres] {
        schema.remove("_sqlx_migrations");
        differences(schema);
    }
    let names = |schema: &Schema| schema.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&postgres), names(&sqlite));
    for (name, table) in &sqlite {
        assert_eq!(&postgres[name], table, "{name}, on PostgreSQL and on SQLite");
    }
}
