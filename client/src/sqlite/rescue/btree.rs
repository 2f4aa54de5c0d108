//! The rows on a page, read without the tree above it. <https://www.sqlite.org/fileformat2.html> has the format.
//!
//! Nothing here trusts a number that it reads: whatever does not fit makes one row unreadable, and no more.

use std::io;
use std::ops::Range;

use super::pages::Pages;

/// The longest chain of pages that one value is followed through: 64 MB.
const LONGEST_CHAIN: usize = 16 * 1024;

/// A value in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Nothing; also a key that stands for the row's number.
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row and the number under which its table keeps it; 0 in tables without such numbers.
pub(super) struct Row {
    pub(super) key: i64,
    pub(super) values: Vec<Value>,
}

/// What a page holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    TableLeaf,
    IndexInner,
    IndexLeaf,
}

/// The rows of a page, and how many more there were that can't be read; `None` if it is no page with rows.
pub(super) fn rows(pages: &mut Pages, number: u32, page: &[u8]) -> io::Result<Option<(Vec<Row>, usize)>> {
    let header = if number == 1 { 100 } else { 0 };
    let kind = match page.get(header) {
        Some(0x0d) => Kind::TableLeaf,
        Some(0x02) => Kind::IndexInner,
        Some(0x0a) => Kind::IndexLeaf,
        _ => return Ok(None),
    };
    let begin = header + if kind == Kind::IndexInner { 12 } else { 8 };
    let count = usize::from(short(page, header + 3).unwrap_or(0));
    let (mut rows, mut broken) = (Vec::new(), 0);
    for cell in 0..count {
        let Some(at) = short(page, begin + 2 * cell) else {
            broken += count - cell;
            break;
        };
        match row(pages, page, kind, usize::from(at))? {
            Some(row) => rows.push(row),
            None => broken += 1,
        }
    }
    Ok(Some((rows, broken)))
}

fn row(pages: &mut Pages, page: &[u8], kind: Kind, at: usize) -> io::Result<Option<Row>> {
    let Some((length, key, begin)) = cell(page, kind, at) else { return Ok(None) };
    let usable = pages.usable();
    let here = local(usable, kind, length);
    let Some(start) = page.get(begin..begin + here) else { return Ok(None) };
    let mut payload = start.to_vec();
    if here < length {
        let Some(mut next) = long(page, begin + here) else { return Ok(None) };
        for _ in 0..LONGEST_CHAIN {
            let missing = length - payload.len();
            if missing == 0 {
                break;
            }
            let Some(more) = pages.newest(next)? else { return Ok(None) };
            let Some(part) = more.get(4..usable.min(4 + missing)) else { return Ok(None) };
            payload.extend_from_slice(part);
            next = long(&more, 0).unwrap_or(0);
        }
    }
    Ok(values(&payload).filter(|_| payload.len() == length).map(|values| Row { key, values }))
}

/// The length of a cell's payload, its key, and where the payload begins.
fn cell(page: &[u8], kind: Kind, at: usize) -> Option<(usize, i64, usize)> {
    let at = if kind == Kind::IndexInner { at + 4 } else { at };
    let (length, at) = varint(page, at)?;
    let (key, at) = if kind == Kind::TableLeaf { varint(page, at)? } else { (0, at) };
    Some((usize::try_from(length).ok().filter(|length| *length <= LONGEST_CHAIN * 4_096)?, key, at))
}

/// How much of a payload stands on the page itself.
fn local(usable: usize, kind: Kind, length: usize) -> usize {
    let most = if kind == Kind::TableLeaf { usable - 35 } else { (usable - 12) * 64 / 255 - 23 };
    if length <= most {
        return length;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fitting = least + (length - least) % (usable - 4);
    if fitting <= most { fitting } else { least }
}

fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let (header, mut at) = varint(payload, 0)?;
    let header = usize::try_from(header).ok().filter(|header| *header <= payload.len())?;
    let mut body = header;
    let mut values = Vec::new();
    while at < header {
        let (code, next) = varint(payload, at)?;
        let length = match code {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(code).ok()?,
            5 => 6,
            6 | 7 => 8,
            12.. => usize::try_from((code - 12) / 2).ok()?,
            _ => return None,
        };
        let bytes = payload.get(Range { start: body, end: body.checked_add(length)? })?;
        values.push(match code {
            0 => Value::Null,
            // No table of ours holds a fraction.
            7 => return None,
            8 | 9 => Value::Integer(code - 8),
            1..=6 => Value::Integer(integer(bytes)),
            _ if code % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
        });
        (at, body) = (next, body + length);
    }
    Some(values)
}

fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| number << 8 | i64::from(*byte))
}

fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut number = 0_u64;
    for place in 0..9 {
        let byte = *bytes.get(at.checked_add(place)?)?;
        if place == 8 {
            return Some(((number << 8 | u64::from(byte)).cast_signed(), at + 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number.cast_signed(), at + place + 1));
        }
    }
    None
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// A number of four bytes.
pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
