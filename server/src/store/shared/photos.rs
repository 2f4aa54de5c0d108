//! Photos: what is here, what is on its way, and what may go.

use std::collections::HashSet;

use async_trait::async_trait;
use sqlx::Row as _;
use sync_core::id::{DeviceId, OfficeId, OrganisationId, PersonId, PhotoHash, RecordId};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::run::{each_row, each_row_returning};
use super::{Backend, Conn, Db, DbRow};
use crate::store::photos::{Begun, Bringer, Forsaken, Naming, NamingQuery, Photo, PhotoStore, Upload};
use crate::store::shared::failure::corrupt;
use crate::store::shared::stored::{count, position, scope_key, small, thirty_two};
use crate::store::shared::{bulk_statements, no_of, statements};
use crate::store::{RecordRow, Scope, StoreError};

/// The columns of a photo `p`, in the order in which [`photo_of`] reads them.
macro_rules! photo_columns {
    () => {
        "p.organisation, p.hash, p.bytes, p.object, p.object_hash, p.object_bytes, p.media_type, p.preview, \
        p.stored_at, p.lost_at"
    };
}

/// The columns of an upload `u`, in the order in which [`upload_of`] reads them.
macro_rules! upload_columns {
    () => {
        "u.id, u.organisation, u.person, u.device, u.record, u.hash, u.length, u.durable, u.created_at, u.expires_at, \
        u.completed_at"
    };
}

/// A photo that is here and that a record of a scope names.
macro_rules! in_scope {
    ($scope:literal) => {
        concat!(
            "select ",
            photo_columns!(),
            " from photo p where p.organisation = $1 and p.hash = $2 and p.lost_at is null and exists (select 1 from \
            photo_reference f join record r on r.id = f.record where f.organisation = p.organisation and \
            f.hash = p.hash and r.organisation = ",
            no_of!("p.organisation"),
            " and r.",
            $scope,
            " = ",
            no_of!("$3"),
            ")"
        )
    };
}

/// The newest records of a scope that name photos, and how many do. The order of the joins is the one that is written
/// down: a scope may have a million records, a photo has few.
macro_rules! naming {
    ($scope:literal) => {
        concat!(
            "with wanted (organisation, hash, scope, office, most) as (values {rows}) \
            select hash, record, named from (select w.hash, w.most, r.id as record, \
                count(*) over (partition by w.hash) as named, \
                row_number() over (partition by w.hash order by r.captured_ms desc, r.id desc) as place \
                from wanted w cross join photo_reference f cross join record r \
                where f.organisation = w.organisation and f.hash = w.hash and r.id = f.record \
                and r.organisation = ",
            no_of!("w.organisation"),
            " and r.",
            $scope,
            " = ",
            no_of!("w.scope"),
            " and (w.office is null or r.office = ",
            no_of!("w.office"),
            ")) ranked where place <= most order by hash, place"
        )
    };
}

/// What makes a photo `photo` forsaken, with the time in `$1`.
macro_rules! forsaken {
    () => {
        "photo.stored_at < $1 \
        and not exists (select 1 from photo_reference f where f.organisation = photo.organisation \
            and f.hash = photo.hash) \
        and not exists (select 1 from photo_upload u where u.organisation = photo.organisation \
            and u.hash = photo.hash and (u.created_at >= $1 or u.completed_at is null or exists (select 1 from change c \
                where c.record = u.record and c.state <> 1)))"
    };
}

