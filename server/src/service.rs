//! Use cases: one function each, over plain values. Nothing here knows SQL or HTTP.

pub mod admin;
pub mod detail;
pub mod directory;
pub mod edit;
pub mod enrol;
pub mod exchange;
pub mod profile;
pub mod projector;
pub mod quarantine;
pub mod readiness;
pub mod rebuild;
pub mod receive;
pub mod records;
pub mod review;
pub mod session;
pub mod staff_change;
pub mod trial;
