//! Messages of phones: CBOR of our own media type, perhaps gzip'd.
//!
//! Answers carry no header that is not needed: an exchange with nothing to say has to stay below one kilobyte.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use sync_core::wire::{self, Encoding, MEDIA_TYPE, WireError};
use tower_http::timeout::TimeoutError;

use super::extract::caused_by;
use crate::error::{ServiceError, codes};
use crate::state::App;

/// Bodies up to this size are unpacked and read where they arrive; larger ones on a thread that may take its time.
const READ_IN_PLACE: usize = 32 * 1024;

/// A message may unpack to so many times its size, so that what it takes of memory follows from what it takes on the
/// way; honest ones unpack to a fifth of that.
const MOST_RATIO: usize = 32;
/// Every message may unpack to so many bytes.
const ALWAYS_UNPACKED: usize = 1 << 20;

/// A message from a phone.
pub(crate) struct Message<T>(pub(super) T);

impl<T> FromRequest<App> for Message<T>
where
    T: for<'b> minicbor::Decode<'b, ()> + Send + 'static,
{
    type Rejection = ServiceError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ServiceError> {
        let (parts, body) = request.into_parts();
        let encoding = encoding_of(&parts.headers)?;
        let limits = &app.config.limits;
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limits.body_bytes as u64) {
            return Err(too_large(limits.body_bytes));
        }
        // Somebody who sends a byte now and then gets no further than somebody who sends nothing.
        let length = announced.unwrap_or(limits.body_bytes as u64);
        let patience = limits.idle + Duration::from_secs(length / u64::from(limits.slowest));
        let collecting = tokio::time::timeout(patience, collect(body, limits.body_bytes));
        let bytes = collecting.await.map_err(|_| codes::TIMEOUT)??;
        let limit = limits.inflated_bytes.min(bytes.len().saturating_mul(MOST_RATIO).max(ALWAYS_UNPACKED));
        let message = if bytes.len() <= READ_IN_PLACE {
            wire::decode(&bytes, encoding, limit)
        } else {
            let reading = tokio::task::spawn_blocking(move || wire::decode(&bytes, encoding, limit));
            reading.await.map_err(ServiceError::internal)?
        };
        message.map(Self).map_err(|error| match error {
            WireError::TooLarge { limit } => too_large(limit),
            error @ (WireError::Malformed(_) | WireError::Compression) => malformed(error),
        })
    }
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, ServiceError> {
    let is = |name, expected| headers.get(name).is_some_and(|value: &HeaderValue| value == expected);
    if !is(CONTENT_TYPE, MEDIA_TYPE) {
        return Err(codes::SYNC_MEDIA_TYPE.into());
    }
    match headers.get(CONTENT_ENCODING) {
        None => Ok(Encoding::Identity),
        Some(value) if value == "gzip" => Ok(Encoding::Gzip),
        Some(_) => Err(ServiceError::from(codes::SYNC_MEDIA_TYPE).detail("content-encoding may only be gzip")),
    }
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, ServiceError> {
    axum::body::to_bytes(body, limit).await.map_err(|error| {
        if caused_by::<LengthLimitError>(&error) {
            too_large(limit)
        } else if caused_by::<TimeoutError>(&error) {
            codes::TIMEOUT.into()
        } else {
            malformed(error)
        }
    })
}

fn too_large(limit: usize) -> ServiceError {
    ServiceError::from(codes::SYNC_TOO_LARGE).detail(format!("at most {limit} bytes"))
}

fn malformed(cause: impl std::error::Error + Send + Sync + 'static) -> ServiceError {
    ServiceError::from(codes::SYNC_MALFORMED).because(cause)
}

/// An answer to a phone.
pub(crate) struct Reply<T>(pub(super) T);

impl<T: minicbor::Encode<()>> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let body = wire::encode(&self.0);
        let mut response = Response::new(Body::from(body.bytes));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if body.encoding == Encoding::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}
