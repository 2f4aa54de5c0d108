//! Automerge's binary format, read and written without Automerge: it panics on some false bytes, and takes its time.
//!
//! A chunk is magic, checksum, type and length. A change has dependencies, actor, sequence, first operation, time,
//! message, other actors, and columns of run-length encoded operations. Source: Automerge's binary format
//! specification, and what Automerge writes.
//!
//! - [`read_change`] reads what stands before the operations, and counts them without unpacking them;
//! - [`Change::read`] takes the operations apart;
//! - [`lay_out`] makes of changes that follow each other the document that Automerge would make of them;
//! - [`read_off`] tells what stands in a record after such changes, without a document;
//! - [`pack`] and [`unpack`] leave away on the wire what can be worked out;
//! - [`contents`] and [`change_of`] take the header away and put it back.

mod change;
mod held;
mod layout;
mod reader;

use sha2::{Digest, Sha256};

pub use change::{Action, Change, Container, Key, Op, OpId, Scalar, Value};
pub use held::{Held, read_off};
pub use layout::lay_out;
use reader::Reader;

use crate::id::{ActorId, ChangeHash};
use crate::time::UnixMillis;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_DOCUMENT: u8 = 0;
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
    /// More operations than are allowed, or they have more predecessors.
    #[error("too many operations")]
    TooManyOperations,
    /// A column that records don't use: of marks, or of a newer Automerge.
    #[error("a column that is not known")]
    UnknownColumn,
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
    let mut reader = Reader(contents(raw)?);
    read_head(raw, &mut reader).map(|head| head.frame)
}

/// The changes that a change follows, read from its beginning alone: they stand first. Nothing else is looked at.
///
/// # Errors
/// When the bytes are not the beginning of a plain change chunk, or end within the dependencies.
pub fn dependencies(beginning: &[u8]) -> Result<Vec<ChangeHash>, ChunkError> {
    let mut reader = Reader(beginning);
    header(&mut reader)?;
    reader.deps()
}

/// What stands before the operations of a change, and where their columns lie.
struct Head<'a> {
    frame: ChangeFrame,
    has_message: bool,
    /// Whom the operations speak of, besides who wrote them.
    others: Vec<ActorId>,
    /// Each with its number.
    columns: Vec<(u64, &'a [u8])>,
}

/// Reads the contents of a change, up to what may stand behind its columns.
fn read_head<'a>(raw: &[u8], reader: &mut Reader<'a>) -> Result<Head<'a>, ChunkError> {
    let hash = hash_of(TYPE_CHANGE, reader.0);
    if raw.get(4..8) != hash.0.get(..4) {
        return Err(ChunkError::Checksum);
    }
    let deps = reader.deps()?;
    let actor = reader.actor()?;
    let seq = reader.unsigned()?;
    let start_op = reader.unsigned()?;
    let time = UnixMillis(reader.signed()?);
    let message = reader.length()?;
    reader.take(message)?;
    let mut others = Vec::new();
    for _ in 0..reader.length()? {
        others.push(reader.actor()?);
    }
    let columns = reader.columns()?;
    let actions = columns.iter().find(|(number, _)| *number == ACTION_COLUMN);
    // 69 bytes can claim ten million operations, and Automerge would unpack them all.
    let ops = actions.map_or(Ok(0), |(_, data)| Reader(data).run_lengths())?;
    let frame = ChangeFrame { hash, deps, actor, seq, start_op, time, ops };
    Ok(Head { frame, has_message: message > 0, others, columns })
}

/// The contents of a change, behind its header, which [`change_of`] makes again. They are not looked at.
///
/// # Errors
/// When `raw` does not begin as a plain change chunk of its length.
pub fn contents(raw: &[u8]) -> Result<&[u8], ChunkError> {
    let mut reader = Reader(raw);
    let length = header(&mut reader)?;
    if length == reader.0.len() { Ok(reader.0) } else { Err(ChunkError::Malformed) }
}

/// Reads the header of a change; answers how long its contents are said to be.
fn header(reader: &mut Reader<'_>) -> Result<usize, ChunkError> {
    if reader.take(4)? != MAGIC {
        return Err(ChunkError::NotAChange);
    }
    reader.take(4)?;
    if reader.byte()? != TYPE_CHANGE {
        return Err(ChunkError::Unsupported);
    }
    reader.length()
}

/// The change with these contents, and its name. They are not looked at.
pub fn change_of(contents: &[u8]) -> (ChangeHash, Vec<u8>) {
    chunk_of(TYPE_CHANGE, contents)
}

/// A chunk with these contents.
fn chunk_of(kind: u8, body: &[u8]) -> (ChangeHash, Vec<u8>) {
    let hash = hash_of(kind, body);
    let raw = framed(kind, body, &hash);
    (hash, raw)
}

/// The chunk of this name with these contents.
fn framed(kind: u8, body: &[u8], hash: &ChangeHash) -> Vec<u8> {
    let length = unsigned_leb128(body.len() as u64);
    let mut raw = Vec::with_capacity(body.len() + 9 + length.len());
    raw.extend_from_slice(&MAGIC);
    raw.extend_from_slice(&hash.0[..4]);
    raw.push(kind);
    raw.extend_from_slice(&length);
    raw.extend_from_slice(body);
    raw
}

fn hash_of(kind: u8, body: &[u8]) -> ChangeHash {
    let mut hasher = Sha256::new();
    hasher.update([kind]);
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
    Ok(change_of(&unpacked(packed, previous)?))
}

/// Whether unpacking gives just these bytes, of which the name is known and need not be found out again.
pub fn packs(raw: &[u8], name: &ChangeHash, packed: &[u8], previous: Option<&ChangeHash>) -> bool {
    unpacked(packed, previous).is_ok_and(|contents| framed(TYPE_CHANGE, &contents, name) == raw)
}

/// The contents of a packed change.
fn unpacked(packed: &[u8], previous: Option<&ChangeHash>) -> Result<Vec<u8>, ChunkError> {
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
    Ok(body)
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
            assert_eq!(dependencies(change.raw_bytes()), Ok(frame.deps.clone()));
            let end = change.raw_bytes().len() - 1;
            assert_eq!(dependencies(&change.raw_bytes()[..end]), Ok(frame.deps), "the rest is not looked at");
            assert!(dependencies(&change.raw_bytes()[..10]).is_err());
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
    fn what_unpacks_to_other_bytes_is_told() {
        let changes = two_changes();
        let (first, second) = (ChangeHash::from(changes[0].hash()), &changes[1]);
        let (name, raw) = (ChangeHash::from(second.hash()), second.raw_bytes());
        let packed = pack(raw, Some(&first)).unwrap();
        assert!(packs(raw, &name, &packed, Some(&first)));
        assert!(!packs(raw, &name, &packed, None), "it does not say what it follows");
        assert!(!packs(raw, &first, &packed, Some(&first)), "another name");
        // One dependency, counted in two bytes where one is enough.
        let (name, raw) = change_of(&[&[0x81, 0x00], &first.0[..], b"rest"].concat());
        let packed = pack(&raw, Some(&first)).unwrap();
        assert!(!packs(&raw, &name, &packed, Some(&first)));
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
