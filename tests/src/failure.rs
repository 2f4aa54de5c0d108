//! Why a run came to no result. What is wrong with a result is a [`Finding`](crate::oracle::Finding).

use std::io;

use crate::contacts::DataError;
use crate::paperwork::PaperworkError;

/// Why a run came to no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The contacts or towns can't be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A contact can't be written down.
    #[error(transparent)]
    Paperwork(#[from] PaperworkError),
    /// There is no server to start.
    #[error("no server to start: set DAYBOOK_BIN to the program `daybook`, or use `cargo xtask demo`")]
    NoServer,
    /// The operating system refused.
    #[error("{what}: {source}")]
    System {
        /// What was to be done.
        what: String,
        /// What it said.
        source: io::Error,
    },
    /// The server did not start, or stopped by itself.
    #[error("the server {what}; the end of its log:\n{log}")]
    Server {
        /// What it did.
        what: String,
        /// What it said.
        log: String,
    },
    /// `daybook admin` refused.
    #[error("`daybook admin {line}` failed: {said}")]
    Admin {
        /// What was ordered.
        line: String,
        /// What it said.
        said: String,
    },
    /// The console's interface refused.
    #[error("{request} was answered with {status}: {said}")]
    Console {
        /// What was asked.
        request: String,
        /// HTTP status; 0 if there was no answer.
        status: u16,
        /// What it said.
        said: String,
    },
    /// A phone refused to save or to read.
    #[error("{phone}: {said}")]
    Phone {
        /// Whose phone.
        phone: String,
        /// What it said.
        said: String,
    },
    /// There is no PostgreSQL to play on.
    #[error(transparent)]
    Postgres(#[from] throwaway_postgres::Error),
    /// Something is not as it has to be for the run to go on.
    #[error("{0}")]
    Unexpected(String),
}

impl Failure {
    /// An error of the operating system with what was to be done.
    pub fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
