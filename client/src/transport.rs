//! How requests of the engine reach the server.

mod socket;
mod through_app;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sync_core::engine::{TransportError, WireRequest, WireResponse};
use sync_core::wire::{Encoding, MEDIA_TYPE};
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderName, HeaderValue, Request, Uri};

pub use through_app::ThroughApp;

use socket::Meter;

/// Sends one request and waits for its answer. An app brings its own where the system's network stack is to be
/// used; tests bring one without a network.
pub trait Transport: Send + Sync {
    /// Sends a request. Whatever the server answers is an answer, also 404 and 500: the engine judges it.
    ///
    /// # Errors
    /// When no whole answer came.
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError>;

    /// As [`Self::send`], but gives up after `patience` if that is shorter than the transport's own. A transport that
    /// can't be hurried takes its time.
    ///
    /// # Errors
    /// As [`Self::send`].
    fn send_within(&self, request: &WireRequest, patience: Duration) -> Result<WireResponse, TransportError> {
        let _ = patience;
        self.send(request)
    }

    /// Sends a request of the photos lane. A transport without one leaves photos on the device.
    ///
    /// # Errors
    /// As [`Self::send`].
    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        let _ = request;
        Err(TransportError::Offline)
    }

    /// As [`Self::send_photo`], but gives up after `patience` if that is shorter than the transport's own.
    ///
    /// # Errors
    /// As [`Self::send`].
    fn send_photo_within(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, TransportError> {
        let _ = patience;
        self.send_photo(request)
    }
}

/// What is done to something of the photos lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Begin an upload, or ask about photos.
    Post,
    /// Ask where an upload stands.
    Head,
    /// Send a piece.
    Patch,
}

impl Verb {
    /// Its name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
        }
    }
}

/// A request of the photos lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRequest {
    /// What is done.
    pub verb: Verb,
    /// The path below the server's address.
    pub path: String,
    /// Headers by name.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// An answer of the photos lane as it came from the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl LaneResponse {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        self.as_ref().send(request)
    }

    fn send_within(&self, request: &WireRequest, patience: Duration) -> Result<WireResponse, TransportError> {
        self.as_ref().send_within(request, patience)
    }

    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        self.as_ref().send_photo(request)
    }

    fn send_photo_within(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, TransportError> {
        self.as_ref().send_photo_within(request, patience)
    }
}

/// The largest answer that is read, in bytes as they come over the network.
pub const MAX_RESPONSE: u64 = 32 * 1024 * 1024;

/// How long to wait for a connection, and for everything together.
#[derive(Clone, Copy, Debug)]
struct Patience {
    connect: Duration,
    call: Duration,
}

const PATIENCE: Patience = Patience { connect: Duration::from_secs(10), call: Duration::from_secs(60) };

/// Bytes that went over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To the server.
    pub up: u64,
    /// From the server.
    pub down: u64,
}

/// The address of a server that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a server: expected something like https://daybook.example.com")]
pub struct AddressError;

/// HTTP/1.1 with TLS where the address says so. Connections are kept for the requests of one run.
///
/// Redirects are not followed: the server sends none, so whoever does is something else on the way.
#[derive(Debug)]
pub struct HttpTransport {
    agent: Agent,
    base: String,
    patience: Duration,
    up: AtomicU64,
    down: AtomicU64,
    sockets: Arc<Meter>,
}

impl HttpTransport {
    /// A transport to the server at `base_url`, for example `https://daybook.example.com`.
    ///
    /// # Errors
    /// When that is not an `http` or `https` address.
    pub fn new(base_url: &str) -> Result<Self, AddressError> {
        Self::with_patience(base_url, PATIENCE)
    }

    fn with_patience(base_url: &str, patience: Patience) -> Result<Self, AddressError> {
        let address: Uri = base_url.parse().map_err(|_| AddressError)?;
        if !matches!(address.scheme_str(), Some("http" | "https")) || address.query().is_some() {
            return Err(AddressError);
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(patience.connect))
            .timeout_global(Some(patience.call))
            // An exchange in which nothing happens stays below 1 KB, so no header that nobody reads.
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .build();
        let sockets = Arc::new(Meter::default());
        let agent = socket::metered_agent(config, &sockets);
        let base = base_url.trim_end_matches('/').to_owned();
        Ok(Self { agent, base, patience: patience.call, up: AtomicU64::new(0), down: AtomicU64::new(0), sockets })
    }

