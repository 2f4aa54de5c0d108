//! Staff sign in and out.

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sync_core::wire::enrol::Role;
use utoipa::ToSchema;
use uuid::Uuid;

use super::extract::Json;
use super::identity::{Means, Origin, SignedIn, session_cookie, session_token};
use super::names;
use crate::error::ServiceError;
use crate::service::session::{self, Attempt};
use crate::state::App;
use crate::store::Person;

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    login: String,
    #[schema(format = Password)]
    password: String,
    /// A code of the authenticator app, or a recovery code: for those who have switched that on.
    code: Option<String>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: Uuid,
    organisation: Uuid,
    name: String,
    #[schema(schema_with = names::role)]
    role: Role,
    office: Option<Uuid>,
    team: Option<Uuid>,
}

impl From<Person> for Me {
    fn from(person: Person) -> Self {
        Self {
            id: person.id.0,
            organisation: person.organisation.0,
            name: person.name,
            role: person.role,
            office: person.office.map(|office| office.0),
            team: person.team.map(|team| team.0),
        }
    }
}

type WithCookie<T> = Result<([(axum::http::HeaderName, HeaderValue); 1], T), ServiceError>;

/// Signs in: the answer sets the session's cookie.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = Credentials,
    responses((status = 200, body = Me))
)]
pub(crate) async fn sign_in(
    State(app): State<App>,
    Origin(origin): Origin,
    means: Means,
    Json(Credentials { login, password, code }): Json<Credentials>,
) -> WithCookie<Json<Me>> {
    let attempt = Attempt {
        login: &login,
        password: &password,
        code: code.as_deref(),
        origin: &origin,
        network: means.network,
        client: &means.client,
    };
    let (token, person) = session::sign_in(&app, attempt).await?;
    let cookie = session_cookie(Some(&token), &app.config)?;
    Ok(([(SET_COOKIE, cookie)], Json(person.into())))
}

/// Signs out; also without a session.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    Origin(origin): Origin,
    headers: HeaderMap,
) -> WithCookie<StatusCode> {
    if let Some(token) = session_token(&headers, &app.config) {
        session::sign_out(&app, &token, &origin).await?;
    }
    Ok(([(SET_COOKIE, session_cookie(None, &app.config)?)], StatusCode::NO_CONTENT))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "session", responses((status = 200, body = Me)), security(("session" = []))
)]
pub(crate) async fn me(SignedIn(who): SignedIn) -> Json<Me> {
    Json(who.into())
}