statements! {
    HAS_WRITTEN = "select 1 from change c join device d on d.no = c.device where c.record = $1 and d.person = $2 \
        union all select 1 from bundle b join device d on d.no = b.device where b.record = $1 and d.person = $2 limit 1";
    SAME_UPLOAD = concat!("select ", upload_columns!(), " from photo_upload u where u.organisation = $1 \
        and u.hash = $2 and u.person = $3 and u.record = $4 and u.length = $5 \
        order by u.created_at desc, u.id desc limit 1");
    OPEN_OF_DEVICE = "select count(*) from photo_upload where device = $1 and completed_at is null";
    INSERT_UPLOAD = "insert into photo_upload (id, organisation, person, device, record, hash, length, durable, \
        created_at, expires_at, completed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    RENEW_UPLOAD = "update photo_upload set device = $2, expires_at = $3, completed_at = $4, durable = $5 where id = $1";
    UPLOAD = concat!("select ", upload_columns!(), " from photo_upload u where u.id = $1");
    ADVANCE = "update photo_upload set durable = $3, expires_at = $4 \
        where id = $1 and durable = $2 and completed_at is null";
    COMPLETE = "update photo_upload set durable = length, completed_at = $2 where id = $1";
    DROP_UPLOAD = "delete from photo_upload where id = $1";
    OPEN_UPLOADS = concat!("select ", upload_columns!(), " from photo_upload u where u.completed_at is null");
    DROP_EXPIRED = "delete from photo_upload where completed_at is null and expires_at <= $1 returning id";
    PHOTO = concat!("select ", photo_columns!(), " from photo p where p.organisation = $1 and p.hash = $2");
    PUT_PHOTO = "insert into photo (organisation, hash, bytes, object, object_hash, object_bytes, media_type, preview, \
        stored_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        on conflict (organisation, hash) do update set object = excluded.object, object_hash = excluded.object_hash, \
        object_bytes = excluded.object_bytes, media_type = excluded.media_type, preview = excluded.preview, \
        stored_at = excluded.stored_at, lost_at = null where photo.lost_at is not null";
    IN_PERSON = in_scope!("owner");
    IN_TEAM = in_scope!("team");
    IN_OFFICE = in_scope!("office");
    IN_ORGANISATION = in_scope!("organisation");
    NEWEST = concat!("select ", photo_columns!(), " from photo p where p.organisation = $1 and p.lost_at is null \
        and (p.stored_at, p.hash) < ($2, $3) order by p.stored_at desc, p.hash desc limit $4");
    BROUGHT = concat!("select ", photo_columns!(), " from photo p where p.organisation = $1 and p.hash = $2 \
        and p.lost_at is null and exists (select 1 from photo_upload u where u.organisation = p.organisation \
        and u.hash = p.hash and u.person = $3 and u.completed_at is not null)");
    NAMED_PHOTOS = "select f.hash, max(p.stored_at) from photo_reference f left join photo p \
        on p.organisation = f.organisation and p.hash = f.hash and p.lost_at is null \
        where f.organisation = $1 and f.hash > $2 group by f.hash order by f.hash limit $3";
    OFFICES_NAMING = concat!("select distinct i.id from photo_reference f join record r on r.id = f.record \
        join identifier i on i.no = r.office where f.organisation = $1 and f.hash = $2 and r.organisation = ",
        no_of!("$1"));
    FORSAKEN = concat!("select photo.organisation, photo.hash from photo where ", forsaken!(), " \
        order by photo.stored_at limit $2");
    BROUGHT_FOR = "select distinct record from photo_upload where organisation = $1 and hash = $2";
    FORGET = concat!("delete from photo where organisation = $2 and hash = $3 and ", forsaken!(), " returning \
        organisation, hash, bytes, object, object_hash, object_bytes, media_type, preview, stored_at, lost_at");
    FORGET_UPLOADS = "delete from photo_upload where organisation = $1 and hash = $2 and completed_at is not null";
    BETWEEN = concat!("select ", photo_columns!(), " from photo p where p.object >= $1 and p.object < $2");
    MARK_LOST = "update photo set lost_at = $2 where object = $1";
    NOTE_BACKUP = "insert into photo_backup (taken_at) values ($1) on conflict (taken_at) do nothing";
    FORGET_BACKUPS = "delete from photo_backup where taken_at < \
        (select max(b.taken_at) from photo_backup b where b.taken_at <= $1)";
    BACKED_UP = "select max(taken_at) from photo_backup where taken_at <= $1";
}

