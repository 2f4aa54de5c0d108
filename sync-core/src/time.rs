//! Times. The core never asks a clock: every reading is an argument.
//!
//! A device's wall clock is evidence, never order. What makes it worth something is the monotonic reading
//! beside it: within one boot it can't be turned back.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct UnixMillis(#[n(0)] pub i64);

impl UnixMillis {
    /// The time `millis` later; saturates at the ends.
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this time, negative if it lies before.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The calendar day at a fixed offset from UTC, which is the business day of a record.
    ///
    /// Times outside the years -9999 to 9999 give the nearest representable day.
    pub fn day(self, utc_offset_minutes: i16) -> jiff::civil::Date {
        let local = self.plus(i64::from(utc_offset_minutes) * 60_000);
        let clamped = local.0.clamp(jiff::Timestamp::MIN.as_millisecond(), jiff::Timestamp::MAX.as_millisecond());
        jiff::Timestamp::from_millisecond(clamped)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
    }
}

/// One boot of a device: any number that the device does not repeat after a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct BootId(#[n(0)] pub u64);

/// What a device's clocks said at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Encode, Decode)]
#[cbor(array)]
pub struct ClockReading {
    /// The wall clock, which its owner can set.
    #[n(0)]
    pub wall: UnixMillis,
    /// Milliseconds since the boot, including sleep; can't be set.
    #[n(1)]
    pub mono_ms: u64,
    /// Which boot `mono_ms` counts from.
    #[n(2)]
    pub boot: BootId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_day_follows_the_offset() {
        let late_evening_utc = UnixMillis(1_700_000_000_000); // 2023-11-14T22:13:20Z
        assert_eq!(late_evening_utc.day(0).to_string(), "2023-11-14");
        assert_eq!(late_evening_utc.day(8 * 60).to_string(), "2023-11-15");
    }

    #[test]
    fn absurd_clocks_still_have_a_day() {
        for wall in [i64::MIN, -1, 0, i64::MAX] {
            let _ = UnixMillis(wall).day(-720);
        }
        assert_eq!(UnixMillis(i64::MAX).plus(1), UnixMillis(i64::MAX));
    }
}
