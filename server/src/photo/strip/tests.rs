use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageDecoder as _, ImageEncoder, ImageFormat, ImageReader, Rgb, RgbImage};

use super::*;

const WHERE: &[u8] = b"31 deg 13' 49.3\" N";

fn picture() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8, y as u8, 90]))
}

/// EXIF as phones write it: turned by a quarter, and with a place, in big-endian.
fn exif() -> Vec<u8> {
    let mut tiff =
        b"MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\x01\x0f\0\x02\0\0\0\x13\0\0\0\x26\0\0\0\0"
            .to_vec();
    tiff.extend_from_slice(WHERE);
    tiff.push(0);
    tiff
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    fn with(mut encoder: impl ImageEncoder, picture: &RgbImage) {
        encoder.set_exif_metadata(exif()).unwrap();
        encoder.write_image(picture, 40, 30, ExtendedColorType::Rgb8).unwrap();
    }
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => with(JpegEncoder::new(&mut bytes), &picture()),
        ImageFormat::Png => with(PngEncoder::new(&mut bytes), &picture()),
        _ => with(WebPEncoder::new_lossless(&mut bytes), &picture()),
    }
    bytes
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn decode(bytes: &[u8]) -> (image::DynamicImage, Orientation) {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    (image::DynamicImage::from_decoder(decoder).unwrap(), orientation)
}

#[test]
fn the_place_is_gone_and_the_picture_is_the_same() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let before = Bytes::from(encoded(format));
        assert!(holds(&before, WHERE), "{format:?}");
        let after = strip(&before, Format::of(&before)).unwrap();
        assert!(!holds(&after, WHERE), "{format:?}");
        let ((was, turned), (is, still_turned)) = (decode(&before), decode(&after));
        assert_eq!((turned, still_turned), (Orientation::Rotate90, Orientation::Rotate90), "{format:?}");
        assert_eq!(was, is, "{format:?}");
        assert_eq!(strip(&after, Format::of(&after)).unwrap(), after, "nothing is left to be taken away");
    }
}

/// A segment of a JPEG.
fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xff, marker][..], &length.to_be_bytes(), content].concat()
}

#[test]
fn phones_hide_the_place_in_many_parts_of_a_jpeg() {
    let mut plain = Vec::new();
    JpegEncoder::new(&mut plain).encode_image(&picture()).unwrap();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0", WHERE].concat();
    let iptc = [b"Photoshop 3.0\0", WHERE].concat();
    let mpf = [b"MPF\0", WHERE].concat();
    let icc = [b"ICC_PROFILE\0\x01\x01", &b"colours"[..]].concat();
    let mut whole = plain[..2].to_vec();
    for (marker, content) in [(0xe1, &xmp), (0xed, &iptc), (0xe2, &mpf), (0xe2, &icc), (0xfe, &WHERE.to_vec())] {
        whole.extend(segment(marker, content));
    }
    whole.extend_from_slice(&plain[2..plain.len() - 2]);
    // Between the scan and the end, and after it: a second picture, and what makers append.
    whole.extend(segment(0xfe, WHERE));
    whole.extend_from_slice(&[0xff, 0xd9]);
    whole.extend_from_slice(&encoded(ImageFormat::Jpeg));
    whole.extend_from_slice(WHERE);

    let after = strip(&Bytes::from(whole), Format::Jpeg).unwrap();
    assert!(!holds(&after, WHERE));
    assert!(holds(&after, b"colours"), "colours are the picture's");
    assert_eq!(decode(&after).0, decode(&plain).0);
    assert!(after.ends_with(&[0xff, 0xd9]));
}

#[test]
fn a_webp_with_xmp_promises_none_afterwards() {
    let before = encoded(ImageFormat::WebP);
    let mut webp = WebP::from_bytes(Bytes::from(before)).unwrap();
    let xmp = img_parts::riff::RiffChunk::new(*b"XMP ", RiffContent::Data(Bytes::from_static(WHERE)));
    webp.chunks_mut().push(xmp);
    let after = strip(&webp.encoder().bytes(), Format::Webp).unwrap();
    assert!(!holds(&after, WHERE) && !holds(&after, b"XMP "));
    assert_eq!(decode(&after).0.to_rgb8(), picture());
}

fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, content].concat()
}

/// As much of a HEIC as says where its parts lie: a picture and its metadata.
fn heic() -> Vec<u8> {
    let start = boxed(b"ftyp", b"heic\0\0\0\0mif1heic");
    let item = |id: u8, kind: &[u8]| boxed(b"infe", &[b"\x02\0\0\0\0", &[id][..], b"\0\0", kind, b"\0"].concat());
    let info = boxed(b"iinf", &[b"\0\0\0\0\0\x02", &item(1, b"hvc1")[..], &item(2, b"Exif")].concat());
    let place = |id: u8, offset: usize, length: usize| {
        let offset = u32::try_from(offset).unwrap().to_be_bytes();
        let length = u32::try_from(length).unwrap().to_be_bytes();
        [&[0, id, 0, 0, 0, 1][..], &offset, &length].concat()
    };
    let meta = |picture: usize| {
        let places = [place(1, picture, 7), place(2, picture + 7, WHERE.len())].concat();
        let places = boxed(b"iloc", &[b"\0\0\0\0\x44\0\0\x02", &places[..]].concat());
        boxed(b"meta", &[b"\0\0\0\0", &info[..], &places].concat())
    };
    let picture = start.len() + meta(0).len() + 8;
    [start, meta(picture), boxed(b"mdat", &[b"picture", WHERE].concat())].concat()
}

#[test]
fn the_metadata_of_a_heic_is_blanked_where_it_lies() {
    let before = Bytes::from(heic());
    assert_eq!(Format::of(&before), Format::Heic);
    let after = strip(&before, Format::Heic).unwrap();
    assert!(holds(&before, WHERE) && !holds(&after, WHERE) && holds(&after, b"picture"));
    assert_eq!(after.len(), before.len());
}

#[test]
fn what_makes_no_sense_is_left_alone() {
    for format in [Format::Jpeg, Format::Png, Format::Webp, Format::Heic, Format::Unknown] {
        for nonsense in [&b""[..], b"\xff", b"\xff\xd8\xff", b"\0\0\0\x08meta", b"\0\0\0\x01ftyp", &[0xff; 64]] {
            let _ = strip(&Bytes::from_static(nonsense), format);
        }
        assert_eq!(strip(&Bytes::from_static(b"nothing of that kind"), format), None);
    }
    let whole = heic();
    for at in 0..whole.len() {
        let mut broken = whole.clone();
        broken[at] ^= 0x80;
        let _ = strip(&Bytes::from(broken), Format::Heic);
        let _ = strip(&Bytes::copy_from_slice(&whole[..at]), Format::Heic);
    }
}
