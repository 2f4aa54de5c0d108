//! Flags of records: evidence for people, never verdicts (DOMAIN, "Review at head quarters").

pub mod rules;
pub mod sighting;
pub mod thresholds;

use std::str::FromStr;

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// A reason to look at a record more closely. Its position is its bit in the database: add at the end only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Flag { $($(#[$doc])* $name,)+ }

        impl Flag {
            /// All flags in the order of their bits.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in addresses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

flags! {
    /// The phone said that its place was made up.
    MockLocation = "mock_location",
    /// The wall clock moved against the monotonic one.
    ClockJump = "clock_jump",
    /// Two records too far apart for the time between them.
    ImpossibleTravel = "impossible_travel",
    /// Not where the outlet is.
    OutsideGeofence = "outside_geofence",
    /// A photo that another record has too.
    RepeatedPhoto = "repeated_photo",
    /// A survey answered faster than it can be read.
    HastySurvey = "hasty_survey",
    /// More records a minute than anybody can make.
    HastyRecords = "hasty_records",
    /// A phone number that another lead has too.
    DuplicatePhone = "duplicate_phone",
    /// The device's journal was continued elsewhere.
    ClonedDevice = "cloned_device",
    /// It came after its day was closed.
    LateRecord = "late_record",
    /// A lead without consent.
    MissingConsent = "missing_consent",
}

impl Flag {
    /// Its bit in a set.
    pub fn bit(self) -> u64 {
        1 << self as u32
    }

    /// The set of all flags.
    pub fn any() -> u64 {
        Self::ALL.iter().fold(0, |set, flag| set | flag.bit())
    }

    /// The flags of a set.
    pub fn of(set: u64) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |flag| set & flag.bit() != 0)
    }
}

impl FromStr for Flag {
    type Err = FlagError;

    fn from_str(text: &str) -> Result<Self, FlagError> {
        Self::ALL.iter().copied().find(|flag| flag.as_str() == text).ok_or(FlagError)
    }
}

/// A text that names no flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a flag of records")]
pub struct FlagError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back() {
        let set = Flag::ClockJump.bit() | Flag::MissingConsent.bit();
        assert_eq!(Flag::of(set).collect::<Vec<_>>(), [Flag::ClockJump, Flag::MissingConsent]);
        assert_eq!(Flag::of(u64::MAX).count(), Flag::ALL.len());
        assert!(Flag::ALL.iter().all(|flag| flag.as_str().parse() == Ok(*flag)));
    }
}
