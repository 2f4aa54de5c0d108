//! Orders to a running server, over the socket in its folder.

use std::io::{Error, ErrorKind};
use std::path::Path;

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Method, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use sync_core::wire::problem::Problem;
use tokio::net::UnixStream;

use super::{Failure, show};
use crate::service::admin::Order;

/// Longest answer that is read: a list of many thousand lines.
const LONGEST_ANSWER: usize = 64 << 20;

/// Gives an order to the server that runs in a folder; `None` if none does.
pub(super) async fn give(socket: &Path, order: &Order) -> Result<Option<Value>, Failure> {
    let broken = |source: Error| Failure::Io {
        what: format!("the running server does not answer at {}", socket.display()),
        source,
    };
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        // A socket that a killed server left behind refuses.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(broken(error)),
    };
    let (is_good, body) = ask(stream, order).await.map_err(|error| broken(Error::other(error)))?;
    let unreadable = |error: serde_json::Error| broken(Error::other(error));
    if is_good {
        return serde_json::from_slice(&body).map(Some).map_err(unreadable);
    }
    let problem: Problem = serde_json::from_slice(&body).map_err(unreadable)?;
    Err(Failure::Refused(show::refusal(&problem.code, &problem.title, problem.detail.as_deref())))
}

async fn ask(stream: UnixStream, order: &Order) -> Result<(bool, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/orders")
        .header(HOST, "daybook")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(serde_json::to_vec(order)?)))?;
    let response = sender.send_request(request).await?;
    let is_good = response.status().is_success();
    let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect().await?.to_bytes();
    Ok((is_good, body))
}
