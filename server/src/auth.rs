//! Who somebody is: passwords and sessions of staff, codes, keys and tokens of phones.
//!
//! Plain data in, plain data out; the use cases are in [`crate::service`], and what a person may do is decided in
//! [`crate::scope`].

pub mod backoff;
pub mod challenge;
pub mod client;
pub mod code;
pub mod envelope;
pub mod keys;
pub mod password;
pub mod session;
pub mod token;
pub mod totp;
