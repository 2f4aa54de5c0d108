//! Opaque cursors: where a list goes on, in a form that nobody is tempted to take apart.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sync_core::id::RecordId;
use sync_core::time::UnixMillis;

use crate::error::{ServiceError, codes};
use crate::service::records::PageKey;

pub(super) fn write((captured, record): PageKey) -> String {
    URL_SAFE_NO_PAD.encode([captured.0.to_be_bytes().as_slice(), record.as_bytes()].concat())
}

pub(super) fn read(text: &str) -> Result<PageKey, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| codes::CURSOR)?;
    let (captured, record) = bytes.split_first_chunk::<8>().ok_or(codes::CURSOR)?;
    let record: [u8; 16] = record.try_into().map_err(|_| codes::CURSOR)?;
    Ok((UnixMillis(i64::from_be_bytes(*captured)), RecordId::from(record)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_others_are_refused() {
        let key = (UnixMillis(-5), RecordId::from([3; 16]));
        assert_eq!(read(&write(key)).unwrap(), key);
        for text in ["", "abc", "%%%", &write(key)[1..]] {
            assert_eq!(read(text).unwrap_err().code, codes::CURSOR, "{text}");
        }
    }
}
