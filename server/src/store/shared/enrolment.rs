//! Signing in, enrolling and being cut off.

use sqlx::Row as _;
use sync_core::id::{DeviceId, Link, OrganisationId, PersonId, PublicKey};
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::access::session_at;
use super::rows::{device_of, person_at};
use super::{Conn, Db, flags};
use crate::store::shared::failure::taken;
use crate::store::shared::stored::{key, small, text, thirty_two};
use crate::store::shared::{device_columns, person_columns, session_columns, statements};
use crate::store::{Device, EnrolmentCode, NewDevice, Person, Session, StoreError};

/// The number of columns of a person, after which the password's hash or the session stands.
const AFTER_PERSON: usize = 11;

statements! {
    PERSON_BY_LOGIN = concat!("select ", person_columns!(), ", p.password_hash from person p \
        where p.login = $1 and p.active and p.password_hash is not null");
    FORGET_SESSIONS = "delete from staff_session where person = $1 and expires_at <= $2";
    INSERT_SESSION = "insert into staff_session \
        (token_hash, id, person, created_at, expires_at, last_seen_at, network, client) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    SESSION = concat!("select ", person_columns!(), ", ", session_columns!(), " from staff_session s join person p on p.id = s.person \
        where s.token_hash = $1 and s.expires_at > $2 and p.active");
    END_SESSION = "delete from staff_session where token_hash = $1";
    INSERT_CODE = "insert into enrolment_code \
        (code_hash, organisation, person, hint, created_at, expires_at, used_at, device) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    CODES = "select code_hash, organisation, person, hint, created_at, expires_at, used_at, device \
        from enrolment_code where organisation = $1 order by created_at desc, code_hash";
    CODE = "select c.organisation, c.person, c.expires_at, c.used_key, c.device from enrolment_code c \
        join person p on p.id = c.person where c.code_hash = $1 and p.active";
    USE_CODE = "update enrolment_code set used_at = $2, used_key = $3, device = $4 where code_hash = $1";
    INSERT_DEVICE = "insert into device \
        (id, organisation, person, key, label, app, enrolled_at, journal_link, replaces) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    REPLACEMENT = "select id from device where replaces = $1 and key = $2";
    FORK = "update device set forked_at = coalesce(forked_at, $2) where id = $1";
    DEVICE = concat!("select ", device_columns!(), " from device d join person p on p.id = d.person where d.id = $1");
    DEVICES = concat!("select ", device_columns!(), " from device d join person p on p.id = d.person \
        where d.organisation = $1 order by p.name, p.id, d.enrolled_at, d.id");
    DEVICE_KEY = "select key from device where id = $1";
    REVOKE = "update device set revoked_at = coalesce(revoked_at, $2) where id = $1";
    INHERIT = "update device set (revoked_at, wipe_ordered_at, wipe_at_once) = \
        (select o.revoked_at, o.wipe_ordered_at, o.wipe_at_once from device o where o.id = $2) where id = $1";
    ORDER_WIPE = "update device set revoked_at = coalesce(revoked_at, $2), \
        wipe_ordered_at = coalesce(wipe_ordered_at, $2), wipe_at_once = wipe_at_once or $3 where id = $1";
    NOTE_DEPOSIT = "update device set deposited_at = $2 where id = $1";
    NOTE_WIPED = "update device set revoked_at = coalesce(revoked_at, $2), wiped_at = coalesce(wiped_at, $2) \
        where id = $1";
    OFFER_SERVER_KEY = "insert into server_key (id, seed) values (1, $1) on conflict (id) do nothing";
    SERVER_KEY = "select seed from server_key where id = 1";
    EPOCH = "select value from meta where key = 'epoch'";
}

pub(super) async fn person_by_login(conn: &mut Conn, login: &str) -> Result<(Person, String), StoreError> {
    let row = sqlx::query::<Db>(PERSON_BY_LOGIN).bind(text(login)).fetch_one(conn).await?;
    Ok((person_at(&row, 0)?, row.try_get(AFTER_PERSON)?))
}

