//! Failures of databases, in the store's words.

use sqlx::postgres::PgDatabaseError;

use crate::store::{StoreError, postgres, sqlite};

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let unavailable = match &error {
            sqlx::Error::RowNotFound => return Self::NotFound,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(refusal) => {
                if refusal.is_unique_violation() {
                    return Self::Conflict("something of this name or key exists already");
                }
                if refusal.is_foreign_key_violation() {
                    return Self::NotFound;
                }
                match refusal.try_downcast_ref::<PgDatabaseError>() {
                    Some(refusal) => postgres::is_outage(refusal),
                    None => sqlite::is_outage(refusal.as_ref()),
                }
            }
            _ => false,
        };
        if unavailable { Self::Unavailable(Box::new(error)) } else { Self::Internal(Box::new(error)) }
    }
}

/// Names what is taken when a name or key must be unique.
pub(in crate::store) fn taken(what: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| match StoreError::from(error) {
        StoreError::Conflict(_) => StoreError::Conflict(what),
        other => other,
    }
}

/// A fault of ours.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the database holds an impossible {0}")]
    Corrupt(&'static str),
    #[error("{0}")]
    Misuse(&'static str),
}

/// What is stored as `what` can't have been written by any version.
pub(in crate::store) fn corrupt(what: &'static str) -> StoreError {
    StoreError::Internal(Box::new(Fault::Corrupt(what)))
}

/// The caller asked for something that makes no sense.
pub(in crate::store) fn fault(what: &'static str) -> StoreError {
    StoreError::Internal(Box::new(Fault::Misuse(what)))
}
