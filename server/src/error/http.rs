//! Failures as HTTP answers: RFC 9457 problem bodies.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sync_core::wire::problem::{self, Problem};

use super::{Code, Kind, ServiceError, codes};

/// A failure on its way out, in the extensions of its answer. The outermost layer logs it once and writes the body,
/// because only there the request's number is known.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Arc<ServiceError>);

impl Failure {
    /// The failure behind an answer: what a service said, or what the framework meant by its bare status.
    /// `None` if the answer is no failure.
    pub(crate) fn of(response: &mut Response) -> Option<Self> {
        let said = response.extensions_mut().remove::<Self>();
        let status = response.status();
        let is_failure = status.is_client_error() || status.is_server_error();
        said.or_else(|| is_failure.then(|| Self(Arc::new(ServiceError::from(meaning_of(status))))))
    }

    pub(crate) fn error(&self) -> &ServiceError {
        &self.0
    }

    /// Writes the problem into the answer; headers such as `allow` stay.
    pub(crate) fn write(&self, response: Response, request_id: &str) -> Response {
        let error = self.error();
        let status = status_of(error.kind());
        let problem = Problem {
            code: error.code.name.to_owned(),
            title: error.code.title.to_owned(),
            status: status.as_u16(),
            detail: error.detail.clone(),
            request_id: Some(request_id.to_owned()),
        };
        let (mut parts, _) = response.into_parts();
        parts.status = status;
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
        if let Some(wait) = error.retry_after {
            parts.headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        // A struct of strings and a number always becomes JSON.
        Response::from_parts(parts, Body::from(serde_json::to_vec(&problem).unwrap_or_default()))
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let mut response = status_of(self.kind()).into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Method => StatusCode::METHOD_NOT_ALLOWED,
        Kind::Timeout => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::Locked => StatusCode::LOCKED,
        Kind::Precondition => StatusCode::PRECONDITION_FAILED,
        // Of the tus protocol; it has no other name.
        Kind::Checksum => StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST),
        Kind::Full => StatusCode::INSUFFICIENT_STORAGE,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What a bare status of the framework means. Our own layers answer so for these only: the router 404 and 405, the
/// cross-origin check 403, the time limit 408, the panic catcher 500.
fn meaning_of(status: StatusCode) -> Code {
    match status {
        StatusCode::NOT_FOUND => codes::NO_SUCH_ADDRESS,
        StatusCode::METHOD_NOT_ALLOWED => codes::METHOD,
        StatusCode::FORBIDDEN => codes::CROSS_ORIGIN,
        StatusCode::REQUEST_TIMEOUT => codes::TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE => codes::REQUEST_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => codes::REQUEST_MEDIA_TYPE,
        status if status.is_client_error() => codes::MALFORMED_REQUEST,
        _ => codes::INTERNAL,
    }
}
