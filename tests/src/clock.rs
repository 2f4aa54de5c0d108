//! x
/// China has one time zone.
pub const UTC_OFFSET_MINUTES: i16 = 8 * 60;
