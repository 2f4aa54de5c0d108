//! One line in the log, one observation in the metrics and one problem body for each request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::error::{Failure, Kind, ServiceError};
use crate::metrics;
use crate::state::App;

/// Watches a request from outside of all other layers.
///
/// The log gets the route and never the path or the query, because those hold identifiers and what people search for.
pub(super) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = format!("{:016x}", u64::from_be_bytes(app.dice.bytes()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!("request", id, %method, route, device = tracing::field::Empty);

    let mut response = next.run(request).instrument(span.clone()).await;
    let failure = Failure::of(&mut response);
    if let Some(failure) = &failure {
        response = failure.write(response, &id);
    }
    let took = started.elapsed();
    let status = response.status().as_u16();
    metrics::request(&method, route, status, took);
    span.in_scope(|| report(failure.as_ref().map(Failure::error), status, took.as_secs_f64() * 1_000.0));
    response
}

/// Failures are logged here and nowhere below: once, where they are handled.
fn report(error: Option<&ServiceError>, status: u16, duration_ms: f64) {
    let Some(error) = error else {
        return tracing::info!(status, duration_ms, "answered");
    };
    let code = error.code.name;
    let cause = error.internal.as_ref().map(|cause| chain(cause.as_ref()));
    match error.kind() {
        Kind::Internal => tracing::error!(status, duration_ms, code, cause, "failed"),
        Kind::Unavailable => tracing::warn!(status, duration_ms, code, cause, "failed"),
        _ => tracing::info!(status, duration_ms, code, cause, "refused"),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(present) = cause {
        text.push_str(": ");
        text.push_str(&present.to_string());
        cause = present.source();
    }
    text
}
