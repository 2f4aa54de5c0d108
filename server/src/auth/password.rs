//! Passwords of staff: argon2id, a few at a time, and never faster for a login that does not exist.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Semaphore;

use crate::clock::Dice;
use crate::error::{ServiceError, codes};

/// Each computation takes 19 MiB and a core for some tens of milliseconds: more at once would starve the phones.
const AT_ONCE: usize = 2;

/// Hashes and compares passwords.
#[derive(Debug)]
pub struct Passwords {
    turns: Semaphore,
    /// The hash of a password that nobody knows, to be compared when a login is unknown.
    decoy: String,
}

impl Passwords {
    /// Prepares the comparison for unknown logins.
    ///
    /// # Errors
    /// A fault of ours: argon2 refuses its own parameters.
    pub fn new(dice: &Dice) -> Result<Self, ServiceError> {
        let decoy = hash(&dice.bytes::<32>(), &dice.bytes())?;
        Ok(Self { turns: Semaphore::new(AT_ONCE), decoy })
    }

    /// A password that a person can type once: 120 random bits.
    pub fn generate(dice: &Dice) -> String {
        URL_SAFE_NO_PAD.encode(dice.bytes::<15>())
    }

    /// The hash to store.
    ///
    /// # Errors
    /// [`codes::PASSWORD`] if the password is too short or absurdly long.
    pub async fn hash(&self, password: &str, dice: &Dice) -> Result<String, ServiceError> {
        if !(12..=256).contains(&password.len()) {
            return Err(codes::PASSWORD.into());
        }
        let (password, salt) = (password.to_owned(), dice.bytes());
        self.in_turn(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether the password fits the stored hash. With `None` it takes as long and says no.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn fits(&self, password: &str, stored: Option<String>) -> Result<bool, ServiceError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
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
        let passwords = Passwords::new(&dice).unwrap();
        let stored = passwords.hash("correct horse battery", &dice).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.fits("correct horse battery", Some(stored.clone())).await.unwrap());
        assert!(!passwords.fits("correct horse", Some(stored)).await.unwrap());
        assert!(!passwords.fits("correct horse battery", None).await.unwrap());
        assert!(passwords.hash("short", &dice).await.is_err());
    }
}
