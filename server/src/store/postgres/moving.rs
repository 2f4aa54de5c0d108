//! Moving an organisation from the embedded database to PostgreSQL, so that phones don't notice.
//!
//! Tables are copied in the order of their keys, a batch in a transaction. What is there already tells where to go on, so
//! a move that was interrupted is simply begun again. At the end both sides are read once more and compared, row by row.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Database, Encode, Row as _, Sqlite, Type};
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::months::{self, Month};
use super::{Access, Conn, Db, DbRow, OpenError, PostgresStore};
use crate::hex::hex;
use crate::store::StoreError;
use crate::store::shared::bulk::{Bulk, stretches};
use crate::store::shared::failure::corrupt;
use crate::store::shared::statements;
use crate::store::shared::stored::text;
use crate::store::sqlite::{self, SqliteStore};

/// Rows in one transaction.
const BATCH: usize = 1_024;

/// The tables in an order in which whatever is referred to comes first. What a search finds is made anew.
pub(super) const TABLES: &[&str] = &[
    "server_key",
    "organisation",
    "office",
    "team",
    "project",
    "person",
    "membership",
    "enrolment_code",
    "device",
    "actor",
    "staff_session",
    "second_factor",
    "recovery_code",
    "preset",
    "journal_head",
    "backup_line",
    "decision",
    "change",
    "bundle",
    "journal_part",
    "identifier",
    "record",
    "record_total",
    "lead_phone",
    "departure",
    "feed_salt",
    "stray",
    "digest_order",
    "photo",
    "photo_reference",
    "photo_upload",
    "photo_backup",
    "flags_to_raise",
    "forked_to_raise",
    "day_fact",
    "statement",
    "sealed_item",
    "consultant",
    "audit_entry",
];

statements! {
    BEGUN = "select value from meta where key = 'moving'";
    OCCUPIED = "select (select count(*) from server_key) + (select count(*) from organisation)";
    BEGIN = "insert into meta (key, value) values ('moving', $1) on conflict (key) do nothing";
    FINISH = "delete from meta where key = 'moving'";
    TAKE_META = "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
    // `change` is partitioned, and has a sequence of its own.
    COUNTERS = "select cast(c.relname as text), cast(a.attname as text) from pg_attribute a \
        join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' \
        and a.attidentity <> '' union all select 'change', 'id'";
    COLUMNS = "select cast(a.attname as text), cast(format_type(a.atttypid, -1) as text), \
        coalesce(array_position(cast(i.indkey as int2[]), a.attnum), -1) \
        from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary \
        where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum";
}

