//! Orders of `daybook admin` to a running server, over its local socket only.

use axum::extract::State;
use serde_json::Value;

use super::extract::Json;
use crate::error::ServiceError;
use crate::service::admin::{self, Order};
use crate::state::App;

/// The longest order, in bytes: the statements of many years may be kept elsewhere.
pub(crate) const LONGEST_ORDER: usize = 64 * 1024 * 1024;

/// Carries out an order.
pub(crate) async fn perform(State(app): State<App>, Json(order): Json<Order>) -> Result<Json<Value>, ServiceError> {
    admin::perform(&app, order).await.map(Json)
}
