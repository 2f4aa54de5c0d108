//! What the fuzz targets do with their bytes. `fuzz/` calls these functions with bytes that libFuzzer makes up; the test
//! `fuzz_corpus` calls them with those that were worth keeping.
//!
//! None of them may panic, whatever the bytes are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use automerge::legacy::{ElementId, Key, ObjectId, OpId, OpType};
use automerge::{Change, ExpandedChange, ObjType, ScalarValue};
use sync_core::chunk::{self, lay_out, read_change};
use sync_core::document::{Document, NewRecord, view_of_changes};
use sync_core::history::history;
use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, PersonId, RecordId, Signature};
use sync_core::journal::Head;
use sync_core::record::header::{Header, SCHEMA};
use sync_core::record::lead::LeadFacts;
use sync_core::record::view::RecordFacts as _;
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::trust::Limits;
use sync_core::trust::authority::Author;
use sync_core::trust::judge::{Candidate, Judgement, judge};
use sync_core::wire::cursor::Cursor;
use sync_core::wire::enrol::{EnrolRequest, EnrolResponse, ReidentifyRequest, Role, TokenRequest, TokenResponse};
use sync_core::wire::exchange::{ExchangeRequest, ExchangeResponse};
use sync_core::wire::segment::{Item, Payload, Segment, follow};
use sync_core::wire::{self, Encoding};

use crate::hostile::{Class, Mould, contents};

/// A target: its name, which is that of its corpus too, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("gate", gate),
    ("bent", bent),
    ("wire", wire_messages),
    ("journal", journal),
    ("chunk", chunk_parser),
    ("history", record_history),
];

/// How much a message may unpack to here: small, so that the fuzzer is not slowed down by what is refused anyway.
const INFLATED: usize = 1 << 20;
const OWNER: ActorId = ActorId([1; 16]);

/// A published lead, and who may write to it.
struct Scene {
    id: RecordId,
    author: Author,
    device: DeviceId,
    mould: Mould,
}

static SCENE: LazyLock<Option<Scene>> = LazyLock::new(|| {
    let (id, device, office) = (RecordId::from([7; 16]), DeviceId::from([5; 16]), OfficeId::from([6; 16]));
    let person = PersonId::from([8; 16]);
    let header = Header {
        id,
        kind: LeadFacts::KIND,
        schema: SCHEMA,
        owner: person,
        office,
        team: None,
        project: None,
        captured: ClockReading { wall: UnixMillis(1_760_000_000_000), mono_ms: 1, boot: BootId(1) },
        utc_offset_minutes: 480,
        place: None,
        device,
        app: "fuzz/1".to_owned(),
    };
    let facts = LeadFacts { name: Some("张".into()), notes: "想看".into(), ..LeadFacts::default() };
    let (_, made) = Document::create(OWNER, &NewRecord { header, facts }).ok()?;
    let mould = Mould::of(&made.bytes, OWNER).ok()?;
    let author = Author { person, role: Role::Promoter, office: Some(office), team: None };
    Some(Scene { id, author, device, mould })
});

