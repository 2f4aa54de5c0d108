//! Versions of the document layout.
//!
//! A document keeps the version in which it was made. Reading lifts older layouts to the present names in
//! [`upgrade_field`]; nothing is rewritten, because rewriting would be a change by nobody. Fields that are newer
//! than this code land in `unknown` and survive.
//!
//! | version | what changed |
//! |---|---|
//! | 1 | first layout |
//!
//! To add a version: raise [`SCHEMA`](crate::record::header::SCHEMA), add a row here and the renames below, keep
//! the stored bytes of the last version in `tests/golden/documents`, and let the test there load them.

use crate::record::Kind;

/// Oldest layout that the server accepts from phones: three versions behind the present one.
pub const OLDEST_ACCEPTED: u32 = {
    use crate::record::header::SCHEMA;
    if SCHEMA > 4 { SCHEMA - 3 } else { 1 }
};

/// The present name of a field that was written under layout `schema`.
///
/// There is one layout so far, hence no renames: every name is present.
pub fn upgrade_field(_kind: Kind, _schema: u32, name: &str) -> &str {
    name
}
