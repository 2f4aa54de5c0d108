//! Secrets that the platform keeps for an app: the key of the store, and what tells one installation from another.
//!
//! The store's key is made here, once, and never leaves the device. It is in the keystore before the store exists,
//! and during a rotation the keystore holds two, one of which opens the store whatever is cut short
//! (docs/adr/0006-encryption-at-rest.md).

use std::path::Path;

use crate::daybook::Options;
use crate::error::Error;
use crate::sqlite::{SqliteStore, StoreKey};

/// Where secrets lie: the Android Keystore, the iOS keychain. What is put there has to survive restarts of the app,
/// and must not be part of backups or travel to another phone.
pub trait SecretStore: Send + Sync {
    /// The secret of that name; `None` if there is none.
    ///
    /// # Errors
    /// When the keystore could not be asked. That is never the same as "there is none".
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError>;

    /// Keeps a secret, replacing the one of that name. It is safe when this returns.
    ///
    /// # Errors
    /// When it was not kept.
    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretError>;

    /// Forgets a secret; fine if there is none.
    ///
    /// # Errors
    /// When it may still be there.
    fn remove(&self, name: &str) -> Result<(), SecretError>;
}

/// The keystore did not do what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keystore can't be used now")]
pub struct SecretError;

/// The store's key.
const KEY: &str = "daybook.store-key";
/// The key that a rotation is about to make the store's.
const NEXT_KEY: &str = "daybook.store-key.next";
/// What tells this installation from a copy of it.
const INSTALLATION: &str = "daybook.installation";

impl Options {
    /// Encrypts the store with a key from the keystore, which is made if there is no store yet.
    pub fn with_secrets(mut self, secrets: impl SecretStore + 'static) -> Self {
        self.secrets = Some(Box::new(secrets));
        self
    }
}

/// Opens the encrypted store at `path`, with the key that the keystore holds.
pub(crate) fn open(path: &Path, secrets: &dyn SecretStore) -> Result<SqliteStore, Error> {
    let key = load(secrets, KEY)?;
    let next = load(secrets, NEXT_KEY)?;
    let keys: Vec<StoreKey> = [&key, &next].into_iter().flatten().cloned().collect();
    if keys.is_empty() {
        // Of a store that is there already the key is lost; a new one would not be it.
        if path.exists() {
            return Err(Error::KeyLost);
        }
        let key = generate()?;
        secrets.save(KEY, key.bytes())?;
        return Ok(SqliteStore::open_encrypted(path, &[key])?.0);
    }
    let (store, opened) = SqliteStore::open_encrypted(path, &keys)?;
    if next.is_some() {
        // A rotation was cut short; the store knows how far it had come.
        if key.as_ref() != Some(&opened) {
            secrets.save(KEY, opened.bytes())?;
        }
        secrets.remove(NEXT_KEY)?;
    }
    Ok(store)
}

/// Encrypts the store with a new key.
pub(crate) fn rotate(store: &SqliteStore, secrets: &dyn SecretStore) -> Result<(), Error> {
    let next = generate()?;
    secrets.save(NEXT_KEY, next.bytes())?;
    store.rekey(&next)?;
    secrets.save(KEY, next.bytes())?;
    Ok(secrets.remove(NEXT_KEY)?)
}

/// What tells this installation from a copy of it, made at the first start.
pub(crate) fn installation(secrets: &dyn SecretStore) -> Result<[u8; 32], Error> {
    if let Some(secret) = secrets.load(INSTALLATION)? {
        return secret.try_into().map_err(|_| Error::Secrets(SecretError));
    }
    let secret = random()?;
    secrets.save(INSTALLATION, &secret)?;
    Ok(secret)
}

fn load(secrets: &dyn SecretStore, name: &str) -> Result<Option<StoreKey>, Error> {
    let secret = secrets.load(name)?;
    // A secret of another length is none of ours: not a reason to write over it.
    secret.map(|secret| StoreKey::from_slice(&secret).ok_or(Error::KeyLost)).transpose()
}

fn generate() -> Result<StoreKey, Error> {
    Ok(StoreKey::from(random()?))
}

fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::Randomness)?;
    Ok(bytes)
}
