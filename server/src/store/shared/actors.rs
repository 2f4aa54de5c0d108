//! Who writes under an actor.

use std::collections::HashMap;

use sqlx::Row as _;
use sync_core::id::{ActorId, DeviceId, OrganisationId, PersonId};
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;
use uuid::Uuid;

use super::rows::actor_at;
use super::run::{each_of, each_row};
use super::{Conn, DbRow};
use crate::store::StoreError;
use crate::store::shared::bulk_statements;

bulk_statements! {
    OWNERS[1] = "select id, no, person, device from actor where id in ({list})";
    CLAIM[5] = "insert into actor (id, organisation, person, device, since) values {rows} on conflict (id) do nothing";
    AUTHORS[1] = "select a.id, p.id, p.name from actor a join person p on p.id = a.person where a.id in ({list})";
}

/// An actor about to be bound.
pub(super) struct Claim {
    pub(super) actor: ActorId,
    pub(super) organisation: OrganisationId,
    pub(super) person: PersonId,
    pub(super) device: Option<DeviceId>,
    pub(super) since: UnixMillis,
}

/// To whom an actor belongs, and its number.
pub(super) struct Owner {
    pub(super) no: i64,
    person: PersonId,
    pub(super) device: Option<DeviceId>,
}

/// The numbers of the claimed actors, as [`bound`].
pub(super) async fn numbers(conn: &mut Conn, claims: Vec<Claim>) -> Result<HashMap<ActorId, i64>, StoreError> {
    Ok(bound(conn, claims).await?.into_iter().map(|(actor, owner)| (actor, owner.no)).collect())
}

/// The owners of the claimed actors. An actor that was free is bound; one that is not keeps its owner.
pub(super) async fn bound(conn: &mut Conn, mut claims: Vec<Claim>) -> Result<HashMap<ActorId, Owner>, StoreError> {
    claims.sort_by_key(|claim| claim.actor);
    claims.dedup_by_key(|claim| claim.actor);
    let actors: Vec<ActorId> = claims.iter().map(|claim| claim.actor).collect();
    let mut known = owners(conn, &actors).await?;
    claims.retain(|claim| !known.contains_key(&claim.actor));
    if !claims.is_empty() {
        bind(conn, &claims).await?;
        let bound: Vec<ActorId> = claims.iter().map(|claim| claim.actor).collect();
        known.extend(owners(conn, &bound).await?);
    }
    Ok(known)
}

pub(super) async fn actor_owners(
    conn: &mut Conn,
    actors: &[ActorId],
) -> Result<HashMap<ActorId, (PersonId, Option<DeviceId>)>, StoreError> {
    let known = owners(conn, actors).await?;
    Ok(known.into_iter().map(|(actor, owner)| (actor, (owner.person, owner.device))).collect())
}

async fn owners(conn: &mut Conn, actors: &[ActorId]) -> Result<HashMap<ActorId, Owner>, StoreError> {
    let ids: Vec<&[u8]> = actors.iter().map(|actor| actor.0.as_slice()).collect();
    each_of(conn, OWNERS, &ids)
        .await?
        .iter()
        .map(|row| {
            let device = row.try_get::<Option<Uuid>, _>(3)?.map(DeviceId);
            Ok((actor_at(row, 0)?, Owner { no: row.try_get(1)?, person: PersonId(row.try_get(2)?), device }))
        })
        .collect()
}

async fn bind(conn: &mut Conn, claims: &[Claim]) -> Result<(), StoreError> {
    each_row(conn, CLAIM, claims, |query, claim| {
        query
            .bind(claim.actor.0.to_vec())
            .bind(claim.organisation.0)
            .bind(claim.person.0)
            .bind(claim.device.map(|id| id.0))
            .bind(claim.since.0)
    })
    .await?;
    Ok(())
}

pub(super) async fn claim_actors(
    conn: &mut Conn,
    organisation: OrganisationId,
    person: PersonId,
    device: Option<DeviceId>,
    actors: &[ActorId],
    now: UnixMillis,
) -> Result<Vec<ActorId>, StoreError> {
    let known = owners(conn, actors).await?;
    let claims: Vec<Claim> = actors
        .iter()
        .filter(|actor| !known.contains_key(actor))
        .map(|actor| Claim { actor: *actor, organisation, person, device, since: now })
        .collect();
    bind(conn, &claims).await?;
    let foreign = |owner: &Owner| owner.device != device || owner.person != person;
    Ok(actors.iter().copied().filter(|actor| known.get(actor).is_some_and(foreign)).collect())
}

pub(super) async fn authors(conn: &mut Conn, actors: &[ActorId]) -> Result<Vec<Author>, StoreError> {
    let ids: Vec<&[u8]> = actors.iter().map(|actor| actor.0.as_slice()).collect();
    let rows = each_of(conn, AUTHORS, &ids).await?;
    rows.iter().map(author_at).collect()
}

/// An actor, with the person's identifier and name.
pub(super) fn author_at(row: &DbRow) -> Result<Author, StoreError> {
    Ok(Author { actor: actor_at(row, 0)?, person: PersonId(row.try_get(1)?), name: row.try_get(2)? })
}
