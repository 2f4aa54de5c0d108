//! Where one word stands: in which records, and at which places of each. As bytes, a place in the index takes two or
//! three: how far it is to the next record with the word, and where in it.

use crate::store::varint::{Damaged, put, take};

/// A word at a place of a record. Both are one number, because searches compare millions of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot(u64);

impl Spot {
    const PLACE_BITS: u32 = 24;
    /// Places behind that count as this one: no record has so many words.
    const LAST_PLACE: u32 = (1 << Self::PLACE_BITS) - 1;
    /// No record has a larger number.
    const LAST_RECORD: i64 = (1 << (u64::BITS - Self::PLACE_BITS)) - 1;

    /// In this record, behind so many of its words.
    pub(super) fn new(no: i64, at: u32) -> Self {
        Self(no.cast_unsigned() << Self::PLACE_BITS | u64::from(at.min(Self::LAST_PLACE)))
    }

    /// The record.
    pub(super) fn no(self) -> i64 {
        (self.0 >> Self::PLACE_BITS).cast_signed()
    }

    /// How many words of the record stand before it.
    pub(super) fn at(self) -> u32 {
        self.0 as u32 & Self::LAST_PLACE
    }

    /// So many words further on in the record.
    pub(super) fn after(self, words: u32) -> Self {
        Self::new(self.no(), self.at().saturating_add(words))
    }

    /// So many words before it in the record, if there are as many.
    pub(super) fn before(self, words: u32) -> Option<Self> {
        self.at().checked_sub(words).map(|at| Self::new(self.no(), at))
    }
}

impl std::fmt::Debug for Spot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} at {}", self.no(), self.at())
    }
}

/// The spots of one record, which come first among these.
fn first_record(spots: &[Spot]) -> &[Spot] {
    let Some(first) = spots.first() else { return spots };
    spots.split_at(spots.iter().take_while(|spot| spot.no() == first.no()).count()).0
}

/// Writes as many of these spots, which are sorted and none of them before `base`, as fit into so many bytes, whole
/// records and at least one; answers how many.
pub(super) fn write(bytes: &mut Vec<u8>, spots: &[Spot], base: i64, most: usize) -> usize {
    let begin = bytes.len();
    let (mut before, mut written) = (base, 0);
    loop {
        let record = first_record(&spots[written..]);
        let Some(first) = record.first() else { return written };
        let end = bytes.len();
        put(bytes, (first.no() - before).cast_unsigned() << 1 | u64::from(record.len() > 1));
        if record.len() > 1 {
            put(bytes, record.len() as u64);
        }
        let mut place = 0;
        for spot in record {
            put(bytes, u64::from(spot.at() - place));
            place = spot.at();
        }
        if written > 0 && bytes.len() - begin > most {
            bytes.truncate(end);
            return written;
        }
        written += record.len();
        before = first.no();
    }
}

/// Reads what [`write`] wrote, behind what there is already.
pub(super) fn read(mut bytes: &[u8], base: i64, spots: &mut Vec<Spot>) -> Result<(), Damaged> {
    let mut no = base;
    // A place takes two bytes, or a little more.
    spots.reserve(bytes.len() / 2);
    loop {
        // Nearly all are like this: the word stands once in a record that comes soon, not far from its beginning.
        while let [step, at, rest @ ..] = bytes
            && (step | at) < 0x80
            && step & 1 == 0
        {
            no = further(no, u64::from(*step))?;
            spots.push(Spot::new(no, u32::from(*at)));
            bytes = rest;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let step = take(&mut bytes)?;
        no = further(no, step)?;
        let many = if step & 1 == 1 { take(&mut bytes)? } else { 1 };
        let mut at: u32 = 0;
        for _ in 0..many {
            let step = u32::try_from(take(&mut bytes)?).map_err(|_| Damaged)?;
            at = at.checked_add(step).ok_or(Damaged)?;
            spots.push(Spot::new(no, at));
        }
    }
}

/// The record that comes after another; the last bit says something else.
fn further(no: i64, step: u64) -> Result<i64, Damaged> {
    no.checked_add_unsigned(step >> 1).filter(|no| *no <= Spot::LAST_RECORD).ok_or(Damaged)
}

/// Numbers in their order, as bytes.
pub(super) fn write_numbers(numbers: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() + 8);
    let mut before = 0;
    for number in numbers {
        put(&mut bytes, (number - before).cast_unsigned());
        before = *number;
    }
    bytes
}

/// Reads what [`write_numbers`] wrote.
pub(super) fn read_numbers(mut bytes: &[u8]) -> Result<Vec<i64>, Damaged> {
    let mut numbers = Vec::with_capacity(bytes.len());
    let mut number: i64 = 0;
    while !bytes.is_empty() {
        number = number.checked_add_unsigned(take(&mut bytes)?).ok_or(Damaged)?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// Those of the numbers that are not among the others, both in their order.
pub(super) fn without(numbers: &[i64], others: &[i64]) -> Vec<i64> {
    numbers.iter().copied().filter(|number| others.binary_search(number).is_err()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_that_stands_once_in_a_record_takes_two_bytes() {
        let spots = [Spot::new(1_000_001, 5), Spot::new(1_000_002, 90), Spot::new(1_000_060, 0)];
        let mut bytes = Vec::new();
        assert_eq!(write(&mut bytes, &spots, 1_000_000, usize::MAX), 3);
        assert_eq!(bytes.len(), 6);
    }

    #[test]
    fn places_do_not_lead_into_the_next_record() {
        let last = Spot::new(7, u32::MAX);
        assert!(last < Spot::new(8, 0) && last.after(5) == last && last.no() == 7);
        assert_eq!(Spot::new(7, 3).after(2), Spot::new(7, 5));
        assert_eq!((Spot::new(7, 3).before(3), Spot::new(7, 3).before(4)), (Some(Spot::new(7, 0)), None));
        let mut bytes = Vec::new();
        write(&mut bytes, &[Spot::new(Spot::LAST_RECORD, 1)], 1, usize::MAX);
        let mut spots = Vec::new();
        assert_eq!(read(&bytes, 1, &mut spots), Ok(()));
        assert_eq!(spots, [Spot::new(Spot::LAST_RECORD, 1)]);
        assert_eq!(read(&bytes, 2, &mut spots), Err(Damaged), "no record has a larger number");
    }

    proptest! {
        #[test]
        fn spots_come_back(of in btree_set((0_i64..100_000, 0_u32..200_000), 0..200), base in -5_i64..=0, most in 1_usize..64) {
            let spots: Vec<Spot> = of.into_iter().map(|(no, at)| Spot::new(no, at)).collect();
            let (mut rest, mut from, mut back) = (&spots[..], base, Vec::new());
            while !rest.is_empty() {
                let mut bytes = Vec::new();
                let written = write(&mut bytes, rest, from, most);
                prop_assert!(written > 0);
                read(&bytes, from, &mut back).unwrap();
                rest = &rest[written..];
                from = rest.first().map_or(0, |spot| spot.no());
            }
            prop_assert_eq!(back, spots);
        }

        #[test]
        fn numbers_come_back(of in btree_set(0_i64..i64::MAX, 0..50)) {
            let numbers: Vec<i64> = of.into_iter().collect();
            prop_assert_eq!(read_numbers(&write_numbers(&numbers)).unwrap(), numbers);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..60)) {
            let _ = read(&bytes, 0, &mut Vec::new());
            let _ = read_numbers(&bytes);
        }
    }
}
