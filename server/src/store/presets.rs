//! Filters of lists that people keep by name.

use async_trait::async_trait;
use sync_core::id::PersonId;
use uuid::Uuid;

use super::StoreError;

/// A filter that somebody keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Which one.
    pub id: Uuid,
    /// What its owner calls it; each name once.
    pub name: String,
    /// A JSON object, as the console wrote it.
    pub filter: String,
}

/// Filters of lists that people keep by name.
#[async_trait]
pub trait PresetStore: Send + Sync {
    /// Those that somebody keeps, by name.
    async fn of(&self, person: PersonId) -> Result<Vec<Preset>, StoreError>;
    /// Keeps one under its name, in the place of what had that name. [`StoreError::Conflict`] if they keep `most` others
    /// already.
    async fn keep(&self, person: PersonId, preset: &Preset, most: u32) -> Result<(), StoreError>;
    /// Forgets one of somebody's. [`StoreError::NotFound`] if it is none of theirs.
    async fn forget(&self, person: PersonId, id: Uuid) -> Result<(), StoreError>;
}
