//! Files that are sent while they are made.

use axum::body::Body;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;

use crate::service::export::FileStream;

const ROWS: HeaderName = HeaderName::from_static("daybook-rows");

/// A file of a table that has so many rows below its heading, where that is known.
pub(super) fn with_rows(mut file: Response, rows: Option<u64>) -> Response {
    if let Some(rows) = rows {
        file.headers_mut().insert(ROWS, rows.into());
    }
    file
}

/// A file that the browser saves under this name. One whose making fails breaks off: its beginning is under way already.
pub(super) fn attachment(name: &str, media_type: &str, bytes: FileStream) -> Response {
    let headers =
        [(CONTENT_TYPE, media_type.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    let bytes = bytes.map(|piece| {
        piece.map_err(|error| {
            tracing::warn!(code = error.code.name, cause = ?error.internal, "a file broke off");
            std::io::Error::other(error.code.name)
        })
    });
    (headers, Body::from_stream(bytes)).into_response()
}
