//! How the database is. What it costs to ask depends on the database: `super::SIZE` and `super::SERVERS`.

use async_trait::async_trait;
use sqlx::Row as _;
use sync_core::id::OrganisationId;
use sync_core::time::UnixMillis;

use super::{Backend, Db};
use crate::store::shared::{no_of, statements};
use crate::store::shared::stored::{count, state};
use crate::store::system::{AsideCounts, Figures, SystemStore};
use crate::store::{ChangeState, StoreError};

statements! {
    CHANGES = "select cast(coalesce(sum(journal_n), 0) as bigint) from device";
    UNJUDGED = "select count(*) from change where state = 0 \
        and organisation = (select no from organisation where id = $1)";
    UNJUDGED_SINCE = "select received_at from change where state = 0 \
        and organisation = (select no from organisation where id = $1) order by id limit 1";
    UNSEARCHABLE = concat!("select count(*) from record r where r.search_digest is null \
        and (r.organisation = ", no_of!("$1"), ") is true");
    RAISED_ANEW = "select done from flags_to_raise where organisation = $1";
    ASIDE = "select c.state, count(*) from change c join organisation o on o.no = c.organisation \
        where o.id = $1 and c.state in (2, 3, 4, 5) group by c.state";
    STRAYS = "select count(*) from stray where organisation = $1 and state = 0";
    COUNT_PHOTOS = "select count(*), cast(coalesce(sum(object_bytes), 0) as bigint) from photo \
        where organisation = $1 and lost_at is null";
    BACKUPS = "select (select max(taken_at) from backup_line), (select max(taken_at) from photo_backup)";
}

#[async_trait]
impl SystemStore for Backend {
    fn kind(&self) -> &'static str {
        super::KIND
    }

    async fn figures(&self, organisation: OrganisationId) -> Result<Figures, StoreError> {
        let mut conn = self.reader().await?;
        let (bytes,) = sqlx::query_as::<Db, (i64,)>(super::SIZE).fetch_one(&mut *conn).await?;
        let (servers,) = sqlx::query_as::<Db, (Option<i64>,)>(super::SERVERS).fetch_one(&mut *conn).await?;
        let (changes,) = sqlx::query_as::<Db, (i64,)>(CHANGES).fetch_one(&mut *conn).await?;
        let (unjudged,) = sqlx::query_as::<Db, (i64,)>(UNJUDGED).bind(organisation.0).fetch_one(&mut *conn).await?;
        let since = sqlx::query_as::<Db, (i64,)>(UNJUDGED_SINCE).bind(organisation.0);
        let since = since.fetch_optional(&mut *conn).await?;
        let unsearchable = sqlx::query_as::<Db, (i64,)>(UNSEARCHABLE).bind(organisation.0);
        let (unsearchable,) = unsearchable.fetch_one(&mut *conn).await?;
        let raised_anew = sqlx::query_as::<Db, (i64,)>(RAISED_ANEW).bind(organisation.0);
        let raised_anew = raised_anew.fetch_optional(&mut *conn).await?;
        let mut aside = AsideCounts::default();
        for row in &sqlx::query::<Db>(ASIDE).bind(organisation.0).fetch_all(&mut *conn).await? {
            let many = count(row.try_get(1)?)?;
            match state(row.try_get(0)?)? {
                ChangeState::Waiting => aside.waiting = many,
                ChangeState::Held => aside.held = many,
                ChangeState::Quarantined => aside.quarantined = many,
                ChangeState::Refused => aside.refused = many,
                ChangeState::Received | ChangeState::Published => {}
            }
        }
        let (strays,) = sqlx::query_as::<Db, (i64,)>(STRAYS).bind(organisation.0).fetch_one(&mut *conn).await?;
        aside.strays = count(strays)?;
        let photos = sqlx::query_as::<Db, (i64, i64)>(COUNT_PHOTOS).bind(organisation.0);
        let (photos, photo_bytes) = photos.fetch_one(&mut *conn).await?;
        let backups = sqlx::query_as::<Db, (Option<i64>, Option<i64>)>(BACKUPS).fetch_one(&mut *conn).await?;
        Ok(Figures {
            bytes: count(bytes)?,
            changes: count(changes)?,
            unjudged: count(unjudged)?,
            unjudged_since: since.map(|(at,)| UnixMillis(at)),
            unsearchable: count(unsearchable)?,
            raised_anew: raised_anew.map(|(done,)| count(done)).transpose()?,
            aside,
            photos: count(photos)?,
            photo_bytes: count(photo_bytes)?,
            backup_at: backups.0.map(UnixMillis),
            photo_backup_at: backups.1.map(UnixMillis),
            servers: servers.map(count).transpose()?,
        })
    }
}