impl Scene {
    /// Judges chunks on top of the lead, or as the beginnings of one, and holds the verdict to its word.
    fn judge(&self, chunks: &[Vec<u8>], from_nothing: bool) {
        let limits = Limits::default();
        let framed = chunks.iter().filter(|raw| raw.len() <= limits.change_bytes).filter_map(|raw| {
            // As the server does before anything is stored.
            let frame = read_change(raw).ok().filter(|frame| frame.ops <= limits.change_ops)?;
            let (author, device) = (self.author, self.device);
            Some(Candidate { hash: frame.hash, raw, author, device, copied: false, approved: false })
        });
        let candidates: Vec<Candidate<'_>> = framed.collect();
        let published: &[&[u8]] = if from_nothing { &[] } else { &[self.mould.first()] };
        let judged = judge(self.id, published, &[], &candidates, &limits);
        let Ok(Judgement { accepted, set_aside, document, view }) = judged else {
            panic!("the published record does not load any more");
        };
        assert_eq!(accepted.len() + set_aside.len(), candidates.len(), "a change without a verdict");
        let Some(mut document) = document else {
            assert!(accepted.is_empty(), "accepted, and nothing to read");
            return;
        };
        let again = Document::load_bytes(&document.save()).and_then(|mut again| {
            assert_eq!(again.heads(), document.heads());
            again.any_view()
        });
        assert_eq!(again.ok(), view, "what was accepted does not read the same after saving");
        // As a phone does that has the record already: Automerge takes in one change after the other.
        let taken = candidates.iter().filter(|candidate| accepted.contains(&candidate.hash));
        let log: Vec<&[u8]> = published.iter().copied().chain(taken.map(|candidate| candidate.raw)).collect();
        let applied = Document::load_bytes(&log.concat()).and_then(|mut applied| applied.any_view());
        assert_eq!(applied.ok(), view, "what was accepted reads in another way where it is taken in");
        let read_off = view_of_changes(log).ok();
        assert_eq!(read_off, view, "what was accepted reads in another way without a document");
    }
}

fn scene() -> &'static Scene {
    match &*SCENE {
        Some(scene) => scene,
        None => panic!("the honest lead can't be made"),
    }
}

/// Cuts bytes into pieces, each after its length in two bytes.
fn pieces(mut data: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (piece, rest) = rest.split_at(length);
        pieces.push(piece);
        data = rest;
    }
    pieces
}

/// The pieces as a corpus file holds them.
pub fn in_pieces(pieces: &[&[u8]]) -> Vec<u8> {
    let lengths = pieces.iter().map(|piece| u16::try_from(piece.len()).unwrap_or(u16::MAX).to_be_bytes());
    lengths.zip(pieces).flat_map(|(length, piece)| [&length[..], piece].concat()).collect()
}

/// Contents of changes, made up from nothing, through the gate.
pub fn gate(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let mut previous = None;
    let mut chunks = Vec::new();
    for piece in pieces(rest) {
        if let Ok((hash, raw)) = chunk::unpack(&[&[0], piece].concat(), previous.as_ref()) {
            previous = Some(hash);
            chunks.push(raw);
        }
    }
    scene().judge(&chunks, kind & 1 == 1);
}

/// Numbers read from the fuzzer's bytes; zeros when they are used up.
struct Whims<'a>(&'a [u8]);

impl Whims<'_> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    fn number(&mut self) -> u64 {
        let shift = self.byte() % 8;
        (0..=shift).fold(0, |sum, _| sum << 8 | u64::from(self.byte()))
    }

    fn small(&mut self, below: usize) -> usize {
        usize::from(self.byte()) % below.max(1)
    }
}

/// Honest changes, bent in the ways that hurt Automerge, through the gate.
pub fn bent(data: &[u8]) {
    let mut whims = Whims(data);
    let scene = scene();
    let mut chunks = Vec::new();
    let mut last: Option<(ChangeHash, ExpandedChange)> = None;
    for _ in 0..1 + whims.small(4) {
        if whims.small(4) == 0 {
            let class = Class::ALL[whims.small(Class::ALL.len())];
            // The moulds reckon with it, and are not what is tested here.
            let number = whims.number() >> 32;
            if let Ok(contents) = scene.mould.cast(class, number)
                && let Ok((_, raw)) = chunk::unpack(&[&[0], &contents[..]].concat(), None)
            {
                chunks.push(raw);
            }
            continue;
        }
        let mut change = scene.mould.honest();
        if let Some((hash, before)) = &last
            && whims.small(3) > 0
        {
            // The next one of the same hand, so that falsities can build on each other.
            change.deps = vec![automerge::ChangeHash(hash.0)];
            change.seq = before.seq.wrapping_add(1);
            if let Ok(start) = before.start_op.get().wrapping_add(before.operations.len() as u64).try_into() {
                change.start_op = start;
            }
        }
        for _ in 0..whims.small(5) {
            bend(&mut change, &mut whims);
        }
        // Automerge's own encoder refuses some of it by panicking.
        let encoded = catch_unwind(AssertUnwindSafe(|| Change::from(change.clone()).raw_bytes().to_vec()));
        if let Ok(raw) = encoded {
            if let Ok(frame) = read_change(&raw) {
                last = Some((frame.hash, change));
            }
            chunks.push(raw);
        }
    }
    scene.judge(&chunks, false);
}

