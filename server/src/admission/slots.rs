//! When phones shall come, so that they don't come together.
//!
//! Each device has a slot of its own, given by its identifier. Phones that were switched on at the same minute, or were
//! all refused in the same second, are spread over the whole time from which their slots are taken.

use std::time::Duration;

use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

/// Where in a stretch of time a device has its slot: from 0 up to the length of the stretch.
fn slot(device: DeviceId, length: u64) -> u64 {
    let bytes = device.as_bytes();
    let halves = [&bytes[..8], &bytes[8..]].map(|half| half.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte)));
    // Identifiers begin with the time, so neighbours differ in few bits: mixed as in splitmix64.
    let mut mixed = halves[0] ^ halves[1].wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % length.max(1)
}

/// How long until the device's slot comes round in a cycle of `interval` milliseconds: between half and one and a half
/// of it. Devices keep their slots, so an evening that was spread stays spread.
pub(super) fn next_slot_ms(device: DeviceId, interval: u64, now: UnixMillis) -> u64 {
    let interval = interval.max(2);
    let earliest = now.0.unsigned_abs() + interval / 2;
    let until = (slot(device, interval) + interval - earliest % interval) % interval;
    interval / 2 + until
}

/// When to come back after a refusal: some seconds, and the device's slot within `spread`.
pub(super) fn retry_after(device: DeviceId, spread: Duration) -> Duration {
    let millis = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
    Duration::from_secs(5) + Duration::from_millis(slot(device, millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const QUARTER: u64 = 900_000;

    /// Devices as they are enrolled on one morning.
    fn devices() -> impl Iterator<Item = DeviceId> {
        (0..1_000u64).map(|n| {
            let mut bytes = [7; 16];
            bytes[4..12].copy_from_slice(&n.to_be_bytes());
            DeviceId::from(bytes)
        })
    }

    #[test]
    fn phones_that_come_together_are_spread_evenly_and_stay_so() {
        let mut minutes = [0; 15];
        for device in devices() {
            let wait = next_slot_ms(device, QUARTER, NOW);
            assert!((QUARTER / 2..QUARTER * 3 / 2).contains(&wait), "{wait}");
            minutes[(wait / 60_000) as usize % 15] += 1;
            let then = NOW.plus(wait.cast_signed());
            assert_eq!(next_slot_ms(device, QUARTER, then), QUARTER, "the next time in the same slot");
        }
        assert!(minutes.iter().all(|count| (30..110).contains(count)), "{minutes:?}");
    }

    #[test]
    fn refused_phones_come_back_one_after_the_other() {
        let spread = Duration::from_secs(60);
        let mut seconds = [0; 65];
        for device in devices() {
            let wait = retry_after(device, spread);
            seconds[wait.as_secs() as usize] += 1;
            assert_eq!(wait, retry_after(device, spread));
        }
        assert!(seconds[5..].iter().all(|count| (2..45).contains(count)), "{seconds:?}");
    }
}
