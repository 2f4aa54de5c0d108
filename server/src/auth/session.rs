//! Tokens of staff sessions: random, shown to the browser once, stored as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A session's secret, as it stands in the cookie.
#[derive(Clone)]
pub struct SessionToken(String);

impl SessionToken {
    /// The token that carries these random bits.
    pub fn from_random(random: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// What a browser sent. Whether it is a session shows the store.
    pub fn from_cookie(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it: 256 random bits need no salt and no slow hash.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(…)")
    }
}
