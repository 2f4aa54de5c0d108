//! The time before which the engine does not go to the server by itself: after a failure, or because the server said
//! so.
//!
//! It is measured by the clock that nobody can set. Only after a restart of the phone, when that clock began anew, the
//! wall clock has to do; one that was set back by more than the wait itself is not believed. It is kept with the progress of
//! the exchange, so that starting the app again does not shorten it.

use minicbor::{Decode, Encode};

use crate::time::{ClockReading, UnixMillis};

/// However long a server, or something that answers in its place, wants to be left alone: once a day is asked.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

/// A time before which nothing is to happen by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HoldOff {
    #[n(0)]
    begun: ClockReading,
    #[n(1)]
    wait_ms: u64,
}

impl HoldOff {
    /// For so many milliseconds from now.
    pub fn from(now: ClockReading, wait_ms: u64) -> Self {
        Self { begun: now, wait_ms: wait_ms.min(LONGEST_MS) }
    }

    /// How much of it is left, in milliseconds.
    pub(super) fn left_ms(&self, now: ClockReading) -> u64 {
        let Self { begun, wait_ms } = *self;
        let passed = if now.boot == begun.boot {
            now.mono_ms.saturating_sub(begun.mono_ms)
        } else {
            let passed = now.wall.since(begun.wall);
            // Before it began: the clock was set, and nobody knows how much has passed.
            u64::try_from(passed).unwrap_or(wait_ms)
        };
        wait_ms.saturating_sub(passed)
    }

    /// When it ends, by the wall clock as it is set now.
    pub(super) fn ends_at(&self, now: ClockReading) -> UnixMillis {
        now.wall.plus(self.left_ms(now).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BootId;

    fn at(wall_s: i64, mono_s: u64, boot: u64) -> ClockReading {
        ClockReading {
            wall: UnixMillis(1_760_000_000_000 + wall_s * 1_000),
            mono_ms: mono_s * 1_000,
            boot: BootId(boot),
        }
    }

    #[test]
    fn a_clock_that_is_set_neither_ends_nor_prolongs_it() {
        let hold_off = HoldOff::from(at(0, 100, 1), 60_000);
        assert_eq!(hold_off.left_ms(at(30, 130, 1)), 30_000);
        assert_eq!(hold_off.left_ms(at(9_000_000, 130, 1)), 30_000, "set forward");
        assert_eq!(hold_off.left_ms(at(-18_000, 130, 1)), 30_000, "set back by five hours");
        assert_eq!(hold_off.ends_at(at(-18_000, 130, 1)), at(-17_970, 0, 1).wall);
        assert_eq!(hold_off.left_ms(at(60, 160, 1)), 0);
    }

    #[test]
    fn after_a_restart_the_wall_clock_counts_if_it_makes_sense() {
        let hold_off = HoldOff::from(at(0, 100, 1), 60_000);
        assert_eq!(hold_off.left_ms(at(20, 1, 2)), 40_000);
        assert_eq!(hold_off.left_ms(at(100, 1, 2)), 0);
        assert_eq!(hold_off.left_ms(at(-18_000, 1, 2)), 0, "before it began");
    }

    #[test]
    fn nothing_is_put_off_for_more_than_a_day() {
        let hold_off = HoldOff::from(at(0, 0, 1), u64::MAX);
        assert_eq!(hold_off.left_ms(at(0, 0, 1)), LONGEST_MS);
    }
}
