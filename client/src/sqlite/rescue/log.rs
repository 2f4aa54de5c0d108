//! SQLite's write-ahead log: what it holds, and whether something is missing in the middle or at the end of it.
//!
//! SQLite reads the log up to the first frame that does not fit and takes the rest for what a power cut left of a save that
//! never returned. That is right for the last save. Damage further up would silently take away every save after it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::pages::PAGE;
use crate::sqlite::encryption::beside;

const HEADER: usize = 32;
const FRAME: usize = 24 + PAGE;

/// One version of one page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Which page.
    pub(super) page: u32,
    offset: u64,
    /// Whether it ends a transaction.
    commits: bool,
    /// Whether SQLite reads it: nothing up to here is damaged.
    sound: bool,
}

/// The log beside a store.
pub(super) struct Log {
    file: Option<File>,
    frames: Vec<Frame>,
    /// How many frames SQLite last knew of.
    known: usize,
}

impl Log {
    pub(super) fn of(store: &Path) -> io::Result<Self> {
        let mut file = match File::open(beside(store, "-wal")) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { file: None, frames: Vec::new(), known: 0 });
            }
            Err(error) => return Err(error),
        };
        let mut header = [0; HEADER];
        let Some(()) = fill(&mut file, &mut header)? else {
            return Ok(Self { file: None, frames: Vec::new(), known: 0 });
        };
        let big_endian = header[3] & 1 == 1;
        let mut sum = checksum([0, 0], &header[..24], big_endian);
        let mut sound = stored_sum(&header[24..]) == sum;
        let mut salts: Option<[u8; 8]> = sound.then(|| salts_of(&header, 16));
        let mut frames = Vec::new();
        let mut frame = vec![0; FRAME];
        while let Some(()) = fill(&mut file, &mut frame)? {
            // Frames of an earlier round of the log lie behind the present ones. A header that can't be read is not
            // needed: the first frame is of the present round.
            let present = *salts.get_or_insert_with(|| salts_of(&frame, 8));
            let offset = (HEADER + frames.len() * FRAME) as u64;
            let fits = salts_of(&frame, 8) == present;
            sum = checksum(checksum(sum, &frame[..8], big_endian), &frame[24..], big_endian);
            sound = sound && fits && stored_sum(&frame[16..]) == sum;
            let page = if fits { number(&frame, 0) } else { 0 };
            frames.push(Frame { page, offset, commits: fits && number(&frame, 4) != 0, sound });
        }
        let known = known_frames(store, salts)?;
        // What stands behind the last commit is of a save that never returned.
        let committed = frames.iter().rposition(|frame| frame.commits).map_or(0, |last| last + 1).max(known);
        frames.iter_mut().skip(committed).for_each(|frame| frame.page = 0);
        Ok(Self { file: Some(file), frames, known })
    }

    /// Whether SQLite would pass over saves that had returned. A save that a power cut tore may count as one too: then
    /// a rescue finds nothing missing.
    pub(super) fn is_broken(&self) -> bool {
        let sound = self.frames.iter().filter(|frame| frame.sound).count();
        sound < self.known || self.frames.iter().any(|frame| frame.commits && !frame.sound)
    }

    /// How many frames are missing at its end.
    pub(super) fn cut(&self) -> usize {
        self.known.saturating_sub(self.frames.len())
    }

    /// The frames of the present round, the newest last; `page` is 0 for what is none.
    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The page of a frame and which page it is.
    pub(super) fn page(&mut self, place: usize) -> io::Result<Option<(u32, [u8; PAGE])>> {
        let (Some(file), Some(frame)) = (&mut self.file, self.frames.get(place)) else { return Ok(None) };
        let mut page = [0; PAGE];
        file.seek(SeekFrom::Start(frame.offset + 24))?;
        Ok(fill(file, &mut page)?.filter(|()| frame.page != 0).map(|()| (frame.page, page)))
    }
}

/// How many frames SQLite's index of the log knew of, if that was for this round. After a power cut the index may know of
/// fewer than there are, but never of more: it is written after the log.
fn known_frames(store: &Path, salts: Option<[u8; 8]>) -> io::Result<usize> {
    let mut index = [0; 48];
    let read = match File::open(beside(store, "-shm")) {
        Ok(mut file) => fill(&mut file, &mut index)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let same_round = read.is_some() && salts.is_some_and(|salts| salts == salts_of(&index, 32));
    let frames = u32::from_ne_bytes([index[16], index[17], index[18], index[19]]);
    Ok(if same_round { frames as usize } else { 0 })
}

/// Fills the buffer; `None` if the file ends before.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<Option<()>> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(Some(())),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn salts_of(bytes: &[u8], at: usize) -> [u8; 8] {
    let mut salts = [0; 8];
    salts.copy_from_slice(&bytes[at..at + 8]);
    salts
}

fn stored_sum(bytes: &[u8]) -> [u32; 2] {
    [number(bytes, 0), number(bytes, 4)]
}

/// SQLite's checksum of the log, which goes on from frame to frame.
fn checksum([mut a, mut b]: [u32; 2], bytes: &[u8], big_endian: bool) -> [u32; 2] {
    for pair in bytes.chunks_exact(8) {
        let word = |at: usize| {
            let word = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
            if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
        };
        a = a.wrapping_add(word(0)).wrapping_add(b);
        b = b.wrapping_add(word(4)).wrapping_add(a);
    }
    [a, b]
}
