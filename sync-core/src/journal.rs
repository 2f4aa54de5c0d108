//! The device journal: every local change appends one entry, chained by SHA-256, and each push signs the head.
//!
//! One mechanism gives proof of storage, tamper evidence, time anchors, idempotent retry and the detection of
//! cloned phones (ARCHITECTURE, section 3).

use ed25519_dalek::{Signer, SigningKey, Verifier, VerifyingKey};
use minicbor::{Decode, Encode};
use rand_core::Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::id::{ChangeHash, DeviceId, Link, PublicKey, RecordId, Signature};
use crate::time::{ClockReading, UnixMillis};

/// One line of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Position, from 1 without gaps.
    pub n: u64,
    /// The record that was changed.
    pub record: RecordId,
    /// The change.
    pub change: ChangeHash,
    /// What the clocks said.
    pub clock: ClockReading,
}

/// Where a journal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(array)]
pub struct Head {
    /// The last position; 0 for an empty journal.
    #[n(0)]
    pub n: u64,
    /// The link of that entry.
    #[n(1)]
    pub link: Link,
}

impl Head {
    /// The head of an empty journal.
    pub const EMPTY: Self = Self { n: 0, link: Link::GENESIS };

    /// The entry that would come next, and the head after it.
    pub fn append(self, record: RecordId, change: ChangeHash, clock: ClockReading) -> (Entry, Self) {
        let entry = Entry { n: self.n + 1, record, change, clock };
        (entry, self.after(&entry))
    }

    /// The head after `entry`, whatever position it claims; callers check that it is the next one.
    pub fn after(self, entry: &Entry) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"daybook/journal/1");
        hasher.update(self.link.0);
        hasher.update(entry.n.to_be_bytes());
        hasher.update(entry.record.as_bytes());
        hasher.update(entry.change.0);
        hasher.update(entry.clock.wall.0.to_be_bytes());
        hasher.update(entry.clock.mono_ms.to_be_bytes());
        hasher.update(entry.clock.boot.0.to_be_bytes());
        Self { n: entry.n, link: Link(hasher.finalize().into()) }
    }

    fn signed_bytes(&self, device: DeviceId) -> Vec<u8> {
        [b"daybook/head/1".as_slice(), device.as_bytes(), &self.n.to_be_bytes(), &self.link.0].concat()
    }

    /// Whether `signature` is the device's over this head.
    pub fn is_signed_by(&self, device: DeviceId, key: &PublicKey, signature: &Signature) -> bool {
        verify(key, &self.signed_bytes(device), signature)
    }
}

/// A private signing key: a device's or a server's.
#[derive(Clone)]
pub struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key(public {})", self.public())
    }
}

impl Key {
    /// A new key.
    pub fn generate(rng: &mut dyn Rng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Self::from_seed(seed)
    }

    /// The key that grows from a stored seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The secret to store.
    pub fn seed(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// What others check signatures with.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a journal's head.
    pub fn sign_head(&self, device: DeviceId, head: &Head) -> Signature {
        Signature(self.0.sign(&head.signed_bytes(device)).to_bytes())
    }

    /// Signs the answer to a token challenge.
    pub fn sign_challenge(&self, device: DeviceId, nonce: &[u8]) -> Signature {
        Signature(self.0.sign(&challenge_bytes(device, nonce)).to_bytes())
    }

    /// Proves to hold this key when redeeming an enrolment code.
    pub fn sign_enrolment(&self, code: &str) -> Signature {
        Signature(self.0.sign(&enrolment_bytes(code)).to_bytes())
    }

    /// Proves to hold this key when taking it as the new identity of `device`.
    pub fn sign_reidentification(&self, device: DeviceId) -> Signature {
        Signature(self.0.sign(&reidentification_bytes(device)).to_bytes())
    }

    /// Signs the statement of an office's day.
    pub fn sign_statement(&self, body: &[u8]) -> Signature {
        Signature(self.0.sign(&statement_bytes(body)).to_bytes())
    }

    /// Issues a receipt.
    pub fn sign_receipt(&self, device: DeviceId, head: Head, server_time: UnixMillis, epoch: u32, seq: u64) -> Receipt {
        let unsigned = Receipt { device, head, server_time, epoch, seq, signature: Signature([0; 64]) };
        let signature = Signature(self.0.sign(&unsigned.signed_bytes()).to_bytes());
        Receipt { signature, ..unsigned }
    }
}

fn challenge_bytes(device: DeviceId, nonce: &[u8]) -> Vec<u8> {
    [b"daybook/token/1".as_slice(), device.as_bytes(), nonce].concat()
}

/// Whether `signature` answers a token challenge.
pub fn verify_challenge(key: &PublicKey, device: DeviceId, nonce: &[u8], signature: &Signature) -> bool {
    verify(key, &challenge_bytes(device, nonce), signature)
}

fn reidentification_bytes(device: DeviceId) -> Vec<u8> {
    [b"daybook/reidentify/1".as_slice(), device.as_bytes()].concat()
}

/// Whether `signature` proves that the holder of `key` takes it as the new identity of `device`.
pub fn verify_reidentification(key: &PublicKey, device: DeviceId, signature: &Signature) -> bool {
    verify(key, &reidentification_bytes(device), signature)
}

fn statement_bytes(body: &[u8]) -> Vec<u8> {
    [b"daybook/statement/1".as_slice(), body].concat()
}

/// Whether the server with this key signed the statement of an office's day.
pub fn verify_statement(key: &PublicKey, body: &[u8], signature: &Signature) -> bool {
    verify(key, &statement_bytes(body), signature)
}

fn enrolment_bytes(code: &str) -> Vec<u8> {
    [b"daybook/enrol/1".as_slice(), code.as_bytes()].concat()
}

/// Whether `signature` proves that the holder of `key` redeems `code`.
pub fn verify_enrolment(key: &PublicKey, code: &str, signature: &Signature) -> bool {
    verify(key, &enrolment_bytes(code), signature)
}

fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    VerifyingKey::from_bytes(&key.0)
        .and_then(|key| key.verify(message, &ed25519_dalek::Signature::from_bytes(&signature.0)))
        .is_ok()
}

