//! The read row of a record and its search terms: a cache of what its published changes say.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sync_core::id::{OfficeId, PersonId, RecordId, TeamId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::identifiers::Numbers;
use super::run::{each_of, each_row_returning};
use super::{Conn, days, flags, photos, search, totals};
use crate::store::shared::bulk::last_of_each;
use crate::store::shared::{bulk_statements, id_of};
use crate::store::shared::failure::corrupt;
use crate::store::shared::pairs::words;
use crate::store::shared::stored::{count, joined, position, small, text};
use crate::store::{RecordRow, StoreError};

bulk_statements! {
    STANDINGS[1] = concat!("select r.id, ", id_of!("r.owner"), ", ", id_of!("r.team"), ", ", id_of!("r.office"), ", r.changes, \
        r.seq, r.first_seq, r.owner_since, r.team_since, r.office_since, r.updated_at, r.search_digest from record r where r.id in ({list})");
    UPSERT[30] = "insert into record (id, organisation, kind, owner, office, team, project, day, captured_ms, title, \
        subtitle, stage, review, review_reason, conflicts, completeness, flags, changes, heads, seq, first_seq, \
        owner_since, team_since, office_since, updated_at, made_by, made_in, lat, lon, search_digest) values {rows} \
        on conflict (id) do update set owner = excluded.owner, office = excluded.office, team = excluded.team, \
        kind = excluded.kind, project = excluded.project, day = excluded.day, captured_ms = excluded.captured_ms, \
        title = excluded.title, subtitle = excluded.subtitle, stage = excluded.stage, review = excluded.review, \
        review_reason = excluded.review_reason, conflicts = excluded.conflicts, \
        completeness = excluded.completeness, flags = excluded.flags, changes = excluded.changes, \
        heads = excluded.heads, seq = excluded.seq, first_seq = excluded.first_seq, \
        owner_since = excluded.owner_since, team_since = excluded.team_since, \
        office_since = excluded.office_since, updated_at = excluded.updated_at, made_by = excluded.made_by, \
        made_in = excluded.made_in, lat = excluded.lat, lon = excluded.lon, search_digest = excluded.search_digest \
        returning no, id";
}

/// What the changes of a record don't say: where it stands in the feed, since when it is in its scopes, and whether
/// searches find it as they should.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) changes: u32,
    pub(super) seq: u64,
    pub(super) first_seq: u64,
    pub(super) owner_since: u64,
    pub(super) team_since: u64,
    pub(super) office_since: u64,
    pub(super) updated_at: UnixMillis,
    /// The digest of the words by which it is found.
    pub(super) words: Option<i64>,
}

/// In whose scopes a record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Holders {
    pub(super) owner: PersonId,
    pub(super) team: Option<TeamId>,
    pub(super) office: OfficeId,
}

impl Holders {
    /// Of a record with this row.
    pub(super) fn of(row: &RecordRow) -> Self {
        Self { owner: row.row.owner, team: row.row.team, office: row.row.office }
    }
}

/// The stored standings of records, of those that have a row.
pub(super) async fn standings(
    conn: &mut Conn,
    ids: &[Uuid],
) -> Result<HashMap<RecordId, (Holders, Standing)>, StoreError> {
    each_of(conn, STANDINGS, ids)
        .await?
        .iter()
        .map(|row| {
            let holders = Holders {
                owner: PersonId(row.try_get(1)?),
                team: row.try_get::<Option<Uuid>, _>(2)?.map(TeamId),
                office: OfficeId(row.try_get(3)?),
            };
            let standing = Standing {
                changes: small(row.try_get(4)?)?,
                seq: count(row.try_get(5)?)?,
                first_seq: count(row.try_get(6)?)?,
                owner_since: count(row.try_get(7)?)?,
                team_since: count(row.try_get(8)?)?,
                office_since: count(row.try_get(9)?)?,
                updated_at: UnixMillis(row.try_get(10)?),
                words: row.try_get(11)?,
            };
            Ok((RecordId(row.try_get(0)?), (holders, standing)))
        })
        .collect()
}

