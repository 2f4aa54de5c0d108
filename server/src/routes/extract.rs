//! What axum reads from a request, with our own words when it can't.

use std::error::Error;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutError;

use crate::error::{ServiceError, codes};

/// A JSON body, in or out.
pub(crate) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ServiceError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ServiceError> {
        let read = axum::Json::from_request(request, state).await;
        read.map(|axum::Json(value)| Self(value)).map_err(|rejection| match rejection {
            JsonRejection::MissingJsonContentType(_) => codes::REQUEST_MEDIA_TYPE.into(),
            rejection if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => codes::REQUEST_TOO_LARGE.into(),
            JsonRejection::JsonDataError(error) => malformed(error.body_text()),
            JsonRejection::JsonSyntaxError(error) => malformed(error.body_text()),
            rejection if caused_by::<TimeoutError>(&rejection) => codes::TIMEOUT.into(),
            rejection => ServiceError::from(codes::MALFORMED_REQUEST).because(rejection),
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The parameters after the question mark.
pub(crate) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ServiceError> {
        let read = Query::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection: QueryRejection| malformed(rejection.body_text()))
    }
}

/// The identifier in the path. One that is none can't exist, so it is "not found" like any other.
pub(crate) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ServiceError> {
        let read = Path::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value)).map_err(|_: PathRejection| codes::NOT_FOUND.into())
    }
}

fn malformed(detail: String) -> ServiceError {
    ServiceError::from(codes::MALFORMED_REQUEST).detail(detail)
}

/// Whether an error of this type is behind another one.
pub(crate) fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    error.is::<E>() || error.source().is_some_and(caused_by::<E>)
}
