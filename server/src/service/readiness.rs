//! Whether the server is ready for work.

use crate::error::ServiceError;
use crate::state::App;

/// Whether the database answers.
///
/// # Errors
/// [`crate::error::codes::BUSY`] if not.
pub async fn check(app: &App) -> Result<(), ServiceError> {
    Ok(app.store.ping().await?)
}
