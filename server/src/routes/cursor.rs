//! Opaque cursors: where a list goes on, in a form that nobody is tempted to take apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sync_core::id::{PhotoHash, RecordId};
use sync_core::time::UnixMillis;

use crate::auth::envelope;
use crate::error::{ServiceError, codes};
use crate::photo::album::PhotoKey;
use crate::service::records::PageKey;
use crate::state::App;
use crate::store::Person;

pub(super) fn write(key: PageKey) -> String {
    URL_SAFE_NO_PAD.encode(key_bytes(key))
}

pub(super) fn read(text: &str) -> Result<PageKey, ServiceError> {
    key(&decoded(text)?)
}

/// A list of photos goes on where looking for them ended, which may be at one that its reader does not see.
pub(super) fn write_photo(app: &App, who: &Person, (stored_at, hash): PhotoKey) -> Result<String, ServiceError> {
    let content = [stored_at.0.to_be_bytes().as_slice(), &hash.0].concat();
    let closed = envelope::close(&app.keys, who.id, app.dice.bytes(), &content).map_err(ServiceError::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(closed))
}

pub(super) fn read_photo(app: &App, who: &Person, text: &str) -> Result<PhotoKey, ServiceError> {
    let content = envelope::open(&app.keys, who.id, &decoded(text)?).ok_or(codes::CURSOR)?;
    let (stored_at, hash) = parts(&content)?;
    Ok((stored_at, PhotoHash(hash)))
}

fn key_bytes((captured, record): PageKey) -> Vec<u8> {
    [captured.0.to_be_bytes().as_slice(), record.as_bytes()].concat()
}

fn key(bytes: &[u8]) -> Result<PageKey, ServiceError> {
    let (captured, record): (_, [u8; 16]) = parts(bytes)?;
    Ok((captured, RecordId::from(record)))
}

fn decoded(text: &str) -> Result<Vec<u8>, ServiceError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| codes::CURSOR.into())
}

fn parts<const N: usize>(bytes: &[u8]) -> Result<(UnixMillis, [u8; N]), ServiceError> {
    let (at, what) = bytes.split_first_chunk::<8>().ok_or(codes::CURSOR)?;
    Ok((UnixMillis(i64::from_be_bytes(*at)), what.try_into().map_err(|_| codes::CURSOR)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        let last = (UnixMillis(-5), RecordId::from([3; 16]));
        assert_eq!(read(&write(last)).unwrap(), last);
        for text in ["", "abc", "%%%", &write(last)[1..]] {
            assert_eq!(read(text).unwrap_err().code, codes::CURSOR, "{text}");
        }
    }
}