/// The server's signed word that it holds a journal up to a head. A promoter can show it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(array)]
pub struct Receipt {
    /// Whose journal.
    #[n(0)]
    pub device: DeviceId,
    /// Up to where.
    #[n(1)]
    pub head: Head,
    /// When, by the server's clock.
    #[n(2)]
    pub server_time: UnixMillis,
    /// Which life of the server's database; a restored backup begins a new one.
    #[n(3)]
    pub epoch: u32,
    /// How far the organisation's feed had come.
    #[n(4)]
    pub seq: u64,
    /// Over all of the above.
    #[n(5)]
    pub signature: Signature,
}

impl Receipt {
    fn signed_bytes(&self) -> Vec<u8> {
        [
            b"daybook/receipt/1".as_slice(),
            self.device.as_bytes(),
            &self.head.n.to_be_bytes(),
            &self.head.link.0,
            &self.server_time.0.to_be_bytes(),
            &self.epoch.to_be_bytes(),
            &self.seq.to_be_bytes(),
        ]
        .concat()
    }

    /// Whether the server with this key issued it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        verify(key, &self.signed_bytes(), &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rng;
    use crate::time::BootId;

    fn clock(wall: i64) -> ClockReading {
        ClockReading { wall: UnixMillis(wall), mono_ms: 5, boot: BootId(9) }
    }

    #[test]
    fn any_change_to_the_past_changes_the_head() {
        let record = RecordId::new(UnixMillis(1), &mut rng(1));
        let (first, one) = Head::EMPTY.append(record, ChangeHash([1; 32]), clock(10));
        let (_, two) = one.append(record, ChangeHash([2; 32]), clock(20));
        let backdated = Entry { clock: clock(9), ..first };
        let (_, other) = Head::EMPTY.after(&backdated).append(record, ChangeHash([2; 32]), clock(20));
        assert_eq!(two.n, 2);
        assert_ne!(two.link, other.link);
    }

    #[test]
    fn signatures_bind_the_device_and_the_head() {
        let mut rng = rng(2);
        let key = Key::generate(&mut rng);
        let device = DeviceId::new(UnixMillis(1), &mut rng);
        let head = Head { n: 3, link: Link([7; 32]) };
        let signature = key.sign_head(device, &head);
        assert!(head.is_signed_by(device, &key.public(), &signature));
        assert!(!Head { n: 4, ..head }.is_signed_by(device, &key.public(), &signature));
        assert!(!head.is_signed_by(DeviceId::new(UnixMillis(2), &mut rng), &key.public(), &signature));
        assert!(!head.is_signed_by(device, &Key::generate(&mut rng).public(), &signature));
        assert!(!head.is_signed_by(device, &PublicKey([0xff; 32]), &signature));
    }

    #[test]
    fn a_receipt_can_be_checked_and_not_altered() {
        let mut rng = rng(3);
        let key = Key::from_seed(Key::generate(&mut rng).seed());
        let device = DeviceId::new(UnixMillis(1), &mut rng);
        let receipt = key.sign_receipt(device, Head::EMPTY, UnixMillis(5), 1, 8);
        assert!(receipt.is_signed_by(&key.public()));
        assert!(!Receipt { seq: 9, ..receipt }.is_signed_by(&key.public()));
    }
}
