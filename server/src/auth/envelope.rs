//! Envelopes: what the server hands out and reads again when it comes back, and what nobody reads in between.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::error::Unspecified;
use sync_core::id::PersonId;

use super::keys::ServerKeys;

/// Closes an envelope that one person may bring back. Never the same `random` for two.
///
/// # Errors
/// None for less than gigabytes.
pub fn close(
    keys: &ServerKeys,
    person: PersonId,
    random: [u8; NONCE_LEN],
    content: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let mut closed = content.to_vec();
    let nonce = Nonce::assume_unique_for_key(random);
    key(keys)?.seal_in_place_append_tag(nonce, Aad::from(person.as_bytes()), &mut closed)?;
    closed.extend(random);
    Ok(closed)
}

/// What is in an envelope; `None` unless it is ours, whole, and this person's.
pub fn open(keys: &ServerKeys, person: PersonId, envelope: &[u8]) -> Option<Vec<u8>> {
    let (closed, random) = envelope.split_last_chunk::<NONCE_LEN>()?;
    let mut content = closed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*random);
    let length = key(keys).ok()?.open_in_place(nonce, Aad::from(person.as_bytes()), &mut content).ok()?.len();
    content.truncate(length);
    Some(content)
}

fn key(keys: &ServerKeys) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&CHACHA20_POLY1305, keys.envelope()).map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_opened_by_us_for_its_person_and_says_nothing_otherwise() {
        let keys = ServerKeys::from_seed([3; 32]);
        let (person, other) = (PersonId::from([1; 16]), PersonId::from([2; 16]));
        let content = b"a time and a name";
        let envelope = close(&keys, person, [9; NONCE_LEN], content).unwrap();
        assert_eq!(open(&keys, person, &envelope).as_deref(), Some(content.as_slice()));
        assert!(!envelope.windows(4).any(|part| content.windows(4).any(|said| said == part)));
        assert_eq!(open(&keys, other, &envelope), None);
        assert_eq!(open(&ServerKeys::from_seed([4; 32]), person, &envelope), None);
        for cut in 0..envelope.len() {
            assert_eq!(open(&keys, person, &envelope[..cut]), None, "{cut}");
        }
        for at in 0..envelope.len() {
            let mut bent = envelope.clone();
            bent[at] ^= 1;
            assert_eq!(open(&keys, person, &bent), None, "{at}");
        }
    }
}