fn id(whims: &mut Whims<'_>) -> OpId {
    let actor = [OWNER.0, [2; 16], [9; 16]][whims.small(3)];
    OpId::new(whims.number(), &automerge::ActorId::from(actor))
}

fn bend(change: &mut ExpandedChange, whims: &mut Whims<'_>) {
    let at = whims.small(change.operations.len());
    let id = id(whims);
    match whims.byte() % 20 {
        0 => change.seq = whims.number(),
        1 => {
            if let Ok(start) = whims.number().try_into() {
                change.start_op = start;
            }
        }
        2 => change.time = whims.number().cast_signed(),
        3 => change.deps.clear(),
        4 => change.deps.push(automerge::ChangeHash([whims.byte(); 32])),
        5 => change.actor_id = automerge::ActorId::from([whims.byte() % 4; 16]),
        6 => change.message = Some("m".repeat(whims.small(50))),
        7 => change.operations.truncate(at),
        kind => {
            let Some(op) = change.operations.get_mut(at) else {
                return;
            };
            match kind {
                8 => op.obj = ObjectId::Root,
                9 => op.obj = ObjectId::Id(id),
                10 => op.key = Key::Seq(ElementId::Head),
                11 => op.key = Key::Seq(ElementId::Id(id)),
                12 => op.key = Key::Map(["name", "notes", "k", ""][whims.small(4)].into()),
                13 => op.pred = vec![id].into(),
                14 => op.pred = vec![].into(),
                15 => op.insert = !op.insert,
                16 => op.action = OpType::Delete,
                17 => op.action = OpType::Increment(whims.number().cast_signed()),
                18 => {
                    let kinds = [ObjType::Map, ObjType::List, ObjType::Text, ObjType::Table];
                    op.action = OpType::Make(kinds[whims.small(4)]);
                }
                _ => {
                    let values = [
                        ScalarValue::Null,
                        ScalarValue::Boolean(true),
                        ScalarValue::Int(i64::MIN),
                        ScalarValue::Uint(u64::MAX),
                        ScalarValue::F64(f64::NAN),
                        ScalarValue::Timestamp(i64::MAX),
                        ScalarValue::counter(1),
                        ScalarValue::Bytes(vec![0; 100]),
                        ScalarValue::Str("字".repeat(whims.small(200)).into()),
                    ];
                    op.action = OpType::Put(values[whims.small(values.len())].clone());
                }
            }
        }
    }
}

/// A message of a kind that the first byte chooses, plain or compressed.
pub fn wire_messages(data: &[u8]) {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    let encoding = if kind & 0x80 == 0 { Encoding::Identity } else { Encoding::Gzip };
    match kind & 0x7f {
        0 => message::<ExchangeRequest>(body, encoding),
        1 => message::<ExchangeResponse>(body, encoding),
        2 => message::<EnrolRequest>(body, encoding),
        3 => message::<EnrolResponse>(body, encoding),
        4 => message::<TokenRequest>(body, encoding),
        5 => message::<TokenResponse>(body, encoding),
        6 => message::<ReidentifyRequest>(body, encoding),
        7 => message::<Segment>(body, encoding),
        _ => message::<Cursor>(body, encoding),
    }
}

/// What was understood is said again in the same sense.
fn message<T>(body: &[u8], encoding: Encoding)
where
    T: for<'b> minicbor::Decode<'b, ()> + minicbor::Encode<()> + PartialEq + std::fmt::Debug,
{
    if let Ok(understood) = wire::decode::<T>(body, encoding, INFLATED) {
        let said = wire::encode(&understood);
        let again = wire::decode::<T>(&said.bytes, said.encoding, usize::MAX);
        assert_eq!(again.as_ref(), Ok(&understood));
    }
}

