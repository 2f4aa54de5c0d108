//! Numbers and columns of Automerge's binary format, read from bytes that nobody vouches for.

use super::{ChunkError, DEFLATED};
use crate::id::{ActorId, ChangeHash};

/// What is left to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], ChunkError> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(ChunkError::Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ChunkError> {
        let (&byte, tail) = self.0.split_first().ok_or(ChunkError::Malformed)?;
        self.0 = tail;
        Ok(byte)
    }

    pub(super) fn unsigned(&mut self) -> Result<u64, ChunkError> {
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

    pub(super) fn signed(&mut self) -> Result<i64, ChunkError> {
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

    pub(super) fn length(&mut self) -> Result<usize, ChunkError> {
        usize::try_from(self.unsigned()?).map_err(|_| ChunkError::Malformed)
    }

    pub(super) fn deps(&mut self) -> Result<Vec<ChangeHash>, ChunkError> {
        let count = self.length()?;
        let bytes = self.take(count.checked_mul(32).ok_or(ChunkError::Malformed)?)?;
        Ok(bytes.chunks_exact(32).filter_map(ChangeHash::from_slice).collect())
    }

    pub(super) fn actor(&mut self) -> Result<ActorId, ChunkError> {
        let length = self.length()?;
        ActorId::from_slice(self.take(length)?).ok_or(ChunkError::Actor)
    }

    /// The columns that follow, each with its number.
    pub(super) fn columns(&mut self) -> Result<Vec<(u64, &'a [u8])>, ChunkError> {
        let mut lengths = Vec::new();
        for _ in 0..self.length()? {
            lengths.push((self.unsigned()?, self.length()?));
        }
        let mut columns = Vec::with_capacity(lengths.len());
        for (number, length) in lengths {
            let data = self.take(length)?;
            if number & DEFLATED != 0 {
                return Err(ChunkError::Unsupported);
            }
            columns.push((number, data));
        }
        Ok(columns)
    }

    /// Sums the run lengths of a column of numbers without unpacking it.
    pub(super) fn run_lengths(&mut self) -> Result<u64, ChunkError> {
        let mut total = 0u64;
        while !self.is_empty() {
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

/// What a run-length encoded column consists of.
pub(super) trait Cell<'a>: Copy {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ChunkError>;
}

impl Cell<'_> for u64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ChunkError> {
        reader.unsigned()
    }
}

impl Cell<'_> for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, ChunkError> {
        reader.signed()
    }
}

impl<'a> Cell<'a> for &'a str {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ChunkError> {
        let length = reader.length()?;
        str::from_utf8(reader.take(length)?).map_err(|_| ChunkError::Malformed)
    }
}

#[derive(Clone, Copy, Debug)]
enum Run<T> {
    Nulls,
    Repeat(T),
    Literals,
}

/// A run-length encoded column. Behind its end there are only nulls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs<'a, T> {
    rest: Reader<'a>,
    run: Run<T>,
    left: u64,
}

impl<'a, T: Cell<'a>> Runs<'a, T> {
    pub(super) fn new(column: Reader<'a>) -> Self {
        Self { rest: column, run: Run::Nulls, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Option<T>, ChunkError> {
        while self.left == 0 {
            if self.rest.is_empty() {
                return Ok(None);
            }
            (self.run, self.left) = match self.rest.signed()? {
                0 => (Run::Nulls, self.rest.unsigned()?),
                repeats @ 1.. => (Run::Repeat(T::read(&mut self.rest)?), repeats.unsigned_abs()),
                literals => (Run::Literals, literals.unsigned_abs()),
            };
        }
        self.left -= 1;
        match self.run {
            Run::Nulls => Ok(None),
            Run::Repeat(value) => Ok(Some(value)),
            Run::Literals => T::read(&mut self.rest).map(Some),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == 0 && self.rest.is_empty()
    }
}

/// A column of differences to the number before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deltas<'a> {
    runs: Runs<'a, i64>,
    last: i64,
}

impl<'a> Deltas<'a> {
    pub(super) fn new(column: Reader<'a>) -> Self {
        Self { runs: Runs::new(column), last: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Option<u64>, ChunkError> {
        let Some(difference) = self.runs.next()? else { return Ok(None) };
        self.last = self.last.checked_add(difference).ok_or(ChunkError::Malformed)?;
        u64::try_from(self.last).map(Some).map_err(|_| ChunkError::Malformed)
    }

    pub(super) fn is_over(&self) -> bool {
        self.runs.is_over()
    }
}

/// A column of truths: how many are false, then how many are true, and so on. Behind its end all are false.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booleans<'a> {
    rest: Reader<'a>,
    value: bool,
    left: u64,
}

impl<'a> Booleans<'a> {
    pub(super) fn new(column: Reader<'a>) -> Self {
        // The first run is of falsehoods, so the one before it was of truths.
        Self { rest: column, value: true, left: 0 }
    }

    pub(super) fn next(&mut self) -> Result<bool, ChunkError> {
        while self.left == 0 {
            if self.rest.is_empty() {
                return Ok(false);
            }
            self.left = self.rest.unsigned()?;
            self.value = !self.value;
        }
        self.left -= 1;
        Ok(self.value)
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == 0 && self.rest.is_empty()
    }
}
