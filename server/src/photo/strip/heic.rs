//! HEIC: boxes within boxes (ISO/IEC 14496-12 and 23008-12). Metadata are items whose bytes lie anywhere in the file, so
//! they are blanked where they lie and nothing moves. How a picture is turned is a property of its own and stays.

/// Item types that are metadata.
const EXIF: [u8; 4] = *b"Exif";
/// XMP, and whatever else has a media type of its own; pictures don't.
const MIME: [u8; 4] = *b"mime";

/// The picture with its metadata blanked; `None` if its boxes don't make sense.
pub(super) fn strip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut kept = bytes.to_vec();
    let mut meta = None;
    for found in boxes(bytes, 0, bytes.len()) {
        let found = found?;
        match &found.kind {
            b"meta" => meta = Some(found),
            // Boxes of makers, and what belongs to films.
            b"uuid" | b"udta" | b"moov" => blank(&mut kept, found.start, found.end)?,
            _ => {}
        }
    }
    let meta = meta?;
    // A full box: version and flags come first.
    let (mut items, mut places, mut data) = (Vec::new(), None, None);
    for found in boxes(bytes, meta.start + 4, meta.end) {
        let found = found?;
        match &found.kind {
            b"iinf" => items = metadata_items(bytes, &found)?,
            b"iloc" => places = Some(found),
            b"idat" => data = Some(found.start),
            _ => {}
        }
    }
    if let (false, Some(places)) = (items.is_empty(), places) {
        for (start, end) in extents(bytes, &places, &items, data)? {
            blank(&mut kept, start, end)?;
        }
    }
    Some(kept)
}

fn blank(bytes: &mut [u8], start: usize, end: usize) -> Option<()> {
    bytes.get_mut(start..end)?.fill(0);
    Some(())
}

/// A box: its kind and where its content lies.
struct Found {
    kind: [u8; 4],
    start: usize,
    end: usize,
}

/// The boxes of a stretch; `None` in the end if they don't fit into it.
fn boxes(bytes: &[u8], start: usize, end: usize) -> impl Iterator<Item = Option<Found>> {
    let mut at = start;
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let found = box_at(bytes, at, end);
        at = found.as_ref().map_or(end, |found| found.end);
        Some(found)
    })
}

fn box_at(bytes: &[u8], at: usize, end: usize) -> Option<Found> {
    let mut reader = Reader { bytes, at };
    let size = reader.number(4)?;
    let kind = reader.kind()?;
    let size = match size {
        0 => (end - at) as u64,
        1 => reader.number(8)?,
        size => size,
    };
    let box_end = at.checked_add(usize::try_from(size).ok()?)?;
    (box_end <= end && box_end >= reader.at).then_some(Found { kind, start: reader.at, end: box_end })
}

/// The numbers of the items that are metadata.
fn metadata_items(bytes: &[u8], info: &Found) -> Option<Vec<u64>> {
    let mut reader = Reader { bytes, at: info.start };
    let version = reader.version()?;
    let _count = reader.number(if version == 0 { 2 } else { 4 })?;
    let mut items = Vec::new();
    for entry in boxes(bytes, reader.at, info.end) {
        let entry = entry?;
        let mut reader = Reader { bytes, at: entry.start };
        let version = reader.version()?;
        if version < 2 {
            continue;
        }
        let item = reader.number(if version == 2 { 2 } else { 4 })?;
        let _protection = reader.number(2)?;
        if matches!(reader.kind()?, EXIF | MIME) {
            items.push(item);
        }
    }
    Some(items)
}

/// Where the bytes of these items lie.
fn extents(bytes: &[u8], places: &Found, items: &[u64], data: Option<usize>) -> Option<Vec<(usize, usize)>> {
    let mut reader = Reader { bytes, at: places.start };
    let version = reader.version()?;
    let sizes = reader.number(2)?;
    let size = |shift: u32| usize::try_from((sizes >> shift) & 0xf).unwrap_or(0);
    let (offset_size, length_size, base_size) = (size(12), size(8), size(4));
    let index_size = if version == 0 { 0 } else { size(0) };
    let count = reader.number(if version < 2 { 2 } else { 4 })?;
    let mut found = Vec::new();
    for _ in 0..count {
        let item = reader.number(if version < 2 { 2 } else { 4 })?;
        let method = if version == 0 { 0 } else { reader.number(2)? & 0xf };
        let _reference = reader.number(2)?;
        let base = reader.number(base_size)?;
        let extents = reader.number(2)?;
        for _ in 0..extents {
            reader.number(index_size)?;
            let (offset, length) = (reader.number(offset_size)?, reader.number(length_size)?);
            if !items.contains(&item) {
                continue;
            }
            let origin = match method {
                0 => 0,
                1 => data?,
                // Bytes of another item: nobody writes metadata so.
                _ => return None,
            };
            let start = usize::try_from(base.checked_add(offset)?).ok()?.checked_add(origin)?;
            // No length means: to the end.
            let end = match length {
                0 => bytes.len(),
                length => start.checked_add(usize::try_from(length).ok()?)?,
            };
            found.push((start, end));
        }
    }
    Some(found)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(size)?)?;
        self.at += size;
        (size <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn version(&mut self) -> Option<u64> {
        self.number(4).map(|version_and_flags| version_and_flags >> 24)
    }

    fn kind(&mut self) -> Option<[u8; 4]> {
        let kind = self.bytes.get(self.at..self.at + 4)?.try_into().ok()?;
        self.at += 4;
        Some(kind)
    }
}
