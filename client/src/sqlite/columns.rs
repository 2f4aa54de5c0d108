//! How the core's values stand in columns.

use rusqlite::types::Value;
use rusqlite::{Row as SqlRow, named_params};
use sync_core::id::{OfficeId, PersonId, ProjectId, RecordId, TeamId};
use sync_core::index::Row;
use sync_core::record::entry::Stage;
use sync_core::time::UnixMillis;

use super::StoreError;

/// The columns of a line of a list, in the order of [`read_row`].
pub(super) const ROW: &str = "record.id, record.kind, record.owner, record.office, record.team, record.project, \
     record.day, record.captured, record.title, record.subtitle, record.stage, record.review, \
     record.review_reason, record.conflicts, record.completeness, record.search, record.last_entry";

/// A position of the journal. Those beyond SQLite's numbers are beyond any journal too.
pub(super) fn position(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Reads [`ROW`]: the line and the last line of the journal about its record.
pub(super) fn read_row(sql: &SqlRow<'_>) -> Result<(Row, Option<u64>), StoreError> {
    let text = |index| -> Result<String, StoreError> { Ok(sql.get(index)?) };
    let row = Row {
        id: RecordId::from(sql.get::<_, [u8; 16]>(0)?),
        kind: text(1)?.parse().map_err(|_| StoreError::Damaged("a record's kind"))?,
        owner: PersonId::from(sql.get::<_, [u8; 16]>(2)?),
        office: OfficeId::from(sql.get::<_, [u8; 16]>(3)?),
        team: sql.get::<_, Option<[u8; 16]>>(4)?.map(TeamId::from),
        project: sql.get::<_, Option<[u8; 16]>>(5)?.map(ProjectId::from),
        day: text(6)?.parse().map_err(|_| StoreError::Damaged("a record's day"))?,
        captured: UnixMillis(sql.get(7)?),
        title: text(8)?,
        subtitle: text(9)?,
        stage: sql.get::<_, Option<String>>(10)?.map(|stage| Stage::from(stage.as_str())),
        review: text(11)?.parse().map_err(|_| StoreError::Damaged("a record's review"))?,
        review_reason: sql.get(12)?,
        conflicts: sql.get(13)?,
        completeness: sql.get(14)?,
        search: text(15)?,
    };
    let last_entry = sql.get::<_, Option<i64>>(16)?.map(i64::cast_unsigned);
    Ok((row, last_entry))
}

/// Gives a line of a list to `f` as named parameters.
pub(super) fn with_row<T>(row: &Row, f: impl FnOnce(&[(&str, &dyn rusqlite::ToSql)]) -> T) -> T {
    f(named_params! {
        ":id": row.id.as_bytes(),
        ":kind": row.kind.as_str(),
        ":owner": row.owner.as_bytes(),
        ":office": row.office.as_bytes(),
        ":team": row.team.as_ref().map(TeamId::as_bytes),
        ":project": row.project.as_ref().map(ProjectId::as_bytes),
        ":day": row.day.to_string(),
        ":captured": row.captured.0,
        ":title": row.title,
        ":subtitle": row.subtitle,
        ":stage": row.stage.as_ref().map(Stage::as_str),
        ":review": row.review.as_str(),
        ":review_reason": row.review_reason,
        ":conflicts": row.conflicts,
        ":completeness": row.completeness,
        ":search": row.search,
    })
}

/// An identifier as a parameter of a query that is put together at run time.
pub(super) fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.to_vec())
}
