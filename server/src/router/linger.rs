//! Reads what is left of a request before refusing it.
//!
//! Whoever sends a large body only reads the answer when everything is sent. If the server closed the connection
//! before, a phone would see a broken line instead of "too large: send less at once", and send the same for ever.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};

use crate::state::App;

/// How many times the largest body is read and thrown away. Beyond that the sender does not want to understand.
const PATIENCE: u64 = 4;

/// Passes the request on, and throws away what nobody read of its body if it was refused.
pub(super) async fn linger(State(app): State<App>, request: Request, next: Next) -> Response {
    let left = Arc::new(Mutex::new(None));
    let returned_to = Arc::clone(&left);
    let request = request.map(|body| Body::new(Lent { body, returned_to }));
    let response = next.run(request).await;
    let status = response.status();
    // Whoever was too slow is not waited for again.
    let is_refusal = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
    if is_refusal || status == StatusCode::SERVICE_UNAVAILABLE {
        let body = left.lock().unwrap_or_else(PoisonError::into_inner).take();
        let limit = PATIENCE.saturating_mul(app.config.limits.body_bytes as u64);
        throw_away(body.unwrap_or_default(), limit).await;
    }
    response
}

async fn throw_away(mut body: Body, limit: u64) {
    let mut thrown = 0;
    while let Some(Ok(frame)) = body.frame().await {
        thrown += frame.data_ref().map_or(0, |data| data.len() as u64);
        if thrown > limit {
            return;
        }
    }
}

/// A body that comes back when nobody wants it any more.
struct Lent {
    body: Body,
    returned_to: Arc<Mutex<Option<Body>>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let body = std::mem::take(&mut self.body);
        *self.returned_to.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
