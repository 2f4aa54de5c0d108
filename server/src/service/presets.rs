//! Filters of lists that people keep by name, for themselves alone. They hold what somebody searched for, so nobody else
//! sees them, and the audit trail does not repeat them.

use uuid::Uuid;

use super::organisation::name_of;
use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::presets::Preset;
use crate::store::{Person, StoreError};

/// How many filters somebody may keep.
const MOST: u32 = 50;
/// The longest filter, in bytes.
const LONGEST: usize = 2_000;

/// Somebody's own filters, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn of(app: &App, who: &Person) -> Result<Vec<Preset>, ServiceError> {
    Ok(app.store.presets().of(who.id).await?)
}

/// Keeps a filter under a name; what the name stood for before is forgotten. The answer is all of them.
///
/// # Errors
/// [`codes::NAME`], or [`codes::PRESETS`] for too many, or one that is too long.
pub async fn keep(app: &App, who: &Person, name: &str, filter: String) -> Result<Vec<Preset>, ServiceError> {
    let name = name_of(name)?;
    if filter.len() > LONGEST {
        return Err(codes::PRESETS.into());
    }
    let preset = Preset { id: Uuid::from_bytes(app.dice.bytes()), name, filter };
    match app.store.presets().keep(who.id, &preset, MOST).await {
        Err(StoreError::Conflict(_)) => return Err(codes::PRESETS.into()),
        kept => kept?,
    }
    of(app, who).await
}

/// Forgets one of somebody's own filters. The answer is those that are left.
///
/// # Errors
/// [`codes::NOT_FOUND`] if it is none of theirs.
pub async fn forget(app: &App, who: &Person, id: Uuid) -> Result<Vec<Preset>, ServiceError> {
    app.store.presets().forget(who.id, id).await.map_err(|error| error.missing(codes::NOT_FOUND))?;
    of(app, who).await
}
