use image::{ImageEncoder as _, Rgb, RgbImage};

use super::*;

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 40]))
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture(640, 480).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

#[test]
fn small_pictures_are_made_of_what_can_be_decoded() {
    for (kind, format) in
        [(Format::Jpeg, ImageFormat::Jpeg), (Format::Png, ImageFormat::Png), (Format::Webp, ImageFormat::WebP)]
    {
        let bytes = encoded(format);
        assert_eq!(Format::of(&bytes), kind);
        let small = preview(&bytes, kind).unwrap();
        let small = image::load_from_memory_with_format(&small, ImageFormat::Jpeg).unwrap();
        assert_eq!((small.width(), small.height()), (320, 240));
    }
}

#[test]
fn what_a_photo_is_stands_in_its_first_bytes() {
    assert_eq!(Format::of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Format::Heic);
    for nothing in [&b""[..], b"GIF89a", b"<svg xmlns", b"\0\0\0\x18ftypisom", b"\xff\xd8", b"RIFF\0\0\0\0WAVE"] {
        assert_eq!(Format::of(nothing), Format::Unknown);
        assert_eq!(preview(nothing, Format::Unknown), None);
    }
    assert_eq!(Format::ending(Format::Unknown.media_type()), None);
    assert_eq!(Format::ending(Format::Heic.media_type()), None, "browsers don't show it");
}

/// A PNG of one grey square of this side: a hundred kilobytes claim gigabytes.
fn bomb(side: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&side.to_be_bytes());
    header.extend_from_slice(&side.to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    // One compressed block of nothing is enough: the claim alone must be refused.
    chunk(&mut png, b"IDAT", &[0x78, 0x9c, 0x63, 0, 0, 0, 1, 0, 1]);
    chunk(&mut png, b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    png.extend_from_slice(&u32::try_from(content.len()).unwrap().to_be_bytes());
    let from = png.len();
    png.extend_from_slice(kind);
    png.extend_from_slice(content);
    let sum = crc(&png[from..]);
    png.extend_from_slice(&sum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

#[test]
fn bombs_are_not_decoded() {
    // 60,000 pixels wide, and 12,000 by 12,000: too wide, and too much memory.
    for side in [60_000, 12_000] {
        assert_eq!(preview(&bomb(side), Format::Png), None, "{side}");
    }
    // A JPEG that claims 65,500 by 65,500 pixels.
    let mut jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    assert_eq!(preview(&jpeg, Format::Jpeg), None);
}

#[test]
fn broken_photos_have_no_small_picture_and_do_no_harm() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = encoded(format);
        let kind = Format::of(&whole);
        for cut in [13, 40, 200, whole.len() / 2] {
            let _ = preview(&whole[..cut], kind);
        }
        for at in (0..whole.len()).step_by(whole.len() / 40) {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            let _ = preview(&broken, kind);
        }
        assert_eq!(preview(&whole[..13], kind), None);
    }
}

#[test]
fn small_pictures_stand_upright() {
    let upright = picture(400, 200);
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new(&mut jpeg);
    // To be turned by a quarter.
    encoder.set_exif_metadata(b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec()).unwrap();
    encoder.encode_image(&upright).unwrap();
    let small = preview(&jpeg, Format::Jpeg).unwrap();
    let small = image::load_from_memory_with_format(&small, ImageFormat::Jpeg).unwrap();
    assert_eq!((small.width(), small.height()), (160, 320));
}