/// A stretch of a journal: unpacked, followed, packed again.
pub fn journal(data: &[u8]) {
    let Ok(segment) = wire::decode::<Segment>(data, Encoding::Identity, INFLATED) else {
        return;
    };
    let Ok(items) = segment.unpack() else {
        return;
    };
    assert_eq!(items.len(), segment.entries.len());
    let head = items
        .iter()
        .fold(Head { n: segment.from.wrapping_sub(1), ..Head::EMPTY }, |head, item| head.after(&item.entry));
    let base = Head { n: segment.from.wrapping_sub(1), ..Head::EMPTY };
    let _ = follow(base, &items, segment.head);
    assert!(follow(base, &items, head).is_ok(), "the lines don't lead where they lead");
    if let Ok(packed) = Segment::pack(&items, segment.head, segment.signature) {
        assert_eq!(packed.unpack().as_ref(), Ok(&items));
    }
}

/// A change's frame, read, packed and unpacked.
pub fn chunk_parser(data: &[u8]) {
    let _ = read_change(data);
    let previous = ChangeHash([1; 32]);
    for before in [None, Some(&previous)] {
        if let Ok((hash, raw)) = chunk::unpack(data, before) {
            if let Ok(frame) = read_change(&raw) {
                assert_eq!(frame.hash, hash);
                if let Ok(change) = chunk::Change::read(&raw, 1_000) {
                    assert_eq!(change.ops.len() as u64, frame.ops);
                    lay_out(&[&change]);
                }
            }
            if let Ok(packed) = chunk::pack(&raw, before) {
                assert_eq!(chunk::unpack(&packed, before), Ok((hash, raw)));
            }
        }
    }
}

/// The history of a record that holds nonsense, as far as the gate's first look lets it through.
pub fn record_history(data: &[u8]) {
    let limits = Limits::default();
    let unpacked = pieces(data).into_iter().filter_map(|piece| chunk::unpack(&[&[0], piece].concat(), None).ok());
    let is_small = |raw: &Vec<u8>| read_change(raw).is_ok_and(|frame| frame.ops <= limits.change_ops);
    let changes: Vec<Vec<u8>> = unpacked.map(|(_, raw)| raw).filter(is_small).collect();
    let log = std::iter::once(scene().mould.first()).chain(changes.iter().map(Vec::as_slice));
    let _ = history(log);
}

