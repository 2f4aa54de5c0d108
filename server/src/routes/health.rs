//! Whether the server lives, and whether it is ready for work.

use axum::extract::State;
use axum::http::StatusCode;

use crate::error::ServiceError;
use crate::service;
use crate::state::App;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 204)))]
pub(crate) async fn alive() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The database answers and what phones send is being published.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 204)))]
pub(crate) async fn ready(State(app): State<App>) -> Result<StatusCode, ServiceError> {
    service::readiness::check(&app).await.map(|()| StatusCode::NO_CONTENT)
}
