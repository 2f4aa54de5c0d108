//! What a photo is, by its bytes, and the small picture of it.
//!
//! Whoever sends a photo may be hostile: a few kilobytes can claim to be gigapixels. So nothing is decoded whose
//! picture would not fit, a panic of a decoder costs the small picture only, and the photo itself is kept in any case.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

/// The longer side of a small picture, in pixels.
pub const PREVIEW_SIDE: u32 = 320;
/// The quality of a small picture, as JPEG counts it.
const PREVIEW_QUALITY: u8 = 75;
/// The longest side that is decoded, in pixels.
const LONGEST_SIDE: u32 = 16_384;
/// The largest picture that is decoded, in bytes of memory: some 40 million pixels.
const LARGEST: u64 = 128 << 20;

/// What a photo is, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// HEIC or HEIF: kept and served, but nothing here can decode it.
    Heic,
    /// Nothing that we know.
    Unknown,
}

impl Format {
    /// Looks at the first bytes, whatever the phone said.
    pub fn of(bytes: &[u8]) -> Self {
        let heif = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"];
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..]
                if heif.iter().any(|known| brand.starts_with(known.as_slice())) =>
            {
                Self::Heic
            }
            _ => Self::Unknown,
        }
    }

    /// Its media type. Browsers are told never to guess another one.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Unknown => "application/octet-stream",
        }
    }

    /// How files of this kind end; `None` for what browsers should not show by themselves.
    pub fn ending(media_type: &str) -> Option<&'static str> {
        match media_type {
            "image/jpeg" => Some("jpg"),
            "image/png" => Some("png"),
            "image/webp" => Some("webp"),
            _ => None,
        }
    }

    fn decodable(self) -> Option<ImageFormat> {
        match self {
            Self::Jpeg => Some(ImageFormat::Jpeg),
            Self::Png => Some(ImageFormat::Png),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Heic | Self::Unknown => None,
        }
    }
}

/// A small picture as JPEG, the right way up; `None` if the photo can't be decoded, or would need too much memory.
pub fn preview(bytes: &[u8], format: Format) -> Option<Vec<u8>> {
    let format = format.decodable()?;
    catch_unwind(AssertUnwindSafe(|| shrink(bytes, format))).unwrap_or_else(|_| {
        tracing::warn!(?format, "the decoder of a photo panicked; the photo is kept without a small picture");
        None
    })
}

fn shrink(bytes: &[u8], format: ImageFormat) -> Option<Vec<u8>> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(LARGEST);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > LARGEST {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut small = DynamicImage::from_decoder(decoder).ok()?.thumbnail(PREVIEW_SIDE, PREVIEW_SIDE);
    small.apply_orientation(orientation);
    let mut jpeg = Vec::new();
    small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, PREVIEW_QUALITY)).ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests;
