//! The organisation that one works for.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::Json;
use super::identity::SignedIn;
use crate::error::ServiceError;
use crate::flag::thresholds::{ThresholdChange, Thresholds};
use crate::service::organisation::{self, OrganisationChange};
use crate::state::App;
use crate::store::Organisation;

/// A company, and what it decides for itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganisationBody {
    id: Uuid,
    name: String,
    /// Whether photos keep what cameras write into them: the place, the time, the phone.
    keep_exif: bool,
    /// From when on flags are raised.
    thresholds: Thresholds,
}

/// What changes; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OrganisationPatch {
    /// For photos that come from now on.
    keep_exif: Option<bool>,
    /// For what is published from now on; `daybook rebuild` looks at everything again.
    #[serde(default)]
    #[schema(value_type = Option<ThresholdChange>)]
    thresholds: ThresholdChange,
}

impl From<Organisation> for OrganisationBody {
    fn from(Organisation { id, name, keep_exif, thresholds, .. }: Organisation) -> Self {
        Self { id: id.0, name, keep_exif, thresholds }
    }
}

/// The organisation, with its settings.
#[utoipa::path(
    get, operation_id = "show_organisation", path = "/api/v1/organisation", tag = "directory",
    responses((status = 200, body = OrganisationBody)), security(("session" = []))
)]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(who): SignedIn,
) -> Result<Json<OrganisationBody>, ServiceError> {
    organisation::of(&app, &who).await.map(|found| Json(found.into()))
}

/// Changes settings of the organisation, from this moment on.
#[utoipa::path(
    patch, path = "/api/v1/organisation", tag = "directory", request_body = OrganisationPatch,
    responses((status = 200, body = OrganisationBody)), security(("session" = []))
)]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(OrganisationPatch { keep_exif, thresholds }): Json<OrganisationPatch>,
) -> Result<Json<OrganisationBody>, ServiceError> {
    organisation::change(&app, &who, OrganisationChange { keep_exif, thresholds })
        .await
        .map(|changed| Json(changed.into()))
}
