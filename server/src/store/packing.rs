//! How the bytes of published changes lie in the database.
//!
//! The change that makes a record says the same as that of every other record, but for what somebody wrote: names of
//! columns and fields, and how operations follow each other. With a dictionary that knows all this it needs half the
//! room, and half of the bytes that go through the log. Small changes, the later edits, consist of hashes and
//! identifiers, which nothing makes smaller; they lie as they are.
//!
//! What lies there says itself how: a change as it is begins with Automerge's 0x85, a packed one with the number of its
//! dictionary. A dictionary therefore never changes and never goes; a better one gets the next number.

use std::cell::RefCell;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

/// Made by `bench dictionary` from changes whose words were replaced by others drawn at random.
const DICTIONARY: &[u8] = include_bytes!("packing/1.dictionary");
/// The number of that dictionary.
const NUMBER: u8 = 1;
/// Higher levels make changes two in a hundred smaller and take twice the time.
const LEVEL: i32 = 3;
/// Below this a change gains less than a tenth.
const WORTH_PACKING: usize = 400;
/// The first bytes of every frame. They are not stored.
const MAGIC: [u8; 4] = zstd_safe::MAGICNUMBER.to_le_bytes();
/// No change is larger, whatever a damaged frame says.
const LARGEST: usize = 64 * 1024 * 1024;

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes of a change as they are stored.
pub(super) fn pack(raw: &[u8]) -> Vec<u8> {
    let frame = if raw.len() < WORTH_PACKING { None } else { compress(raw) };
    match frame.as_deref().and_then(|frame| frame.strip_prefix(&MAGIC)) {
        Some(frame) if frame.len() + 1 < raw.len() => [&[NUMBER], frame].concat(),
        _ => raw.to_vec(),
    }
}

/// The bytes of a change that were stored. What is damaged, or was packed by a newer version, comes back as it lies: no
/// change begins so, which whoever reads the record finds out. An error here would keep from its reader every other
/// record of the same answer.
pub(super) fn unpack(stored: Vec<u8>) -> Vec<u8> {
    let unpacked = match stored.split_first() {
        Some((&NUMBER, frame)) => decompress(&[&MAGIC, frame].concat()),
        _ => None,
    };
    unpacked.unwrap_or(stored)
}

fn compress(raw: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            let mut fresh = Compressor::with_prepared_dictionary(&ENCODER).ok()?;
            // It is known which one it is.
            fresh.include_dictid(false).ok()?;
            *kept = Some(fresh);
        }
        kept.as_mut()?.compress(raw).ok()
    })
}

fn decompress(frame: &[u8]) -> Option<Vec<u8>> {
    let length = zstd_safe::get_frame_content_size(frame).ok().flatten()?;
    let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST)?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = Decompressor::with_prepared_dictionary(&DECODER).ok();
        }
        kept.as_mut()?.decompress(frame, length).ok()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first byte of every change.
    const PLAIN: u8 = 0x85;
    /// A change as phones make them, stored by the first version that packed.
    const GOLDEN: &[u8] = include_bytes!("packing/1.golden");

    #[test]
    fn a_change_that_was_packed_once_can_be_read_for_ever() {
        let raw = unpack(GOLDEN.to_vec());
        let change = sync_core::trust::chunk::read_change(&raw).unwrap();
        assert_eq!((GOLDEN[0], change.seq, raw[0]), (NUMBER, 1, PLAIN));
        assert!(GOLDEN.len() * 3 < raw.len() * 2, "{} of {}", GOLDEN.len(), raw.len());
        assert_eq!(unpack(pack(&raw)), raw);
    }

    #[test]
    fn what_gains_nothing_lies_as_it_is() {
        let small = [&[PLAIN][..], &[7; WORTH_PACKING - 2]].concat();
        assert_eq!(pack(&small), small);
        let mut noise = vec![PLAIN; 2_000];
        let mut state = 1_u32;
        for byte in &mut noise[1..] {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        assert_eq!(pack(&noise), noise);
        assert_eq!(unpack(noise.clone()), noise);
    }

    #[test]
    fn what_is_damaged_is_no_change_and_nobody_s_error() {
        let later = [&[NUMBER + 1][..], &GOLDEN[1..]].concat();
        for stored in [&GOLDEN[..GOLDEN.len() / 2], &[NUMBER], &[NUMBER, 0xff, 0xff], &later, &[]] {
            assert_eq!(unpack(stored.to_vec()), stored);
            assert!(sync_core::trust::chunk::read_change(stored).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(rest in proptest::collection::vec(0_u8..8, 0..3_000)) {
            let raw = [&[PLAIN][..], &rest].concat();
            prop_assert_eq!(unpack(pack(&raw)), raw);
        }

        #[test]
        fn no_bytes_make_it_panic(at in 1_usize..1_000, with: u8) {
            let mut stored = GOLDEN.to_vec();
            let at = at % stored.len();
            stored[at] = with;
            let _ = unpack(stored);
        }
    }
}