bulk_statements! {
    REFER[3] = "insert into photo_reference (organisation, hash, record) values {rows} on conflict do nothing";
    REFERRED[3] = "select record, hash from photo_reference where (organisation, hash, record) in (values {rows})";
    NAMING_OF_PERSON[5] = naming!("owner");
    NAMING_OF_TEAM[5] = naming!("team");
    NAMING_OF_OFFICE[5] = naming!("office");
    NAMING_OF_ORGANISATION[5] = naming!("organisation");
    BRINGERS[3] = "with wanted (organisation, hash, record) as (values {rows}) \
        select u.hash, u.record, u.person, d.label from wanted w cross join photo_upload u cross join device d \
        where u.organisation = w.organisation and u.hash = w.hash and u.record = w.record \
        and u.completed_at is not null and d.id = u.device order by u.completed_at, u.id";
    NAMED[2] = concat!("select ", photo_columns!(), " from photo p where p.lost_at is null \
        and (p.organisation, p.hash) in (values {rows})");
}

fn photo_of(row: &DbRow) -> Result<Photo, StoreError> {
    Ok(Photo {
        organisation: OrganisationId(row.try_get(0)?),
        hash: hash_at(row, 1)?,
        bytes: count(row.try_get(2)?)?,
        object: row.try_get(3)?,
        object_hash: thirty_two(row.try_get(4)?)?,
        object_bytes: count(row.try_get(5)?)?,
        media_type: row.try_get(6)?,
        preview: row.try_get(7)?,
        stored_at: UnixMillis(row.try_get(8)?),
        lost_at: row.try_get::<Option<i64>, _>(9)?.map(UnixMillis),
    })
}

fn upload_of(row: &DbRow) -> Result<Upload, StoreError> {
    Ok(Upload {
        id: row.try_get(0)?,
        organisation: OrganisationId(row.try_get(1)?),
        person: PersonId(row.try_get(2)?),
        device: DeviceId(row.try_get(3)?),
        record: RecordId(row.try_get(4)?),
        hash: hash_at(row, 5)?,
        length: count(row.try_get(6)?)?,
        durable: count(row.try_get(7)?)?,
        created_at: UnixMillis(row.try_get(8)?),
        expires_at: UnixMillis(row.try_get(9)?),
        completed_at: row.try_get::<Option<i64>, _>(10)?.map(UnixMillis),
    })
}

fn hash_at(row: &DbRow, column: usize) -> Result<PhotoHash, StoreError> {
    PhotoHash::from_slice(row.try_get(column)?).ok_or_else(|| corrupt("name of a photo"))
}

/// Notes which photos records name: called wherever rows of records are written, in the same transaction.
pub(super) async fn refer<'a>(conn: &mut Conn, rows: impl Iterator<Item = &'a RecordRow>) -> Result<(), StoreError> {
    let named = |row: &'a RecordRow| row.photos.iter().map(|hash| (row.organisation, *hash, row.row.id));
    let references: Vec<(OrganisationId, PhotoHash, RecordId)> = rows.flat_map(named).collect();
    each_row(conn, REFER, &references, |query, (organisation, hash, record)| {
        query.bind(organisation.0).bind(hash.0.to_vec()).bind(record.0)
    })
    .await?;
    Ok(())
}

