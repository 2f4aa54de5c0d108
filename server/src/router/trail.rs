//! Whatever staff change is written down before it is done: here, for all operations, so that none can forget it.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::LengthLimitError;
use serde_json::{Value, json};
use tower_http::timeout::TimeoutError;

use crate::error::{ServiceError, codes};
use crate::routes::{caused_by, origin_of, session_of};
use crate::service::session;
use crate::service::trail::{self, Act};
use crate::state::App;
use crate::store::Person;

/// Where sessions begin and end: whoever signs in is nobody before.
const SESSION: &str = "/api/v1/session";
/// To look at a record is to change nothing, however often one says so.
const PRESENCE: &str = "/api/v1/records/{id}/presence";

/// Writes down what a signed-in person is about to change, and afterwards if nothing came of it. Nobody signed in: the
/// operation says so itself.
pub(super) async fn note(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let route = route.filter(|route| {
        route.starts_with("/api/") && ![SESSION, PRESENCE].contains(&route.as_str()) && !request.method().is_safe()
    });
    let Some(route) = route else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let origin = origin_of(&app, &parts);
    match write_down(&app, &route, &origin, Request::from_parts(parts, body)).await {
        Ok((request, None)) => next.run(request).await,
        Ok((request, Some((who, no)))) => {
            let response = next.run(request).await;
            if !response.status().is_success() {
                refused(&app, &who, origin, route, json!({ "entry": no, "status": response.status().as_u16() })).await;
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn write_down(
    app: &App,
    route: &str,
    origin: &str,
    request: Request,
) -> Result<(Request, Option<(Person, u64)>), ServiceError> {
    let Some(token) = session_of(request.headers(), &app.config) else {
        return Ok((request, None));
    };
    let who = match session::of(app, &token).await {
        Ok((_, who)) => who,
        Err(error) if error.code == codes::NO_SESSION => return Ok((request, None)),
        Err(error) => return Err(error),
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, app.config.limits.json_bytes).await.map_err(unread)?;
    let detail = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let act = Act {
        person: Some(who.id),
        origin: origin.to_owned(),
        act: format!("{} {route}", parts.method),
        subject: parts.uri.path().to_owned(),
        detail: if parts.method == Method::PATCH && route.ends_with("/facts") { names_of(&detail) } else { detail },
    };
    let no = trail::note(app, who.organisation, act).await?;
    Ok((Request::from_parts(parts, Body::from(body)), Some((who, no))))
}

/// Why a body could not be read to its end.
fn unread(error: axum::Error) -> ServiceError {
    if caused_by::<LengthLimitError>(&error) {
        codes::REQUEST_TOO_LARGE.into()
    } else if caused_by::<TimeoutError>(&error) {
        codes::TIMEOUT.into()
    } else {
        ServiceError::from(codes::MALFORMED_REQUEST).detail("the body broke off")
    }
}

/// Which fields are written. Their values are the record's, whose history keeps them.
fn names_of(detail: &Value) -> Value {
    let names: Vec<&String> = detail.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    json!({ "fields": names })
}

async fn refused(app: &App, who: &Person, origin: String, subject: String, detail: Value) {
    let act = Act { person: Some(who.id), origin, act: "refused".to_owned(), subject, detail };
    if let Err(error) = trail::note(app, who.organisation, act).await {
        tracing::warn!(code = error.code.name, "that something was refused was not written down");
    }
}
