//! The server's keys. All of them grow from one stored seed.

use hmac::{Hmac, KeyInit as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256, Sha512};
use sync_core::id::PublicKey;
use sync_core::journal::Key;

/// The fixed beginning of an Ed25519 private key in PKCS #8 (RFC 8410); the seed follows.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// What the server signs and seals with.
pub struct ServerKeys {
    /// Signs receipts.
    pub signing: Key,
    pub(super) token_signing: EncodingKey,
    pub(super) token_checking: DecodingKey,
    challenge: Hmac<Sha256>,
    envelope: [u8; 32],
}

impl ServerKeys {
    /// The keys that grow from the stored seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let signing = Key::from_seed(seed);
        let secret = Sha512::new().chain_update(b"daybook/challenge-key/1").chain_update(seed).finalize();
        let envelope = Sha256::new().chain_update(b"daybook/envelope-key/1").chain_update(seed).finalize();
        Self {
            token_signing: EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat()),
            token_checking: DecodingKey::from_ed_der(&signing.public().0),
            challenge: Hmac::new(&secret),
            envelope: envelope.into(),
            signing,
        }
    }

    /// With what phones check receipts.
    pub fn public(&self) -> PublicKey {
        self.signing.public()
    }

    /// A fresh computation of the seal of a challenge.
    pub(super) fn challenge_seal(&self) -> Hmac<Sha256> {
        self.challenge.clone()
    }

    /// What closes and opens envelopes.
    pub(super) fn envelope(&self) -> &[u8; 32] {
        &self.envelope
    }
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerKeys(public {})", self.public())
    }
}
