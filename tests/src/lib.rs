//! Real processes, real records: what the tests and demonstrations across processes are made of.

pub mod clock;
pub mod contacts;
pub mod model;
pub mod oracle;
pub mod paperwork;
pub mod people;
pub mod phrases;
pub mod towns;
