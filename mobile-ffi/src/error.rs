//! What can go wrong, in the few forms between which an app has to tell. The inside of `client::Error` is crossed
//! into them here and nowhere else.

use client::Error;
use client::sync_core::engine::{Failure, TransportError};
use client::sync_core::record::facts::FieldError;

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

/// Why an exchange with the server ended early.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SyncProblem {
    /// No connection could be made, or it broke.
    Offline,
    /// The server could not prove who it is: a foreign network, or a clock far from the true time.
    Untrusted,
    /// Something on the way answered instead of the server: a Wi-Fi that wants a login first.
    CaptivePortal,
    /// The server is busy or failing; the next attempt comes by itself.
    Busy,
    /// The enrolment code is wrong, used or expired: ask the office for a new one.
    EnrolmentCode,
    /// The office has cut this device off. What was saved on it is handed in.
    CutOff,
    /// The office had this device wiped. Everything that was saved on it is on the server.
    Wiped,
    /// The server does not know this device any more: it has to be enrolled again.
    UnknownDevice,
    /// The app is too old for the server: ask the person to update.
    AppTooOld,
    /// The server refused, or gave an answer that does not fit: report it.
    Refused {
        /// The server's stable code; see docs/API.md.
        code: String,
    },
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
                Self::Internal { detail: with_sources(&error) }
            }
        }
    }
}

impl From<Failure> for DaybookError {
    fn from(failure: Failure) -> Self {
        Self::Sync { retryable: failure.is_retryable(), detail: failure.to_string(), problem: failure.into() }
    }
}

impl From<Failure> for SyncProblem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Transport(TransportError::Untrusted) => Self::Untrusted,
            Failure::Transport(_) => Self::Offline,
            Failure::CaptivePortal => Self::CaptivePortal,
            Failure::Busy { .. } | Failure::Server { .. } => Self::Busy,
            Failure::EnrolmentCode => Self::EnrolmentCode,
            Failure::Revoked => Self::CutOff,
            Failure::Wiped => Self::Wiped,
            Failure::AlreadyEnrolled => Self::Refused { code: "device.enrolled".to_owned() },
            Failure::NotEnrolled | Failure::UnknownDevice | Failure::Forked => Self::UnknownDevice,
            Failure::AppTooOld => Self::AppTooOld,
            Failure::Refused { code, .. } => Self::Refused { code },
            Failure::BadAnswer => Self::Refused { code: "answer.mismatch".to_owned() },
        }
    }
}

/// A message with what lies behind it. The storage's errors name tables and columns, never what is in them.
fn with_sources(error: &dyn std::error::Error) -> String {
    let behind = std::iter::successors(error.source(), |error| error.source());
    behind.fold(error.to_string(), |message, source| format!("{message}: {source}"))
}
