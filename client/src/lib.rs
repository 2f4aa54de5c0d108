//! A phone without its screen.

pub mod sqlite;
