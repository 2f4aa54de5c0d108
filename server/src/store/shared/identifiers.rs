//! Short numbers for the identifiers that every row of a record repeats: its organisation, office, team, project, and
//! the people it belongs to and was made by. In the row and its indexes a number takes two bytes where an identifier
//! takes sixteen. Statements turn one into the other by `id_of!` and `no_of!`.

use std::collections::{HashMap, HashSet};

use sqlx::Row as _;
use uuid::Uuid;

use super::Conn;
use super::run::{each_of, each_row};
use crate::store::StoreError;
use crate::store::shared::bulk_statements;

bulk_statements! {
    NUMBERS[1] = "select id, cast(no as bigint) from identifier where id in ({list})";
    NUMBER[1] = "insert into identifier (id) values {rows} on conflict (id) do nothing";
}

/// The numbers of identifiers.
pub(super) struct Numbers(HashMap<Uuid, i64>);

impl Numbers {
    /// Of these identifiers; those that have none yet get one. The caller holds the write lock.
    pub(super) async fn of(conn: &mut Conn, ids: HashSet<Uuid>) -> Result<Self, StoreError> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut known = stored(conn, &ids).await?;
        let unknown: Vec<Uuid> = ids.into_iter().filter(|id| !known.contains_key(id)).collect();
        if !unknown.is_empty() {
            each_row(conn, NUMBER, &unknown, |query, id| query.bind(*id)).await?;
            known.extend(stored(conn, &unknown).await?);
        }
        Ok(Self(known))
    }

    /// The number of one of them.
    pub(super) fn get(&self, id: Uuid) -> Option<i64> {
        self.0.get(&id).copied()
    }
}

async fn stored(conn: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>, StoreError> {
    each_of(conn, NUMBERS, ids).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
