//! What Prometheus gets to see. docs/LOGGING.md lists the names; labels come from small fixed sets, never from people.

use std::time::Duration;

use axum::Router;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const REQUEST_SECONDS: &str = "daybook_http_request_seconds";
/// From an idle exchange to a request that runs into its limit.
const BUCKETS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0];

/// Starts to count, for the whole process.
///
/// # Errors
/// If something else counts already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), BUCKETS)?
        .install_recorder()?;
    metrics::describe_histogram!(REQUEST_SECONDS, "How long requests took, by method, route and status");
    Ok(handle)
}

/// The address that Prometheus reads.
pub fn router(handle: PrometheusHandle) -> Router {
    let page = move || {
        let text = handle.render();
        std::future::ready(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
    };
    Router::new().route("/metrics", get(page))
}

/// Notes an answered request.
pub(crate) fn request(method: &Method, route: &str, status: u16, took: Duration) {
    // A method that nobody knows would make a new label for each invention.
    let known = [Method::GET, Method::POST, Method::PATCH, Method::DELETE, Method::PUT, Method::HEAD, Method::OPTIONS];
    let method = if known.contains(method) { method.to_string() } else { "other".to_owned() };
    let labels = [("method", method), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::histogram!(REQUEST_SECONDS, &labels).record(took);
}
