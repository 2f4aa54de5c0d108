//! Challenges that a phone answers to get a token.
//!
//! The server remembers none of them: a challenge carries the time of its issue and is sealed with the server's key
//! for one device. It stays good for a week, so that a phone that comes back from the field needs one round trip for
//! its token, not two.

use hmac::Mac as _;
use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use super::keys::ServerKeys;

/// For how long a challenge may be answered.
const LIFETIME_MS: i64 = 7 * 24 * 3_600_000;

const TIME: usize = 8;
const RANDOM: usize = 8;
const SEAL: usize = 16;

/// Makes a challenge for a device.
pub fn issue(keys: &ServerKeys, device: DeviceId, now: UnixMillis, random: [u8; RANDOM]) -> Vec<u8> {
    let mut nonce = Vec::with_capacity(TIME + RANDOM + SEAL);
    nonce.extend(now.0.to_be_bytes());
    nonce.extend(random);
    let seal = keys.challenge_seal().chain_update(device.as_bytes()).chain_update(&nonce).finalize().into_bytes();
    nonce.extend(&seal[..SEAL]);
    nonce
}

/// Whether a challenge is ours, for this device, and young enough.
pub fn is_good(keys: &ServerKeys, device: DeviceId, now: UnixMillis, nonce: &[u8]) -> bool {
    let Some((issued, seal)) = nonce.split_at_checked(TIME + RANDOM) else { return false };
    let Some(time) = issued.first_chunk::<TIME>() else { return false };
    let age = now.since(UnixMillis(i64::from_be_bytes(*time)));
    // Compares in constant time.
    let expected = keys.challenge_seal().chain_update(device.as_bytes()).chain_update(issued);
    seal.len() == SEAL && expected.verify_truncated_left(seal).is_ok() && (0..LIFETIME_MS).contains(&age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_good_for_its_device_and_for_a_week() {
        let keys = ServerKeys::from_seed([3; 32]);
        let (device, other) = (DeviceId::from([1; 16]), DeviceId::from([2; 16]));
        let now = UnixMillis(1_800_000_000_000);
        let nonce = issue(&keys, device, now, [9; 8]);
        assert!(is_good(&keys, device, now, &nonce));
        assert!(is_good(&keys, device, now.plus(LIFETIME_MS - 1), &nonce));
        assert!(!is_good(&keys, device, now.plus(LIFETIME_MS), &nonce));
        assert!(!is_good(&keys, device, now.plus(-1), &nonce));
        assert!(!is_good(&keys, other, now, &nonce));
        assert!(!is_good(&ServerKeys::from_seed([4; 32]), device, now, &nonce));
        for cut in 0..nonce.len() {
            assert!(!is_good(&keys, device, now, &nonce[..cut]), "{cut}");
        }
        for at in 0..nonce.len() {
            let mut bent = nonce.clone();
            bent[at] ^= 1;
            assert!(!is_good(&keys, device, now, &bent), "{at}");
        }
    }
}
