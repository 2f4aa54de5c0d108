//! The requests of the photos lane and what their answers mean.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};
use sync_core::id::{PhotoHash, RecordId};
use sync_core::photo::{Answer, Step};
use sync_core::wire::photo::{PhotoState, PhotoStateRequest, PhotoStateResponse};
use sync_core::wire::problem::{self, Problem};
use sync_core::wire::{self, Encoding, MEDIA_TYPE};

use crate::transport::{LaneRequest, LaneResponse, Verb};

const PHOTOS: &str = "/sync/v1/photos";
const VERSION: &str = "1.0.0";

/// What a request is about.
pub(super) struct Subject {
    pub(super) hash: PhotoHash,
    pub(super) record: RecordId,
    pub(super) bytes: u64,
}

/// The request for a step; `None` when there is nothing to ask any more. `piece` are the bytes of [`Step::Send`].
pub(super) fn request_of(step: &Step, subject: &Subject, token: &str, piece: Vec<u8>) -> Option<LaneRequest> {
    let mut headers = vec![("Authorization", format!("Bearer {token}")), ("Tus-Resumable", VERSION.to_owned())];
    let path = |upload: &str| format!("{PHOTOS}/uploads/{upload}");
    let (verb, path) = match step {
        Step::Stored => return None,
        Step::Begin => {
            let code = |text: String| BASE64_STANDARD.encode(text);
            let Subject { hash, record, bytes } = subject;
            headers.push(("Upload-Length", bytes.to_string()));
            let metadata = format!("sha256 {},record {}", code(hash.to_string()), code(record.to_string()));
            headers.push(("Upload-Metadata", metadata));
            (Verb::Post, PHOTOS.to_owned())
        }
        Step::Ask { upload } => (Verb::Head, path(upload)),
        Step::Send { upload, offset, .. } => {
            headers.push(("Upload-Offset", offset.to_string()));
            headers.push(("Upload-Checksum", format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(&piece)))));
            headers.push(("Content-Type", "application/offset+octet-stream".to_owned()));
            (Verb::Patch, path(upload))
        }
    };
    Some(LaneRequest { verb, path, headers, body: piece })
}

/// What matters of an answer.
pub(super) fn answer_of(response: &LaneResponse) -> Answer {
    let problem: Option<Problem> = (response.header("content-type") == Some(problem::MEDIA_TYPE))
        .then(|| serde_json::from_slice(&response.body).ok())
        .flatten();
    let seconds = response.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    Answer {
        status: response.status,
        ours: response.header("tus-resumable") == Some(VERSION),
        offset: response.header("upload-offset").and_then(|offset| offset.parse().ok()),
        upload: response.header("location").and_then(|place| place.rsplit('/').next()).map(str::to_owned),
        stored: response.header("daybook-photo") == Some("stored"),
        code: problem.as_ref().map(|problem| problem.code.clone()),
        title: problem.map(|problem| problem.title),
        retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)),
    }
}

/// Asks what became of photos.
pub(super) fn question(hashes: Vec<PhotoHash>, token: &str) -> LaneRequest {
    let body = wire::encode(&PhotoStateRequest { hashes });
    let mut headers = vec![("Authorization", format!("Bearer {token}")), ("Content-Type", MEDIA_TYPE.to_owned())];
    if body.encoding == Encoding::Gzip {
        headers.push(("Content-Encoding", "gzip".to_owned()));
    }
    LaneRequest { verb: Verb::Post, path: format!("{PHOTOS}/state"), headers, body: body.bytes }
}

/// What became of them; `None` if that is not an answer to so many.
pub(super) fn states_of(response: &LaneResponse, asked: usize) -> Option<Vec<PhotoState>> {
    if response.status != 200 || response.header("content-type") != Some(MEDIA_TYPE) {
        return None;
    }
    let gzip = response.header("content-encoding") == Some("gzip");
    let encoding = if gzip { Encoding::Gzip } else { Encoding::Identity };
    let answer: PhotoStateResponse = wire::decode(&response.body, encoding, 1 << 20).ok()?;
    (answer.states.len() == asked).then_some(answer.states)
}
