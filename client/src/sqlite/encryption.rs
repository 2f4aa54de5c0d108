//! The file at rest: SQLCipher under a random key of 32 bytes (docs/adr/0006-encryption-at-rest.md).
//!
//! Beside the store lies a small file that ends in `.keys`. It holds a salted hash of the key and so tells a wrong key,
//! with which the store has to be left alone, from a damaged store, which has to be rescued.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};

use super::StoreError;

/// The key of a store. Thirty-two random bytes; a password is none.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey([u8; 32]);

impl From<[u8; 32]> for StoreKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey")
    }
}

impl StoreKey {
    /// The key of these bytes; `None` unless there are thirty-two.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for the keystore and nothing else.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As SQLCipher takes a raw key with its salt. The salt would otherwise lie in the file's first bytes, and with
    /// them every page would be lost.
    fn literal(&self) -> String {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("x'{}{}'", hex(&self.0), hex(&self.salt()))
    }

    pub(super) fn salt(&self) -> [u8; 16] {
        let whole = Sha256::new().chain_update(b"daybook/store-salt/1").chain_update(self.0).finalize();
        let mut salt = [0; 16];
        salt.copy_from_slice(&whole[..16]);
        salt
    }

    fn fingerprint(&self, salt: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(b"daybook/store-key/1").chain_update(salt).chain_update(self.0).finalize().into()
    }
}

/// Gives the key to a fresh connection, as its very first statement.
pub(super) fn unlock(connection: &Connection, key: &StoreKey) -> Result<(), StoreError> {
    connection.pragma_update(None, "key", key.literal())?;
    // It would tell standard error about every wrong key; we return errors.
    connection.query_row("PRAGMA cipher_log_level = NONE", [], |_| Ok(())).optional()?;
    // A library without encryption takes no notice of a key, and would write everything in the clear.
    let version: Result<String, _> = connection.query_row("PRAGMA cipher_version", [], |row| row.get(0));
    version.map_err(|_| StoreError::NoEncryption)?;
    // The test decryption: nothing was written yet.
    Ok(connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?)
}

/// Encrypts the store with another key.
pub(super) fn rekey(connection: &Connection, path: &Path, next: &StoreKey) -> Result<(), StoreError> {
    // Until it is done either key is known to be right, whichever the file turns out to have.
    let mut notes = read_notes(path)?;
    notes.extend(note(next)?);
    write_notes(path, &notes)?;
    // SQLCipher writes every page anew, in one transaction: a crash leaves the old key or the new one.
    connection.pragma_update(None, "rekey", next.literal())?;
    write_notes(path, &note(next)?)
}

/// Whether one of the keys is the store's, though the store can't be read with it; `false` if nothing tells.
pub(super) fn is_known(path: &Path, keys: &[StoreKey]) -> Result<bool, StoreError> {
    let notes = read_notes(path)?;
    let known = |key: &StoreKey| {
        notes.chunks_exact(NOTE).any(|note| {
            let (salt, fingerprint) = note.split_at(SALT);
            key.fingerprint(salt) == fingerprint
        })
    };
    Ok(keys.iter().any(known))
}

/// Whether a store with any key was ever opened here.
pub(super) fn any_known(path: &Path) -> Result<bool, StoreError> {
    Ok(!read_notes(path)?.is_empty())
}

/// Makes sure that the key with which the store was opened is noted.
pub(super) fn note_key(path: &Path, key: &StoreKey) -> Result<(), StoreError> {
    if is_known(path, std::slice::from_ref(key))? { Ok(()) } else { write_notes(path, &note(key)?) }
}

const SALT: usize = 16;
const NOTE: usize = SALT + 32;

fn note(key: &StoreKey) -> Result<Vec<u8>, StoreError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(std::io::Error::from)?;
    Ok([salt.as_slice(), &key.fingerprint(&salt)].concat())
}

fn read_notes(path: &Path) -> Result<Vec<u8>, StoreError> {
    match std::fs::read(beside(path, ".keys")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        notes => Ok(notes?),
    }
}

fn write_notes(path: &Path, notes: &[u8]) -> Result<(), StoreError> {
    let part = beside(path, ".keys.part");
    let mut file = File::create(&part)?;
    file.write_all(notes)?;
    file.sync_all()?;
    Ok(std::fs::rename(part, beside(path, ".keys"))?)
}

/// A file beside the store.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
