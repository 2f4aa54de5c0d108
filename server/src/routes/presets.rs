//! One's own filters of lists.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Id, Json};
use super::identity::SignedIn;
use crate::error::ServiceError;
use crate::service::presets;
use crate::state::App;
use crate::store::presets::Preset;

/// A filter that one keeps.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresetBody {
    id: Uuid,
    name: String,
    /// As it was kept.
    #[schema(value_type = HashMap<String, Value>)]
    filter: Value,
}

/// A filter to be kept.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PresetToKeep {
    /// 1 to 100 characters; what it stood for before is forgotten.
    name: String,
    /// The conditions of a list, by their names there.
    #[schema(value_type = HashMap<String, Value>)]
    filter: Map<String, Value>,
}

type Listed = Result<Json<Vec<PresetBody>>, ServiceError>;

fn listed(presets: Vec<Preset>) -> Listed {
    let body = |Preset { id, name, filter }: Preset| {
        Ok(PresetBody { id, name, filter: serde_json::from_str(&filter).map_err(ServiceError::internal)? })
    };
    presets.into_iter().map(body).collect::<Result<_, _>>().map(Json)
}

/// One's own filters, by name.
#[utoipa::path(
    get, operation_id = "list_presets", path = "/api/v1/presets", tag = "session",
    responses((status = 200, body = Vec<PresetBody>)), security(("session" = []))
)]
pub(crate) async fn list(State(app): State<App>, SignedIn(who): SignedIn) -> Listed {
    listed(presets::of(&app, &who).await?)
}

/// Keeps a filter under a name: up to 50, each of up to 2,000 bytes.
#[utoipa::path(
    post, operation_id = "keep_preset", path = "/api/v1/presets", tag = "session", request_body = PresetToKeep,
    responses((status = 200, body = Vec<PresetBody>)), security(("session" = []))
)]
pub(crate) async fn keep(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(PresetToKeep { name, filter }): Json<PresetToKeep>,
) -> Listed {
    listed(presets::keep(&app, &who, &name, Value::Object(filter).to_string()).await?)
}

/// Forgets one of one's own filters.
#[utoipa::path(
    delete, operation_id = "forget_preset", path = "/api/v1/presets/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<PresetBody>)), security(("session" = []))
)]
pub(crate) async fn forget(State(app): State<App>, SignedIn(who): SignedIn, Id(id): Id<Uuid>) -> Listed {
    listed(presets::forget(&app, &who, id).await?)
}
