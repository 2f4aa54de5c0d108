//! The messages between phones and the server (ARCHITECTURE, section 4). docs/PROTOCOL.md tells the story;
//! `tests/golden/wire` pins the bytes.
//!
//! Messages are CBOR maps with small integer keys, so that either side may add fields that the other passes over.
//! Bodies above [`COMPRESS_FROM`] bytes are gzip'd.

pub mod cursor;
pub mod digest;
pub mod enrol;
pub mod exchange;
pub mod photo;
pub mod problem;
pub mod segment;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use minicbor::{Decode, Encode};

/// The media type of every message. An answer of any other type is not from us: captive portals say 200 too.
pub const MEDIA_TYPE: &str = "application/vnd.daybook.sync-v1+cbor";
/// Smaller bodies are sent as they are: gzip's own frame would cost more than it saves.
pub const COMPRESS_FROM: usize = 400;

/// Bytes that are not the message that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not valid CBOR of this message.
    #[error("not a message of this version: {0}")]
    Malformed(String),
    /// Not valid gzip.
    #[error("the compressed body is damaged or cut off")]
    Compression,
    /// The body grows beyond what the reader allows.
    #[error("the body unpacks to more than {limit} bytes")]
    TooLarge {
        /// How many bytes are allowed.
        limit: usize,
    },
}

/// Whether and how a body is compressed: the value of `content-encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// gzip (RFC 1952).
    Gzip,
}

/// A body ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// How it is compressed.
    pub encoding: Encoding,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Encodes a message and compresses it if that pays.
pub fn encode<T: Encode<()>>(message: &T) -> Body {
    // Encoding into a Vec can't fail: its error type has no values.
    let plain = minicbor::to_vec(message).unwrap_or_default();
    if plain.len() < COMPRESS_FROM {
        return Body { encoding: Encoding::Identity, bytes: plain };
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::default());
    let compressed = encoder.write_all(&plain).and_then(|()| encoder.finish());
    match compressed {
        Ok(bytes) if bytes.len() < plain.len() => Body { encoding: Encoding::Gzip, bytes },
        _ => Body { encoding: Encoding::Identity, bytes: plain },
    }
}

/// Unpacks a body and decodes the message in it; never holds more than `limit` unpacked bytes.
///
/// # Errors
/// When the body is damaged, too large, or not this message.
pub fn decode<T: for<'b> Decode<'b, ()>>(bytes: &[u8], encoding: Encoding, limit: usize) -> Result<T, WireError> {
    let unpacked;
    let plain = match encoding {
        Encoding::Identity => bytes,
        Encoding::Gzip => {
            unpacked = inflate(bytes, limit)?;
            &unpacked
        }
    };
    if plain.len() > limit {
        return Err(WireError::TooLarge { limit });
    }
    let mut decoder = minicbor::Decoder::new(plain);
    let message = decoder.decode().map_err(|error| WireError::Malformed(error.to_string()))?;
    if decoder.position() == plain.len() {
        Ok(message)
    } else {
        Err(WireError::Malformed("bytes after the message".to_owned()))
    }
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, WireError> {
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit));
    let mut reader = GzDecoder::new(bytes).take((limit as u64).saturating_add(1));
    reader.read_to_end(&mut plain).map_err(|_| WireError::Compression)?;
    if plain.len() > limit { Err(WireError::TooLarge { limit }) } else { Ok(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_are_compressed_and_read_back() {
        let message = "a promoter's day ".repeat(100);
        let body = encode(&message);
        assert_eq!(body.encoding, Encoding::Gzip);
        assert_eq!(decode::<String>(&body.bytes, body.encoding, 10_000), Ok(message));
        assert_eq!(encode(&"short").encoding, Encoding::Identity);
    }

    #[test]
    fn bombs_cuts_and_tails_are_refused() {
        let body = encode(&"x".repeat(100_000));
        assert_eq!(decode::<String>(&body.bytes, body.encoding, 1_000), Err(WireError::TooLarge { limit: 1_000 }));
        let cut = &body.bytes[..body.bytes.len() / 2];
        assert_eq!(decode::<String>(cut, body.encoding, 1_000_000), Err(WireError::Compression));
        let mut tail = minicbor::to_vec("x").unwrap();
        tail.push(0);
        assert!(matches!(decode::<String>(&tail, Encoding::Identity, 10), Err(WireError::Malformed(_))));
    }
}