/// What tells words of the index from others.
pub(super) fn digest(words: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(words));
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Writes rows with their standings, new ones or over the old, and what a search finds them by.
pub(super) async fn write(conn: &mut Conn, rows: &[(&RecordRow, Standing)]) -> Result<(), StoreError> {
    let rows = last_of_each(rows, |(row, _)| row.row.id);
    let rows: Vec<(&RecordRow, Standing, String)> =
        rows.into_iter().map(|(row, at)| (row, at, words(&row.row.search))).collect();
    let plain: Vec<&RecordRow> = rows.iter().map(|(row, ..)| *row).collect();
    let numbers = Numbers::of(conn, plain.iter().flat_map(|row| named(row)).collect()).await?;
    totals::shift(conn, plain.iter().copied(), &numbers).await?;
    let written =
        each_row_returning(conn, UPSERT, &rows, |query, (RecordRow { organisation, row, flags, seen, heads, made_by, made_in, .. }, at, words)| {
            query
                .bind(row.id.0)
                .bind(numbers.get(organisation.0))
                .bind(row.kind.as_str())
                .bind(numbers.get(row.owner.0))
                .bind(numbers.get(row.office.0))
                .bind(row.team.and_then(|id| numbers.get(id.0)))
                .bind(row.project.and_then(|id| numbers.get(id.0)))
                .bind(row.day.to_string())
                .bind(row.captured.0)
                .bind(text(&row.title))
                .bind(text(&row.subtitle))
                .bind(row.stage_text().as_deref().map(text))
                .bind(row.review.as_str())
                .bind(row.review_reason.as_deref().map(text))
                .bind(i64::from(row.conflicts))
                .bind(row.completeness.map(i64::from))
                .bind(flags.cast_signed())
                .bind(i64::from(at.changes))
                .bind(joined(heads))
                .bind(position(at.seq))
                .bind(position(at.first_seq))
                .bind(position(at.owner_since))
                .bind(position(at.team_since))
                .bind(position(at.office_since))
                .bind(at.updated_at.0)
                .bind(numbers.get(made_by.0))
                .bind(numbers.get(made_in.0))
                .bind(seen.point.map(|point| i64::from(point.lat)))
                .bind(seen.point.map(|point| i64::from(point.lon)))
                .bind(digest(words))
        })
        .await?;
    let mut places = HashMap::with_capacity(written.len());
    for row in &written {
        places.insert(RecordId(row.try_get(1)?), row.try_get::<i64, _>(0)?);
    }
    let (mut same, mut other) = (Vec::new(), Vec::with_capacity(rows.len()));
    for (row, at, words) in &rows {
        let no = places.get(&row.row.id).ok_or_else(|| corrupt("row of a record"))?;
        let words = words.as_str();
        if at.words == Some(digest(words)) { same.push((*no, words)) } else { other.push((*no, words)) }
    }
    if !same.is_empty() {
        let numbers: Vec<i64> = same.iter().map(|(no, _)| *no).collect();
        let indexed = search::indexed(conn, &numbers).await?;
        other.extend(same.into_iter().filter(|(no, _)| !indexed.contains(no)));
    }
    search::index(conn, &other).await?;
    days::note(conn, &plain).await?;
    flags::note(conn, &plain).await?;
    photos::refer(conn, plain.into_iter()).await
}

/// The identifiers that a row holds the numbers of.
fn named(row: &RecordRow) -> impl Iterator<Item = Uuid> {
    let RecordRow { organisation, row, made_by, made_in, .. } = row;
    let always = [organisation.0, row.owner.0, row.office.0, made_by.0, made_in.0];
    always.into_iter().chain(row.team.map(|id| id.0)).chain(row.project.map(|id| id.0))
}
