//! How lines of a journal lie whose changes are bundled: all that one push brought, about eight bytes each, and sixteen
//! for each record.

use sync_core::id::RecordId;
use sync_core::time::{BootId, ClockReading, UnixMillis};

use crate::store::varint::{Damaged, put, put_signed, take_bytes, take_count, take_signed};

/// What these bytes begin with. Others are a later version's.
const FORM: u8 = 1;

/// A line of a journal, whose change lies in a bundle of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct PartLine {
    /// Its number.
    pub(in crate::store) n: i64,
    /// What it changes.
    pub(in crate::store) record: RecordId,
    /// What the clocks said.
    pub(in crate::store) clock: ClockReading,
}

/// Packs lines in their order.
pub(in crate::store) fn pack(lines: &[PartLine]) -> Vec<u8> {
    let records = each_once(lines.iter().map(|line| line.record));
    let boots = each_once(lines.iter().map(|line| line.clock.boot));
    let mut bytes = vec![FORM];
    put(&mut bytes, records.len() as u64);
    records.iter().for_each(|record| bytes.extend_from_slice(record.as_bytes()));
    put(&mut bytes, boots.len() as u64);
    boots.iter().for_each(|boot| bytes.extend_from_slice(&boot.0.to_be_bytes()));
    let place = |found: Option<usize>| found.unwrap_or_default() as u64;
    let (mut n, mut wall, mut mono) = (0_i64, 0_i64, 0_u64);
    for PartLine { n: number, record, clock } in lines {
        let passed = clock.wall.0.wrapping_sub(wall);
        put_signed(&mut bytes, number.wrapping_sub(n).wrapping_sub(1));
        put(&mut bytes, place(records.iter().position(|known| known == record)));
        put(&mut bytes, place(boots.iter().position(|known| *known == clock.boot)));
        put_signed(&mut bytes, passed);
        // Both clocks go on alike, nearly always.
        put_signed(&mut bytes, clock.mono_ms.wrapping_sub(mono).cast_signed().wrapping_sub(passed));
        (n, wall, mono) = (*number, clock.wall.0, clock.mono_ms);
    }
    bytes
}

/// Each of these once, in the order in which they come first. A push names a few dozen records.
fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

/// Reads what [`pack`] wrote.
///
/// # Errors
/// When something else wrote it, or a disk forgot some of it.
pub(in crate::store) fn unpack(bytes: &[u8]) -> Result<Vec<PartLine>, Damaged> {
    let (records, mut rest) = records_of(bytes)?;
    let (boots, _) = taken(&mut rest, 8)?.as_chunks::<8>();
    let mut lines = Vec::with_capacity(rest.len() / 8);
    let (mut n, mut wall, mut mono) = (0_i64, 0_i64, 0_u64);
    while !rest.is_empty() {
        n = n.wrapping_add(1).wrapping_add(take_signed(&mut rest)?);
        let record = *records.get(take_count(&mut rest)?).ok_or(Damaged)?;
        let boot = BootId(u64::from_be_bytes(*boots.get(take_count(&mut rest)?).ok_or(Damaged)?));
        let passed = take_signed(&mut rest)?;
        wall = wall.wrapping_add(passed);
        mono = mono.wrapping_add(passed.wrapping_add(take_signed(&mut rest)?).cast_unsigned());
        lines.push(PartLine { n, record, clock: ClockReading { wall: UnixMillis(wall), mono_ms: mono, boot } });
    }
    Ok(lines)
}

/// Which records lines are about, and what follows.
pub(in crate::store) fn records_of(bytes: &[u8]) -> Result<(Vec<RecordId>, &[u8]), Damaged> {
    let (form, mut rest) = bytes.split_first().ok_or(Damaged)?;
    if *form != FORM {
        return Err(Damaged);
    }
    let (records, _) = taken(&mut rest, 16)?.as_chunks::<16>();
    Ok((records.iter().map(|record| RecordId::from(*record)).collect(), rest))
}

/// A number of things of this size, behind how many there are.
fn taken<'b>(bytes: &mut &'b [u8], size: usize) -> Result<&'b [u8], Damaged> {
    let length = take_count(bytes)?.checked_mul(size).ok_or(Damaged)?;
    take_bytes(bytes, length)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn line(n: i64, record: u8, wall: i64, mono_ms: u64, boot: u64) -> PartLine {
        let clock = ClockReading { wall: UnixMillis(wall), mono_ms, boot: BootId(boot) };
        PartLine { n, record: RecordId::from([record; 16]), clock }
    }

    #[test]
    fn a_line_takes_eight_bytes() {
        let minute =
            |n: i64| line(7_000 + n, 1, 1_790_000_000_000 + n * 60_000, 90_000 + n.cast_unsigned() * 60_000, 77);
        let lines: Vec<PartLine> = (0..100).map(minute).collect();
        let bytes = pack(&lines);
        assert!(bytes.len() < 800, "{}", bytes.len());
        assert_eq!(unpack(&bytes), Ok(lines));
    }

    #[test]
    fn what_is_damaged_is_told() {
        let bytes = pack(&[line(1, 2, 3, 4, 5), line(2, 3, 4, 5, 6)]);
        for cut in 0..bytes.len() {
            assert_ne!(unpack(&bytes[..cut]).ok().map(|lines| lines.len()), Some(2), "{cut}");
        }
        assert_eq!(unpack(&[&[9], &bytes[1..]].concat()), Err(Damaged));
    }

    proptest! {
        #[test]
        fn whatever_clocks_say_comes_back(
            of in vec((any::<i64>(), 0_u8..4, any::<i64>(), any::<u64>(), 0_u64..3), 0..20),
        ) {
            let lines: Vec<PartLine> =
                of.into_iter().map(|(n, record, wall, mono, boot)| line(n, record, wall, mono, boot)).collect();
            prop_assert_eq!(unpack(&pack(&lines)), Ok(lines));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..80)) {
            let _ = unpack(&bytes);
            let _ = unpack(&[&[FORM], bytes.as_slice()].concat());
        }
    }
}