    /// What went through the sockets so far: bodies, headers and TLS. With the headers of TCP and IP it is what a bill
    /// for data counts.
    pub fn socket_traffic(&self) -> Traffic {
        self.sockets.read()
    }

    /// What went over the network so far, in bodies as they were sent, so after compression.
    pub fn traffic(&self) -> Traffic {
        Traffic { up: self.up.load(Ordering::Relaxed), down: self.down.load(Ordering::Relaxed) }
    }
}

impl HttpTransport {
    fn lane(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, ureq::Error> {
        let address = format!("{}{}", self.base, request.path);
        let mut call = Request::builder().method(request.verb.as_str()).uri(address);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let mut response = match request.verb {
            Verb::Head => self.agent.run(self.hurried(call.body(())?, patience))?,
            Verb::Post | Verb::Patch => self.agent.run(self.hurried(call.body(request.body.as_slice())?, patience))?,
        };
        let body = response.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec()?;
        let named = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = response.headers().iter().filter_map(named).collect();
        Ok(LaneResponse { status: response.status().as_u16(), headers, body })
    }

    fn hurried<B: ureq::AsSendBody>(&self, call: Request<B>, patience: Duration) -> Request<B> {
        self.agent.configure_request(call).timeout_global(Some(patience.min(self.patience))).build()
    }
}

impl Transport for HttpTransport {
    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        self.send_photo_within(request, self.patience)
    }

    fn send_photo_within(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, TransportError> {
        let result = self.lane(request, patience).map_err(|error| why(&error));
        if !matches!(result, Err(TransportError::Offline)) {
            self.up.fetch_add(request.body.len() as u64, Ordering::Relaxed);
        }
        if let Ok(response) = &result {
            self.down.fetch_add(response.body.len() as u64, Ordering::Relaxed);
        }
        result
    }

    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        self.send_within(request, self.patience)
    }

    fn send_within(&self, request: &WireRequest, patience: Duration) -> Result<WireResponse, TransportError> {
        self.send_photo_within(&request.into(), patience).map(Into::into)
    }
}

/// The headers of an exchange, for transports that send both lanes alike.
impl From<&WireRequest> for LaneRequest {
    fn from(request: &WireRequest) -> Self {
        let mut headers = vec![("content-type", MEDIA_TYPE.to_owned())];
        if request.body.encoding == Encoding::Gzip {
            headers.push(("content-encoding", "gzip".to_owned()));
        }
        headers.extend(request.token.as_ref().map(|token| ("authorization", format!("Bearer {token}"))));
        let path = request.route.path().to_owned();
        Self { verb: Verb::Post, path, headers, body: request.body.bytes.clone() }
    }
}

impl From<LaneResponse> for WireResponse {
    fn from(response: LaneResponse) -> Self {
        let header = |name| response.header(name).map(bare);
        let gzip = header("content-encoding").is_some_and(|encoding| encoding == "gzip");
        Self {
            status: response.status,
            media_type: header("content-type").unwrap_or_default(),
            encoding: if gzip { Encoding::Gzip } else { Encoding::Identity },
            retry_after_s: header("retry-after").and_then(|seconds| seconds.parse().ok()),
            body: response.body,
        }
    }
}

/// The value of a header without its parameters, in lower case.
fn bare(value: &str) -> String {
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn why(error: &ureq::Error) -> TransportError {
    use std::io::ErrorKind;
    use ureq::Error as E;
    match error {
        E::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => TransportError::Offline,
        E::Timeout(_) => TransportError::Timeout,
        E::Io(error) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => TransportError::Timeout,
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => TransportError::Interrupted,
            _ => TransportError::Offline,
        },
        E::Tls(_) | E::Rustls(_) => TransportError::Untrusted,
        E::HostNotFound | E::ConnectionFailed | E::InvalidProxyUrl => TransportError::Offline,
        _ => TransportError::Interrupted,
    }
}

#[cfg(test)]
mod tests;
