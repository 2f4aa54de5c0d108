//! Every page of a store that can still be read: from the database, and from each frame of its log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::btree::long;
use super::log::Log;
use crate::sqlite::StoreKey;

/// SQLite's page size, which we never change.
pub(super) const PAGE: usize = 4_096;

/// The pages of a damaged store.
pub(super) struct Pages {
    database: Option<File>,
    count: u32,
    log: Log,
    /// Where in the log the newest version of a page lies.
    newest: BTreeMap<u32, usize>,
    #[cfg(feature = "encryption")]
    cipher: Option<super::cipher::PageCipher>,
}

impl Pages {
    pub(super) fn of(store: &Path, key: Option<&StoreKey>) -> io::Result<Self> {
        let database = match File::open(store) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let bytes = database.as_ref().map(File::metadata).transpose()?.map_or(0, |file| file.len());
        let log = Log::of(store)?;
        #[cfg(not(feature = "encryption"))]
        let _ = key;
        let newest = log.frames().iter().enumerate().map(|(place, frame)| (frame.page, place)).collect();
        Ok(Self {
            database,
            count: u32::try_from(bytes.div_ceil(PAGE as u64)).unwrap_or(u32::MAX),
            log,
            newest,
            #[cfg(feature = "encryption")]
            cipher: key.map(super::cipher::PageCipher::new),
        })
    }

    /// How many bytes of a page are the database's.
    pub(super) fn usable(&self) -> usize {
        #[cfg(feature = "encryption")]
        if self.cipher.is_some() {
            return PAGE - super::cipher::RESERVED;
        }
        PAGE
    }

    /// The newest version of a page; `None` if that can't be read.
    pub(super) fn newest(&mut self, number: u32) -> io::Result<Option<Vec<u8>>> {
        match self.newest.get(&number) {
            Some(place) => self.frame(*place),
            None => self.stored(number),
        }
    }

    /// The numbers of the pages of which the newest version can't be read.
    pub(super) fn unreadable(&mut self) -> io::Result<BTreeSet<u32>> {
        let numbers: BTreeSet<u32> = (1..=self.count).chain(self.newest.range(1..).map(|(page, _)| *page)).collect();
        let mut unreadable = BTreeSet::new();
        for number in numbers {
            if self.newest(number)?.is_none() {
                unreadable.insert(number);
            }
        }
        Ok(unreadable)
    }

    /// How many pages were cut off at the file's end, as the first page tells.
    pub(super) fn cut(&mut self) -> io::Result<usize> {
        // The number of pages counts only when it was written together with everything else, and the page is sound.
        let sound = |page: &Vec<u8>| page.starts_with(b"SQLite format 3\0") && long(page, 24) == long(page, 92);
        let promised = self.newest(1)?.filter(sound).and_then(|page| long(&page, 28)).unwrap_or(0);
        let beyond = promised.saturating_sub(self.count) as usize;
        Ok(beyond - self.newest.range(self.count + 1..).filter(|(page, _)| **page <= promised).count().min(beyond))
    }

    /// Gives every version of every page to `take`, the newest last.
    pub(super) fn each(&mut self, mut take: impl FnMut(&mut Self, u32, &[u8]) -> io::Result<()>) -> io::Result<()> {
        for number in 1..=self.count {
            if let Some(page) = self.stored(number)? {
                take(self, number, &page)?;
            }
        }
        for place in 0..self.log.frames().len() {
            let number = self.log.frames()[place].page;
            if let Some(page) = self.frame(place)? {
                take(self, number, &page)?;
            }
        }
        Ok(())
    }

    fn stored(&mut self, number: u32) -> io::Result<Option<Vec<u8>>> {
        let Some(database) = self.database.as_mut().filter(|_| (1..=self.count).contains(&number)) else {
            return Ok(None);
        };
        database.seek(SeekFrom::Start(u64::from(number - 1) * PAGE as u64))?;
        let mut page = [0; PAGE];
        // The last page may be cut: what is missing reads as nothing, and is told by its checksum where there is one.
        let mut read = 0;
        while let more @ 1.. = database.read(&mut page[read..])? {
            read += more;
        }
        Ok(self.open(number, &page))
    }

    fn frame(&mut self, place: usize) -> io::Result<Option<Vec<u8>>> {
        let Some((number, page)) = self.log.page(place)? else { return Ok(None) };
        Ok(self.open(number, &page))
    }

    fn open(&self, number: u32, page: &[u8; PAGE]) -> Option<Vec<u8>> {
        // A page that was never written is no loss.
        #[cfg(feature = "encryption")]
        if let Some(cipher) = self.cipher.as_ref().filter(|_| page.iter().any(|byte| *byte != 0)) {
            return cipher.open(number, page);
        }
        let _ = number;
        Some(page.to_vec())
    }
}
