//! Daybook's server: takes in what phones recorded without a network, publishes it once it is proven sound, and
//! shows it to offices and head quarters.
//!
//! `routes` parse and answer, `service` holds one use case a function, `store` runs one use case in one transaction.
//! No SQL and no HTTP types in services; every route stands in [`router`].

pub mod admission;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod day;
pub mod error;
pub mod evidence;
pub mod export;
pub mod flag;
mod hex;
pub mod metrics;
pub mod photo;
pub mod router;
mod routes;
pub mod scope;
pub mod serve;
pub mod service;
pub mod state;
pub mod store;
pub mod survey;
pub mod telemetry;
