//! Opaque cursors: where a list goes on, in a form that nobody is tempted to take apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sync_core::id::{PhotoHash, RecordId};
use sync_core::time::UnixMillis;

use crate::error::{ServiceError, codes};
use crate::photo::album::PhotoKey;
use crate::service::records::PageKey;

pub(super) fn write((captured, record): PageKey) -> String {
    behind(captured, record.as_bytes())
}

pub(super) fn read(text: &str) -> Result<PageKey, ServiceError> {
    let (captured, record) = parts::<16>(text)?;
    Ok((captured, RecordId::from(record)))
}

pub(super) fn write_photo((stored_at, hash): PhotoKey) -> String {
    behind(stored_at, &hash.0)
}

pub(super) fn read_photo(text: &str) -> Result<PhotoKey, ServiceError> {
    let (stored_at, hash) = parts::<32>(text)?;
    Ok((stored_at, PhotoHash(hash)))
}

fn behind(at: UnixMillis, what: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([at.0.to_be_bytes().as_slice(), what].concat())
}

fn parts<const N: usize>(text: &str) -> Result<(UnixMillis, [u8; N]), ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| codes::CURSOR)?;
    let (at, what) = bytes.split_first_chunk::<8>().ok_or(codes::CURSOR)?;
    let what: [u8; N] = what.try_into().map_err(|_| codes::CURSOR)?;
    Ok((UnixMillis(i64::from_be_bytes(*at)), what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        let key = (UnixMillis(-5), RecordId::from([3; 16]));
        assert_eq!(read(&write(key)).unwrap(), key);
        let photo = (UnixMillis(5), PhotoHash([7; 32]));
        assert_eq!(read_photo(&write_photo(photo)).unwrap(), photo);
        assert_eq!(read(&write_photo(photo)).unwrap_err().code, codes::CURSOR);
        for text in ["", "abc", "%%%", &write(key)[1..]] {
            assert_eq!(read(text).unwrap_err().code, codes::CURSOR, "{text}");
        }
    }
}
