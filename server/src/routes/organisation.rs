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
    /// The hour of its offices' clocks from which on a phone that has exchanged counts as having handed in its day.
    evening_hour: i8,
    /// From when on flags are raised.
    thresholds: Thresholds,
}

/// What changes; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OrganisationPatch {
    /// 1 to 100 characters. Sealed statements keep the name of their day.
    name: Option<String>,
    /// From 12 to 23; sealed days stay as they are.
    #[schema(minimum = 12, maximum = 23)]
    evening_hour: Option<i64>,
    /// For photos that come from now on.
    keep_exif: Option<bool>,
    /// For what is published from now on; `daybook rebuild` looks at everything again.
    #[serde(default)]
    #[schema(value_type = Option<ThresholdChange>)]
    thresholds: ThresholdChange,
}

impl From<Organisation> for OrganisationBody {
    fn from(Organisation { id, name, keep_exif, evening, thresholds, .. }: Organisation) -> Self {
        Self { id: id.0, name, keep_exif, evening_hour: evening.get(), thresholds }
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
    Json(OrganisationPatch { name, evening_hour, keep_exif, thresholds }): Json<OrganisationPatch>,
) -> Result<Json<OrganisationBody>, ServiceError> {
    let change = OrganisationChange { name, evening_hour, keep_exif, thresholds };
    organisation::change(&app, &who, change).await.map(|changed| Json(changed.into()))
}