/// Those of the records of which it is not noted that they name each of their photos.
pub(super) async fn unreferred(conn: &mut Conn, rows: &[&RecordRow]) -> Result<HashSet<RecordId>, StoreError> {
    let references: Vec<(OrganisationId, PhotoHash, RecordId)> =
        rows.iter().flat_map(|row| row.photos.iter().map(|hash| (row.organisation, *hash, row.row.id))).collect();
    let noted = each_row_returning(conn, REFERRED, &references, |query, (organisation, hash, record)| {
        query.bind(organisation.0).bind(hash.0.to_vec()).bind(record.0)
    });
    let noted = noted.await?;
    let noted = noted.iter().map(|row| Ok((RecordId(row.try_get(0)?), hash_at(row, 1)?)));
    let noted: HashSet<(RecordId, PhotoHash)> = noted.collect::<Result<_, StoreError>>()?;
    let missing = references.into_iter().filter(|(_, hash, record)| !noted.contains(&(*record, *hash)));
    Ok(missing.map(|(_, _, record)| record).collect())
}

async fn photo(conn: &mut Conn, organisation: OrganisationId, hash: PhotoHash) -> Result<Option<Photo>, StoreError> {
    let row = sqlx::query::<Db>(PHOTO).bind(organisation.0).bind(hash.0.to_vec()).fetch_optional(conn).await?;
    row.as_ref().map(photo_of).transpose()
}

async fn begin(conn: &mut Conn, wish: &Upload, held: bool, most: u32) -> Result<Begun, StoreError> {
    // Asked again in the transaction that leans on it: a photo may go, but not one that was promised.
    let here = photo(conn, wish.organisation, wish.hash).await?.is_some_and(|photo| photo.lost_at.is_none());
    let completed_at = (held && here).then_some(wish.created_at);
    let same = sqlx::query::<Db>(SAME_UPLOAD)
        .bind(wish.organisation.0)
        .bind(wish.hash.0.to_vec())
        .bind(wish.person.0)
        .bind(wish.record.0)
        .bind(position(wish.length))
        .fetch_optional(&mut *conn)
        .await?;
    if let Some(mut same) = same.as_ref().map(upload_of).transpose()? {
        // What was finished and has gone since begins again; what was begun goes on.
        let lapsed = same.completed_at.is_some() || same.expires_at <= wish.created_at;
        if completed_at.is_some() {
            same.durable = same.length;
        } else if lapsed {
            same.durable = 0;
        }
        same = Upload { device: wish.device, expires_at: wish.expires_at, completed_at, ..same };
        sqlx::query::<Db>(RENEW_UPLOAD)
            .bind(same.id)
            .bind(same.device.0)
            .bind(same.expires_at.0)
            .bind(completed_at.map(|at| at.0))
            .bind(position(same.durable))
            .execute(conn)
            .await?;
        return Ok(Begun::Upload(same));
    }
    if completed_at.is_none() {
        let open = sqlx::query_as::<Db, (i64,)>(OPEN_OF_DEVICE).bind(wish.device.0).fetch_one(&mut *conn).await?;
        if open.0 >= i64::from(most) {
            return Ok(Begun::TooMany);
        }
    }
    let durable = if completed_at.is_some() { wish.length } else { 0 };
    let upload = Upload { completed_at, durable, ..wish.clone() };
    insert(conn, &upload).await?;
    Ok(Begun::Upload(upload))
}

async fn insert(conn: &mut Conn, upload: &Upload) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_UPLOAD)
        .bind(upload.id)
        .bind(upload.organisation.0)
        .bind(upload.person.0)
        .bind(upload.device.0)
        .bind(upload.record.0)
        .bind(upload.hash.0.to_vec())
        .bind(position(upload.length))
        .bind(position(upload.durable))
        .bind(upload.created_at.0)
        .bind(upload.expires_at.0)
        .bind(upload.completed_at.map(|at| at.0))
        .execute(conn)
        .await?;
    Ok(())
}

async fn finish(conn: &mut Conn, id: Uuid, new: &Photo) -> Result<Photo, StoreError> {
    sqlx::query::<Db>(PUT_PHOTO)
        .bind(new.organisation.0)
        .bind(new.hash.0.to_vec())
        .bind(position(new.bytes))
        .bind(new.object.clone())
        .bind(new.object_hash.to_vec())
        .bind(position(new.object_bytes))
        .bind(new.media_type.clone())
        .bind(new.preview)
        .bind(new.stored_at.0)
        .execute(&mut *conn)
        .await?;
    let done = sqlx::query::<Db>(COMPLETE).bind(id).bind(new.stored_at.0).execute(&mut *conn).await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::NotFound);
    }
    photo(conn, new.organisation, new.hash).await?.ok_or_else(|| corrupt("photo"))
}

