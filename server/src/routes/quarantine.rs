//! Changes that did not become part of their record.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use sync_core::id::ChangeHash;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{Json, Parameters};
use super::identity::SignedIn;
use super::names;
use crate::error::ServiceError;
use crate::service::admin::Aside;
use crate::service::quarantine;
use crate::service::records::{LONGEST_PAGE, USUAL_PAGE};
use crate::state::App;
use crate::store::{ChangeState, SetAside};

/// Which changes to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Why they were set aside; `quarantined` if left out.
    state: Option<Aside>,
    /// The `next` of the page before.
    before: Option<i64>,
    /// At most so many, 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// A change that was set aside. Its bytes are kept and can be replayed.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetAsideBody {
    id: i64,
    record: Uuid,
    #[schema(schema_with = names::hash)]
    change: ChangeHash,
    device: Option<Uuid>,
    person: Uuid,
    #[schema(value_type = Aside)]
    state: ChangeState,
    /// Why, for programs.
    code: String,
    /// Milliseconds since 1970.
    received_at: i64,
    bytes: u64,
}

/// A page of changes that were set aside, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SetAsidePage {
    items: Vec<SetAsideBody>,
    /// To be sent as `before`; missing at the end.
    next: Option<i64>,
}

impl From<SetAside> for SetAsideBody {
    fn from(aside: SetAside) -> Self {
        Self {
            id: aside.id,
            record: aside.record.0,
            change: aside.hash,
            device: aside.device.map(|device| device.0),
            person: aside.person.0,
            state: aside.state,
            code: aside.code,
            received_at: aside.received_at.0,
            bytes: aside.bytes,
        }
    }
}

/// Changes that were set aside: held for a decision, quarantined as broken, or waiting for others.
#[utoipa::path(
    get, path = "/api/v1/quarantine", tag = "quarantine", params(Wanted),
    responses((status = 200, body = SetAsidePage)), security(("session" = []))
)]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<SetAsidePage>, ServiceError> {
    let state = wanted.state.unwrap_or(Aside::Quarantined).into();
    let limit = wanted.limit.unwrap_or(USUAL_PAGE).clamp(1, LONGEST_PAGE);
    let found = quarantine::list(&app, &who, state, wanted.before, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id);
    Ok(Json(SetAsidePage { items: found.into_iter().map(SetAsideBody::from).collect(), next }))
}
