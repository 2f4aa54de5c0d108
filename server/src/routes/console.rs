//! The console: the pages for offices and head quarters, built into the server (`web/`, docs/adr/0008-console.md).
//!
//! Whatever is no address of an interface belongs to it. The files that Vite names after their content are good for
//! ever; the page that names them is made anew for every answer, with a nonce for the styles that it writes.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::config::Tiles;
use crate::error::{ServiceError, codes};
use crate::hex::hex;
use crate::state::App;

/// What `npm run build` made; nothing if it did not run before this was compiled.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Console;

/// The page that starts the console.
const INDEX: &str = "index.html";
/// What stands in it for the nonce (`web/vite.config.ts`), and for what is said about maps.
const NONCE: &str = "__NONCE__";
const MAP: &str = "__MAP__";
/// For a server that was compiled without a console.
const ABSENT: &str = include_str!("console/absent.html");

/// A file of the console, or its page.
pub(crate) async fn show(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ServiceError> {
    if method != Method::GET && method != Method::HEAD {
        return Err(codes::NO_SUCH_ADDRESS.into());
    }
    let path = uri.path().trim_start_matches('/');
    if path != INDEX
        && let Some(file) = Console::get(path)
    {
        return Ok(send(path, &file, &headers));
    }
    // Programs that mistyped an address are told so; people who did see the console's own page about it.
    let wants_page =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    if !wants_page || is_interface(path) {
        return Err(codes::NO_SUCH_ADDRESS.into());
    }
    page(&app)
}

/// Whether an address belongs to the interfaces, where the console has no pages.
fn is_interface(path: &str) -> bool {
    matches!(path.split('/').next(), Some("api" | "sync" | "assets" | "healthz" | "readyz" | "metrics"))
}

/// A file as it was built, compressed if the browser takes it so.
fn send(path: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let takes_gzip = asked.get(ACCEPT_ENCODING).and_then(|takes| takes.to_str().ok()).is_some_and(takes_gzip);
    let compressed = takes_gzip.then(|| Console::get(&format!("{path}.gz"))).flatten();
    let sent = compressed.as_ref().unwrap_or(file);
    let tag = hex(&sent.metadata.sha256_hash()[..16]);
    let tag = format!("\"{tag}\"");
    let mut response = Response::default();
    let headers = response.headers_mut();
    insert(headers, ETAG, &tag);
    insert(headers, VARY, "accept-encoding");
    insert(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Vite names what lies in `assets` after its content.
    let lasts = path.starts_with("assets/");
    insert(headers, CACHE_CONTROL, if lasts { "public, max-age=31536000, immutable" } else { "no-cache" });
    if asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| tags.contains(&tag)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    insert(headers, CONTENT_TYPE, file.metadata.mimetype());
    if compressed.is_some() {
        insert(headers, CONTENT_ENCODING, "gzip");
    }
    *response.body_mut() = Body::from(bytes(sent));
    response
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn bytes(file: &EmbeddedFile) -> Bytes {
    match &file.data {
        std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
        std::borrow::Cow::Owned(data) => Bytes::copy_from_slice(data),
    }
}

/// The page that starts the console, with a nonce that nobody can know beforehand.
fn page(app: &App) -> Result<Response, ServiceError> {
    let Some(index) = Console::get(INDEX) else {
        return answer(ABSENT.to_owned(), "default-src 'none'; frame-ancestors 'none'");
    };
    let nonce = STANDARD.encode(app.dice.bytes::<16>());
    let tiles = app.config.console.tiles.as_ref();
    let text = std::str::from_utf8(&index.data).map_err(ServiceError::internal)?;
    let text = text.replace(NONCE, &nonce).replace(MAP, &tiles.map(about_map).unwrap_or_default());
    answer(text, &policy(&nonce, tiles))
}

fn answer(text: String, policy: &str) -> Result<Response, ServiceError> {
    let policy = HeaderValue::try_from(policy).map_err(ServiceError::internal)?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    insert(headers, CONTENT_TYPE, "text/html; charset=utf-8");
    insert(headers, CACHE_CONTROL, "no-store");
    insert(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(headers, REFERRER_POLICY, "same-origin");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// What the page may do: run and show what this server sends, ask it, and fetch tiles if there are any. antd writes
/// styles while it runs; they carry the nonce.
fn policy(nonce: &str, tiles: Option<&Tiles>) -> String {
    let maps = tiles.map(|tiles| format!(" {}", tiles.origin)).unwrap_or_default();
    // MapLibre makes pictures of tiles from what it fetched.
    let pictures = if tiles.is_some() { " blob:" } else { "" };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:{pictures}{maps}; \
         connect-src 'self'{maps}; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

/// What the page is told about maps, as the value of an attribute.
fn about_map(tiles: &Tiles) -> String {
    let about = serde_json::json!({ "url": tiles.address, "attribution": tiles.attribution, "datum": tiles.datum });
    about.to_string().replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Headers of ours are plain ASCII; one that were not would be left out.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TilesDatum;

    fn tiles() -> Tiles {
        Tiles {
            address: "https://tiles.example.com/{z}/{x}/{y}.png".to_owned(),
            origin: "https://tiles.example.com".to_owned(),
            attribution: "<b>\"A\" & B</b>".to_owned(),
            datum: TilesDatum::Gcj02,
        }
    }

    #[test]
    fn nothing_inline_runs_and_only_tiles_come_from_elsewhere() {
        let plain = policy("abc", None);
        assert!(plain.contains("script-src 'self';") && plain.contains("style-src 'self' 'nonce-abc';"), "{plain}");
        assert!(!plain.contains("unsafe") && !plain.contains("blob:") && !plain.contains("http"), "{plain}");
        let with_tiles = policy("abc", Some(&tiles()));
        assert!(with_tiles.contains("connect-src 'self' https://tiles.example.com;"), "{with_tiles}");
    }

    #[test]
    fn what_is_said_about_maps_stays_inside_its_attribute() {
        let about = about_map(&tiles());
        assert!(!about.contains(['"', '<', '>']), "{about}");
        assert!(about.contains("&quot;datum&quot;:&quot;gcj02&quot;"), "{about}");
    }

    #[test]
    fn compression_is_asked_for_by_name() {
        assert!(takes_gzip("gzip, deflate, br") && takes_gzip("br;q=1.0, gzip;q=0.8"));
        assert!(!takes_gzip("br") && !takes_gzip("gzip;q=0") && !takes_gzip("xgzip"));
    }
}
