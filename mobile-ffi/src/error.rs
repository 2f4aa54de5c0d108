//! What can go wrong, in the few forms between which an app has to tell. The inside of `client::Error` is crossed
//! into them here and nowhere else.

use client::Error;
use client::sync_core::engine::{Failure, TransportError};
use client::sync_core::record::facts::FieldError;

use crate::shape::outcomes;

pub(crate) type Result<T> = std::result::Result<T, DaybookError>;

/// Why a call failed. No message names a person, a telephone number or a place, so it may be logged and reported.
#[derive(Debug, uniffi::Error, thiserror::Error)]
pub enum DaybookError {
    /// The store could not be opened. The file is as it was.
    #[error("the store was not opened: {why}")]
    NotOpened {
        /// Why, and what to do about it.
        why: OpenProblem,
    },
    /// The device has to be enrolled first: ask for the office's code and call `enrol`.
    #[error("this device is not enrolled yet")]
    NotEnrolled,
    /// There is no such record on this device any more, for example because it was handed over to somebody else:
    /// leave the screen.
    #[error("there is no such record on this device")]
    NotFound,
    /// A value can't be taken, nothing was changed: show the reason at the field.
    #[error("{field}: {reason}")]
    InvalidInput {
        /// Which field or argument.
        field: String,
        /// What is wrong with it, without the value itself.
        reason: String,
    },
    /// There is no room to save in, nothing was saved: tell the person to free space, keep the form open.
    #[error("the device has no free space left; nothing was saved")]
    StorageFull,
    /// A newer app wrote this: ask the person to update the app. The data are safe.
    #[error("this was written by a newer version of the app; install it")]
    UpdateApp,
    /// The exchange with the server ended early. What is saved stays saved.
    #[error("{detail}")]
    Sync {
        /// Why.
        problem: SyncProblem,
        /// Whether trying again later can help without anybody doing anything; schedulers need not show it then.
        retryable: bool,
        /// For people who ask, in English.
        detail: String,
    },
    /// Something inside failed, nothing was changed: report the detail, close the app and open it again.
    #[error("{detail}")]
    Internal {
        /// For the report.
        detail: String,
    },
}

/// Why a store could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum, thiserror::Error)]
pub enum OpenProblem {
    /// Another process, or another part of this one, has it open: close it there first.
    #[error("it is open already, in this app or in another process")]
    InUse,
    /// A newer app wrote it: ask the person to update.
    #[error("it was written by a newer app")]
    NewerApp,
    /// The keystore no longer holds the key that it was encrypted with, or holds another one. Ask the office first:
    /// what was not synced can only be read with that key. To begin anew, move the file away and enrol again.
    #[error("the keystore does not hold its key")]
    KeyLost,
    /// It was closed: get visits, surveys and leads from the daybook that is open now.
    #[error("it was closed")]
    Closed,
    /// The keystore itself failed; on some phones it does so until the screen was unlocked once.
    #[error("the keystore can't be used now")]
    Keystore,
}

outcomes! {
    /// Why an exchange with the server ended early.
    SyncProblem of Failure {
        Untrusted: Failure::Transport(TransportError::Untrusted) => "The server could not prove who it is: look at the clock.",
        Offline: Failure::Transport(_) => "No connection could be made, or it broke.",
        CaptivePortal: Failure::CaptivePortal => "A Wi-Fi that wants a login first answered instead of the server.",
        Busy: Failure::Busy { .. } | Failure::Server { .. } => "The server is busy or failing; it comes by itself.",
        EnrolmentCode: Failure::EnrolmentCode => "The code is wrong, used or expired: ask the office for a new one.",
        CutOff: Failure::Revoked => "The office has cut this device off. What was saved on it is handed in.",
        Wiped: Failure::Wiped => "The office had this device wiped. Everything that was saved on it is on the server.",
        UnknownDevice: Failure::NotEnrolled | Failure::UnknownDevice | Failure::Forked => "It has to be enrolled again.",
        AppTooOld: Failure::AppTooOld => "The app is too old for the server: ask the person to update.",
        Refused{ code: String = code }: Failure::Refused { code, .. } => "The server refused: report the code; docs/API.md has them.",
        AlreadyEnrolled: Failure::AlreadyEnrolled => "The device belongs to somebody already.",
        BadAnswer: Failure::BadAnswer => "The server gave an answer that does not fit: report it.",
    }
}

impl DaybookError {
    /// A value from outside that does not fit.
    pub(crate) fn invalid(field: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::InvalidInput { field: field.into(), reason: reason.to_string() }
    }
}

impl From<Error> for DaybookError {
    fn from(error: Error) -> Self {
        match error {
            Error::InUse => Self::NotOpened { why: OpenProblem::InUse },
            Error::KeyLost => Self::NotOpened { why: OpenProblem::KeyLost },
            Error::Secrets(_) => Self::NotOpened { why: OpenProblem::Keystore },
            Error::NewerStore => Self::NotOpened { why: OpenProblem::NewerApp },
            Error::NotEnrolled => Self::NotEnrolled,
            Error::NotFound => Self::NotFound,
            Error::Full => Self::StorageFull,
            Error::Unreadable(_) => Self::UpdateApp,
            Error::Field(FieldError::Unknown(field)) => Self::invalid(field, "there is no such field"),
            Error::Field(FieldError::Invalid { field, reason }) => Self::InvalidInput { field, reason },
            Error::Field(FieldError::TooLong { field, bytes, max }) => {
                Self::invalid(field, format_args!("{bytes} bytes are too long, {max} are allowed"))
            }
            Error::OtherKind(kind) => Self::invalid("id", format_args!("the record is a {kind}")),
            Error::Address(error) => Self::invalid("server", error),
            Error::PhotoUnreadable(_) => Self::invalid("file", "the photo can't be read"),
            error @ Error::PhotoTooLarge { .. } => Self::invalid("file", error),
            Error::AlreadyEnrolled => Self::invalid("code", Error::AlreadyEnrolled),
            Error::Exchange(failure) => failure.into(),
            error @ (Error::Storage(_) | Error::Randomness(_) | Error::Crashed) => {
                Self::Internal { detail: error.with_sources() }
            }
        }
    }
}

impl From<Failure> for DaybookError {
    fn from(failure: Failure) -> Self {
        Self::Sync { retryable: failure.is_retryable(), detail: failure.to_string(), problem: failure.into() }
    }
}
