//! What a database holds, and whether it is whole: for backups and moves.

use futures_util::TryStreamExt as _;
use sqlx::Row as _;
use sqlx::migrate::Migrator;
use sync_core::chunk::read_change;
use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Conn, Db, bundle};
use crate::photo::keep::Kept;
use crate::store::StoreError;
use crate::store::backup::Contents;
use crate::store::packing::unpack;
use crate::store::shared::statements;
use crate::store::shared::stored::{count, hash, thirty_two};

/// How much there is, with how many changes lie in bundles and when the newest of those came.
macro_rules! contents {
    ($bundled:literal, $newest:literal) => {
        concat!(
            "select (select count(*) from change) + ",
            $bundled,
            ", (select count(*) from record), (select count(*) from organisation), \
            (select max(received_at) from change where id = (select max(id) from change)), ",
            $newest,
            ", coalesce((select cast(value as bigint) from meta where key = 'epoch'), 1)"
        )
    };
}

/// How many journals lack lines, with how many of each lie in bundles.
macro_rules! broken_journals {
    ($bundled:literal) => {
        concat!(
            "select count(*) from device d \
            left join (select device, count(*) as lines from change where device is not null group by device) c \
                on c.device = d.no left join (",
            $bundled,
            ") b on b.device = d.no where d.journal_n <> coalesce(c.lines, 0) + coalesce(b.lines, 0)"
        )
    };
}

statements! {
    APPLIED = "select version, checksum from _sqlx_migrations where success order by version";
    CONTENTS = contents!("(select cast(coalesce(sum(octet_length(hashes)), 0) as bigint) / 32 from bundle)",
        "(select max(received_at) from bundle)");
    CONTENTS_BEFORE_BUNDLES = contents!("0", "cast(null as bigint)");
    JOURNALS = "select id, journal_n from device where journal_n > 0";
    // By what lies in bundles and not by the parts of journals: what a part says of a bundle that was lost is not all.
    BROKEN_JOURNALS = broken_journals!("select device, sum(octet_length(hashes)) / 32 as lines from bundle group by device");
    BROKEN_JOURNALS_BEFORE_BUNDLES = broken_journals!("select no as device, 0 as lines from device");
    PUBLISHED = "select hash, raw from change where state = 1";
    HAS_BUNDLES = "select version from _sqlx_migrations where version = 26 and success";
    SET_EPOCH = "insert into meta (key, value) values ('epoch', $1) \
        on conflict (key) do update set value = excluded.value";
    PHOTOS = "select object, object_hash, preview from photo where lost_at is null order by object";
}

pub(super) async fn contents(conn: &mut Conn) -> Result<Contents, StoreError> {
    let statement = if has_bundles(conn).await? { CONTENTS } else { CONTENTS_BEFORE_BUNDLES };
    let row = sqlx::query::<Db>(statement).fetch_one(conn).await?;
    Ok(Contents {
        changes: count(row.try_get(0)?)?,
        records: count(row.try_get(1)?)?,
        organisations: count(row.try_get(2)?)?,
        newest: row.try_get::<Option<i64>, _>(3)?.max(row.try_get(4)?).map(UnixMillis),
        epoch: count(row.try_get(5)?)?,
    })
}

/// Whether all migrations of the database are ours, and it has some.
pub(super) async fn is_known(conn: &mut Conn, ours: &Migrator) -> Result<bool, sqlx::Error> {
    let applied = sqlx::query_as::<Db, (i64, Vec<u8>)>(APPLIED).fetch_all(conn).await?;
    let known = |(version, checksum): &(i64, Vec<u8>)| {
        ours.iter().any(|known| known.version == *version && *known.checksum == **checksum)
    };
    Ok(!applied.is_empty() && applied.iter().all(known))
}

/// Whether the database has bundles. One of an older version, which a backup may hold, has none yet.
async fn has_bundles(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query::<Db>(HAS_BUNDLES).fetch_optional(conn).await?.is_some())
}

/// Up to which line the database holds each device's journal.
pub(super) async fn journals(conn: &mut Conn) -> Result<Vec<(DeviceId, u64)>, StoreError> {
    let rows = sqlx::query_as::<Db, (Uuid, i64)>(JOURNALS).fetch_all(conn).await?;
    rows.into_iter().map(|(id, n)| Ok((DeviceId(id), count(n)?))).collect()
}

/// How many journals lack lines.
pub(super) async fn broken_journals(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    let statement = if has_bundles(conn).await? { BROKEN_JOURNALS } else { BROKEN_JOURNALS_BEFORE_BUNDLES };
    Ok(sqlx::query_as::<Db, (i64,)>(statement).fetch_one(conn).await?.0)
}

/// Whether each published change still has its name, which is a hash of its bytes: a database itself does not notice a
/// disk that forgot some bits inside a row.
pub(super) async fn changes_are_intact(conn: &mut Conn) -> Result<bool, sqlx::Error> {
    let mut changes = sqlx::query_as::<Db, (Vec<u8>, Vec<u8>)>(PUBLISHED).fetch(&mut *conn);
    while let Some((name, raw)) = changes.try_next().await? {
        let whole = hash(&name).ok().is_some_and(|name| {
            read_change(&unpack(&name, raw)).is_ok_and(|change| change.hash == name)
        });
        if !whole {
            return Ok(false);
        }
    }
    drop(changes);
    Ok(!has_bundles(conn).await? || bundle::are_intact(conn).await?)
}

/// The photos that the database names.
pub(super) async fn kept_photos(conn: &mut Conn) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query_as::<Db, (String, Vec<u8>, bool)>(PHOTOS).fetch_all(conn).await?;
    let kept =
        |(object, hash, preview): (String, Vec<u8>, bool)| Ok(Kept { object, hash: thirty_two(&hash)?, preview });
    rows.into_iter().map(kept).collect()
}

/// Begins another life of the database.
pub(super) async fn set_epoch(conn: &mut Conn, epoch: u64) -> Result<(), sqlx::Error> {
    sqlx::query::<Db>(SET_EPOCH).bind(epoch.to_string()).execute(conn).await?;
    Ok(())
}
