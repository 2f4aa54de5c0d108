//! Reading the frame of a change without Automerge.
//!
//! The binary format is Automerge's: magic, checksum, type, length, then dependencies, actor, sequence, first
//! operation, time, message, other actors, and columns of run-length encoded operations.

use sha2::{Digest, Sha256};

use crate::id::{ActorId, ChangeHash};
use crate::time::UnixMillis;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_CHANGE: u8 = 1;
/// Column 4 holds the actions, one run-length encoded number for each operation.
const ACTION_COLUMN: u64 = (4 << 4) | 2;
/// This bit of a column's number says that its data are deflated.
const DEFLATED: u64 = 0b1000;

/// Why bytes are not an acceptable change chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes end too early, go on too long, or a number in them is malformed.
    #[error("truncated or malformed change")]
    Malformed,
    /// Not Automerge's.
    #[error("not a change")]
    NotAChange,
    /// A document, a compressed change or a bundle; only plain changes are accepted.
    #[error("only plain uncompressed changes are accepted")]
    Unsupported,
    /// The checksum does not match the contents.
    #[error("the checksum does not match")]
    Checksum,
    /// An actor is not sixteen bytes long.
    #[error("an actor has sixteen bytes")]
    Actor,
}

/// The frame of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFrame {
    /// Its name: SHA-256 over type, length and contents.
    pub hash: ChangeHash,
    /// The changes that it follows.
    pub deps: Vec<ChangeHash>,
    /// Who wrote it.
    pub actor: ActorId,
    /// The how-manieth change of that actor in this document, from 1.
    pub seq: u64,
    /// The number of its first operation.
    pub start_op: u64,
    /// When, by the writer's wall clock.
    pub time: UnixMillis,
    /// How many operations it claims to hold, counted without unpacking them.
    pub ops: u64,
}

/// Reads the frame of one change, which must fill the bytes exactly.
///
/// # Errors
/// When the bytes are anything but one plain change chunk with the right checksum.
pub fn read_change(raw: &[u8]) -> Result<ChangeFrame, ChunkError> {
    let body = contents(raw)?;
    let hash = hash_of(body);
    if raw[4..8] != hash.0[..4] {
        return Err(ChunkError::Checksum);
    }
    let mut reader = Reader(body);
    let deps = reader.deps()?;
    let actor = reader.actor()?;
    let seq = reader.unsigned()?;
    let start_op = reader.unsigned()?;
    let time = UnixMillis(reader.signed()?);
    let message = reader.length()?;
    reader.take(message)?;
    for _ in 0..reader.length()? {
        reader.actor()?;
    }
    Ok(ChangeFrame { hash, deps, actor, seq, start_op, time, ops: reader.count_ops()? })
}

/// The contents of a chunk, behind its header.
fn contents(raw: &[u8]) -> Result<&[u8], ChunkError> {
    let mut reader = Reader(raw);
    if reader.take(4)? != MAGIC {
        return Err(ChunkError::NotAChange);
    }
    reader.take(4)?;
    if reader.byte()? != TYPE_CHANGE {
        return Err(ChunkError::Unsupported);
    }
    let length = reader.length()?;
    if length == reader.0.len() { Ok(reader.0) } else { Err(ChunkError::Malformed) }
}

fn hash_of(body: &[u8]) -> ChangeHash {
    let mut hasher = Sha256::new();
    hasher.update([TYPE_CHANGE]);
    hasher.update(unsigned_leb128(body.len() as u64));
    hasher.update(body);
    ChangeHash(hasher.finalize().into())
}

fn unsigned_leb128(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4);
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// How a change stands on the wire: its header is left away, and its dependencies too when they are just the
/// change before it. Both can be worked out again, and neither compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    WithDeps = 0,
    FollowsPrevious = 1,
}

