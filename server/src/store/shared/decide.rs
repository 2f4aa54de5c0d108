//! What people decide about changes that were set aside.

use sqlx::Row as _;
use sync_core::id::RecordId;
use uuid::Uuid;

use std::collections::HashMap;

use super::actors::{Claim, numbers};
use super::run::each_of;
use super::{Conn, Db, publish};
use crate::store::neighbours::News;
use crate::store::shared::stored::{count, position, text};
use crate::store::shared::{bulk_statements, statements};
use crate::store::{ChangeState, NewDecision, StoreError};

statements! {
    NOTE = "insert into decision (organisation, record, act, person, reason, decided_at) \
        select no, $2, $3, $4, $5, $6 from organisation where id = $1 returning no";
    OWNER = "select d.id, d.person from change c join device d on d.no = c.device where c.id = $1";
    // What repeats another line of its journal is settled without a word: the device would take it for the other one.
    CARRY_OUT = "update change set state = $3, code = coalesce($4, code), decision = $5, \
        actor = coalesce($6, actor), actor_seq = coalesce($7, actor_seq), \
        verdict_seq = case when repetition > 0 then null else coalesce($8, verdict_seq) end \
        where id = $1 and state = $2";
}

bulk_statements! {
    STIR[1] = "update change set state = 0 where record in ({list}) and state = 4";
    LAST[1] = "select record, max(no) from decision where record in ({list}) group by record";
}

/// The number of the last decision about each of the records that has one: whoever judges on an older one judged what
/// is no longer so.
pub(super) async fn last_decisions(conn: &mut Conn, records: &[Uuid]) -> Result<HashMap<RecordId, u64>, StoreError> {
    let rows = each_of(conn, LAST, records).await?;
    rows.iter().map(|row| Ok((RecordId(row.try_get(0)?), count(row.try_get(1)?)?))).collect()
}

pub(super) async fn decide(conn: &mut Conn, decision: &NewDecision, salt: u64) -> Result<(), StoreError> {
    let (no,) = sqlx::query_as::<Db, (i64,)>(NOTE)
        .bind(decision.organisation.0)
        .bind(decision.record.0)
        .bind(decision.act as i16)
        .bind(decision.by.map(|id| id.0))
        .bind(decision.reason.as_deref().map(text))
        .bind(decision.at.0)
        .fetch_one(&mut *conn)
        .await?;
    // Devices are told what is refused, so it takes a place in the feed.
    let told = decision.changes.iter().any(|change| change.to == ChangeState::Refused);
    let at = if told { Some(publish::next_position(conn, decision.organisation, salt).await?) } else { None };
    for change in &decision.changes {
        let actor = match change.actor {
            None => None,
            Some((actor, _)) => {
                let (device, person) =
                    sqlx::query_as::<Db, (Uuid, Uuid)>(OWNER).bind(change.id).fetch_one(&mut *conn).await?;
                let claim = Claim {
                    actor,
                    organisation: decision.organisation,
                    person: sync_core::id::PersonId(person),
                    device: Some(sync_core::id::DeviceId(device)),
                    since: decision.at,
                };
                numbers(conn, vec![claim]).await?.get(&actor).copied()
            }
        };
        let carried_out = sqlx::query::<Db>(CARRY_OUT)
            .bind(change.id)
            .bind(change.from as i16)
            .bind(change.to as i16)
            .bind(change.code.clone())
            .bind(no)
            .bind(actor)
            .bind(change.actor.map(|(_, seq)| position(seq)))
            .bind(at.filter(|_| change.to == ChangeState::Refused).map(position))
            .execute(&mut *conn)
            .await?;
        if carried_out.rows_affected() != 1 {
            return Err(StoreError::Conflict("it was decided, or judged anew, meanwhile"));
        }
    }
    stir(conn, &[decision.record.0]).await
}

/// Has whatever waits at records judged again: it may follow now, or need not wait any longer.
pub(super) async fn stir(conn: &mut Conn, records: &[Uuid]) -> Result<(), StoreError> {
    each_of(conn, STIR, records).await?;
    super::announce(conn, News::Received).await
}
