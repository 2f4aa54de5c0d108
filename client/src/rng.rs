//! Randomness from the operating system.

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The system's source of randomness. [`check`] has to have succeeded once: a source that has worked does not
/// stop working, so from then on it is treated as one that can't fail.
pub(crate) fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Whether the system has randomness to give.
pub(crate) fn check() -> Result<(), getrandom::Error> {
    getrandom::u64().map(drop)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng as _;

    #[test]
    fn the_system_gives_other_numbers_each_time() {
        super::check().unwrap();
        let mut rng = super::system();
        assert_ne!(rng.next_u64(), rng.next_u64());
    }
}
