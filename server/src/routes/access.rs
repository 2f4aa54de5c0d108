//! One's own password, second factor and sessions, and what administrators do about those of others.

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sync_core::id::PersonId;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::{Id, Json};
use super::identity::{InSession, SignedIn};
use crate::error::ServiceError;
use crate::service::{access, second_factor};
use crate::state::App;
use crate::store::SecondFactor;

/// The present password and the one to come.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PasswordChange {
    #[schema(format = Password)]
    old_password: String,
    #[schema(format = Password)]
    password: String,
}

/// Changes one's own password; one's other sessions end.
#[utoipa::path(
    post, path = "/api/v1/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 204)), security(("session" = []))
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    InSession(session, who): InSession,
    Json(PasswordChange { old_password, password }): Json<PasswordChange>,
) -> Result<StatusCode, ServiceError> {
    access::change_password(&app, &session, &who, &old_password, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    created_at: i64,
    expires_at: i64,
    /// To the minute.
    last_seen_at: i64,
    /// `ipv4`, `ipv6` or `unknown`.
    network: String,
    /// Which browser on which system, such as `Firefox · Linux`.
    client: String,
}

/// One's own sessions, the last used first.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "session", responses((status = 200, body = Vec<SessionBody>)),
    security(("session" = []))
)]
pub(crate) async fn sessions(
    State(app): State<App>,
    InSession(current, who): InSession,
) -> Result<Json<Vec<SessionBody>>, ServiceError> {
    let sessions = access::sessions(&app, &who).await?.into_iter();
    let body = sessions.map(|session| SessionBody {
        id: session.id,
        current: session.id == current.id,
        created_at: session.created_at.0,
        expires_at: session.expires_at.0,
        last_seen_at: session.last_seen_at.0,
        network: session.network,
        client: session.client,
    });
    Ok(Json(body.collect()))
}

/// Ends one of one's own sessions.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204)), security(("session" = []))
)]
pub(crate) async fn end_session(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(id): Id<Uuid>,
) -> Result<StatusCode, ServiceError> {
    access::end_session(&app, &who, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A password that was made just now.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordBody {
    /// It is shown this once.
    #[schema(format = Password)]
    password: String,
}

/// Makes a person another password and ends all of their sessions.
#[utoipa::path(
    post, path = "/api/v1/people/{person}/password", tag = "directory", params(("person" = Uuid, Path)),
    responses((status = 200, body = PasswordBody)), security(("session" = []))
)]
pub(crate) async fn reset_password(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
) -> Result<Json<PasswordBody>, ServiceError> {
    let password = access::reset_password(&app, &who, person).await?;
    Ok(Json(PasswordBody { password }))
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndedBody {
    ended: u64,
}

/// Ends all sessions of a person.
#[utoipa::path(
    delete, path = "/api/v1/people/{person}/sessions", tag = "directory", params(("person" = Uuid, Path)),
    responses((status = 200, body = EndedBody)), security(("session" = []))
)]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
) -> Result<Json<EndedBody>, ServiceError> {
    let ended = access::end_sessions(&app, &who, person).await?;
    Ok(Json(EndedBody { ended }))
}

/// How one's second factor stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorBody {
    /// Whether signing in asks for codes.
    on: bool,
    /// Since when.
    since: Option<i64>,
    /// How many recovery codes are left.
    recovery_codes_left: u32,
}

impl From<Option<SecondFactor>> for SecondFactorBody {
    fn from(factor: Option<SecondFactor>) -> Self {
        let confirmed = factor.filter(|factor| factor.confirmed_at.is_some());
        Self {
            on: confirmed.is_some(),
            since: confirmed.as_ref().and_then(|factor| factor.confirmed_at).map(|at| at.0),
            recovery_codes_left: confirmed.map_or(0, |factor| factor.codes_left),
        }
    }
}

/// Whether signing in asks for a code of one's authenticator app.
#[utoipa::path(
    get, path = "/api/v1/session/totp", tag = "session", responses((status = 200, body = SecondFactorBody)),
    security(("session" = []))
)]
pub(crate) async fn second_factor(
    State(app): State<App>,
    SignedIn(who): SignedIn,
) -> Result<Json<SecondFactorBody>, ServiceError> {
    second_factor::of(&app, &who).await.map(|factor| Json(factor.into()))
}

/// One's present password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Proof {
    #[schema(format = Password)]
    password: String,
}

/// What an authenticator app needs. It is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretBody {
    /// In base32, for typing.
    secret: String,
    /// The same as an `otpauth` link, for a QR code.
    url: String,
}

/// Makes a secret for one's authenticator app; nothing changes until it is confirmed.
#[utoipa::path(
    post, path = "/api/v1/session/totp", tag = "session", request_body = Proof,
    responses((status = 200, body = SecretBody)), security(("session" = []))
)]
pub(crate) async fn begin_second_factor(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(Proof { password }): Json<Proof>,
) -> Result<Json<SecretBody>, ServiceError> {
    let shown = second_factor::begin(&app, &who, &password).await?;
    Ok(Json(SecretBody { secret: shown.secret, url: shown.url }))
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FirstCode {
    code: String,
}

/// What opens the door when the app is lost. They are shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryBody {
    /// Each is good once: `7K3M-9QTX-04BZ-RF6W`.
    recovery_codes: Vec<String>,
}

/// Switches codes on, with a first code of the app.
#[utoipa::path(
    post, path = "/api/v1/session/totp/confirm", tag = "session", request_body = FirstCode,
    responses((status = 200, body = RecoveryBody)), security(("session" = []))
)]
pub(crate) async fn confirm_second_factor(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(FirstCode { code }): Json<FirstCode>,
) -> Result<Json<RecoveryBody>, ServiceError> {
    let codes = second_factor::confirm(&app, &who, &code).await?;
    Ok(Json(RecoveryBody { recovery_codes: codes.iter().map(|code| code.shown()).collect() }))
}

/// Switches codes off, with one's password.
#[utoipa::path(
    post, path = "/api/v1/session/totp/end", tag = "session", request_body = Proof,
    responses((status = 204)), security(("session" = []))
)]
pub(crate) async fn end_second_factor(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Json(Proof { password }): Json<Proof>,
) -> Result<StatusCode, ServiceError> {
    second_factor::end(&app, &who, &password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switches codes off for a person who has lost the app and the recovery codes.
#[utoipa::path(
    delete, path = "/api/v1/people/{person}/totp", tag = "directory", params(("person" = Uuid, Path)),
    responses((status = 204)), security(("session" = []))
)]
pub(crate) async fn take_off_second_factor(
    State(app): State<App>,
    SignedIn(who): SignedIn,
    Id(person): Id<PersonId>,
) -> Result<StatusCode, ServiceError> {
    second_factor::take_off(&app, &who, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
