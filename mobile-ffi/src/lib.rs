//! Daybook for apps: the face of [`client`] towards Kotlin, Swift and Python, without rules of its own.
//!
//! Every method is one expression over `client`; what is here besides are the shapes in which other languages see
//! records (`facts`, `view`, `list`), values (`values`) and errors (`error`), as tables (`shape`). The fields of records
//! come from the core's own tables. `README.md` is for developers of apps.
//!
//! UniFFI's macros expand to the C interface, which is `unsafe` by nature; no line written here is.

pub mod error;
pub mod facts;
pub mod list;
pub mod listen;
pub mod photos;
pub mod platform;
pub mod records;
pub mod session;
mod shape;
pub mod values;
pub mod view;

uniffi::setup_scaffolding!("daybook");
