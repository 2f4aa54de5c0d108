//! The photos lane of a phone, without input or output: when a photo may be sent ([`PhotoPolicy`]), and the steps of one
//! upload by the tus protocol ([`Upload`]).
//!
//! Whoever drives it sends what [`Upload::next`] asks for and brings the answer to [`Upload::answered`]. Nothing has to be
//! remembered but the address of the upload: where it stands is asked again after every interruption, however long it
//! was. A photo is safe only when the server says that it is stored; an answer that merely looks like success is none.

mod policy;
mod upload;

pub use policy::{Network, OnMetered, PhotoPolicy};
pub use upload::{Answer, Halt, Step, Upload};
