//! Takes out of a photo what it says about who took it, with what and where. The picture itself is not touched: its
//! bytes are copied, never encoded again, and what turns it the right way up is kept.

mod heic;
mod jpeg;

use bytes::Bytes;
use image::metadata::Orientation;
use img_parts::ImageEXIF as _;
use img_parts::png::Png;
use img_parts::riff::RiffContent;
use img_parts::webp::WebP;

use super::picture::Format;

/// Chunks of PNG that may say more than the picture needs are all but these; chunks with a capital letter are the
/// picture.
const PNG_KEPT: &[&[u8; 4]] =
    &[b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"acTL", b"fcTL", b"fdAT"];
/// What a WebP picture consists of.
const WEBP_KEPT: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The bit of a VP8X chunk that promises XMP.
const WEBP_XMP: u8 = 0b0000_0100;

/// The photo without its metadata; `None` if it is not what it seems to be, so that nothing can be said about what is
/// in it.
pub fn strip(bytes: &Bytes, format: Format) -> Option<Bytes> {
    match format {
        Format::Jpeg => jpeg::strip(bytes).map(Bytes::from),
        Format::Png => strip_png(bytes),
        Format::Webp => strip_webp(bytes),
        Format::Heic => heic::strip(bytes).map(Bytes::from),
        Format::Unknown => None,
    }
}

fn strip_png(bytes: &Bytes) -> Option<Bytes> {
    let mut png = Png::from_bytes(bytes.clone()).ok()?;
    let exif = png.exif();
    png.chunks_mut().retain(|chunk| {
        let kind = chunk.kind();
        kind[0].is_ascii_uppercase() || PNG_KEPT.contains(&&kind)
    });
    png.set_exif(turned(exif.as_deref()));
    Some(png.encoder().bytes())
}

fn strip_webp(bytes: &Bytes) -> Option<Bytes> {
    let mut webp = WebP::from_bytes(bytes.clone()).ok()?;
    let exif = webp.exif();
    webp.chunks_mut().retain(|chunk| WEBP_KEPT.contains(&&chunk.id()));
    webp.set_exif(turned(exif.as_deref()));
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == *b"VP8X") {
        if let RiffContent::Data(data) = chunk.content_mut() {
            let mut flags = data.to_vec();
            if let Some(first) = flags.first_mut() {
                *first &= !WEBP_XMP;
            }
            *data = Bytes::from(flags);
        }
    }
    Some(webp.encoder().bytes())
}

/// Metadata that says how the picture has to be turned, and nothing else; `None` if it stands upright.
fn turned(exif: Option<&[u8]>) -> Option<Bytes> {
    let orientation = Orientation::from_exif_chunk(exif?)?;
    (orientation != Orientation::NoTransforms).then(|| Bytes::copy_from_slice(&turning(orientation.to_exif())))
}

/// A TIFF header and a directory with one entry: tag 0x0112, one short number.
fn turning(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    tiff[18] = orientation;
    tiff
}

#[cfg(test)]
mod tests;
