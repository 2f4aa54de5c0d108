//! Connections of one listener: slow ones are cut, too many make the idlest leave, and at the end those that are busy
//! may finish.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::crowd::{Crowd, Seat};
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
            let served = Served::begin(Arc::clone(&place));
            let answer = router.clone().oneshot(request);
            async move { answer.await.map(|answer| served.answered(answer)) }
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

/// A request that is served: its connection is busy until this is dropped, which is at the end of the answer.
struct Served(Arc<Seat>);

impl Served {
    fn begin(seat: Arc<Seat>) -> Self {
        seat.is_busy();
        Self(seat)
    }

    fn answered(self, answer: Response) -> Response<Answer> {
        let is_news = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if is_news {
            self.0.is_live();
        }
        answer.map(|body| Answer { body, _served: self })
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.0.is_idle();
    }
}

/// The body of an answer, with the request that it answers.
struct Answer {
    body: Body,
    _served: Served,
}

impl hyper::body::Body for Answer {
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use futures_util::stream::unfold;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_work_up_to_its_end() {
        let (say, said) = mpsc::channel::<&'static str>(1);
        let said = Arc::new(tokio::sync::Mutex::new(Some(said)));
        let answer = async move || {
            let said = said.lock().await.take().unwrap();
            Body::from_stream(unfold(said, |mut said| async { Some((Ok::<_, axum::Error>(said.recv().await?), said)) }))
        };
        let router = Router::new().route("/long", get(answer)).route("/short", get(async || "short"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving =
            tokio::spawn(serve(listener, router, Duration::from_secs(60), Crowd::new(1, 1, Vec::new()), stopped));

        let ask = async |path: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nhost: daybook\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            stream
        };
        let mut export = ask("/long").await;
        say.send("first").await.unwrap();
        read_until(&mut export, "first").await;
        let mut newcomer = ask("/short").await;
        // It was turned away, which may come as a reset.
        let mut nothing = String::new();
        let _ = newcomer.read_to_string(&mut nothing).await;
        assert_eq!(nothing, "");
        say.send("last").await.unwrap();
        drop(say);
        read_until(&mut export, "last\r\n0\r\n\r\n").await;
        let mut next = ask("/short").await;
        read_until(&mut next, "short").await;
        assert_eq!(export.read(&mut [0]).await.unwrap(), 0, "it had to leave for the next");
        drop(next);
        stop.send(true).unwrap();
        serving.await.unwrap();
    }

    async fn read_until(stream: &mut TcpStream, end: &str) {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            read.push(stream.read_u8().await.unwrap());
        }
    }
}
