//! The steps of one upload.

use crate::engine::{Failure, TransportError};
use crate::wire::problem::code;

/// The first piece of a run, in bytes.
const FIRST_PIECE: u64 = 256 * 1024;
/// Pieces are never smaller, however bad the line is.
const SMALLEST_PIECE: u64 = 16 * 1024;
/// Pieces are never larger: each is held in memory, and is sent again if its end is lost.
const LARGEST_PIECE: u64 = 4 << 20;
/// After so many attempts in a row that moved nothing, the upload waits for the next run.
const PATIENCE: u32 = 4;
/// So often an upload is begun anew in one run.
const BEGINNINGS: u32 = 3;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask for an upload: `POST /sync/v1/photos`.
    Begin,
    /// Ask where it stands: `HEAD`.
    Ask {
        /// The upload's name.
        upload: String,
    },
    /// Send bytes: `PATCH`, with a checksum.
    Send {
        /// The upload's name.
        upload: String,
        /// From where.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// The server says that the photo is stored: nothing more.
    Stored,
}

/// What the server answered, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Whether the answer is of the tus protocol: `Tus-Resumable: 1.0.0`. Other answers did not come from the server.
    pub ours: bool,
    /// `Upload-Offset`.
    pub offset: Option<u64>,
    /// The last part of `Location`.
    pub upload: Option<String>,
    /// `Daybook-Photo: stored`.
    pub stored: bool,
    /// The code of the problem.
    pub code: Option<String>,
    /// What the problem says to people.
    pub title: Option<String>,
    /// `retry-after` in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// Why an upload does not go on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The line or the server; the next run goes on where this one stopped.
    Later(Failure),
    /// The token has ended: the same again with a fresh one.
    Token,
    /// The server takes this photo under no circumstances: somebody has to look at it. It stays on the phone.
    Refused {
        /// For programs.
        code: String,
        /// For people.
        title: String,
    },
}

/// One upload, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    bytes: u64,
    upload: Option<String>,
    /// Where the server said that it stands; `None` if it has to be asked.
    offset: Option<u64>,
    piece: u64,
    attempts: u32,
    beginnings: u32,
    /// The whole did not fit its name: the file has to be looked at before another attempt.
    doubted: bool,
    stored: bool,
}

impl Upload {
    /// An upload of so many bytes; `upload` is the name that an earlier run got for it.
    pub fn new(bytes: u64, upload: Option<String>) -> Self {
        Self {
            bytes,
            upload,
            offset: None,
            piece: FIRST_PIECE,
            attempts: 0,
            beginnings: 0,
            doubted: false,
            stored: false,
        }
    }

    /// The name that the server gave it, to be remembered.
    pub fn name(&self) -> Option<&str> {
        self.upload.as_deref()
    }

    /// How many bytes the server holds, as far as is known.
    pub fn sent(&self) -> u64 {
        if self.stored { self.bytes } else { self.offset.unwrap_or(0) }
    }

    /// Whether the server found that the whole is not what its name says: then the file may be damaged.
    pub fn is_doubted(&self) -> bool {
        self.doubted
    }

    /// What to do next.
    pub fn next(&self) -> Step {
        match (&self.upload, self.offset) {
            _ if self.stored => Step::Stored,
            (None, _) => Step::Begin,
            (Some(upload), Some(offset)) if offset < self.bytes => {
                let length = self.piece.min(self.bytes - offset);
                Step::Send { upload: upload.clone(), offset, length }
            }
            // All bytes are there, but it does not say that they are stored: asking makes it finish.
            (Some(upload), _) => Step::Ask { upload: upload.clone() },
        }
    }

