//! How the bytes of published changes lie in the database.
//!
//! The change that makes a record says the same as that of every other record, but for what somebody wrote: names of
//! columns and fields, and how operations follow each other. With a dictionary that knows all this it needs less than
//! half the room, and less than half of the bytes that go through the log; a later edit of one field three quarters. Nor
//! does any change keep its header: it says how long the change is, and begins its hash, which lies beside it.
//!
//! What lies there says itself how: a change as it is begins with Automerge's 0x85, anything else with a number of
//! [`Form`]. A dictionary therefore never changes and never goes; a better one gets the next number.

pub(super) mod bundle;
pub(super) mod part;

use std::cell::RefCell;
use std::sync::LazyLock;
use std::thread::LocalKey;

use sync_core::chunk::{change_of, contents};
use sync_core::id::ChangeHash;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

/// Made by `bench dictionary` from changes whose words and names were replaced by others drawn at random.
const DICTIONARY: &[u8] = include_bytes!("packing/2.dictionary");
/// The one before, of changes that make records.
const FIRST_DICTIONARY: &[u8] = include_bytes!("packing/1.dictionary");
/// Higher levels make changes two in a hundred smaller and take twice the time.
const LEVEL: i32 = 3;
/// The first bytes of every frame. They are not stored.
const MAGIC: [u8; 4] = zstd_safe::MAGICNUMBER.to_le_bytes();
/// No change is larger, whatever a damaged frame says.
const LARGEST: usize = 64 * 1024 * 1024;

/// How the bytes of a change lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The whole change, packed with the first dictionary.
    Packed = 1,
    /// Its contents.
    Contents = 2,
    /// Its contents, packed with the second dictionary.
    PackedContents = 3,
    /// Several changes, packed with the second dictionary: see [`bundle`].
    PackedBundle = 4,
    /// Several changes.
    Bundle = 5,
}

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));
static FIRST_DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(FIRST_DICTIONARY));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    static FIRST_DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes of a change as they are stored.
pub(super) fn pack(raw: &[u8]) -> Vec<u8> {
    let Ok(contents) = contents(raw) else {
        return raw.to_vec();
    };
    compress(contents, Form::PackedContents).unwrap_or_else(|| [&[Form::Contents as u8], contents].concat())
}

/// The bytes of the change `hash` that were stored. What is damaged, or was packed by a newer version, comes back as it
/// lies: no change begins so, which whoever reads the record finds out. An error here would keep from its reader every
/// other record of the same answer.
pub(super) fn unpack(hash: &ChangeHash, stored: Vec<u8>) -> Vec<u8> {
    let (form, rest) = stored.split_first().unwrap_or((&0, &[]));
    let unpacked = match Form::of(*form) {
        Some(Form::Packed) => decompress(rest, &FIRST_DECODER, &FIRST_DECOMPRESSOR),
        Some(Form::Contents) => named(hash, rest),
        Some(Form::PackedContents) => decompress_second(rest).and_then(|contents| named(hash, &contents)),
        Some(Form::PackedBundle | Form::Bundle) | None => None,
    };
    unpacked.unwrap_or(stored)
}

impl Form {
    fn of(number: u8) -> Option<Self> {
        let all = [Self::Packed, Self::Contents, Self::PackedContents, Self::PackedBundle, Self::Bundle];
        all.into_iter().find(|form| *form as u8 == number)
    }
}

/// The change with these contents, if that is its name. A header fits whatever it is made for.
fn named(hash: &ChangeHash, contents: &[u8]) -> Option<Vec<u8>> {
    let (name, raw) = change_of(contents);
    (name == *hash).then_some(raw)
}

/// Packed with the second dictionary, behind the number of a form that says so; `None` if that gains nothing.
fn compress(plain: &[u8], form: Form) -> Option<Vec<u8>> {
    let mut frame = COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            let mut fresh = Compressor::with_prepared_dictionary(&ENCODER).ok()?;
            // It is known which one it is.
            fresh.include_dictid(false).ok()?;
            *kept = Some(fresh);
        }
        kept.as_mut()?.compress(plain).ok()
    })?;
    if !frame.starts_with(&MAGIC) || frame.len() - MAGIC.len() >= plain.len() {
        return None;
    }
    frame.drain(1..MAGIC.len());
    *frame.first_mut()? = form as u8;
    Some(frame)
}

