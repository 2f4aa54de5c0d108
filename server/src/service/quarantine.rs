//! Changes that did not become part of their record: held, set aside as broken, or waiting for others.

use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::{ChangeState, Person, SetAside};

/// Changes that were set aside, newest first, for those who may look into them.
///
/// # Errors
/// [`codes::PERMISSION`] for other roles.
pub async fn list(
    app: &App,
    who: &Person,
    state: ChangeState,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<SetAside>, ServiceError> {
    if !scope::may_do(who, Action::SeeQuarantine) {
        return Err(codes::PERMISSION.into());
    }
    Ok(app.store.set_aside(who.organisation, state, before, limit).await?)
}
