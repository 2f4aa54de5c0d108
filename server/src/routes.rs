//! Parse, call one service, answer. What a path does is said in [`crate::service`], where it is in [`crate::router`].

pub(crate) mod access;
pub(crate) mod admin;
pub(crate) mod amendments;
pub(crate) mod arrivals;
pub(crate) mod assignments;
pub(crate) mod console;
mod cursor;
pub(crate) mod days;
pub(crate) mod directory;
pub(crate) mod events;
pub(crate) mod exports;
mod extract;
mod file;
pub(crate) mod health;
mod identity;
pub(crate) mod leads;
mod message;
mod names;
pub(crate) mod organisation;
pub(crate) mod photos;
pub(crate) mod presets;
pub(crate) mod quarantine;
pub(crate) mod records;
pub(crate) mod session;
pub(crate) mod strays;
pub(crate) mod surveys;
pub(crate) mod sync;
pub(crate) mod system;
pub(crate) mod trail;

pub(crate) use extract::caused_by;
pub(crate) use identity::{origin_of, session_token as session_of};
