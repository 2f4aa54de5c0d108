//! What stands between a phone's bytes and a document.
//!
//! Automerge panics, or quietly makes a document unloadable, on well-formed but false changes
//! (reference/automerge.md, "Fuzzing"). So nothing from a phone reaches it before this module has read it:
//!
//! 1. [`crate::chunk`] reads the frame and counts the operations without unpacking them;
//! 2. [`gate`] checks every operation against the history of the record;
//! 3. [`authority`] asks whether the author may write there, now;
//! 4. [`judge`](fn@judge::judge) has Automerge load the record with what is left, as a document.
//!
//! Whatever fails is set aside with a reason, never dropped.

pub mod authority;
pub mod gate;
pub mod judge;

/// How much one change, and one record, may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one change.
    pub change_bytes: usize,
    /// Operations of one change.
    pub change_ops: u64,
    /// Bytes of one scalar.
    pub scalar_bytes: usize,
    /// Containers within containers.
    pub depth: u32,
    /// Operations of one record.
    pub record_ops: u64,
    /// Changes of one record.
    pub record_changes: usize,
    /// Bytes of all changes of one record together.
    pub record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            change_bytes: 256 * 1024,
            change_ops: 20_000,
            scalar_bytes: crate::record::facts::MAX_TEXT_BYTES,
            depth: 4,
            record_ops: 100_000,
            record_changes: 5_000,
            record_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Why a change is set aside. The codes are stable; docs/API.md lists them.
pub mod code {
    /// The bytes are not a change.
    pub const MALFORMED: &str = "change.malformed";
    /// A form of change that is not accepted from devices: documents, bundles, compressed changes.
    pub const UNSUPPORTED: &str = "change.unsupported";
    /// The change, or the record with it, would be too large.
    pub const TOO_LARGE: &str = "change.too_large";
    /// The bytes are not the one canonical form of their contents.
    pub const NON_CANONICAL: &str = "change.non_canonical";
    /// The actor belongs to another device.
    pub const FOREIGN_ACTOR: &str = "change.foreign_actor";
    /// The sequence numbers of the actor have a gap, a repetition or a wrong ancestor.
    pub const SEQUENCE: &str = "change.sequence";
    /// An operation refers to an object, element or predecessor that is not there, or of another kind.
    pub const REFERENCE: &str = "change.reference";
    /// An operation that records don't use: counters, marks, tables, numbers that are not finite.
    pub const OPERATION: &str = "change.operation";
    /// The time is one that no clock shows.
    pub const TIME: &str = "change.time";
    /// A container made after the first change.
    pub const FROZEN: &str = "change.frozen";
    /// An entry of an append-only list was changed or removed.
    pub const APPEND_ONLY: &str = "change.append_only";
    /// Automerge failed on it.
    pub const UNLOADABLE: &str = "change.unloadable";
    /// Judging it made the server fail.
    pub const FATAL: &str = "change.fatal";
    /// The header is missing, wrong, or was written again.
    pub const HEADER: &str = "record.header";
    /// The header names another owner, device or record than the change came from.
    pub const FOREIGN_RECORD: &str = "record.foreign";
    /// The layout is older than the server accepts, or newer than it knows.
    pub const SCHEMA: &str = "record.schema";
    /// The author may not write this part of the record.
    pub const AUTHORITY: &str = "authority.missing";
    /// The record was approved or rejected meanwhile.
    pub const CLOSED: &str = "record.closed";
    /// The record's published changes do not load.
    pub const DAMAGED: &str = "record.damaged";
    /// A person said no to the amendment.
    pub const REJECTED: &str = "amendment.rejected";
    /// It follows a change that was refused.
    pub const FOLLOWS_REFUSED: &str = "amendment.follows_refused";
    /// A person looked at what was quarantined and will not have it.
    pub const DISCARDED: &str = "quarantine.discarded";
    /// It follows changes that have not come.
    pub const WAITING: &str = "change.waiting";
    /// The device's journal names it twice.
    pub const REPEATED: &str = "change.repeated";
    /// The device was cut off before it sent the change.
    pub const DEVICE_REVOKED: &str = "device.revoked";
    /// Only its name came.
    pub const WITHHELD: &str = "change.withheld";
}
