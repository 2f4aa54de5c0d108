//! Why the server refused a whole message: the body of every answer that is not 200 (RFC 9457).

use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem as both sides know it. Codes are stable; docs/API.md lists them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong, for programs: `token.expired`.
    pub code: String,
    /// What is wrong and what to do, for people.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// Where exactly, if that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// To find the matching line in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Codes on which a phone acts.
pub mod code {
    /// The token is missing, expired or not ours: get a new one.
    pub const TOKEN: &str = "token.invalid";
    /// The device was revoked.
    pub const REVOKED: &str = "device.revoked";
    /// The server does not know the device.
    pub const UNKNOWN_DEVICE: &str = "device.unknown";
    /// The message is larger than the server takes.
    pub const TOO_LARGE: &str = "sync.too_large";
    /// The message is not of this version.
    pub const MALFORMED: &str = "sync.malformed";
    /// The journal's signature or chain is wrong.
    pub const JOURNAL: &str = "journal.invalid";
    /// The enrolment code is wrong, used or expired.
    pub const ENROL_CODE: &str = "enrol.code";
    /// The server is busy: come back later.
    pub const BUSY: &str = "server.busy";
    /// The whole of an upload is not what its name says: begin again.
    pub const PHOTO_CONTENT: &str = "photo.content";
    /// The photo is larger than the server takes.
    pub const PHOTO_TOO_LARGE: &str = "photo.too_large";
    /// The app is too old.
    pub const UPGRADE: &str = "app.too_old";
}