/// Stretches of journals: honest ones of every shape, and such that are false in one thing each.
fn journal_seeds(scene: &Scene) -> Option<Vec<(&'static str, Vec<u8>)>> {
    let other = RecordId::from([3; 16]);
    let (first, honest) = (scene.mould.first().to_vec(), Change::from(scene.mould.honest()).raw_bytes().to_vec());
    let line = |record: RecordId, change: &[u8]| Some((record, read_change(change).ok()?.hash, Some(change.to_vec())));
    let whole = vec![line(scene.id, &first)?, line(scene.id, &honest)?];
    let named = |lines: &[Line]| lines.iter().map(|(record, hash, _)| (*record, *hash, None)).collect::<Vec<_>>();
    let mixed = vec![line(scene.id, &first)?, line(other, &honest)?, line(scene.id, &honest)?, line(other, &first)?];
    let long: Vec<Line> = (0..120).map(|n| (scene.id, ChangeHash([n; 32]), None)).collect();

    let even = |n: u64| (1_760_000_000_000 + n as i64, n, 1);
    let reboots = |n: u64| (1_760_000_000_000 - 86_400_000 * n as i64, 5, n / 2);
    let absurd = |n: u64| (if n == 0 { i64::MIN } else { i64::MAX }, u64::MAX - n, u64::MAX);
    let good = [
        ("honest", stretch(1, &whole, even)?),
        ("named", stretch(1, &named(&whole), even)?),
        ("half-named", stretch(1, &[&whole[..1], &named(&whole)[1..]].concat(), even)?),
        ("two-records", stretch(1, &mixed, even)?),
        ("reboots", stretch(7, &mixed, reboots)?),
        ("absurd-clocks", stretch(1_000, &mixed, absurd)?),
        ("long", stretch(1, &long, even)?),
        ("at-the-end-of-numbers", stretch(u64::MAX - 1, &whole, even)?),
    ];
    let bad = |with: fn(&mut Segment)| {
        let mut segment = stretch(1, &whole, even)?;
        with(&mut segment);
        Some(segment)
    };
    let bad = [
        ("nothing", bad(|segment| segment.entries.clear())?),
        ("before-the-first", bad(|segment| segment.from = 0)?),
        ("beyond-the-numbers", bad(|segment| segment.from = u64::MAX)?),
        ("no-such-record", bad(|segment| segment.entries[1].record = 9)?),
        ("no-such-boot", bad(|segment| segment.boots.clear())?),
        ("follows-nothing", bad(|segment| drop(segment.entries.remove(0)))?),
        ("false-head", bad(|segment| segment.head.link.0[0] ^= 1)?),
        ("twice", bad(|segment| segment.entries = [&segment.entries[..], &segment.entries[..]].concat())?),
        ("no-change", bad(|segment| segment.entries[0].payload = Payload::Packed(Vec::new()))?),
        ("unknown-packing", bad(|segment| segment.entries[0].payload = Payload::Packed(vec![9, 1, 2]))?),
    ];
    let all = good.into_iter().chain(bad);
    all.map(|(name, segment)| Some((name, minicbor::to_vec(&segment).ok()?))).collect()
}

/// About which record, which change, and its bytes.
type Line = (RecordId, ChangeHash, Option<Vec<u8>>);

/// A stretch that begins with this position; `clock` gives wall, monotonic clock and boot of each line.
fn stretch(from: u64, lines: &[Line], clock: impl Fn(u64) -> (i64, u64, u64)) -> Option<Segment> {
    let mut head = Head { n: from - 1, ..Head::EMPTY };
    let mut items = Vec::new();
    for (n, (record, hash, change)) in (0..).zip(lines) {
        let (wall, mono_ms, boot) = clock(n);
        let clock = ClockReading { wall: UnixMillis(wall), mono_ms, boot: BootId(boot) };
        let (entry, next) = head.append(*record, *hash, clock);
        head = next;
        items.push(Item { entry, change: change.clone() });
    }
    Segment::pack(&items, head, Signature([0; 64])).ok()
}

/// Inputs to begin with: an honest one and one of each class of false ones, by target.
pub fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let scene = scene();
    let mut seeds = Vec::new();
    let honest = contents(Change::from(scene.mould.honest()).raw_bytes().to_vec());
    let first = contents(scene.mould.first().to_vec());
    let mut add = |name: &str, contents: &[u8]| {
        if contents.len() > 4_000 {
            return;
        }
        let two = in_pieces(&[contents, &honest]);
        seeds.push(("gate", name.to_owned(), [&[0], &two[..]].concat()));
        seeds.push(("chunk", name.to_owned(), [&[0], contents].concat()));
        seeds.push(("history", name.to_owned(), two));
    };
    add("honest", &honest);
    add("first", &first);
    for (number, class) in Class::ALL.iter().enumerate() {
        if let Ok(contents) = scene.mould.cast(*class, number as u64) {
            add(&format!("{class:?}").to_lowercase(), &contents);
        }
    }
    let journals = journal_seeds(scene).into_iter().flatten();
    seeds.extend(journals.map(|(name, bytes)| ("journal", name.to_owned(), bytes)));
    seeds.push(("gate", "from_nothing".to_owned(), [&[1], &in_pieces(&[&first, &honest])[..]].concat()));
    for (number, class) in Class::ALL.iter().enumerate() {
        let name = format!("{class:?}").to_lowercase();
        seeds.push(("bent", name, vec![0, 0, number as u8, 0, 1]));
    }
    seeds
}
