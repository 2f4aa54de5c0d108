//! How requests of the engine reach the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sync_core::engine::{TransportError, WireRequest, WireResponse};
use sync_core::wire::{Encoding, MEDIA_TYPE};
use ureq::Agent;
use ureq::config::AutoHeaderValue;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header};

/// Sends one request and waits for its answer. An app brings its own where the system's network stack is to be
/// used; tests bring one without a network.
pub trait Transport: Send + Sync {
    /// Sends a request. Whatever the server answers is an answer, also 404 and 500: the engine judges it.
    ///
    /// # Errors
    /// When no whole answer came.
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError>;

    /// Sends a request of the photos lane. A transport without one leaves photos on the device.
    ///
    /// # Errors
    /// As [`Self::send`].
    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        let _ = request;
        Err(TransportError::Offline)
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

    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        self.as_ref().send_photo(request)
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

/// What went over the network: bytes of bodies as they were sent, so after compression. Headers and TLS are not
/// in it, so a bill for data will be higher.
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
    up: AtomicU64,
    down: AtomicU64,
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
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(patience.connect))
            .timeout_global(Some(patience.call))
            // An exchange in which nothing happens stays below 1 KB, so no header that nobody reads.
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .build()
            .new_agent();
        let base = base_url.trim_end_matches('/').to_owned();
        Ok(Self { agent, base, up: AtomicU64::new(0), down: AtomicU64::new(0) })
    }

    /// What went over the network so far.
    pub fn traffic(&self) -> Traffic {
        Traffic { up: self.up.load(Ordering::Relaxed), down: self.down.load(Ordering::Relaxed) }
    }

    fn exchange(&self, request: &WireRequest) -> Result<WireResponse, ureq::Error> {
        let mut call =
            self.agent.post(format!("{}{}", self.base, request.route.path())).header(header::CONTENT_TYPE, MEDIA_TYPE);
        if request.body.encoding == Encoding::Gzip {
            call = call.header(header::CONTENT_ENCODING, "gzip");
        }
        if let Some(token) = &request.token {
            call = call.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut response = call.send(request.body.bytes.as_slice())?;
        let body = response.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec()?;
        let headers = response.headers();
        let gzip = text(headers, &header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
        Ok(WireResponse {
            status: response.status().as_u16(),
            media_type: text(headers, &header::CONTENT_TYPE).unwrap_or_default(),
            encoding: if gzip { Encoding::Gzip } else { Encoding::Identity },
            retry_after_s: text(headers, &header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok()),
            body,
        })
    }
}

impl HttpTransport {
    fn lane(&self, request: &LaneRequest) -> Result<LaneResponse, ureq::Error> {
        let address = format!("{}{}", self.base, request.path);
        let mut call = Request::builder().method(request.verb.as_str()).uri(address);
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let mut response = match request.verb {
            Verb::Head => self.agent.run(call.body(())?)?,
            Verb::Post | Verb::Patch => self.agent.run(call.body(request.body.as_slice())?)?,
        };
        let body = response.body_mut().with_config().limit(MAX_RESPONSE).read_to_vec()?;
        let named = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = response.headers().iter().filter_map(named).collect();
        Ok(LaneResponse { status: response.status().as_u16(), headers, body })
    }
}

impl Transport for HttpTransport {
    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        let result = self.lane(request).map_err(|error| why(&error));
        if !matches!(result, Err(TransportError::Offline)) {
            self.up.fetch_add(request.body.len() as u64, Ordering::Relaxed);
        }
        if let Ok(response) = &result {
            self.down.fetch_add(response.body.len() as u64, Ordering::Relaxed);
        }
        result
    }

    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let result = self.exchange(request).map_err(|error| why(&error));
        if !matches!(result, Err(TransportError::Offline)) {
            self.up.fetch_add(request.body.bytes.len() as u64, Ordering::Relaxed);
        }
        if let Ok(response) = &result {
            self.down.fetch_add(response.body.len() as u64, Ordering::Relaxed);
        }
        result
    }
}

/// The value of a header without its parameters, in lower case.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let value = value.split_once(';').map_or(value, |(value, _)| value);
    Some(value.trim().to_ascii_lowercase())
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
