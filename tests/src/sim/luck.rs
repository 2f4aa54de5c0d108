//! Chance that can be repeated: every stream grows from the run's seed and a word for its use, so that taking one
//! event out of a run leaves the luck of the others as it was.

use rand::{Rng, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Luck(ChaCha8Rng);

impl Luck {
    /// The stream for one use.
    pub fn of(seed: u64, purpose: u64) -> Self {
        // SplitMix64's constant keeps neighbouring seeds and purposes apart.
        Self(ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.rotate_left(32)))
    }

    /// A number below `n`; 0 if `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64().checked_rem(n).unwrap_or(0)
    }

    /// An index into something with `len` elements.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0);
        low.saturating_add_unsigned(self.below(span + 1))
    }

    /// True in so many of a thousand cases.
    pub fn in_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.index(from.len()))
    }

    /// The generator itself.
    pub fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}
