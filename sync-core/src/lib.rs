//! Daybook's pure core.

pub mod document;
pub mod engine;
pub mod history;
pub mod id;
pub mod index;
pub mod journal;
pub mod notebook;
pub mod phone_number;
pub mod place;
pub mod record;
pub mod status;
pub mod store;
pub mod time;
pub mod trust;
pub mod wire;

#[cfg(test)]
pub(crate) mod testing;
