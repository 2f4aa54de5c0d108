//! What phones call. docs/PROTOCOL.md tells the story; the bodies are those of `sync_core::wire`.

use axum::extract::State;
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, ReidentifyRequest, TokenRequest, TokenResponse};
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse};

use super::identity::AnyPhone;
use super::message::{Message, Reply};
use crate::error::{ServiceError, codes};
use crate::service;
use crate::state::App;

type Answer<T> = Result<Reply<T>, ServiceError>;

/// A phone asks to be known, with a one-time code and the key that it made.
#[utoipa::path(
    post, path = "/sync/v1/enrol", tag = "sync",
    request_body(content = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"))
)]
pub(crate) async fn enrol(State(app): State<App>, Message(request): Message<EnrolRequest>) -> Answer<EnrolResponse> {
    service::enrol::enrol(&app, request).await.map(Reply)
}

/// A phone asks for a token, with the answer to the last challenge, or for a challenge.
#[utoipa::path(
    post, path = "/sync/v1/token", tag = "sync",
    request_body(content = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"))
)]
pub(crate) async fn token(State(app): State<App>, Message(request): Message<TokenRequest>) -> Answer<TokenResponse> {
    service::enrol::token(&app, request).await.map(Reply)
}

/// A phone that was cloned or restored asks for an identity of its own.
#[utoipa::path(
    post, path = "/sync/v1/reidentify", tag = "sync",
    request_body(content = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor")),
    security(("device" = []))
)]
pub(crate) async fn reidentify(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    Message(request): Message<ReidentifyRequest>,
) -> Answer<EnrolResponse> {
    service::enrol::reidentify(&app, &device, request).await.map(Reply)
}

/// A phone pushes its journal, gets a receipt and verdicts, and pulls the news of its territory.
#[utoipa::path(
    post, path = "/sync/v1/exchange", tag = "sync",
    request_body(content = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor"),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.daybook.sync-v1+cbor")),
    security(("device" = []))
)]
pub(crate) async fn exchange(
    State(app): State<App>,
    AnyPhone(device): AnyPhone,
    Message(request): Message<ExchangeRequest>,
) -> Answer<ExchangeResponse> {
    service::exchange::exchange(&app, device, request).await.map(Reply)
}

/// Any other address below `/sync/`: most likely an app of another version.
pub(crate) async fn other_version(path: axum::http::Uri) -> ServiceError {
    if path.path().starts_with("/sync/v1/") { codes::NO_SUCH_ADDRESS.into() } else { codes::SYNC_VERSION.into() }
}
