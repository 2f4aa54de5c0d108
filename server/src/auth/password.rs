//! Passwords of staff: argon2id, a few at a time, and never faster for a login that does not exist.

pub mod rules;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::{OnceCell, Semaphore};

use crate::clock::Dice;
use crate::error::ServiceError;
use rules::Owner;

/// Each computation takes 19 MiB and a core for some tens of milliseconds: more at once would starve the phones.
const AT_ONCE: usize = 2;

/// Hashes and compares passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Semaphore,
    /// A password that nobody knows, and its salt.
    secret: ([u8; 32], [u8; 16]),
    /// The hash of that, to be compared when a login is unknown. Made for the first of them, which takes as long as
    /// comparing.
    decoy: OnceCell<String>,
}

impl Passwords {
    /// Nothing is computed yet.
    pub fn new(dice: &Dice) -> Self {
        Self { turns: Semaphore::new(AT_ONCE), secret: (dice.bytes(), dice.bytes()), decoy: OnceCell::new() }
    }

    /// A password that a person can type once: 120 random bits.
    pub fn generate(dice: &Dice) -> String {
        URL_SAFE_NO_PAD.encode(dice.bytes::<15>())
    }

    /// The hash to store of a password that somebody wants to take.
    ///
    /// # Errors
    /// Those of [`rules::check`].
    pub async fn choose(&self, password: &str, owner: Owner<'_>, dice: &Dice) -> Result<String, ServiceError> {
        let (password, salt) = (password.to_owned(), dice.bytes());
        let (login, name) = (owner.login.map(str::to_owned), owner.name.to_owned());
        self.in_turn(move || {
            rules::check(&password, Owner { login: login.as_deref(), name: &name })?;
            hash(password.as_bytes(), &salt)
        })
        .await?
    }

    /// Whether the password fits the stored hash. With `None` it takes as long and says no.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn fits(&self, password: &str, stored: Option<String>) -> Result<bool, ServiceError> {
        let known = stored.is_some();
        let stored = match (stored, self.decoy.get()) {
            (Some(stored), _) => stored,
            (None, Some(decoy)) => decoy.clone(),
            (None, None) => {
                let (secret, salt) = self.secret;
                let make = || self.in_turn(move || hash(&secret, &salt));
                self.decoy.get_or_try_init(async || make().await?).await?;
                return Ok(false);
            }
        };
        let password = password.to_owned();
        let fits =
            self.in_turn(move || Argon2::default().verify_password(password.as_bytes(), stored.as_str()).is_ok());
        Ok(fits.await? && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
        let _turn = self.turns.acquire().await.map_err(ServiceError::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<String, ServiceError> {
    // The library's defaults are OWASP's: argon2id, 19 MiB, two passes, one lane.
    let hashed = Argon2::default().hash_password_with_salt(password, salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| ServiceError::internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let dice = Dice::system();
        let passwords = Passwords::new(&dice);
        let owner = Owner { login: Some("li"), name: "李静" };
        let stored = passwords.choose("correct horse battery", owner, &dice).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.fits("correct horse battery", Some(stored.clone())).await.unwrap());
        assert!(!passwords.fits("correct horse", Some(stored)).await.unwrap());
        for _ in 0..2 {
            assert!(!passwords.fits("correct horse battery", None).await.unwrap());
        }
        assert!(passwords.choose("short", owner, &dice).await.is_err());
    }
}