fn decompress_second(frame: &[u8]) -> Option<Vec<u8>> {
    decompress(frame, &DECODER, &DECOMPRESSOR)
}

fn decompress(
    frame: &[u8],
    dictionary: &'static DecoderDictionary<'static>,
    decompressor: &'static LocalKey<RefCell<Option<Decompressor<'static>>>>,
) -> Option<Vec<u8>> {
    let frame = [&MAGIC, frame].concat();
    let length = zstd_safe::get_frame_content_size(&frame).ok().flatten()?;
    let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST)?;
    decompressor.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Decompressor::with_prepared_dictionary(dictionary).ok();
        }
        kept.as_mut()?.decompress(&frame, length).ok()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A change as phones make them, stored by the first version that packed.
    const GOLDEN: &[u8] = include_bytes!("packing/1.golden");
    /// The same, stored by the first version that left headers away.
    const GOLDEN_CONTENTS: &[u8] = include_bytes!("packing/3.golden");
    /// Nobody's name.
    const NO_NAME: ChangeHash = ChangeHash([0; 32]);

    #[test]
    fn a_change_that_was_packed_once_can_be_read_for_ever() {
        let raw = unpack(&NO_NAME, GOLDEN.to_vec());
        let change = sync_core::chunk::read_change(&raw).unwrap();
        assert_eq!((GOLDEN[0], change.seq), (Form::Packed as u8, 1));
        assert_eq!(unpack(&change.hash, GOLDEN_CONTENTS.to_vec()), raw);
        let stored = pack(&raw);
        assert_eq!((stored[0], GOLDEN_CONTENTS[0]), (Form::PackedContents as u8, Form::PackedContents as u8));
        assert!(stored.len() * 3 < raw.len() * 2, "{} of {}", stored.len(), raw.len());
        assert_eq!(unpack(&change.hash, stored), raw);
    }

    #[test]
    fn what_gains_nothing_keeps_its_contents() {
        let small = change_of(b"abcdefgh");
        let mut noise = vec![0; 2_000];
        let mut state = 1_u32;
        for byte in &mut noise {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        for (hash, raw) in [small, change_of(&noise)] {
            let stored = pack(&raw);
            assert_eq!((stored[0], &stored[1..]), (Form::Contents as u8, contents(&raw).unwrap()));
            assert_eq!(unpack(&hash, stored), raw);
        }
    }

    #[test]
    fn what_is_no_change_lies_as_it_is() {
        let (hash, raw) = change_of(b"contents");
        for raw in [&raw[..raw.len() - 1], b"\x85 and anything else", &[]] {
            assert_eq!(pack(raw), raw);
            assert_eq!(unpack(&hash, raw.to_vec()), raw);
        }
    }

    #[test]
    fn what_is_damaged_is_no_change_and_nobody_s_error() {
        let name = sync_core::chunk::read_change(&unpack(&NO_NAME, GOLDEN.to_vec())).unwrap().hash;
        let later = [&[9][..], &GOLDEN[1..]].concat();
        let mut damaged = pack(&change_of(b"abcdefgh").1);
        damaged[5] ^= 1;
        for stored in [&GOLDEN[..GOLDEN.len() / 2], &[1], &[2], &[3], &[1, 0xff, 0xff], &later, &damaged, &[]] {
            assert_eq!(unpack(&name, stored.to_vec()), stored);
            assert_eq!(unpack(&change_of(b"abcdefgh").0, stored.to_vec()), stored);
            assert!(sync_core::chunk::read_change(stored).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(contents in proptest::collection::vec(0_u8..8, 0..3_000)) {
            let (hash, raw) = change_of(&contents);
            prop_assert_eq!(unpack(&hash, pack(&raw)), raw);
        }

        #[test]
        fn no_bytes_make_it_panic(at in 1_usize..1_000, with: u8, golden: bool) {
            let mut stored = if golden { GOLDEN } else { GOLDEN_CONTENTS }.to_vec();
            let at = at % stored.len();
            stored[at] = with;
            let _ = unpack(&NO_NAME, stored);
        }
    }
}
