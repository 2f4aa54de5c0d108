//! How long to wait after a failure: doubling from five seconds to a quarter of an hour, with jitter so that a
//! street full of phones does not come back at the same moment.

use rand_core::Rng;

const FIRST_MS: u64 = 5_000;
const LONGEST_MS: u64 = 15 * 60 * 1_000;

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, between half and all of the present step.
    pub(super) fn next(&mut self, rng: &mut dyn Rng) -> u64 {
        let step = FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_MS);
        self.failures += 1;
        step / 2 + rng.next_u64() % (step / 2 + 1)
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Spreads a time that the server gave by a tenth, so that equal answers don't make equal phones.
pub(super) fn jitter(millis: u64, rng: &mut dyn Rng) -> u64 {
    let tenth = millis / 10;
    millis.saturating_add(rng.next_u64() % (tenth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_quarter_of_an_hour() {
        let mut rng = crate::testing::rng(1);
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..40).map(|_| backoff.next(&mut rng)).collect();
        assert!((2_500..=5_000).contains(&waits[0]));
        assert!(waits.iter().all(|wait| *wait <= LONGEST_MS));
        assert!(waits[39] >= LONGEST_MS / 2);
        backoff.reset();
        assert!(backoff.next(&mut rng) <= FIRST_MS);
    }
}
