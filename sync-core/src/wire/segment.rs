//! A stretch of a device's journal together with the changes that it names: what a push carries.
//!
//! The changes stand in the order of the journal. Their hashes are not sent, because the receiver works them out;
//! times are differences to the entry before; records and boots are numbered.

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

use crate::chunk::{self, ChunkError};
use crate::id::{ChangeHash, RecordId, Signature};
use crate::journal::{Entry, Head};
use crate::time::{BootId, ClockReading, UnixMillis};

/// What an entry brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The change, packed by [`chunk::pack`].
    Packed(Vec<u8>),
    /// Only its name: the change is too large for this way and stays on the device.
    Named(ChangeHash),
}

/// One entry on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireEntry {
    /// Index into [`Segment::records`].
    pub record: u32,
    /// Index into [`Segment::boots`].
    pub boot: u32,
    /// Wall clock, as difference to the entry before (to zero for the first).
    pub wall_delta: i64,
    /// Monotonic clock, likewise.
    pub mono_delta: i64,
    /// The change or its name.
    pub payload: Payload,
}

/// A stretch of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Segment {
    /// Position of the first entry; at least 1.
    #[n(0)]
    pub from: u64,
    /// The records that the entries are about.
    #[n(1)]
    pub records: Vec<RecordId>,
    /// The boots in which they were made.
    #[n(2)]
    pub boots: Vec<BootId>,
    /// The entries.
    #[n(3)]
    pub entries: Vec<WireEntry>,
    /// The head after the last entry.
    #[n(4)]
    pub head: Head,
    /// The device's signature over the head.
    #[n(5)]
    pub signature: Signature,
}

impl<C> Encode<C> for WireEntry {
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), encode::Error<W::Error>> {
        e.array(5)?.u32(self.record)?.u32(self.boot)?.i64(self.wall_delta)?.i64(self.mono_delta)?;
        match &self.payload {
            Payload::Packed(bytes) => e.bytes(bytes)?.ok(),
            Payload::Named(hash) => {
                e.array(1)?;
                hash.encode(e, ctx)
            }
        }
    }
}

impl<'b, C> Decode<'b, C> for WireEntry {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        if d.array()? != Some(5) {
            return Err(decode::Error::message("a journal entry has five parts"));
        }
        let (record, boot, wall_delta, mono_delta) = (d.u32()?, d.u32()?, d.i64()?, d.i64()?);
        let payload = if d.datatype()? == minicbor::data::Type::Bytes {
            Payload::Packed(d.bytes()?.to_vec())
        } else {
            match d.array()? {
                Some(1) => Payload::Named(ChangeHash::decode(d, ctx)?),
                _ => return Err(decode::Error::message("a name stands in an array of one")),
            }
        };
        Ok(Self { record, boot, wall_delta, mono_delta, payload })
    }
}

/// An entry with its change, as both sides store it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The journal's line.
    pub entry: Entry,
    /// The change chunk; `None` if only its name is known.
    pub change: Option<Vec<u8>>,
}

/// Why a segment is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// No entries.
    #[error("a segment holds at least one entry")]
    Empty,
    /// An entry names a record or boot that is not listed, or a position beyond the numbers.
    #[error("entry {0} refers to something that is not there")]
    Reference(usize),
    /// A packed change has no readable form.
    #[error("entry {0}: {1}")]
    Packing(usize, ChunkError),
    /// The entries do not lead to the head that was signed.
    #[error("the chain of entries does not lead to the signed head")]
    Chain,
}

