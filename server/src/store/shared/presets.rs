//! Filters of lists that people keep by name.

use async_trait::async_trait;
use sync_core::id::PersonId;
use uuid::Uuid;

use super::{Backend, Db};
use crate::store::StoreError;
use crate::store::presets::{Preset, PresetStore};
use crate::store::shared::statements;
use crate::store::shared::stored::text;

statements! {
    OF = "select id, name, filter from preset where person = $1 order by name, id";
    OTHERS = "select count(*) from preset where person = $1 and name <> $2";
    KEEP = "insert into preset (id, person, name, filter) values ($1, $2, $3, $4) \
        on conflict (person, name) do update set filter = excluded.filter";
    FORGET = "delete from preset where person = $1 and id = $2";
}

#[async_trait]
impl PresetStore for Backend {
    async fn of(&self, person: PersonId) -> Result<Vec<Preset>, StoreError> {
        let mut conn = self.reader().await?;
        let rows = sqlx::query_as::<Db, (Uuid, String, String)>(OF).bind(person.0).fetch_all(&mut *conn).await?;
        Ok(rows.into_iter().map(|(id, name, filter)| Preset { id, name, filter }).collect())
    }

    async fn keep(&self, person: PersonId, preset: &Preset, most: u32) -> Result<(), StoreError> {
        let name = text(&preset.name);
        let mut tx = self.begin_write().await?;
        let others = sqlx::query_as::<Db, (i64,)>(OTHERS).bind(person.0).bind(&name);
        let (others,) = others.fetch_one(&mut *tx).await?;
        if others >= i64::from(most) {
            return Err(StoreError::Conflict("preset"));
        }
        let keep = sqlx::query::<Db>(KEEP).bind(preset.id).bind(person.0).bind(&name);
        keep.bind(text(&preset.filter)).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    async fn forget(&self, person: PersonId, id: Uuid) -> Result<(), StoreError> {
        let mut tx = self.begin_write().await?;
        let forgotten = sqlx::query::<Db>(FORGET).bind(person.0).bind(id).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        if forgotten == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }
}
