//! Requests of phones pass the door of [`crate::admission`] before anybody reads their bodies.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use sync_core::id::DeviceId;

use crate::admission::{self, Estimate, Visitor};
use crate::auth::token;
use crate::state::App;

/// The address of the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What a request is for, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// A phone becomes known or gets a token.
    Introduction,
    /// A phone with a token brings or fetches records.
    Records,
    /// A phone with a token brings or fetches a photo.
    Photo,
}

impl Purpose {
    fn of(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/sync/v1/")?;
        Some(match rest {
            "enrol" | "token" => Self::Introduction,
            _ if rest == "photos" || rest.starts_with("photos/") => Self::Photo,
            _ => Self::Records,
        })
    }
}

/// Lets phones in one after the other. Whoever shows no good token is passed on at once, to be told so.
pub(super) async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(purpose) = Purpose::of(request.uri().path()) else {
        return next.run(request).await;
    };
    let now = app.clock.now();
    let (parts, body) = request.into_parts();
    let visitor = match purpose {
        Purpose::Introduction => Visitor::Stranger(address(&app, &parts)),
        Purpose::Records | Purpose::Photo => match device(&app, &parts.headers) {
            None => return next.run(Request::from_parts(parts, body)).await,
            Some(device) => Visitor::Device(device),
        },
    };
    let bytes = announced(&parts.headers, app.config.limits.body_bytes as u64);
    let request = Request::from_parts(parts, body);
    let estimate = match purpose {
        Purpose::Photo => Estimate::of_photo(bytes),
        Purpose::Introduction | Purpose::Records => Estimate::of_message(bytes),
    };
    let pass = match app.admission.admit(visitor, estimate, now, &app.dice).await {
        Ok(pass) => pass,
        Err(refused) => return refused.into_response(),
    };
    tokio::select! {
        response = next.run(request) => response,
        () = pass.replaced() => admission::replaced().into_response(),
    }
}

/// How much comes. Who sends something and does not say how much may send the most; who says that it is more than that
/// will be told so.
fn announced(headers: &HeaderMap, most: u64) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let unsaid = if headers.contains_key(TRANSFER_ENCODING) { most } else { 0 };
    length.unwrap_or(unsaid).min(most)
}

fn device(app: &App, headers: &HeaderMap) -> Option<DeviceId> {
    let shown = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    token::check(&app.keys, shown, app.clock.now()).ok()
}

/// From where a request comes: the last address that is not one of our own proxies.
pub(crate) fn address(app: &App, request: &Parts) -> Option<IpAddr> {
    let Peer(peer) = *request.extensions.get()?;
    let trusted = &app.config.http.trusted_proxies;
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let lines = request.headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let last =
        named.iter().rev().map(|text| text.parse().ok()).find(|found| !found.is_some_and(|ip| trusted.contains(&ip)));
    Some(last.flatten().unwrap_or(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_as_long_as_it_says_or_as_long_as_it_may_be() {
        let headers = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(name.parse::<axum::http::HeaderName>().unwrap(), value.parse().unwrap())])
        };
        assert_eq!(announced(&HeaderMap::new(), 100), 0);
        assert_eq!(announced(&headers("content-length", "7"), 100), 7);
        assert_eq!(announced(&headers("content-length", "7000"), 100), 100);
        assert_eq!(announced(&headers("transfer-encoding", "chunked"), 100), 100);
    }

    #[test]
    fn the_path_says_what_a_request_is_for() {
        assert_eq!(Purpose::of("/sync/v1/token"), Some(Purpose::Introduction));
        assert_eq!(Purpose::of("/sync/v1/exchange"), Some(Purpose::Records));
        assert_eq!(Purpose::of("/sync/v1/photos/0190163d"), Some(Purpose::Photo));
        assert_eq!(Purpose::of("/sync/v2/exchange"), None);
        assert_eq!(Purpose::of("/api/v1/records"), None);
        assert_eq!(Purpose::of("/healthz"), None);
    }
}