impl Segment {
    /// Packs entries that follow each other.
    ///
    /// # Errors
    /// When there are none, or a change is not a plain chunk.
    pub fn pack(items: &[Item], head: Head, signature: Signature) -> Result<Self, SegmentError> {
        let first = items.first().ok_or(SegmentError::Empty)?;
        let mut records = Table::default();
        let mut boots = Table::default();
        let mut last: Vec<ChangeHash> = Vec::new();
        let (mut wall, mut mono) = (0i64, 0i64);
        let mut entries = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            let Entry { record, change: hash, clock, .. } = item.entry;
            let record = records.index(record);
            let previous = last.get(record as usize);
            let payload = match &item.change {
                Some(raw) => Payload::Packed(chunk::pack(raw, previous).map_err(|e| SegmentError::Packing(i, e))?),
                None => Payload::Named(hash),
            };
            match last.get_mut(record as usize) {
                Some(previous) => *previous = hash,
                None => last.push(hash),
            }
            let mono_now = clock.mono_ms.cast_signed();
            entries.push(WireEntry {
                record,
                boot: boots.index(clock.boot),
                wall_delta: clock.wall.0.wrapping_sub(wall),
                mono_delta: mono_now.wrapping_sub(mono),
                payload,
            });
            (wall, mono) = (clock.wall.0, mono_now);
        }
        Ok(Self { from: first.entry.n, records: records.rows, boots: boots.rows, entries, head, signature })
    }

    /// Unpacks the entries. Whether they continue a journal is for [`follow`] to say; whether the changes are
    /// any good is for [`crate::trust`].
    ///
    /// # Errors
    /// When the segment is not well-formed in itself.
    pub fn unpack(&self) -> Result<Vec<Item>, SegmentError> {
        if self.entries.is_empty() {
            return Err(SegmentError::Empty);
        }
        if self.from == 0 {
            return Err(SegmentError::Reference(0));
        }
        let mut last: Vec<Option<ChangeHash>> = vec![None; self.records.len()];
        let (mut wall, mut mono) = (0i64, 0i64);
        let mut items = Vec::with_capacity(self.entries.len());
        for (i, entry) in self.entries.iter().enumerate() {
            let missing = SegmentError::Reference(i);
            let index = entry.record as usize;
            let record = *self.records.get(index).ok_or_else(|| missing.clone())?;
            let boot = *self.boots.get(entry.boot as usize).ok_or_else(|| missing.clone())?;
            let n = self.from.checked_add(i as u64).ok_or(missing)?;
            wall = wall.wrapping_add(entry.wall_delta);
            mono = mono.wrapping_add(entry.mono_delta);
            let (hash, change) = match &entry.payload {
                Payload::Packed(bytes) => chunk::unpack(bytes, last[index].as_ref())
                    .map(|(hash, raw)| (hash, Some(raw)))
                    .map_err(|e| SegmentError::Packing(i, e))?,
                Payload::Named(hash) => (*hash, None),
            };
            last[index] = Some(hash);
            let clock = ClockReading { wall: UnixMillis(wall), mono_ms: mono.cast_unsigned(), boot };
            items.push(Item { entry: Entry { n, record, change: hash, clock }, change });
        }
        Ok(items)
    }
}

/// Follows the chain from a known head through entries; the head after the last one.
///
/// # Errors
/// [`SegmentError::Chain`] when the entries don't start right after `base` or don't lead to `claimed`.
pub fn follow(base: Head, items: &[Item], claimed: Head) -> Result<Head, SegmentError> {
    let mut head = base;
    for item in items {
        if item.entry.n != head.n + 1 {
            return Err(SegmentError::Chain);
        }
        head = head.after(&item.entry);
    }
    if head == claimed { Ok(head) } else { Err(SegmentError::Chain) }
}

struct Table<T> {
    rows: Vec<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<T: PartialEq> Table<T> {
    fn index(&mut self, row: T) -> u32 {
        // Neighbouring entries are mostly about the same thing, so the search from the end is short.
        let found = self.rows.iter().rposition(|known| *known == row);
        let index = found.unwrap_or_else(|| {
            self.rows.push(row);
            self.rows.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by the fuzz target for journals: what comes before a segment is `from - 1`.
    #[test]
    fn positions_begin_with_one_and_end_with_the_numbers() {
        let entry = || {
            let payload = Payload::Named(ChangeHash([1; 32]));
            WireEntry { record: 0, boot: 0, wall_delta: 1, mono_delta: 1, payload }
        };
        let segment = |from: u64, lines: usize| Segment {
            from,
            records: vec![RecordId::from([7; 16])],
            boots: vec![BootId(1)],
            entries: (0..lines).map(|_| entry()).collect(),
            head: Head::EMPTY,
            signature: Signature([0; 64]),
        };
        assert_eq!(segment(0, 1).unpack(), Err(SegmentError::Reference(0)));
        assert_eq!(segment(1, 0).unpack(), Err(SegmentError::Empty));
        assert_eq!(segment(1, 2).unpack().unwrap()[1].entry.n, 2);
        assert_eq!(segment(u64::MAX, 1).unpack().unwrap()[0].entry.n, u64::MAX);
        assert_eq!(segment(u64::MAX, 2).unpack(), Err(SegmentError::Reference(1)));
    }
}
