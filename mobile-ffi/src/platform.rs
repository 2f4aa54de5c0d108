//! What the app lends to the library: the platform's keystore, and, where it wants to, clocks and a network stack.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use client::secrets::{SecretError, SecretStore};
use client::sync_core::engine;
use client::sync_core::time::{BootId, ClockReading, UnixMillis};
use client::transport::{LaneRequest, LaneResponse, ThroughApp};

use crate::shape::{mirrors, shapes};

/// Where secrets lie: the Android Keystore, the iOS keychain. The app writes one class for it.
///
/// What is put there must survive restarts of the app and must *not* be part of backups or travel to another phone
/// (`kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly` on iOS): by that the library notices a restored copy.
#[uniffi::export(with_foreign)]
pub trait SecureStore: Send + Sync {
    /// The secret of that name; nothing if there is none. Never answer "nothing" when the keystore could not be asked.
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, SecureStoreError>;

    /// Keeps a secret, replacing the one of that name. It has to be safe when this returns.
    fn save(&self, name: String, secret: Vec<u8>) -> Result<(), SecureStoreError>;

    /// Forgets a secret.
    fn remove(&self, name: String) -> Result<(), SecureStoreError>;
}

/// Why the keystore did not do what it was asked for.
#[derive(Debug, uniffi::Error, thiserror::Error)]
pub enum SecureStoreError {
    /// It can't be used now, for example before the screen was unlocked for the first time.
    #[error("the keystore can't be used now")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for SecureStoreError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

pub(crate) struct Secrets(pub(crate) Arc<dyn SecureStore>);

impl SecretStore for Secrets {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError> {
        self.0.load(name.to_owned()).map_err(|_| SecretError)
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.0.save(name.to_owned(), secret.to_vec()).map_err(|_| SecretError)
    }

    fn remove(&self, name: &str) -> Result<(), SecretError> {
        self.0.remove(name.to_owned()).map_err(|_| SecretError)
    }
}

/// The device's clocks, for platforms where the library's own reading would tell less, and for tests.
#[uniffi::export(with_foreign)]
pub trait Clock: Send + Sync {
    /// What they say now.
    fn now(&self) -> ClockReading;

    /// Minutes east of UTC where the device is now, daylight saving included.
    fn utc_offset_minutes(&self) -> i16;
}

mirrors! {
    /// What a device's clocks said at one moment.
    record ClockReading {
        wall: UnixMillis => "The wall clock, which its owner can set.",
        mono_ms: u64 => "Milliseconds since the boot, including sleep: `SystemClock.elapsedRealtime()` on Android.",
        boot: BootId => "Which boot that counts from: a number that is not repeated, such as `BOOT_COUNT` on Android.",
    }
}

uniffi::custom_type!(
    /// One boot of a device.
    BootId, u64, { remote, try_lift: |n| Ok(BootId(n)), lower: |boot| boot.0 }
);

pub(crate) struct Clocks(pub(crate) Arc<dyn Clock>);

impl client::clock::Clock for Clocks {
    fn now(&self) -> ClockReading {
        self.0.now()
    }

    fn utc_offset_minutes(&self) -> i16 {
        self.0.utc_offset_minutes()
    }
}

/// The app's own HTTP stack, where the library's is not to be used: for certificate pinning, proxies, or platform
/// rules. Called from the thread that syncs, and may block.
#[uniffi::export(with_foreign)]
pub trait Transport: Send + Sync {
    /// Sends a request to the server and waits for the answer, at most for `patience`. Whatever the server answers is an
    /// answer, also 404 and 500. Do not follow redirects; if the stack unpacks bodies, leave out the answer's
    /// `content-encoding`.
    fn send(&self, request: HttpRequest, patience: Duration) -> Result<HttpResponse, TransportError>;
}

shapes! {
    /// One request. Never log its headers: one of them lets in whoever has it.
    HttpRequest {
        method: String => "`POST`, `HEAD` or `PATCH`.",
        path: String => "The path below the server's address, for example `/sync/v1/exchange`.",
        headers: HashMap<String, String> => "The headers to send.",
        body: Vec<u8> => "The body; empty for none.",
    }
    /// The answer to a request.
    HttpResponse {
        status: u16 => "HTTP status.",
        headers: HashMap<String, String> => "The headers that came, by name in any case.",
        body: Vec<u8> => "The body.",
    }
}

/// Why no whole answer came.
#[derive(Debug, uniffi::Error, thiserror::Error)]
pub enum TransportError {
    /// No connection could be made.
    #[error("there is no connection to the server")]
    Offline,
    /// No answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server could not prove who it is.
    #[error("the server's certificate is not accepted")]
    Untrusted,
    /// The connection broke before the whole answer was there.
    #[error("the connection broke")]
    Interrupted,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for TransportError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Interrupted
    }
}

impl From<TransportError> for engine::TransportError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Offline => Self::Offline,
            TransportError::Timeout => Self::Timeout,
            TransportError::Untrusted => Self::Untrusted,
            TransportError::Interrupted => Self::Interrupted,
        }
    }
}

pub(crate) fn network(transport: Arc<dyn Transport>) -> impl client::transport::Transport {
    ThroughApp(move |request: LaneRequest, patience: Duration| -> Result<LaneResponse, engine::TransportError> {
        let LaneRequest { verb, path, headers, body } = request;
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let request = HttpRequest { method: verb.as_str().to_owned(), path, headers, body };
        let HttpResponse { status, headers, body } = transport.send(request, patience)?;
        Ok(LaneResponse { status, headers: headers.into_iter().collect(), body })
    })
}