pub(super) async fn create_session(conn: &mut Conn, session: &Session) -> Result<(), StoreError> {
    let person = session.person.0;
    sqlx::query::<Db>(FORGET_SESSIONS).bind(person).bind(session.created_at.0).execute(&mut *conn).await?;
    sqlx::query::<Db>(INSERT_SESSION)
        .bind(session.token_hash.as_slice())
        .bind(session.id)
        .bind(person)
        .bind(session.created_at.0)
        .bind(session.expires_at.0)
        .bind(session.last_seen_at.0)
        .bind(session.network.as_str())
        .bind(session.client.as_str())
        .execute(conn)
        .await
        .map_err(taken("session"))?;
    Ok(())
}

pub(super) async fn session(
    conn: &mut Conn,
    token_hash: &[u8; 32],
    now: UnixMillis,
) -> Result<(Session, Person), StoreError> {
    let row = sqlx::query::<Db>(SESSION).bind(token_hash.as_slice()).bind(now.0).fetch_one(conn).await?;
    Ok((session_at(&row, AFTER_PERSON)?, person_at(&row, 0)?))
}

pub(super) async fn end_session(conn: &mut Conn, token_hash: &[u8; 32]) -> Result<(), StoreError> {
    sqlx::query::<Db>(END_SESSION).bind(token_hash.as_slice()).execute(conn).await?;
    Ok(())
}

pub(super) async fn create_enrolment_code(conn: &mut Conn, code: &EnrolmentCode) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_CODE)
        .bind(code.code_hash.as_slice())
        .bind(code.organisation.0)
        .bind(code.person.0)
        .bind(code.hint.as_str())
        .bind(code.created_at.0)
        .bind(code.expires_at.0)
        .bind(code.used_at.map(|at| at.0))
        .bind(code.device.map(|id| id.0))
        .execute(conn)
        .await
        .map_err(taken("enrolment code"))?;
    Ok(())
}

type CodeColumns = (Vec<u8>, Uuid, Uuid, String, i64, i64, Option<i64>, Option<Uuid>);

pub(super) async fn enrolment_codes(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<EnrolmentCode>, StoreError> {
    let rows = sqlx::query_as::<Db, CodeColumns>(CODES).bind(organisation.0).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(code_hash, organisation, person, hint, created_at, expires_at, used_at, device)| {
            Ok(EnrolmentCode {
                code_hash: thirty_two(&code_hash)?,
                organisation: OrganisationId(organisation),
                person: PersonId(person),
                hint,
                created_at: UnixMillis(created_at),
                expires_at: UnixMillis(expires_at),
                used_at: used_at.map(UnixMillis),
                device: device.map(DeviceId),
            })
        })
        .collect()
}

async fn insert_device(
    conn: &mut Conn,
    new: &NewDevice,
    organisation: Uuid,
    person: Uuid,
    replaces: Option<DeviceId>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    sqlx::query::<Db>(INSERT_DEVICE)
        .bind(new.id.0)
        .bind(organisation)
        .bind(person)
        .bind(new.key.0.as_slice())
        .bind(text(&new.label))
        .bind(text(&new.app))
        .bind(now.0)
        .bind(Link::GENESIS.0.as_slice())
        .bind(replaces.map(|id| id.0))
        .execute(conn)
        .await
        .map_err(taken("device"))?;
    Ok(())
}

pub(super) async fn replace_device(
    conn: &mut Conn,
    old: DeviceId,
    new: &NewDevice,
    now: UnixMillis,
) -> Result<Device, StoreError> {
    let person = device(conn, old).await?.person;
    let made = sqlx::query_as::<Db, (Uuid,)>(REPLACEMENT)
        .bind(old.0)
        .bind(new.key.0.as_slice())
        .fetch_optional(&mut *conn)
        .await?;
    let id = match made {
        Some((id,)) => DeviceId(id),
        None => {
            insert_device(conn, new, person.organisation.0, person.id.0, Some(old), now).await?;
            sqlx::query::<Db>(INHERIT).bind(new.id.0).bind(old.0).execute(&mut *conn).await?;
            sqlx::query::<Db>(FORK).bind(old.0).bind(now.0).execute(&mut *conn).await?;
            flags::raise_forked(conn, old).await?;
            new.id
        }
    };
    device(conn, id).await
}

