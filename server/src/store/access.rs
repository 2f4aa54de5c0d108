//! With what staff sign in, and where they are signed in.

use async_trait::async_trait;
use sync_core::id::PersonId;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::StoreError;

/// A staff member's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    /// What it is called in lists; opens nothing.
    pub id: Uuid,
    /// Whose.
    pub person: PersonId,
    /// Since when.
    pub created_at: UnixMillis,
    /// Until when.
    pub expires_at: UnixMillis,
    /// When it was last used, to the minute.
    pub last_seen_at: UnixMillis,
    /// From which kind of network: `ipv4`, `ipv6` or `unknown`.
    pub network: String,
    /// With which browser on which system, in a few words.
    pub client: String,
}

/// The secret with which somebody's app makes codes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// What app and server know.
    pub secret: Vec<u8>,
    /// Since when codes are asked for; `None` until a first one has come.
    pub confirmed_at: Option<UnixMillis>,
    /// How many recovery codes are left.
    pub codes_left: u32,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecondFactor(confirmed {:?}, {} codes)", self.confirmed_at, self.codes_left)
    }
}

/// Passwords, second factors and sessions of staff.
#[async_trait]
pub trait AccessStore: Send + Sync {
    /// The hash of somebody's password, if they have one.
    async fn password_hash(&self, person: PersonId) -> Result<Option<String>, StoreError>;
    /// Gives somebody another password and ends all of their sessions but this one, if one is named, all or nothing.
    async fn change_password(&self, person: PersonId, hash: &str, keep: Option<&[u8; 32]>) -> Result<(), StoreError>;

    /// Somebody's sessions that have not run out, the last used first.
    async fn sessions(&self, person: PersonId, now: UnixMillis) -> Result<Vec<Session>, StoreError>;
    /// Notes that a session was used.
    async fn touch_session(&self, token_hash: &[u8; 32], at: UnixMillis) -> Result<(), StoreError>;
    /// Ends one of somebody's sessions. [`StoreError::NotFound`] if it is none of theirs.
    async fn end_one_session(&self, person: PersonId, id: Uuid) -> Result<(), StoreError>;
    /// Ends all of somebody's sessions; how many there were.
    async fn end_sessions(&self, person: PersonId) -> Result<u64, StoreError>;

    /// Somebody's second factor, confirmed or not.
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>, StoreError>;
    /// Begins with a secret; one that was never confirmed is replaced. [`StoreError::Conflict`] if one is confirmed.
    async fn begin_second_factor(&self, person: PersonId, secret: &[u8], at: UnixMillis) -> Result<(), StoreError>;
    /// Asks for codes from now on; the code of `step` is used with it. [`StoreError::Conflict`] unless this very secret
    /// waits for its confirmation.
    async fn confirm_second_factor(
        &self,
        person: PersonId,
        secret: &[u8],
        step: u64,
        codes: &[[u8; 32]],
        at: UnixMillis,
    ) -> Result<(), StoreError>;
    /// Uses the code of a step up; `false` if it, or one of a later step, was used before.
    async fn use_step(&self, person: PersonId, step: u64) -> Result<bool, StoreError>;
    /// Uses a recovery code up; `false` if there is none, or it was used before.
    async fn use_recovery_code(&self, person: PersonId, code: &[u8; 32], at: UnixMillis) -> Result<bool, StoreError>;
    /// Asks for no codes any more; whether any were asked for.
    async fn end_second_factor(&self, person: PersonId) -> Result<bool, StoreError>;
}
