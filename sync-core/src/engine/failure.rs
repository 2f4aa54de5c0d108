//! Why a run ended early, in a form that an app can act on and show.

use serde::Serialize;

use crate::wire::problem::{self, Problem, code};

use super::WireResponse;

/// The network gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TransportError {
    /// No connection could be made.
    #[error("there is no connection to the server")]
    Offline,
    /// No answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server could not prove who it is: a foreign network, or a clock far from the true time.
    #[error("the server's certificate is not accepted; check this device's date and time, and the network")]
    Untrusted,
    /// The connection broke before the whole answer was there.
    #[error("the connection broke")]
    Interrupted,
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The network gave no answer.
    #[error(transparent)]
    Transport(TransportError),
    /// The answer did not come from the server: a Wi-Fi that wants a login first.
    #[error("something between this device and the server answered instead of it, perhaps a Wi-Fi login page")]
    CaptivePortal,
    /// The server is busy.
    #[error("the server is busy; the next attempt comes by itself")]
    Busy {
        /// When to come back, in milliseconds.
        retry_after_ms: u64,
    },
    /// The device has to be enrolled first.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// The enrolment code is wrong, used or expired.
    #[error("the enrolment code is wrong, used or expired; ask the office for a new one")]
    EnrolmentCode,
    /// The office has cut the device off.
    #[error("the office has cut this device off; what was saved on it is handed in, and nothing comes back")]
    Revoked,
    /// The office ordered that everything on the device be forgotten, and so it was.
    #[error("the office had this device wiped; everything that was saved on it is on the server")]
    Wiped,
    /// A new code was to be redeemed, but the server knows the device and has not cut it off.
    #[error("this device is enrolled already")]
    AlreadyEnrolled,
    /// The server does not know the device: it was restored to a time before the enrolment, or is another server.
    #[error("the server does not know this device; it keeps what is saved, and can be enrolled anew")]
    UnknownDevice,
    /// The journal on the server goes on in a way that this device did not write: it is a copy of another one.
    #[error("this device's journal was continued elsewhere; it has to be enrolled anew")]
    Forked,
    /// The app is too old.
    #[error("this app is too old for the server; install the new version")]
    AppTooOld,
    /// The answer is from the server but does not hold: a receipt that is not for what was sent.
    #[error("the server's answer does not fit what this device sent; the next attempt comes by itself")]
    BadAnswer,
    /// The server refused.
    #[error("the server refused: {title} ({code})")]
    Refused {
        /// For programs.
        code: String,
        /// For people.
        title: String,
    },
    /// The server failed.
    #[error("the server failed with status {status}; the next attempt comes by itself")]
    Server {
        /// HTTP status.
        status: u16,
    },
}

impl Failure {
    /// How long the server wants to be left alone.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Busy { retry_after_ms } => Some(*retry_after_ms),
            _ => None,
        }
    }

    /// Whether trying again later can help without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            // A damaged or outdated answer is not the next one.
            Self::Transport(_) | Self::CaptivePortal | Self::Busy { .. } | Self::Server { .. } | Self::BadAnswer
        )
    }

    /// Reads an answer that is not 200 of our type.
    pub(super) fn of(response: &WireResponse) -> Self {
        if (200..400).contains(&response.status) {
            return Self::CaptivePortal;
        }
        let retry_after_ms = response.retry_after_s.map(|seconds| seconds.saturating_mul(1_000));
        let problem: Option<Problem> =
            (response.media_type == problem::MEDIA_TYPE).then(|| serde_json::from_slice(&response.body).ok()).flatten();
        match (response.status, problem) {
            (429 | 503, _) => Self::Busy { retry_after_ms: retry_after_ms.unwrap_or(0) },
            (_, Some(problem)) => match problem.code.as_str() {
                code::REVOKED => Self::Revoked,
                code::UNKNOWN_DEVICE => Self::UnknownDevice,
                code::ENROL_CODE => Self::EnrolmentCode,
                code::UPGRADE => Self::AppTooOld,
                _ if problem.status >= 500 => Self::Server { status: problem.status },
                _ => Self::Refused { code: problem.code, title: problem.title },
            },
            // Proxies and portals have error pages of their own.
            (status @ 500.., None) => Self::Server { status },
            (_, None) => Self::CaptivePortal,
        }
    }
}
