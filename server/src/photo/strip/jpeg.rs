//! JPEG, marker by marker. Phones write more than the standard knows: second pictures, whole films and the place
//! again after the end of the picture, and segments between its scans. What is not the picture is left out.

use super::turned;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const COM: u8 = 0xfe;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;

const EXIF: &[u8] = b"Exif\0\0";

/// The picture without its metadata; `None` if it is no JPEG. One that was cut off stays cut off.
pub(super) fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&[0xff, SOI])?;
    let mut kept = vec![0xff, SOI];
    let mut turn_at = kept.len();
    let mut turn = None;
    while let Some((marker, after)) = next_marker(rest) {
        match marker {
            EOI => {
                kept.extend_from_slice(&[0xff, EOI]);
                break;
            }
            // Markers that stand alone.
            0x01 | 0xd0..=0xd7 => rest = after,
            _ => {
                let length = usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?));
                let (segment, after) = after.split_at_checked(length.max(2))?;
                let content = segment.get(2..)?;
                if let (APP1, Some(exif), None) = (marker, content.strip_prefix(EXIF), &turn) {
                    turn = turned(Some(exif));
                }
                if is_picture(marker, content) {
                    kept.extend_from_slice(&[0xff, marker]);
                    kept.extend_from_slice(segment);
                }
                if marker == APP0 && turn_at == 2 {
                    turn_at = kept.len();
                }
                rest = after;
                if marker == SOS {
                    let end = end_of_scan(rest);
                    kept.extend_from_slice(&rest[..end]);
                    rest = &rest[end..];
                }
            }
        }
    }
    if let Some(turn) = turn {
        let length = u16::try_from(2 + EXIF.len() + turn.len()).ok()?;
        let segment = [&[0xff, APP1][..], &length.to_be_bytes(), EXIF, &turn].concat();
        kept.splice(turn_at..turn_at, segment);
    }
    Some(kept)
}

/// The next marker and what follows it. Bytes that belong to nothing are passed over, as decoders do.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|byte| *byte == 0xff)?;
        let filled = rest[at..].iter().position(|byte| *byte != 0xff)?;
        let marker = rest[at + filled];
        rest = &rest[at + filled + 1..];
        if marker != 0 {
            return Some((marker, rest));
        }
    }
}

fn is_picture(marker: u8, content: &[u8]) -> bool {
    match marker {
        APP0 => content.starts_with(b"JFIF\0"),
        APP2 => content.starts_with(b"ICC_PROFILE\0"),
        APP14 => content.starts_with(b"Adobe"),
        APP1..=APP15 | COM => false,
        _ => true,
    }
}

/// Where the compressed data of a scan ends: at the first marker that is neither stuffing nor a restart.
fn end_of_scan(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0xff)) {
        at += found;
        match bytes.get(at + 1) {
            Some(0 | 0xd0..=0xd7) => at += 2,
            Some(0xff) => at += 1,
            _ => return at,
        }
    }
    bytes.len()
}