/// Packs a change for the wire. `previous` is the change of the same record that stands before it in the message.
///
/// # Errors
/// When `raw` is not a plain change chunk.
pub fn pack(raw: &[u8], previous: Option<&ChangeHash>) -> Result<Vec<u8>, ChunkError> {
    let body = contents(raw)?;
    let mut reader = Reader(body);
    let deps = reader.deps()?;
    let (packing, rest) = match (deps.as_slice(), previous) {
        ([only], Some(previous)) if only == previous => (Packing::FollowsPrevious, reader.0),
        _ => (Packing::WithDeps, body),
    };
    let mut packed = Vec::with_capacity(rest.len() + 1);
    packed.push(packing as u8);
    packed.extend_from_slice(rest);
    Ok(packed)
}

/// Restores a packed change and names it.
///
/// # Errors
/// When the form is unknown or it refers to a previous change that is not there. The contents are not looked at.
pub fn unpack(packed: &[u8], previous: Option<&ChangeHash>) -> Result<(ChangeHash, Vec<u8>), ChunkError> {
    let (&packing, rest) = packed.split_first().ok_or(ChunkError::Malformed)?;
    let mut body = Vec::with_capacity(rest.len() + 33);
    match packing {
        0 => {}
        1 => {
            body.push(1);
            body.extend_from_slice(&previous.ok_or(ChunkError::Malformed)?.0);
        }
        _ => return Err(ChunkError::Unsupported),
    }
    body.extend_from_slice(rest);
    let hash = hash_of(&body);
    let length = unsigned_leb128(body.len() as u64);
    let mut raw = Vec::with_capacity(body.len() + 9 + length.len());
    raw.extend_from_slice(&MAGIC);
    raw.extend_from_slice(&hash.0[..4]);
    raw.push(TYPE_CHANGE);
    raw.extend_from_slice(&length);
    raw.extend_from_slice(&body);
    Ok((hash, raw))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ChunkError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(ChunkError::Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, ChunkError> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn unsigned(&mut self) -> Result<u64, ChunkError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(ChunkError::Malformed);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(ChunkError::Malformed)
    }

    fn signed(&mut self) -> Result<i64, ChunkError> {
        let mut value = 0i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0 && shift + 7 < 64;
                return Ok(if negative { value | (-1i64 << (shift + 7)) } else { value });
            }
        }
        Err(ChunkError::Malformed)
    }

    fn length(&mut self) -> Result<usize, ChunkError> {
        usize::try_from(self.unsigned()?).map_err(|_| ChunkError::Malformed)
    }

    fn deps(&mut self) -> Result<Vec<ChangeHash>, ChunkError> {
        let count = self.length()?;
        let bytes = self.take(count.checked_mul(32).ok_or(ChunkError::Malformed)?)?;
        Ok(bytes.chunks_exact(32).filter_map(ChangeHash::from_slice).collect())
    }

    fn actor(&mut self) -> Result<ActorId, ChunkError> {
        let length = self.length()?;
        ActorId::from_slice(self.take(length)?).ok_or(ChunkError::Actor)
    }

    /// Sums the run lengths of the action column: 69 bytes can claim ten million operations, and Automerge would
    /// unpack them all.
    fn count_ops(&mut self) -> Result<u64, ChunkError> {
        let mut columns = Vec::new();
        for _ in 0..self.length()? {
            columns.push((self.unsigned()?, self.length()?));
        }
        let mut ops = 0u64;
        for (column, length) in columns {
            let mut data = Reader(self.take(length)?);
            if column & DEFLATED != 0 {
                return Err(ChunkError::Unsupported);
            }
            if column == ACTION_COLUMN {
                ops = data.run_lengths()?;
            }
        }
        Ok(ops)
    }

    fn run_lengths(&mut self) -> Result<u64, ChunkError> {
        let mut total = 0u64;
        while !self.0.is_empty() {
            let run = match self.signed()? {
                0 => self.unsigned()?,
                repeats @ 1.. => {
                    self.unsigned()?;
                    repeats.unsigned_abs()
                }
                literals => {
                    let count = literals.unsigned_abs();
                    if count > self.0.len() as u64 {
                        return Err(ChunkError::Malformed);
                    }
                    for _ in 0..count {
                        self.unsigned()?;
                    }
                    count
                }
            };
            total = total.checked_add(run).ok_or(ChunkError::Malformed)?;
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable};
    use automerge::{AutoCommit, ReadDoc};
    use proptest::prelude::*;

    use super::*;

    fn two_changes() -> Vec<automerge::Change> {
        let mut doc = AutoCommit::new().with_actor(automerge::ActorId::from([7u8; 16]));
        for (i, key) in ["a", "b", "c"].into_iter().enumerate() {
            doc.put(automerge::ROOT, key, i as i64).unwrap();
            doc.put(automerge::ROOT, "same", "text").unwrap();
            doc.commit_with(CommitOptions::default().with_time(1_700_000_000_000 - i as i64 * 3_000_000_000_000));
        }
        doc.get_changes(&[])
    }

    #[test]
    fn the_frame_agrees_with_automerge() {
        for change in two_changes() {
            let frame = read_change(change.raw_bytes()).unwrap();
            assert_eq!(frame.hash, change.hash().into());
            assert_eq!(frame.deps, change.deps().iter().map(|&dep| dep.into()).collect::<Vec<ChangeHash>>());
            assert_eq!(frame.actor, ActorId([7; 16]));
            assert_eq!(frame.seq, change.seq());
            assert_eq!(frame.start_op, change.start_op().get());
            assert_eq!(frame.time.0, change.timestamp());
            assert_eq!(frame.ops, change.len() as u64);
        }
    }

    #[test]
    fn packing_leaves_away_what_can_be_worked_out() {
        let changes = two_changes();
        let (first, second) = (&changes[0], &changes[1]);
        let previous = first.hash().into();
        let packed = pack(second.raw_bytes(), Some(&previous)).unwrap();
        assert!(packed.len() + 40 <= second.raw_bytes().len(), "{} of {}", packed.len(), second.raw_bytes().len());
        let (hash, raw) = unpack(&packed, Some(&previous)).unwrap();
        assert_eq!((hash, raw.as_slice()), (second.hash().into(), second.raw_bytes()));
        assert_eq!(unpack(&packed, None), Err(ChunkError::Malformed));
        let alone = pack(second.raw_bytes(), None).unwrap();
        assert_eq!(unpack(&alone, None).unwrap().1, second.raw_bytes());
    }

    #[test]
    fn documents_compressed_changes_and_garbage_are_told_apart() {
        let mut doc = AutoCommit::new();
        doc.put(automerge::ROOT, "k", "v".repeat(2_000)).unwrap();
        doc.commit();
        assert_eq!(read_change(&doc.save()), Err(ChunkError::Unsupported));
        let mut change = doc.get_last_local_change().unwrap();
        assert_eq!(read_change(&change.bytes()), Err(ChunkError::Unsupported));
        assert_eq!(read_change(b"<html>"), Err(ChunkError::NotAChange));
        let mut flipped = change.raw_bytes().to_vec();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        assert_eq!(read_change(&flipped), Err(ChunkError::Checksum));
        assert_eq!(doc.length(automerge::ROOT), 1);
    }

    #[test]
    fn a_run_length_bomb_is_counted_and_not_unpacked() {
        // Ten million "set" actions in six bytes.
        let mut bomb = Reader(&[0x80, 0xad, 0xe2, 0x04, 0x01]);
        assert_eq!(bomb.run_lengths(), Ok(10_000_000));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), flip in 0usize..400, with: u8) {
            let _ = read_change(&bytes);
            let _ = unpack(&bytes, Some(&ChangeHash([1; 32])));
            let mut change = two_changes()[1].raw_bytes().to_vec();
            let index = flip % change.len();
            change[index] ^= with;
            let _ = read_change(&change);
            let _ = pack(&change, None);
        }
    }
}
