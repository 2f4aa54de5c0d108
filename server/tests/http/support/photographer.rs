//! Photos on a phone, and its way to bring them: the tus protocol by hand, step by step.

use std::io::Cursor;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};
use sync_core::id::{PhotoHash, RecordId};

use super::{Answer, Phone, TestApp};

/// A photo that nobody has taken: another one for each number.
pub(crate) fn jpeg(number: u8) -> Vec<u8> {
    let picture = RgbImage::from_fn(480, 320, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, number]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

pub(crate) fn hash_of(bytes: &[u8]) -> PhotoHash {
    PhotoHash(Sha256::digest(bytes).into())
}

/// A request of the protocol, being put together.
pub(crate) struct Tus {
    request: axum::http::request::Builder,
}

impl Tus {
    pub(crate) fn new(method: Method, path: &str, token: &str) -> Self {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("tus-resumable", "1.0.0").header("authorization", format!("Bearer {token}"));
        Self { request }
    }

    pub(crate) fn begin(token: &str, hash: PhotoHash, length: usize, record: RecordId) -> Self {
        let code = |text: String| BASE64_STANDARD.encode(text);
        let metadata = format!("sha256 {},record {}", code(hash.to_string()), code(record.to_string()));
        Self::new(Method::POST, "/sync/v1/photos", token)
            .with("upload-length", &length.to_string())
            .with("upload-metadata", &metadata)
    }

    pub(crate) fn head(token: &str, upload: &str) -> Self {
        Self::new(Method::HEAD, upload, token)
    }

    pub(crate) fn piece(token: &str, upload: &str, offset: usize) -> Self {
        Self::new(Method::PATCH, upload, token)
            .with("upload-offset", &offset.to_string())
            .with("content-type", "application/offset+octet-stream")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) async fn send(self, test: &TestApp, body: impl Into<Body>) -> Answer {
        test.send(self.request.body(body.into()).unwrap()).await
    }
}

impl Answer {
    pub(crate) fn offset(&self) -> Option<usize> {
        self.header("upload-offset").map(|offset| offset.parse().unwrap())
    }

    pub(crate) fn is_stored(&self) -> bool {
        self.header("daybook-photo") == Some("stored")
    }
}

impl Phone {
    /// Begins to upload; answers where.
    pub(crate) async fn begin(&self, test: &TestApp, bytes: &[u8], record: RecordId) -> String {
        let answer = Tus::begin(&self.token(), hash_of(bytes), bytes.len(), record).send(test, Body::empty()).await;
        answer.good().header("location").unwrap().to_owned()
    }

    /// Uploads a photo in one piece.
    pub(crate) async fn bring(&self, test: &TestApp, bytes: &[u8], record: RecordId) -> Answer {
        let upload = self.begin(test, bytes, record).await;
        Tus::piece(&self.token(), &upload, 0).send(test, bytes.to_vec()).await
    }
}

/// A body that breaks off after these pieces.
pub(crate) fn broken(pieces: Vec<Vec<u8>>) -> Body {
    let good = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    let cut = std::iter::once(Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)));
    Body::from_stream(futures_util::stream::iter(good.chain(cut)))
}
