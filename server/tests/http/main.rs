//! The server over HTTP: every test drives the real router with a real database in a folder of its own.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

mod access;
mod admin;
mod administration;
mod admission;
mod amendments;
mod backups;
mod bucket;
mod caps;
mod console;
mod days;
mod drift;
mod enrolment;
mod events;
mod exports;
mod failover;
mod flags;
mod framing;
mod gaps;
mod health;
mod leads;
mod moving;
mod openapi;
mod orders;
mod parting;
mod photo_showing;
mod photos;
mod presets;
mod quarantine;
mod rebuild;
mod records;
mod reminders;
mod scope_property;
mod scopes;
mod session;
mod side_by_side;
mod support;
mod suspects;
mod sweep;
mod system;
mod trail;
mod twins;
