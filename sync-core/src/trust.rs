//! What stands between a phone's bytes and a document.
//!
//! Automerge panics, or quietly makes a document unloadable, on well-formed but false changes
//! (reference/automerge.md, "Fuzzing"). So no byte from a phone reaches it before this module has read it.

pub mod chunk;