type OpenCode = (Uuid, Uuid, i64, Option<Vec<u8>>, Option<Uuid>);

pub(super) async fn redeem_code(
    conn: &mut Conn,
    code_hash: &[u8; 32],
    new: &NewDevice,
    now: UnixMillis,
) -> Result<Device, StoreError> {
    let (organisation, person, expires_at, used_key, made) =
        sqlx::query_as::<Db, OpenCode>(CODE).bind(code_hash.as_slice()).fetch_one(&mut *conn).await?;
    match (used_key, made) {
        // A lost reply: the phone asks again with the key that it made for this code.
        (Some(used_key), Some(made)) if key(&used_key)? == new.key => return device(conn, DeviceId(made)).await,
        (None, None) if now.0 < expires_at => {}
        _ => return Err(StoreError::NotFound),
    }
    insert_device(conn, new, organisation, person, None, now).await?;
    sqlx::query::<Db>(USE_CODE)
        .bind(code_hash.as_slice())
        .bind(now.0)
        .bind(new.key.0.as_slice())
        .bind(new.id.0)
        .execute(&mut *conn)
        .await?;
    device(conn, new.id).await
}

pub(super) async fn device(conn: &mut Conn, id: DeviceId) -> Result<Device, StoreError> {
    device_of(&sqlx::query::<Db>(DEVICE).bind(id.0).fetch_one(conn).await?)
}

pub(super) async fn devices(conn: &mut Conn, organisation: OrganisationId) -> Result<Vec<Device>, StoreError> {
    let rows = sqlx::query::<Db>(DEVICES).bind(organisation.0).fetch_all(conn).await?;
    rows.iter().map(device_of).collect()
}

pub(super) async fn device_key(conn: &mut Conn, id: DeviceId) -> Result<PublicKey, StoreError> {
    let (stored,) = sqlx::query_as::<Db, (Vec<u8>,)>(DEVICE_KEY).bind(id.0).fetch_one(conn).await?;
    key(&stored)
}

pub(super) async fn revoke_device(conn: &mut Conn, id: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
    let done = sqlx::query::<Db>(REVOKE).bind(id.0).bind(now.0).execute(conn).await?;
    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn order_wipe(
    conn: &mut Conn,
    id: DeviceId,
    at_once: bool,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let done = sqlx::query::<Db>(ORDER_WIPE).bind(id.0).bind(now.0).bind(at_once).execute(conn).await?;
    if done.rows_affected() == 0 { Err(StoreError::NotFound) } else { Ok(()) }
}

pub(super) async fn note_deposit(conn: &mut Conn, id: DeviceId, at: Option<UnixMillis>) -> Result<(), StoreError> {
    sqlx::query::<Db>(NOTE_DEPOSIT).bind(id.0).bind(at.map(|at| at.0)).execute(conn).await?;
    Ok(())
}

pub(super) async fn note_wiped(conn: &mut Conn, id: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
    sqlx::query::<Db>(NOTE_WIPED).bind(id.0).bind(now.0).execute(conn).await?;
    Ok(())
}

pub(super) async fn server_key(conn: &mut Conn, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
    sqlx::query::<Db>(OFFER_SERVER_KEY).bind(fresh.as_slice()).execute(&mut *conn).await?;
    let (seed,) = sqlx::query_as::<Db, (Vec<u8>,)>(SERVER_KEY).fetch_one(conn).await?;
    thirty_two(&seed)
}

pub(super) async fn epoch(conn: &mut Conn) -> Result<u32, StoreError> {
    match sqlx::query_as::<Db, (String,)>(EPOCH).fetch_optional(conn).await? {
        Some((value,)) => small(value.parse().unwrap_or(-1)),
        None => Ok(1),
    }
}
