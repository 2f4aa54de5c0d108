//! Connections of one listener: slow ones are cut, too many make the idlest leave, and at the end those that are busy
//! may finish.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::crowd::Crowd;
use super::patient::Patient;
use crate::router::Peer;

/// Where a connection comes from, if that is a machine.
pub(super) trait Origin {
    /// Its address.
    fn address(&self) -> Option<IpAddr>;
}

impl Origin for std::net::SocketAddr {
    fn address(&self) -> Option<IpAddr> {
        Some(self.ip().to_canonical())
    }
}

impl Origin for tokio::net::unix::SocketAddr {
    fn address(&self) -> Option<IpAddr> {
        None
    }
}

/// Accepts connections until `stop` says so, then waits until the requests under way are answered.
///
/// A connection that sends no complete head of a request for as long as `idle` is closed, also between requests; so
/// is one that takes nothing of its answer for as long.
pub(super) async fn serve<L: Listener>(
    mut listener: L,
    router: Router,
    idle: Duration,
    crowd: Arc<Crowd>,
    mut stop: watch::Receiver<bool>,
) where
    L::Addr: Origin,
{
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(idle);
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, origin) = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let address = origin.address();
        let Some(seat) = crowd.seat(address) else {
            metrics::counter!("daybook_refused_total", "class" => "connection", "reason" => "full").increment(1);
            continue;
        };
        let seat = Arc::new(seat);
        let (router, place) = (router.clone(), Arc::clone(&seat));
        let service = service_fn(move |mut request: Request<Incoming>| {
            if let Some(address) = address {
                request.extensions_mut().insert(Peer(address));
            }
            place.is_busy(true);
            let (answer, place) = (router.clone().oneshot(request), Arc::clone(&place));
            async move {
                let answer = answer.await;
                place.is_busy(false);
                answer
            }
        });
        let stream = TokioIo::new(Patient::new(stream, idle));
        let connection = graceful.watch(server.serve_connection(stream, service));
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = connection => ended,
                () = seat.told_to_leave() => Ok(()),
            };
            // Networks break: what was answered was answered, and the request itself has its own line in the log.
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}