/// Why a move did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The embedded database can't be opened.
    #[error("the embedded database: {0}")]
    From(#[from] sqlite::OpenError),
    /// PostgreSQL can't be used.
    #[error("PostgreSQL: {0}")]
    To(#[from] OpenError),
    /// There is somebody else's organisation.
    #[error("the PostgreSQL database is not empty: create another one for the move")]
    Occupied,
    /// A table differs afterwards.
    #[error("the table {0} is not the same on both sides: nothing was changed in the embedded database")]
    Different(&'static str),
    /// A database does not answer.
    #[error("a database can't be read or written")]
    Database(#[from] StoreError),
}

impl MoveError {
    /// Whether a database answers, but with something that does not fit.
    pub fn is_about_contents(&self) -> bool {
        matches!(self, Self::Different(_) | Self::Database(StoreError::Conflict(_) | StoreError::Internal(_)))
    }
}

impl From<sqlx::Error> for MoveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MovedTable {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// A digest of all its rows, the same on both sides.
    pub sha256: String,
}

/// A move under way.
pub struct Move {
    from: SqliteStore,
    reading: SqliteConnection,
    to: Arc<PostgresStore>,
    /// An earlier attempt has left something there.
    resumed: bool,
}

impl Move {
    /// Opens both sides. Nobody else can open the embedded one until this is dropped.
    ///
    /// # Errors
    /// When one can't be opened, or the PostgreSQL database holds something that no earlier attempt has put there.
    pub async fn begin(folder: &Path, access: &Access) -> Result<Self, MoveError> {
        let from = SqliteStore::open_also_moved(folder).await?;
        let mut reading = sqlite::connect(folder).await?;
        let whose = whose(&mut reading).await?;
        let to = Arc::new(PostgresStore::open_anyhow(access, None).await?);
        let mut tx = to.begin_write().await?;
        let begun = sqlx::query_as::<Db, (String,)>(BEGUN).fetch_optional(&mut *tx).await?;
        let (occupied,) = sqlx::query_as::<Db, (i64,)>(OCCUPIED).fetch_one(&mut *tx).await?;
        if occupied > 0 && begun.as_ref().is_none_or(|(other,)| *other != whose) {
            return Err(MoveError::Occupied);
        }
        sqlx::query::<Db>(BEGIN).bind(whose).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(Self { from, reading, to, resumed: occupied > 0 })
    }

    /// The store that is being filled.
    pub fn store(&self) -> Arc<PostgresStore> {
        Arc::clone(&self.to)
    }

    /// Copies what is not there yet. `progress` hears of each batch: the table, and how many rows of it were copied.
    ///
    /// # Errors
    /// When a database fails. Begun again, it goes on.
    pub async fn copy(&mut self, progress: impl Fn(&str, u64)) -> Result<(), MoveError> {
        for name in TABLES {
            let table = self.table(name).await?;
            let mut copied = 0;
            loop {
                let mut tx = self.to.begin_write().await?;
                let last = table.last(&mut tx).await?;
                let rows = table.after(&mut self.reading, last).await?;
                if rows.is_empty() {
                    break;
                }
                table.write(&mut tx, &rows).await?;
                tx.commit().await?;
                copied += rows.len() as u64;
                progress(name, copied);
            }
        }
        Ok(())
    }

    /// Whether what differs may be due to an earlier attempt: since then the server may have run and changed what had
    /// been copied. If so, what is there is taken away, and everything can be copied anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_anew(&mut self) -> Result<bool, MoveError> {
        if !std::mem::take(&mut self.resumed) {
            return Ok(false);
        }
        let mut tx = self.to.begin_write().await?;
        let forget = format!("truncate {}, word_run, word_block, rota_turn", TABLES.join(", "));
        sqlx::query::<Db>(AssertSqlSafe(forget)).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Reads both sides and compares them.
    ///
    /// # Errors
    /// When a table is not the same, or a database fails.
    pub async fn verify(&mut self, progress: impl Fn(&str, u64)) -> Result<Vec<MovedTable>, MoveError> {
        let mut moved = Vec::with_capacity(TABLES.len());
        for name in TABLES {
            let table = self.table(name).await?;
            let here = table.digest_embedded(&mut self.reading).await?;
            let there = table.digest(&mut *self.to.reader().await?).await?;
            if here != there {
                return Err(MoveError::Different(name));
            }
            let (rows, digest) = there;
            progress(name, rows);
            moved.push(MovedTable { table: name, rows, sha256: hex(&digest) });
        }
        Ok(moved)
    }

    /// From now on the organisation lives in PostgreSQL: the embedded database is not opened any more.
    ///
    /// # Errors
    /// When a database fails.
    pub async fn finish(mut self) -> Result<(), MoveError> {
        let meta = sqlx::query_as::<Sqlite, (String, String)>("select key, value from meta where key <> 'moved'");
        let meta = meta.fetch_all(&mut self.reading).await?;
        let mut tx = self.to.begin_write().await?;
        for (key, value) in meta {
            sqlx::query::<Db>(TAKE_META).bind(key).bind(value).execute(&mut *tx).await?;
        }
        let counters = sqlx::query_as::<Db, (String, String)>(COUNTERS).fetch_all(&mut *tx).await?;
        for (table, column) in counters {
            let go_on = format!(
                "select setval(pg_get_serial_sequence('{table}', '{column}'), (select max({column}) from {table})) \
                where exists (select 1 from {table})"
            );
            sqlx::query::<Db>(AssertSqlSafe(go_on)).execute(&mut *tx).await?;
        }
        // First here: whatever happens between the two, nobody opens either, and the move can be begun again.
        self.from.close_for_good().await?;
        sqlx::query::<Db>(FINISH).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn table(&self, name: &'static str) -> Result<Table, MoveError> {
        let mut conn = self.to.reader().await?;
        let found = sqlx::query_as::<Db, (String, String, i32)>(COLUMNS).bind(name).fetch_all(&mut *conn).await?;
        let mut key: Vec<(i32, usize)> = found
            .iter()
            .enumerate()
            .filter(|(_, (_, _, place))| *place >= 0)
            .map(|(i, (_, _, place))| (*place, i))
            .collect();
        key.sort_unstable();
        let columns = found.into_iter().map(|(name, kind, _)| Ok(Column { name, kind: Kind::of(&kind)? }));
        let columns = columns.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Table { name, columns, key: key.into_iter().map(|(_, column)| column).collect() })
    }
}

/// Which embedded database it is: a digest of what its servers sign with.
async fn whose(reading: &mut SqliteConnection) -> Result<String, StoreError> {
    let seed = sqlx::query_as::<Sqlite, (Vec<u8>,)>("select seed from server_key").fetch_optional(reading).await?;
    let digest = Sha256::digest(seed.map(|(seed,)| seed).unwrap_or_default());
    Ok(hex(&digest))
}

/// A table as both sides have it.
struct Table {
    name: &'static str,
    columns: Vec<Column>,
    /// The columns of its key.
    key: Vec<usize>,
}

struct Column {
    name: String,
    kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Id,
    Bytes,
    Number,
    Medium,
    Small,
    Truth,
    Text,
}

/// What a field holds.
#[derive(Clone)]
enum Value {
    Id(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
    Number(Option<i64>),
    Medium(Option<i32>),
    Small(Option<i16>),
    Truth(Option<bool>),
    Text(Option<String>),
}

impl Kind {
    fn of(kind: &str) -> Result<Self, StoreError> {
        Ok(match kind {
            "uuid" => Self::Id,
            "bytea" => Self::Bytes,
            "bigint" => Self::Number,
            "integer" => Self::Medium,
            "smallint" => Self::Small,
            "boolean" => Self::Truth,
            "text" => Self::Text,
            _ => return Err(corrupt("type of a column")),
        })
    }
}

/// Reads the fields of a row, on either side.
macro_rules! fields {
    ($table:expr, $row:expr) => {
        $table
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| {
                Ok(match column.kind {
                    Kind::Id => Value::Id($row.try_get(i)?),
                    Kind::Bytes => Value::Bytes($row.try_get(i)?),
                    Kind::Number => Value::Number($row.try_get(i)?),
                    Kind::Medium => Value::Medium($row.try_get(i)?),
                    Kind::Small => Value::Small($row.try_get(i)?),
                    Kind::Truth => Value::Truth($row.try_get(i)?),
                    Kind::Text => Value::Text($row.try_get::<Option<String>, _>(i)?.as_deref().map(text)),
                })
            })
            .collect::<Result<Vec<Value>, sqlx::Error>>()
    };
}

impl Value {
    fn bind<D: Database>(self, query: Query<'_, D, D::Arguments>) -> Query<'_, D, D::Arguments>
    where
        Option<Uuid>: for<'q> Encode<'q, D> + Type<D>,
        Option<Vec<u8>>: for<'q> Encode<'q, D> + Type<D>,
        Option<i64>: for<'q> Encode<'q, D> + Type<D>,
        Option<i32>: for<'q> Encode<'q, D> + Type<D>,
        Option<i16>: for<'q> Encode<'q, D> + Type<D>,
        Option<bool>: for<'q> Encode<'q, D> + Type<D>,
        Option<String>: for<'q> Encode<'q, D> + Type<D>,
    {
        match self {
            Self::Id(value) => query.bind(value),
            Self::Bytes(value) => query.bind(value),
            Self::Number(value) => query.bind(value),
            Self::Medium(value) => query.bind(value),
            Self::Small(value) => query.bind(value),
            Self::Truth(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
        }
    }

    /// Adds the value to a digest, so that no two rows look alike.
    fn digest(&self, digest: &mut Sha256) {
        let bytes: Option<Vec<u8>> = match self {
            Self::Id(value) => value.map(|id| id.as_bytes().to_vec()),
            Self::Bytes(value) => value.clone(),
            Self::Number(value) => value.map(|number| number.to_be_bytes().to_vec()),
            Self::Medium(value) => value.map(|number| number.to_be_bytes().to_vec()),
            Self::Small(value) => value.map(|number| number.to_be_bytes().to_vec()),
            Self::Truth(value) => value.map(|truth| vec![truth.into()]),
            Self::Text(value) => value.as_ref().map(|text| text.clone().into_bytes()),
        };
        match bytes {
            None => digest.update([0]),
            Some(bytes) => {
                digest.update([1]);
                digest.update((bytes.len() as u64).to_be_bytes());
                digest.update(bytes);
            }
        }
    }
}

impl Table {
    fn columns(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn key(&self, ending: &str) -> String {
        let named = |column: &usize| format!("{}{ending}", self.columns[*column].name);
        self.key.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    /// The key of the last row that was copied.
    async fn last(&self, conn: &mut Conn) -> Result<Option<Vec<Value>>, StoreError> {
        let last = format!("select {} from {} order by {} limit 1", self.columns(), self.name, self.key(" desc"));
        let row = sqlx::query::<Db>(AssertSqlSafe(last)).fetch_optional(conn).await?;
        let Some(row) = row else { return Ok(None) };
        let fields = fields!(self, row)?;
        Ok(Some(self.key.iter().map(|column| fields[*column].clone()).collect()))
    }

    /// The rows behind a key, in order.
    async fn after(
        &self,
        conn: &mut SqliteConnection,
        last: Option<Vec<Value>>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let behind = match &last {
            None => String::new(),
            Some(key) => format!(" where ({}) > ({})", self.key(""), vec!["?"; key.len()].join(", ")),
        };
        let next =
            format!("select {} from {}{behind} order by {} limit {BATCH}", self.columns(), self.name, self.key(""));
        let query = last
            .into_iter()
            .flatten()
            .fold(sqlx::query::<Sqlite>(AssertSqlSafe(next)), |query, value| value.bind(query));
        let rows = query.fetch_all(conn).await?;
        Ok(rows.iter().map(|row| fields!(self, row)).collect::<Result<_, _>>()?)
    }

    async fn write(&self, conn: &mut Conn, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        if months::TABLES.contains(&self.name) {
            self.prepare_months(conn, rows).await?;
        }
        for stretch in stretches(rows) {
            let values = Bulk::new("values {rows}", self.columns.len()).text(stretch.len(), super::PLACEHOLDERS);
            let insert = format!("insert into {} ({}) {values}", self.name, self.columns());
            let query = sqlx::query::<Db>(AssertSqlSafe(insert));
            stretch.iter().flatten().cloned().fold(query, |query, value| value.bind(query)).execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// The months of records, as far as a phone can have been there. What else they claim lies with the rest.
    async fn prepare_months(&self, conn: &mut Conn, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        const FIRST_PHONES: UnixMillis = UnixMillis(1_577_836_800_000);
        let (now,) = sqlx::query_as::<Db, (i64,)>(super::NOW).fetch_one(&mut *conn).await?;
        let place = self.columns.iter().position(|column| column.name == "record");
        let ids = rows.iter().filter_map(|row| match place.and_then(|place| row.get(place)) {
            Some(Value::Id(Some(id))) => Some(RecordId(*id)),
            _ => None,
        });
        let made: BTreeSet<Month> = ids
            .map(|id| UnixMillis(i64::try_from(id.0.as_u128() >> 80).unwrap_or(0)))
            .filter(|at| (FIRST_PHONES..=UnixMillis(now)).contains(at))
            .map(Month::of)
            .collect();
        for month in made {
            months::make(conn, month).await?;
        }
        Ok(())
    }

    fn everything(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("select {} from {} order by {}", self.columns(), self.name, self.key("")))
    }

    async fn digest(&self, conn: &mut Conn) -> Result<(u64, [u8; 32]), StoreError> {
        let mut tx = super::snapshot(conn).await?;
        let declare = format!("declare everything no scroll cursor for {}", self.everything().0);
        sqlx::query::<Db>(AssertSqlSafe(declare)).execute(&mut *tx).await?;
        let mut digest = RowDigest::default();
        loop {
            let rows: Vec<DbRow> =
                sqlx::query::<Db>("fetch 1024 from everything").persistent(false).fetch_all(&mut *tx).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                digest.add(&fields!(self, row)?);
            }
        }
        tx.rollback().await?;
        Ok(digest.finish())
    }

    async fn digest_embedded(&self, conn: &mut SqliteConnection) -> Result<(u64, [u8; 32]), StoreError> {
        let mut rows = sqlx::query::<Sqlite>(self.everything()).fetch(conn);
        let mut digest = RowDigest::default();
        while let Some(row) = rows.try_next().await? {
            let row: SqliteRow = row;
            digest.add(&fields!(self, row)?);
        }
        Ok(digest.finish())
    }
}

/// A digest of rows while it grows.
#[derive(Default)]
struct RowDigest {
    rows: u64,
    digest: Sha256,
}

impl RowDigest {
    fn add(&mut self, fields: &[Value]) {
        self.rows += 1;
        fields.iter().for_each(|value| value.digest(&mut self.digest));
    }

    fn finish(self) -> (u64, [u8; 32]) {
        (self.rows, self.digest.finalize().into())
    }
}
