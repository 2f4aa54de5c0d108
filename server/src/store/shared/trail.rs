//! The audit trail.

use async_trait::async_trait;
use sqlx::Row as _;
use sync_core::id::{OrganisationId, PersonId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Backend, Conn, Db, DbRow};
use crate::store::StoreError;
use crate::store::shared::statements;
use crate::store::shared::stored::{count, position, text, thirty_two};
use crate::store::trail::{BEGINNING, NewTrailEntry, TrailEntry, TrailLink, TrailQuery, TrailStore};

/// The columns of an entry, in the order in which [`entry_of`] reads them.
macro_rules! columns {
    () => {
        "no, at, person, origin, act, subject, detail, link"
    };
}

statements! {
    LAST = "select no, link from audit_entry where organisation = $1 order by no desc limit 1";
    APPEND = "insert into audit_entry (organisation, no, at, person, origin, act, subject, detail, link) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    NEWEST = concat!("select ", columns!(), " from audit_entry where organisation = $1 and no < $2 \
        and (at >= $3 or $3 is null) and (at < $4 or $4 is null) order by no desc limit $5");
    NEWEST_OF = concat!("select ", columns!(), " from audit_entry where organisation = $1 and person = $6 and no < $2 \
        and (at >= $3 or $3 is null) and (at < $4 or $4 is null) order by no desc limit $5");
    COUNT = "select count(*) from audit_entry where organisation = $1 and no < $2 \
        and (at >= $3 or $3 is null) and (at < $4 or $4 is null)";
    COUNT_OF = "select count(*) from audit_entry where organisation = $1 and person = $5 and no < $2 \
        and (at >= $3 or $3 is null) and (at < $4 or $4 is null)";
    AFTER = concat!("select ", columns!(), " from audit_entry where organisation = $1 and no > $2 order by no limit $3");
}

fn entry_of(row: &DbRow) -> Result<TrailEntry, StoreError> {
    Ok(TrailEntry {
        no: count(row.try_get(0)?)?,
        entry: NewTrailEntry {
            at: UnixMillis(row.try_get(1)?),
            person: row.try_get::<Option<Uuid>, _>(2)?.map(PersonId),
            origin: row.try_get(3)?,
            act: row.try_get(4)?,
            subject: row.try_get(5)?,
            detail: row.try_get(6)?,
        },
        link: thirty_two(&row.try_get::<Vec<u8>, _>(7)?)?,
    })
}

async fn append(conn: &mut Conn, organisation: OrganisationId, entry: &NewTrailEntry) -> Result<u64, StoreError> {
    let last = sqlx::query::<Db>(LAST).bind(organisation.0).fetch_optional(&mut *conn).await?;
    let (no, before): (u64, TrailLink) = match last {
        Some(row) => (count(row.try_get(0)?)? + 1, thirty_two(&row.try_get::<Vec<u8>, _>(1)?)?),
        None => (1, BEGINNING),
    };
    // What is stored is what is linked: a database may take out what it can't hold.
    let entry = NewTrailEntry {
        origin: text(&entry.origin),
        act: text(&entry.act),
        subject: text(&entry.subject),
        detail: text(&entry.detail),
        ..entry.clone()
    };
    sqlx::query::<Db>(APPEND)
        .bind(organisation.0)
        .bind(position(no))
        .bind(entry.at.0)
        .bind(entry.person.map(|id| id.0))
        .bind(entry.origin.as_str())
        .bind(entry.act.as_str())
        .bind(entry.subject.as_str())
        .bind(entry.detail.as_str())
        .bind(entry.link(organisation, no, &before).to_vec())
        .execute(conn)
        .await?;
    Ok(no)
}

#[async_trait]
impl TrailStore for Backend {
    async fn append_trail(&self, organisation: OrganisationId, entry: &NewTrailEntry) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let no = append(&mut tx, organisation, entry).await?;
        tx.commit().await?;
        Ok(no)
    }

    async fn trail(&self, organisation: OrganisationId, query: &TrailQuery) -> Result<Vec<TrailEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let statement = if query.person.is_some() { NEWEST_OF } else { NEWEST };
        let asked = sqlx::query::<Db>(statement)
            .bind(organisation.0)
            .bind(query.before.map_or(i64::MAX, position))
            .bind(query.from.map(|at| at.0))
            .bind(query.to.map(|at| at.0))
            .bind(i64::from(query.limit));
        let asked = match query.person {
            Some(person) => asked.bind(person.0),
            None => asked,
        };
        asked.fetch_all(&mut *conn).await?.iter().map(entry_of).collect()
    }

    async fn count_trail(&self, organisation: OrganisationId, query: &TrailQuery) -> Result<u64, StoreError> {
        let mut conn = self.reader().await?;
        let asked = sqlx::query::<Db>(if query.person.is_some() { COUNT_OF } else { COUNT })
            .bind(organisation.0)
            .bind(query.before.map_or(i64::MAX, position))
            .bind(query.from.map(|at| at.0))
            .bind(query.to.map(|at| at.0));
        let asked = match query.person {
            Some(person) => asked.bind(person.0),
            None => asked,
        };
        count(asked.fetch_one(&mut *conn).await?.try_get(0)?)
    }

    async fn trail_after(
        &self,
        organisation: OrganisationId,
        no: u64,
        limit: u32,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let mut conn = self.reader().await?;
        let asked = sqlx::query::<Db>(AFTER).bind(organisation.0).bind(position(no)).bind(i64::from(limit));
        asked.fetch_all(&mut *conn).await?.iter().map(entry_of).collect()
    }
}
