//! Orders of `daybook admin` to a running server, over its local socket only.

use axum::extract::State;
use serde_json::Value;

use super::extract::Json;
use crate::error::ServiceError;
use crate::service::admin::{self, Order};
use crate::state::App;

/// Carries out an order.
pub(crate) async fn perform(State(app): State<App>, Json(order): Json<Order>) -> Result<Json<Value>, ServiceError> {
    admin::perform(&app, order).await.map(Json)
}