async fn forsaken(conn: &mut Conn, before: UnixMillis, limit: u32) -> Result<Vec<Forsaken>, StoreError> {
    let rows = sqlx::query::<Db>(FORSAKEN).bind(before.0).bind(i64::from(limit)).fetch_all(&mut *conn).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let (organisation, hash) = (OrganisationId(row.try_get(0)?), hash_at(row, 1)?);
        let records = sqlx::query_as::<Db, (Uuid,)>(BROUGHT_FOR)
            .bind(organisation.0)
            .bind(hash.0.to_vec())
            .fetch_all(&mut *conn)
            .await?;
        let records = records.into_iter().map(|(id,)| RecordId(id)).collect();
        all.push(Forsaken { organisation, hash, records });
    }
    Ok(all)
}

async fn forget(
    conn: &mut Conn,
    organisation: OrganisationId,
    hash: PhotoHash,
    before: UnixMillis,
) -> Result<Option<Photo>, StoreError> {
    let row = sqlx::query::<Db>(FORGET)
        .bind(before.0)
        .bind(organisation.0)
        .bind(hash.0.to_vec())
        .fetch_optional(&mut *conn)
        .await?;
    if row.is_some() {
        sqlx::query::<Db>(FORGET_UPLOADS).bind(organisation.0).bind(hash.0.to_vec()).execute(conn).await?;
    }
    row.as_ref().map(photo_of).transpose()
}

/// Runs a function in a transaction that writes.
macro_rules! write {
    ($store:ident, $function:ident ( $($argument:expr),* )) => {{
        let mut tx = $store.begin_write().await?;
        let done = $function(&mut tx, $($argument),*).await?;
        tx.commit().await?;
        Ok(done)
    }};
}

/// Runs one statement that writes, with what it binds; answers how many rows it changed.
macro_rules! execute {
    ($store:ident, $statement:ident $(, $value:expr)*) => {{
        let mut tx = $store.begin_write().await?;
        let done = sqlx::query::<Db>($statement)$(.bind($value))*.execute(&mut *tx).await?;
        tx.commit().await?;
        done.rows_affected()
    }};
}

/// Reads one row, or nothing.
macro_rules! fetch {
    ($store:ident, $statement:expr, $read:ident $(, $value:expr)*) => {{
        let mut conn = $store.reader().await?;
        let row = sqlx::query::<Db>($statement)$(.bind($value))*.fetch_optional(&mut *conn).await?;
        row.as_ref().map($read).transpose()?.ok_or(StoreError::NotFound)
    }};
}

#[async_trait]
impl PhotoStore for Backend {
    async fn has_written(&self, person: PersonId, record: RecordId) -> Result<bool, StoreError> {
        let mut conn = self.reader().await?;
        let found = sqlx::query::<Db>(HAS_WRITTEN).bind(record.0).bind(person.0).fetch_optional(&mut *conn).await?;
        Ok(found.is_some())
    }

    async fn begin_upload(&self, upload: &Upload, held: bool, most: u32) -> Result<Begun, StoreError> {
        write!(self, begin(upload, held, most))
    }

    async fn upload(&self, id: Uuid) -> Result<Upload, StoreError> {
        fetch!(self, UPLOAD, upload_of, id)
    }

    async fn advance_upload(&self, id: Uuid, from: u64, to: u64, expires_at: UnixMillis) -> Result<(), StoreError> {
        match execute!(self, ADVANCE, id, position(from), position(to), expires_at.0) {
            0 => Err(StoreError::Conflict("the upload stands elsewhere")),
            _ => Ok(()),
        }
    }

