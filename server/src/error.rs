//! Why a use case failed: one error for all services, with a stable code for programs, a sentence for people and
//! the cause for the log. What it becomes in HTTP is decided in `http.rs` alone.

pub mod codes;
mod http;

use std::error::Error;
use std::time::Duration;

use crate::store::StoreError;

pub use codes::{Code, Kind};
pub(crate) use http::Failure;

/// Why a use case failed.
///
/// It has no `Display` on purpose: the cause must not reach a client by accident.
#[derive(Debug)]
pub struct ServiceError {
    /// What is wrong, for programs.
    pub code: Code,
    /// Where exactly, for people: without names, phones or places of anybody.
    pub detail: Option<String>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// What caused it, for the log only.
    pub internal: Option<Box<dyn Error + Send + Sync>>,
}

impl ServiceError {
    /// The same with a sentence about this case.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { internal: Some(cause.into()), ..self }
    }

    /// The same with the time after which another attempt makes sense.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// A fault of ours: the client learns nothing but that.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::from(codes::INTERNAL).because(cause)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.code.kind
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind(), Kind::Unavailable | Kind::TooMany | Kind::Timeout)
    }
}

impl From<Code> for ServiceError {
    fn from(code: Code) -> Self {
        Self { code, detail: None, retry_after: None, internal: None }
    }
}

impl From<StoreError> for ServiceError {
    /// For calls that ask for nothing in particular; where something may be missing, say what:
    /// [`StoreError::missing`].
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::from(codes::NOT_FOUND),
            StoreError::Conflict(what) => Self::from(codes::TAKEN).detail(what),
            StoreError::Unavailable(cause) => {
                Self::from(codes::BUSY).because(cause).retry_after(Duration::from_secs(5))
            }
            StoreError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl StoreError {
    /// This error, where "not found" means that what `code` names is missing.
    pub fn missing(self, code: Code) -> ServiceError {
        match self {
            Self::NotFound => ServiceError::from(code),
            other => ServiceError::from(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_row_is_named_and_everything_else_keeps_its_meaning() {
        assert_eq!(StoreError::NotFound.missing(codes::RECORD_NOT_FOUND).code, codes::RECORD_NOT_FOUND);
        assert_eq!(StoreError::Conflict("x").missing(codes::RECORD_NOT_FOUND).code, codes::TAKEN);
        let busy = StoreError::Unavailable("disk full".into()).missing(codes::RECORD_NOT_FOUND);
        assert!(busy.is_retryable() && busy.internal.is_some());
        let ours = ServiceError::from(StoreError::Internal("no such column".into()));
        assert!(!ours.is_retryable() && ours.detail.is_none());
    }
}
