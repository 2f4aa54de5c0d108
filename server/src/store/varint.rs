//! Numbers as bytes: seven bits in each, the lowest first, so that small numbers take one.

/// The bytes are not what this code wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// Appends a number.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends a number that may be negative; near zero it takes one byte.
pub(super) fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, (number << 1 ^ number >> 63).cast_unsigned());
}

/// Takes a number from the beginning.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    match bytes.split_first() {
        // Most are small, and searches read millions.
        Some((byte, rest)) if *byte < 0x80 => {
            *bytes = rest;
            Ok(u64::from(*byte))
        }
        _ => take_long(bytes),
    }
}

fn take_long(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Damaged)
}

/// Takes what [`put_signed`] appended.
pub(super) fn take_signed(bytes: &mut &[u8]) -> Result<i64, Damaged> {
    let number = take(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Takes a number that counts what lies in memory.
pub(super) fn take_count(bytes: &mut &[u8]) -> Result<usize, Damaged> {
    usize::try_from(take(bytes)?).map_err(|_| Damaged)
}

/// Takes so many bytes from the beginning.
pub(super) fn take_bytes<'b>(bytes: &mut &'b [u8], length: usize) -> Result<&'b [u8], Damaged> {
    let (taken, rest) = bytes.split_at_checked(length).ok_or(Damaged)?;
    *bytes = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(number: u64, signed: i64) {
            for (number, signed) in [(number, signed), (0, 0), (u64::MAX, i64::MAX), (127, -64), (128, i64::MIN)] {
                let mut bytes = Vec::new();
                put(&mut bytes, number);
                put_signed(&mut bytes, signed);
                let mut rest = bytes.as_slice();
                prop_assert_eq!((take(&mut rest), take_signed(&mut rest)), (Ok(number), Ok(signed)));
                prop_assert!(rest.is_empty());
                let mut cut = &bytes[..bytes.len() - 1];
                prop_assert!(take(&mut cut).is_ok() && take_signed(&mut cut).is_err());
            }
        }
    }

    #[test]
    fn what_is_near_zero_takes_a_byte() {
        for number in -64..64 {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            assert_eq!(bytes.len(), 1, "{number}");
        }
        assert_eq!(take(&mut [0xff; 11].as_slice()), Err(Damaged), "no number is so long");
    }
}
