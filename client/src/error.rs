//! What can go wrong, for apps. Everything inside becomes an [`Error`] here and nowhere else.

use sync_core::document::{DocumentError, EditError};
use sync_core::engine::{EngineError, Failure};
use sync_core::notebook::NotebookError;
use sync_core::record::Kind;
use sync_core::record::facts::FieldError;

use crate::secrets::SecretError;
use crate::sqlite::StoreError;
use crate::transport::AddressError;

/// Why a call failed. No message names a person, a telephone number or a place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else has the store open.
    #[error("the store is open already, in this app or in another process; close it there first")]
    InUse,
    /// The store was written by a newer app.
    #[error("the store was written by a newer app; install the new version")]
    NewerStore,
    /// The store is encrypted, and the keystore does not hold its key. The file is as it was.
    #[error("the keystore does not hold the key of the store; nothing was changed")]
    KeyLost,
    /// The keystore could not be asked, or did not keep a key.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// There is no room to save in. Nothing was saved.
    #[error("the device has no free space left; nothing was saved")]
    Full,
    /// The storage failed. Nothing was changed.
    #[error("the storage failed; nothing was changed")]
    Storage(#[source] StoreError),
    /// The photo is too large. Nothing was attached.
    #[error("the photo is larger than {most} bytes; nothing was attached")]
    PhotoTooLarge {
        /// How many bytes a photo may have.
        most: u64,
    },
    /// The photo can't be read, or is empty. Nothing was attached.
    #[error("the photo can't be read; nothing was attached")]
    PhotoUnreadable(#[source] std::io::Error),
    /// The system has no randomness to make keys with.
    #[error("the system gives no random numbers")]
    Randomness(#[source] getrandom::Error),
    /// That is not the address of a server.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The device has to be enrolled first.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// The device belongs to somebody already.
    #[error("this device is enrolled already")]
    AlreadyEnrolled,
    /// There is no such record on this device.
    #[error("there is no such record on this device")]
    NotFound,
    /// The record is of another kind than was asked for.
    #[error("the record is a {0}")]
    OtherKind(Kind),
    /// A field can't take its value. Nothing was changed.
    #[error(transparent)]
    Field(FieldError),
    /// The stored record can't be read by this version of the app.
    #[error("the record can't be read by this version of the app")]
    Unreadable(#[source] DocumentError),
    /// The exchange with the server ended early. What is saved stays saved.
    #[error(transparent)]
    Exchange(Failure),
    /// An earlier call failed inside. What was saved is safe; opening the store again helps.
    #[error("an earlier call failed inside; close the app and open it again")]
    Crashed,
}

impl Error {
    /// The message with what lies behind it, for a report. The storage's errors name tables and columns, never what is in
    /// them.
    pub fn with_sources(&self) -> String {
        let first = std::error::Error::source(self);
        let behind = std::iter::successors(first, |error| error.source());
        behind.fold(self.to_string(), |message, source| format!("{message}: {source}"))
    }

    /// Whether the same call may succeed later without anybody doing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::InUse | Self::Secrets(_) => true,
            Self::Storage(error) => error.is_retryable(),
            Self::Exchange(failure) => failure.is_retryable(),
            _ => false,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse => Self::InUse,
            StoreError::Newer { .. } => Self::NewerStore,
            StoreError::WrongKey => Self::KeyLost,
            StoreError::Full => Self::Full,
            error => Self::Storage(error),
        }
    }
}

impl From<NotebookError<StoreError>> for Error {
    fn from(error: NotebookError<StoreError>) -> Self {
        match error {
            NotebookError::NotEnrolled => Self::NotEnrolled,
            NotebookError::NotFound => Self::NotFound,
            NotebookError::Edit(EditError::Field(error)) => Self::Field(error),
            NotebookError::Edit(EditError::Document(DocumentError::OtherKind(kind))) => Self::OtherKind(kind),
            NotebookError::Edit(EditError::Document(error)) => Self::Unreadable(error),
            NotebookError::Store(error) => error.into(),
        }
    }
}

impl From<EngineError<StoreError>> for Error {
    fn from(error: EngineError<StoreError>) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::AlreadyEnrolled => Self::AlreadyEnrolled,
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotEnrolled => Self::NotEnrolled,
            Failure::AlreadyEnrolled => Self::AlreadyEnrolled,
            failure => Self::Exchange(failure),
        }
    }
}
