//! Reading SQLCipher's pages without SQLCipher, which gives up a whole file when one page in the wrong place is damaged.
//!
//! The format is that of SQLCipher 4 with its defaults: AES-256-CBC under the raw key; at the end of each page a random
//! initialisation vector and an HMAC-SHA512 over ciphertext, vector and page number; the HMAC's key is derived from the
//! raw key and the salt with every bit pattern `3a` flipped, by PBKDF2 with two rounds.

use aes::Aes256;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::NoPadding};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;

use super::pages::PAGE;
use crate::sqlite::StoreKey;

/// What SQLCipher keeps at the end of each page: the vector and the HMAC.
pub(super) const RESERVED: usize = IV + TAG;
const IV: usize = 16;
const TAG: usize = 64;
/// In the place of the first page's first bytes stands the salt.
const SALT: usize = 16;
/// What those bytes are in every SQLite file.
const MAGIC: &[u8; SALT] = b"SQLite format 3\0";

/// Opens single pages.
#[derive(Clone)]
pub(super) struct PageCipher {
    key: [u8; 32],
    authentication: [u8; 32],
}

impl PageCipher {
    pub(super) fn new(key: &StoreKey) -> Self {
        let salt = key.salt().map(|byte| byte ^ 0x3a);
        let first = tag(key.bytes(), &[&salt, &1_u32.to_be_bytes()]);
        let second = tag(key.bytes(), &[&first]);
        let mut authentication = [0; 32];
        authentication.iter_mut().zip(first.iter().zip(&second)).for_each(|(byte, (a, b))| *byte = a ^ b);
        Self { key: *key.bytes(), authentication }
    }

    /// The page in the clear, without what is reserved at its end; `None` if a single bit of it is not as it was written.
    pub(super) fn open(&self, number: u32, sealed: &[u8; PAGE]) -> Option<Vec<u8>> {
        let begin = if number == 1 { SALT } else { 0 };
        let (body, end) = sealed.split_at(PAGE - RESERVED);
        let (vector, expected) = end.split_at(IV);
        if tag(&self.authentication, &[&body[begin..], vector, &number.to_le_bytes()]) != *expected {
            return None;
        }
        let mut page = body.to_vec();
        let decryptor = cbc::Decryptor::<Aes256>::new_from_slices(&self.key, vector).ok()?;
        decryptor.decrypt_padded::<NoPadding>(&mut page[begin..]).ok()?;
        page[..begin].copy_from_slice(&MAGIC[..begin]);
        Some(page)
    }
}

fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; TAG] {
    // A key of any length is fine for HMAC.
    let Ok(mut hmac) = Hmac::<Sha512>::new_from_slice(key) else { return [0; TAG] };
    parts.iter().for_each(|part| hmac.update(part));
    hmac.finalize().into_bytes().into()
}
