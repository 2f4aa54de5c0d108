//! How often something happened in the last minute.

use std::sync::{Mutex, PoisonError};

use sync_core::time::UnixMillis;

const SLICES: usize = 6;
const SLICE_MS: i64 = 10_000;

/// Counts events of the last minute.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<[(i64, u32); SLICES]>);

impl Meter {
    /// Counts one.
    pub(super) fn count(&self, now: UnixMillis) {
        let slice = now.0.div_euclid(SLICE_MS);
        let mut slices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, count) = &mut slices[slice.rem_euclid(SLICES as i64).unsigned_abs() as usize];
        if *number != slice {
            (*number, *count) = (slice, 0);
        }
        *count = count.saturating_add(1);
    }

    /// How many there were in the last minute, give or take ten seconds.
    pub(super) fn in_the_last_minute(&self, now: UnixMillis) -> u32 {
        let slice = now.0.div_euclid(SLICE_MS);
        let slices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = slices.iter().filter(|(number, _)| (slice - number).abs() < SLICES as i64);
        recent.fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_forgotten_after_a_minute() {
        let meter = Meter::default();
        let now = UnixMillis(1_800_000_000_000);
        assert_eq!(meter.in_the_last_minute(now), 0);
        for second in 0..60 {
            meter.count(now.plus(second * 1_000));
        }
        assert_eq!(meter.in_the_last_minute(now.plus(59_000)), 60);
        assert_eq!(meter.in_the_last_minute(now.plus(80_000)), 40 - 10);
        assert_eq!(meter.in_the_last_minute(now.plus(200_000)), 0);
    }
}
