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
use crate::routes::directory::{OfficeBody, ProjectBody, TeamBody};
use crate::routes::organisation::OrganisationBody;
use crate::routes::{caused_by, origin_of, session_of};
use crate::service::trail::{self, Act};
use crate::service::{directory, organisation, session};
use crate::state::App;
use crate::store::Person;

/// Where sessions begin and end: whoever signs in is nobody before.
const SESSION: &str = "/api/v1/session";
/// Of what is set the trail says also what it was before: nothing else remembers.
const ORGANISATION: &str = "/api/v1/organisation";
const OFFICE: &str = "/api/v1/offices/{office}";
const TEAM: &str = "/api/v1/teams/{team}";
const PROJECT: &str = "/api/v1/projects/{project}";
/// To look at a record is to change nothing, however often one says so.
const PRESENCE: &str = "/api/v1/records/{id}/presence";
/// Nor is it to keep for oneself what one looks for, and with which words is nobody else's business.
const PRESETS: [&str; 2] = ["/api/v1/presets", "/api/v1/presets/{id}"];

/// Writes down what a signed-in person is about to change, and afterwards if nothing came of it. Nobody signed in: the
/// operation says so itself.
pub(super) async fn note(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let route = route.filter(|route| {
        let is_silent = [SESSION, PRESENCE].contains(&route.as_str()) || PRESETS.contains(&route.as_str());
        route.starts_with("/api/") && !is_silent && !request.method().is_safe()
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
        detail: match route {
            _ if parts.method != Method::PATCH => detail,
            _ if route.ends_with("/facts") => names_of(&detail["facts"]),
            ORGANISATION => {
                let before = organisation::of(app, &who).await?;
                compared(json!(OrganisationBody::from(before)), detail)
            }
            PROJECT => {
                let projects = directory::projects(app, &who).await?;
                let before = projects.into_iter().find(|project| parts.uri.path().ends_with(&project.id.to_string()));
                compared(json!(before.map(ProjectBody::from)), detail)
            }
            TEAM => {
                let teams = directory::teams(app, &who).await?;
                let before = teams.into_iter().find(|team| parts.uri.path().ends_with(&team.id.to_string()));
                compared(json!(before.map(TeamBody::from)), detail)
            }
            OFFICE => {
                let offices = directory::offices(app, &who).await?;
                let before = offices.into_iter().find(|office| parts.uri.path().ends_with(&office.id.to_string()));
                compared(json!(before.map(OfficeBody::from)), detail)
            }
            _ => detail,
        },
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
fn names_of(facts: &Value) -> Value {
    let names: Vec<&String> = facts.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    json!({ "fields": names })
}

/// What is asked for, beside what there was of it before.
fn compared(before: Value, after: Value) -> Value {
    json!({ "before": those_of(&after, before), "after": after })
}

/// Of a value what stands under the names of another.
fn those_of(names: &Value, value: Value) -> Value {
    match (names, value) {
        (Value::Object(names), Value::Object(mut all)) => {
            let found = names.iter().filter(|(_, below)| !below.is_null());
            let found = found.filter_map(|(name, below)| Some((name.clone(), those_of(below, all.remove(name)?))));
            Value::Object(found.collect())
        }
        (_, value) => value,
    }
}

async fn refused(app: &App, who: &Person, origin: String, subject: String, detail: Value) {
    let act = Act { person: Some(who.id), origin, act: "refused".to_owned(), subject, detail };
    if let Err(error) = trail::note(app, who.organisation, act).await {
        tracing::warn!(code = error.code.name, "that something was refused was not written down");
    }
}
