//! Shared by the unit tests.

use rand::SeedableRng;

/// A seeded source of randomness.
pub(crate) fn rng(seed: u64) -> rand_chacha::ChaCha8Rng {
    rand_chacha::ChaCha8Rng::seed_from_u64(seed)
}
