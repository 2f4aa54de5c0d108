//! Real processes, real records: what the tests and demonstrations across processes are made of.
//!
//! [`play`] is the demonstration. It sets up a [`world`] on a [`server_process`], lets every [`phone`] live through
//! the [`day`] and the [`storm`], lets head quarters [`review`], and ends with the [`reckoning`]: the [`model`] of
//! what everybody saved, kept beside Daybook and never read from it, against the server and against every phone.

pub mod attack;
pub mod balancer;
pub mod bench;
pub mod clock;
pub mod console;
pub mod contacts;
pub mod crew;
pub mod database;
pub mod day;
pub mod dispute;
pub mod failure;
pub mod figures;
pub mod fuzz;
pub mod hostile;
pub mod ledger;
pub mod line;
pub mod model;
pub mod night;
pub mod oddity;
pub mod oracle;
pub mod paperwork;
pub mod people;
pub mod phone;
pub mod phone_store;
pub mod phrases;
pub mod play;
pub mod process;
pub mod progress;
pub mod pulse;
pub mod raw_device;
pub mod reckoning;
pub mod report;
pub mod review;
pub mod server_process;
pub mod siege;
pub mod sim;
pub mod stage;
pub mod storm;
pub mod towns;
pub mod wire;
pub mod world;
