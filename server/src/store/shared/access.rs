//! With what staff sign in, and where they are signed in.

use async_trait::async_trait;
use sqlx::Row as _;
use sync_core::id::PersonId;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Backend, Conn, Db, DbRow};
use crate::store::access::{AccessStore, SecondFactor};
use crate::store::shared::stored::{position, small, thirty_two};
use crate::store::shared::{session_columns, statements};
use crate::store::{Session, StoreError};

statements! {
    PASSWORD_HASH = "select password_hash from person where id = $1";
    CHANGE_PASSWORD = "update person set password_hash = $2 where id = $1";
    END_OTHERS = "delete from staff_session where person = $1 and token_hash <> $2";
    SESSIONS = concat!("select ", session_columns!(), " from staff_session s where s.person = $1 and s.expires_at > $2 \
        order by s.last_seen_at desc, s.created_at desc, s.id");
    TOUCH = "update staff_session set last_seen_at = $2 where token_hash = $1 and last_seen_at < $2";
    END_ONE = "delete from staff_session where person = $1 and id = $2";
    END_ALL = "delete from staff_session where person = $1";
    SECOND_FACTOR = "select secret, confirmed_at, (select count(*) from recovery_code c \
        where c.person = f.person and c.used_at is null) from second_factor f where f.person = $1";
    BEGIN = "insert into second_factor (person, secret, begun_at, last_step) values ($1, $2, $3, 0) \
        on conflict (person) do update set secret = excluded.secret, begun_at = excluded.begun_at \
        where second_factor.confirmed_at is null";
    CONFIRM = "update second_factor set confirmed_at = $4, last_step = $3 \
        where person = $1 and secret = $2 and confirmed_at is null";
    ADD_CODE = "insert into recovery_code (person, code_hash) values ($1, $2)";
    USE_STEP = "update second_factor set last_step = $2 \
        where person = $1 and confirmed_at is not null and last_step < $2";
    USE_CODE = "update recovery_code set used_at = $3 where person = $1 and code_hash = $2 and used_at is null";
    FORGET_CODES = "delete from recovery_code where person = $1";
    END_FACTOR = "delete from second_factor where person = $1";
}

/// The session whose columns, as `session_columns!` names them, begin at `first`.
pub(super) fn session_at(row: &DbRow, first: usize) -> Result<Session, StoreError> {
    Ok(Session {
        token_hash: thirty_two(row.try_get(first)?)?,
        id: row.try_get(first + 1)?,
        person: PersonId(row.try_get(first + 2)?),
        created_at: UnixMillis(row.try_get(first + 3)?),
        expires_at: UnixMillis(row.try_get(first + 4)?),
        last_seen_at: UnixMillis(row.try_get(first + 5)?),
        network: row.try_get(first + 6)?,
        client: row.try_get(first + 7)?,
    })
}

async fn end_factor(conn: &mut Conn, person: PersonId) -> Result<bool, StoreError> {
    sqlx::query::<Db>(FORGET_CODES).bind(person.0).execute(&mut *conn).await?;
    Ok(sqlx::query::<Db>(END_FACTOR).bind(person.0).execute(conn).await?.rows_affected() > 0)
}

#[async_trait]
impl AccessStore for Backend {
    async fn password_hash(&self, person: PersonId) -> Result<Option<String>, StoreError> {
        let mut conn = self.reader().await?;
        let found = sqlx::query_as::<Db, (Option<String>,)>(PASSWORD_HASH).bind(person.0).fetch_one(&mut *conn).await?;
        Ok(found.0)
    }

    async fn change_password(&self, person: PersonId, hash: &str, keep: Option<&[u8; 32]>) -> Result<(), StoreError> {
        // No token's hash is empty.
        let keep = keep.map_or(&[][..], |keep| keep.as_slice());
        let mut tx = self.begin_write().await?;
        sqlx::query::<Db>(CHANGE_PASSWORD).bind(person.0).bind(hash).execute(&mut *tx).await?;
        sqlx::query::<Db>(END_OTHERS).bind(person.0).bind(keep).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn sessions(&self, person: PersonId, now: UnixMillis) -> Result<Vec<Session>, StoreError> {
        let mut conn = self.reader().await?;
        let rows = sqlx::query::<Db>(SESSIONS).bind(person.0).bind(now.0).fetch_all(&mut *conn).await?;
        rows.iter().map(|row| session_at(row, 0)).collect()
    }

    async fn touch_session(&self, token_hash: &[u8; 32], at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        sqlx::query::<Db>(TOUCH).bind(token_hash.as_slice()).bind(at.0).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn end_one_session(&self, person: PersonId, id: Uuid) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let ended = sqlx::query::<Db>(END_ONE).bind(person.0).bind(id).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        if ended == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    async fn end_sessions(&self, person: PersonId) -> Result<u64, StoreError> {
        let mut tx = self.begin_write().await?;
        let ended = sqlx::query::<Db>(END_ALL).bind(person.0).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(ended)
    }

    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>, StoreError> {
        let mut conn = self.reader().await?;
        let found = sqlx::query_as::<Db, (Vec<u8>, Option<i64>, i64)>(SECOND_FACTOR).bind(person.0);
        let Some((secret, confirmed_at, left)) = found.fetch_optional(&mut *conn).await? else {
            return Ok(None);
        };
        Ok(Some(SecondFactor { secret, confirmed_at: confirmed_at.map(UnixMillis), codes_left: small(left)? }))
    }

    async fn begin_second_factor(&self, person: PersonId, secret: &[u8], at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let begun = sqlx::query::<Db>(BEGIN).bind(person.0).bind(secret.to_vec()).bind(at.0).execute(&mut *tx).await?;
        tx.commit().await?;
        if begun.rows_affected() == 0 { Err(StoreError::Conflict("second factor")) } else { Ok(()) }
    }

    async fn confirm_second_factor(
        &self,
        person: PersonId,
        secret: &[u8],
        step: u64,
        codes: &[[u8; 32]],
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let confirm = sqlx::query::<Db>(CONFIRM).bind(person.0).bind(secret.to_vec()).bind(position(step)).bind(at.0);
        if confirm.execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(StoreError::Conflict("second factor"));
        }
        for code in codes {
            sqlx::query::<Db>(ADD_CODE).bind(person.0).bind(code.as_slice()).execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn use_step(&self, person: PersonId, step: u64) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let used = sqlx::query::<Db>(USE_STEP).bind(person.0).bind(position(step)).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(used.rows_affected() > 0)
    }

    async fn use_recovery_code(&self, person: PersonId, code: &[u8; 32], at: UnixMillis) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let used = sqlx::query::<Db>(USE_CODE).bind(person.0).bind(code.as_slice()).bind(at.0);
        let used = used.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(used > 0)
    }

    async fn end_second_factor(&self, person: PersonId) -> Result<bool, StoreError> {
        let mut tx = self.begin_write().await?;
        let ended = end_factor(&mut tx, person).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