    /// Takes the answer to what [`Self::next`] asked for.
    ///
    /// # Errors
    /// When the upload does not go on now.
    pub fn answered(&mut self, step: &Step, result: Result<Answer, TransportError>) -> Result<(), Halt> {
        let answer = match result {
            Ok(answer) => answer,
            Err(error @ (TransportError::Timeout | TransportError::Interrupted)) => {
                self.piece = (self.piece / 2).max(SMALLEST_PIECE);
                self.offset = None;
                return self.again(Failure::Transport(error));
            }
            Err(error) => return Err(Halt::Later(Failure::Transport(error))),
        };
        // The door says so before anybody knows what the request is about, and to HEAD without a body.
        if let (429 | 503, Some(retry_after_ms)) = (answer.status, answer.retry_after_ms) {
            return Err(Halt::Later(Failure::Busy { retry_after_ms }));
        }
        if !answer.ours && answer.code.is_none() {
            let portal = answer.status < 500;
            let failure = if portal { Failure::CaptivePortal } else { Failure::Server { status: answer.status } };
            return Err(Halt::Later(failure));
        }
        match (step, answer.status) {
            (Step::Begin, 201) => self.begun(answer),
            (Step::Ask { .. }, 200) | (Step::Send { .. }, 204) => self.moved(step, &answer),
            _ => self.refused(answer),
        }
    }

    fn begun(&mut self, answer: Answer) -> Result<(), Halt> {
        self.beginnings += 1;
        let offset = answer.offset.unwrap_or(0);
        let (Some(upload), true) = (answer.upload, offset <= self.bytes) else {
            return Err(Halt::Later(Failure::BadAnswer));
        };
        self.upload = Some(upload);
        self.offset = Some(offset);
        self.stored = answer.stored && offset == self.bytes;
        Ok(())
    }

    fn moved(&mut self, step: &Step, answer: &Answer) -> Result<(), Halt> {
        let Some(offset) = answer.offset.filter(|offset| *offset <= self.bytes) else {
            return Err(Halt::Later(Failure::BadAnswer));
        };
        let before = match step {
            Step::Send { offset, .. } => Some(*offset),
            _ => None,
        };
        self.offset = Some(offset);
        self.stored = answer.stored && offset == self.bytes;
        if before.is_some_and(|before| offset > before) {
            self.attempts = 0;
            self.piece = (self.piece * 2).min(LARGEST_PIECE);
            return Ok(());
        }
        if self.stored || (before.is_none() && offset < self.bytes) {
            return Ok(());
        }
        // It says that it took the piece and stands where it stood, or has everything and does not finish.
        self.again(Failure::BadAnswer)
    }

    fn refused(&mut self, answer: Answer) -> Result<(), Halt> {
        let busy = || Failure::Busy { retry_after_ms: answer.retry_after_ms.unwrap_or(0) };
        match (answer.status, answer.code.as_deref()) {
            (_, Some(code::TOKEN)) => Err(Halt::Token),
            (_, Some(code::REVOKED)) => Err(Halt::Later(Failure::Revoked)),
            (_, Some(code::UNKNOWN_DEVICE)) => Err(Halt::Later(Failure::UnknownDevice)),
            (_, Some(code::PHOTO_CONTENT)) => {
                self.doubted = true;
                self.anew()
            }
            // The server was restored, or the upload has expired. Refusals to HEAD come without a body.
            (404 | 410, _) if self.upload.is_some() => self.anew(),
            (409, _) => {
                self.offset = None;
                self.again(Failure::BadAnswer)
            }
            (460, _) => {
                self.piece = (self.piece / 2).max(SMALLEST_PIECE);
                self.offset = None;
                self.again(Failure::BadAnswer)
            }
            (408, _) => {
                self.piece = (self.piece / 2).max(SMALLEST_PIECE);
                self.offset = None;
                self.again(Failure::Transport(TransportError::Timeout))
            }
            // The record is not there yet: it comes with an exchange, and the photo after it.
            (404, _) | (423 | 429 | 503 | 507, _) => Err(Halt::Later(busy())),
            (401, _) => Err(Halt::Token),
            (status @ 500.., _) => Err(Halt::Later(Failure::Server { status })),
            (_, code) => Err(Halt::Refused {
                code: code.unwrap_or("photo.refused").to_owned(),
                title: answer.title.unwrap_or_default(),
            }),
        }
    }

    /// Begins once more: the server knows nothing of the upload.
    fn anew(&mut self) -> Result<(), Halt> {
        (self.upload, self.offset) = (None, None);
        if self.beginnings >= BEGINNINGS { Err(Halt::Later(Failure::BadAnswer)) } else { Ok(()) }
    }

    /// Tries again, unless too often nothing has moved.
    fn again(&mut self, failure: Failure) -> Result<(), Halt> {
        self.attempts += 1;
        if self.attempts >= PATIENCE { Err(Halt::Later(failure)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
