//! Who sends a request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};

use crate::auth::client;
use crate::auth::session::SessionToken;
use crate::clock::millis;
use crate::config::Config;
use crate::error::{ServiceError, codes};
use crate::router::address;
use crate::service::{enrol, session};
use crate::state::App;
use crate::store::{Device, Person, Session};

/// The staff member who is signed in.
pub(crate) struct SignedIn(pub(super) Person);

impl FromRequestParts<App> for SignedIn {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        InSession::from_request_parts(parts, app).await.map(|InSession(_, who)| Self(who))
    }
}

/// The staff member who is signed in, and the session in which they are.
pub(crate) struct InSession(pub(super) Session, pub(super) Person);

impl FromRequestParts<App> for InSession {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let token = session_token(&parts.headers, &app.config).ok_or(codes::NO_SESSION)?;
        session::of(app, &token).await.map(|(session, who)| Self(session, who))
    }
}

/// With what somebody comes, in words that identify nobody.
pub(crate) struct Means {
    pub(super) network: &'static str,
    pub(super) client: String,
}

impl FromRequestParts<App> for Means {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self { network: client::network(address(app, parts)), client: client::describe(agent) })
    }
}

/// From where a request comes, in words for the audit trail.
pub(crate) struct Origin(pub(super) String);

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(origin_of(app, parts)))
    }
}

/// From where a request comes, in words for the audit trail.
pub(crate) fn origin_of(app: &App, parts: &Parts) -> String {
    address(app, parts).map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}

/// The phone that shows a token, unless it was cut off.
pub(crate) struct Phone(pub(super) Device);

impl FromRequestParts<App> for Phone {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let device = enrol::authenticate(app, bearer(parts)?).await?;
        tracing::Span::current().record("device", tracing::field::display(device.id));
        Ok(Self(device))
    }
}

/// The phone that shows a token, also one that was cut off: for what is needed to hand in what it has.
pub(crate) struct AnyPhone(pub(super) Device);

impl FromRequestParts<App> for AnyPhone {
    type Rejection = ServiceError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ServiceError> {
        let device = enrol::authenticate_any(app, bearer(parts)?).await?;
        tracing::Span::current().record("device", tracing::field::display(device.id));
        Ok(Self(device))
    }
}

fn bearer(parts: &Parts) -> Result<&str, ServiceError> {
    let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    shown.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| codes::TOKEN.into())
}

/// The session's token, if the browser sent one.
pub(crate) fn session_token(headers: &HeaderMap, config: &Config) -> Option<SessionToken> {
    let name = cookie_name(config);
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| SessionToken::from_cookie(value))
}

/// The cookie that begins a session, or with `None` ends it.
pub(super) fn session_cookie(token: Option<&SessionToken>, config: &Config) -> Result<HeaderValue, ServiceError> {
    let name = cookie_name(config);
    let secure = if config.http.secure_cookies { "; Secure" } else { "" };
    let (value, age) = match token {
        Some(token) => (token.reveal(), millis(config.auth.session) / 1_000),
        None => ("", 0),
    };
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&cookie).map_err(ServiceError::internal)
}

/// The prefix makes browsers refuse the cookie from anybody but this very host over HTTPS.
fn cookie_name(config: &Config) -> &'static str {
    if config.http.secure_cookies { "__Host-daybook" } else { "daybook" }
}