    async fn finish_upload(&self, id: Uuid, photo: &Photo) -> Result<Photo, StoreError> {
        write!(self, finish(id, photo))
    }

    async fn drop_upload(&self, id: Uuid) -> Result<(), StoreError> {
        execute!(self, DROP_UPLOAD, id);
        Ok(())
    }

    async fn open_uploads(&self) -> Result<Vec<Upload>, StoreError> {
        let mut conn = self.reader().await?;
        sqlx::query::<Db>(OPEN_UPLOADS).fetch_all(&mut *conn).await?.iter().map(upload_of).collect()
    }

    async fn drop_expired_uploads(&self, now: UnixMillis) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin_write().await?;
        let dropped = sqlx::query_as::<Db, (Uuid,)>(DROP_EXPIRED).bind(now.0).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(dropped.into_iter().map(|(id,)| id).collect())
    }

    async fn photo_in_scope(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        scope: &Scope,
    ) -> Result<Photo, StoreError> {
        let statement = match scope {
            Scope::Person(_) => IN_PERSON,
            Scope::Team(_) => IN_TEAM,
            Scope::Office(_) => IN_OFFICE,
            Scope::Organisation(_) => IN_ORGANISATION,
        };
        fetch!(self, statement, photo_of, organisation.0, hash.0.to_vec(), scope_key(scope))
    }

    async fn photo_brought_by(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        person: PersonId,
    ) -> Result<Photo, StoreError> {
        fetch!(self, BROUGHT, photo_of, organisation.0, hash.0.to_vec(), person.0)
    }

    async fn newest_photos(
        &self,
        organisation: OrganisationId,
        before: Option<(UnixMillis, PhotoHash)>,
        limit: u32,
    ) -> Result<Vec<Photo>, StoreError> {
        let (at, hash) = before.unwrap_or((UnixMillis(i64::MAX), PhotoHash([u8::MAX; 32])));
        let mut conn = self.reader().await?;
        let newest = sqlx::query::<Db>(NEWEST).bind(organisation.0).bind(at.0).bind(hash.0.to_vec());
        newest.bind(i64::from(limit)).fetch_all(&mut *conn).await?.iter().map(photo_of).collect()
    }

    async fn naming(&self, hashes: &[PhotoHash], wanted: &NamingQuery) -> Result<Vec<Naming>, StoreError> {
        let NamingQuery { organisation, scope, office, most } = wanted;
        let statement = match scope {
            Scope::Person(_) => NAMING_OF_PERSON,
            Scope::Team(_) => NAMING_OF_TEAM,
            Scope::Office(_) => NAMING_OF_OFFICE,
            Scope::Organisation(_) => NAMING_OF_ORGANISATION,
        };
        let mut conn = self.reader().await?;
        let rows = each_row_returning(&mut conn, statement, hashes, |query, hash| {
            let query = query.bind(organisation.0).bind(hash.0.to_vec()).bind(scope_key(scope));
            query.bind(office.map(|office| office.0)).bind(i64::from(*most))
        })
        .await?;
        let read = |row: &DbRow| {
            let (hash, record) = (hash_at(row, 0)?, RecordId(row.try_get(1)?));
            Ok(Naming { hash, record, all: small(row.try_get(2)?)? })
        };
        rows.iter().map(read).collect()
    }

    async fn named_photos(
        &self,
        organisation: OrganisationId,
        after: Option<PhotoHash>,
        limit: u32,
    ) -> Result<Vec<(PhotoHash, bool)>, StoreError> {
        let after = after.map_or_else(Vec::new, |hash| hash.0.to_vec());
        let mut conn = self.reader().await?;
        let named = sqlx::query::<Db>(NAMED_PHOTOS).bind(organisation.0).bind(after).bind(i64::from(limit));
        let rows = named.fetch_all(&mut *conn).await?;
        rows.iter().map(|row| Ok((hash_at(row, 0)?, row.try_get::<Option<i64>, _>(1)?.is_some()))).collect()
    }

    async fn bringers(
        &self,
        organisation: OrganisationId,
        pairs: &[(PhotoHash, RecordId)],
    ) -> Result<Vec<Bringer>, StoreError> {
        let mut conn = self.reader().await?;
        let rows = each_row_returning(&mut conn, BRINGERS, pairs, |query, (hash, record)| {
            query.bind(organisation.0).bind(hash.0.to_vec()).bind(record.0)
        })
        .await?;
        let mut seen = HashSet::new();
        let mut bringers = Vec::with_capacity(pairs.len());
        for row in &rows {
            let (hash, record) = (hash_at(row, 0)?, RecordId(row.try_get(1)?));
            if seen.insert((hash, record)) {
                let (person, device_label) = (PersonId(row.try_get(2)?), row.try_get(3)?);
                bringers.push(Bringer { hash, record, person, device_label });
            }
        }
        Ok(bringers)
    }

    async fn offices_naming(&self, organisation: OrganisationId, hash: PhotoHash) -> Result<Vec<OfficeId>, StoreError> {
        let mut conn = self.reader().await?;
        let offices = sqlx::query_as::<Db, (Uuid,)>(OFFICES_NAMING).bind(organisation.0).bind(hash.0.to_vec());
        Ok(offices.fetch_all(&mut *conn).await?.into_iter().map(|(id,)| OfficeId(id)).collect())
    }

    async fn photos(&self, organisation: OrganisationId, hashes: &[PhotoHash]) -> Result<Vec<Photo>, StoreError> {
        let mut conn = self.reader().await?;
        let rows = each_row_returning(&mut conn, NAMED, hashes, |query, hash| {
            query.bind(organisation.0).bind(hash.0.to_vec())
        })
        .await?;
        rows.iter().map(photo_of).collect()
    }

    async fn forsaken(&self, before: UnixMillis, limit: u32) -> Result<Vec<Forsaken>, StoreError> {
        let mut conn = self.reader().await?;
        forsaken(&mut conn, before, limit).await
    }

    async fn forget_photo(
        &self,
        organisation: OrganisationId,
        hash: PhotoHash,
        before: UnixMillis,
    ) -> Result<Option<Photo>, StoreError> {
        write!(self, forget(organisation, hash, before))
    }

    async fn note_references(
        &self,
        organisation: OrganisationId,
        record: RecordId,
        hashes: &[PhotoHash],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        each_row(&mut tx, REFER, hashes, |query, hash| query.bind(organisation.0).bind(hash.0.to_vec()).bind(record.0))
            .await?;
        Ok(tx.commit().await?)
    }

    async fn photos_between(&self, from: &str, to: &str) -> Result<Vec<Photo>, StoreError> {
        let mut conn = self.reader().await?;
        let rows = sqlx::query::<Db>(BETWEEN).bind(from).bind(to).fetch_all(&mut *conn).await?;
        rows.iter().map(photo_of).collect()
    }

    async fn mark_lost(&self, object: &str, lost_at: Option<UnixMillis>) -> Result<(), StoreError> {
        execute!(self, MARK_LOST, object, lost_at.map(|at| at.0));
        Ok(())
    }

    async fn note_photo_backup(&self, taken_at: UnixMillis, oldest: UnixMillis) -> Result<(), StoreError> {
        execute!(self, NOTE_BACKUP, taken_at.0);
        execute!(self, FORGET_BACKUPS, oldest.0);
        Ok(())
    }

    async fn photos_backed_up(&self, before: UnixMillis) -> Result<Option<UnixMillis>, StoreError> {
        let mut conn = self.reader().await?;
        let (at,) = sqlx::query_as::<Db, (Option<i64>,)>(BACKED_UP).bind(before.0).fetch_one(&mut *conn).await?;
        Ok(at.map(UnixMillis))
    }
}
