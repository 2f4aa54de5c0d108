//! An index that can't be read any more, because a disk forgot some of it.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::posting::read_numbers;
use super::run::{Block, is_sound};
use super::{BLOCKS_OF, Backend, CONTENTS, FORGET_BLOCKS, FORGET_RUNS, SIZES, Size};
use crate::store::StoreError;
use crate::store::postgres::run::each_of;

/// Forgets the runs that can't be read; answers how many. Their records are then as if nobody had made them findable.
pub(crate) async fn forget_damaged(store: &Backend) -> Result<u64, StoreError> {
    let mut conn = store.reader().await?;
    let sizes = sqlx::query::<super::Db>(SIZES).fetch_all(&mut *conn).await?;
    let runs: Vec<i64> = sizes.iter().map(|row| Size::of(row).map(|size| size.run)).collect::<Result<_, _>>()?;
    let mut damaged = Vec::new();
    // One after the other: a run may hold a hundred thousand records.
    for run in runs {
        let mut sound = true;
        for row in &each_of(&mut conn, CONTENTS, &[run]).await? {
            let gone: Option<&[u8]> = row.try_get(2)?;
            sound &= [Some(row.try_get(1)?), gone].into_iter().flatten().all(|numbers| read_numbers(numbers).is_ok());
        }
        let mut blocks: BTreeMap<(String, i64), Block> = BTreeMap::new();
        for row in &each_of(&mut conn, BLOCKS_OF, &[run]).await? {
            let block = Block { first: row.try_get(1)?, part: row.try_get(2)?, bytes: row.try_get(3)? };
            blocks.insert((block.first.clone(), block.part), block);
        }
        let blocks: Vec<Block> = blocks.into_values().collect();
        sound &= tokio::task::spawn_blocking(move || is_sound(&blocks))
            .await
            .map_err(|error| StoreError::Internal(Box::new(error)))?;
        damaged.extend((!sound).then_some(run));
    }
    drop(conn);
    if !damaged.is_empty() {
        let mut tx = store.begin_write().await?;
        each_of(&mut tx, FORGET_BLOCKS, &damaged).await?;
        each_of(&mut tx, FORGET_RUNS, &damaged).await?;
        tx.commit().await?;
    }
    Ok(damaged.len() as u64)
}
