//! Surviving a change that kills the process.
//!
//! Panics are caught; an abort or an overflowing stack is not. So the projector leaves a note of what it is about to
//! judge. A note that is still there at the next start names the suspects (`suspects`): records that were
//! judged together are judged alone, the changes of a record that was alone are judged one by one, each with a note of
//! its own. Operators, power cuts and full memory kill as well, and most often while something honest is judged, so no
//! change is set aside unseen before it was alone under judgement at several deaths in succession. It stands in the
//! note once for each.
//!
//! The note need not survive a power cut, which kills without anybody's fault: it is written without waiting for the
//! disk. The file is opened once and written over from its beginning, up to an empty line: whatever stands behind that is
//! older. That takes two calls of the system for each note instead of four.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync_core::id::{ChangeHash, RecordId};

/// At so many deaths in succession a change was alone under judgement before nobody tries it again. Its record was alone
/// at one more.
const DEATHS: usize = 2;

/// What was being judged when the process was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspect {
    /// A record, together with others.
    Together(RecordId),
    /// A record, alone.
    Alone(RecordId),
    /// One of its changes.
    Change {
        /// The record.
        record: RecordId,
        /// The change.
        change: ChangeHash,
        /// At how many deaths in succession.
        deaths: usize,
    },
}

impl Suspect {
    /// The record.
    pub(super) fn record(self) -> RecordId {
        match self {
            Self::Together(record) | Self::Alone(record) | Self::Change { record, .. } => record,
        }
    }

    /// At how many deaths in succession this change was alone under judgement.
    pub(super) fn deaths_at(self, change: ChangeHash) -> usize {
        match self {
            Self::Change { change: accused, deaths, .. } if accused == change => deaths,
            _ => 0,
        }
    }

    /// Whether this change has killed the process by itself, as far as anybody can tell.
    pub(super) fn condemns(self, change: ChangeHash) -> bool {
        self.deaths_at(change) >= DEATHS
    }
}

/// The note of what is being judged: a line for each record, followed by a change if only that is judged, and an empty
/// one.
#[derive(Debug, Default)]
pub struct Trial {
    file: Option<PathBuf>,
    docket: Mutex<Docket>,
}

#[derive(Debug, Default)]
struct Docket {
    /// What an earlier process left behind.
    suspects: Vec<Suspect>,
    /// Whether the suspects are still to be tried. Nothing else may be under judgement meanwhile, or it could not be told
    /// who killed.
    trying: bool,
    /// Suspects of which the database knows nothing to judge: they are stored before they are judged again.
    wary: HashSet<RecordId>,
    /// What is under judgement now, as it stands in the note.
    running: BTreeMap<u64, String>,
    next: u64,
    /// The file, once something was written.
    note: Option<File>,
}

/// Something is under judgement until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it strikes out what it stands for"]
pub(super) struct Judging<'a> {
    trial: &'a Trial,
    number: u64,
}

impl Drop for Judging<'_> {
    fn drop(&mut self) {
        let mut docket = self.trial.docket();
        docket.running.remove(&self.number);
        self.trial.write(&mut docket);
    }
}

impl Trial {
    /// Keeps the note beside the database, if that has a folder.
    pub fn in_folder(folder: &Path) -> Self {
        if folder.is_dir() { Self::at(folder.join("judging")) } else { Self::default() }
    }

    /// Keeps the note in a file; reads what an earlier process left there.
    fn at(file: PathBuf) -> Self {
        let left = fs::read_to_string(&file).unwrap_or_default();
        let suspects = suspects_of(&left);
        let trying = !suspects.is_empty();
        Self { file: Some(file), docket: Mutex::new(Docket { suspects, trying, ..Docket::default() }) }
    }

    /// Takes the suspects, once.
    pub(super) fn take_suspects(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.docket().suspects)
    }

    /// All suspects were tried.
    pub(super) fn adjourn(&self) {
        let mut docket = self.docket();
        if std::mem::take(&mut docket.trying) {
            self.write(&mut docket);
        }
    }

    /// A suspect has nothing to be judged yet; when something comes, it is stored first.
    pub(super) fn be_wary_of(&self, record: RecordId) {
        self.docket().wary.insert(record);
    }

    /// Whether a record must not be judged before what came for it is stored.
    pub(super) fn is_wary_of(&self, record: RecordId) -> bool {
        let docket = self.docket();
        docket.trying || docket.wary.contains(&record)
    }

    /// Notes what is about to be judged.
    pub(super) fn begin(&self, records: impl Iterator<Item = RecordId>) -> Judging<'_> {
        self.enter(records.map(|id| format!("{id}\n")).collect())
    }

    /// Notes that only one change of a record is about to be judged, and after how many deaths.
    pub(super) fn begin_change(&self, record: RecordId, change: ChangeHash, deaths: usize) -> Judging<'_> {
        self.enter(format!("{record} {change}\n").repeat(deaths + 1))
    }

    fn enter(&self, note: String) -> Judging<'_> {
        let mut docket = self.docket();
        let number = docket.next;
        docket.next += 1;
        docket.running.insert(number, note);
        self.write(&mut docket);
        Judging { trial: self, number }
    }

    fn docket(&self) -> MutexGuard<'_, Docket> {
        self.docket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the note, unless only suspects are left of an earlier one. A full disk does not keep records from being
    /// judged.
    fn write(&self, docket: &mut Docket) {
        let Some(path) = self.file.as_ref().filter(|_| !docket.running.is_empty() || !docket.trying) else {
            return;
        };
        let lines = docket.running.values().map(String::as_str).chain(["\n"]).collect::<String>();
        if let Err(error) = write_over(&mut docket.note, path, lines.as_bytes()) {
            tracing::warn!(%error, "what is being judged can't be noted");
        }
    }
}

/// Writes over the beginning of a file, which is made if there is none.
fn write_over(file: &mut Option<File>, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let opened = match file.take() {
        Some(opened) => opened,
        None => File::options().write(true).create(true).truncate(false).open(path)?,
    };
    let file = file.insert(opened);
    file.rewind()?;
    file.write_all(bytes)
}

/// What a note says. One that was cut off names fewer suspects than there are, which costs another start at most.
fn suspects_of(note: &str) -> Vec<Suspect> {
    let lines = note.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        let mut words = line.split(' ');
        let record: RecordId = words.next()?.parse().ok()?;
        let change = words.next().map(str::parse::<ChangeHash>).transpose().ok()?;
        Some((record, change))
    });
    let mut named: Vec<(RecordId, Option<ChangeHash>, usize)> = Vec::new();
    for (record, change) in lines {
        match named.last_mut() {
            Some((last, of_it, times)) if *last == record && *of_it == change => *times += 1,
            _ => named.push((record, change, 1)),
        }
    }
    let alone = named.len() == 1;
    let suspect = |(record, change, deaths)| match change {
        Some(change) => Suspect::Change { record, change, deaths },
        None if alone => Suspect::Alone(record),
        None => Suspect::Together(record),
    };
    named.into_iter().map(suspect).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [RecordId; 2] =
        [RecordId(uuid::Uuid::from_bytes([1; 16])), RecordId(uuid::Uuid::from_bytes([2; 16]))];
    const CHANGE: ChangeHash = ChangeHash([7; 32]);

    /// The note of a process that is killed, as the next one reads it.
    fn left(note: impl for<'a> FnOnce(&'a Trial) -> Vec<Judging<'a>>) -> Vec<Suspect> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("judging");
        let trial = Trial::at(file.clone());
        assert_eq!(trial.take_suspects(), []);
        note(&trial).into_iter().for_each(std::mem::forget);
        let next = Trial::at(file);
        let suspects = next.take_suspects();
        assert_eq!(next.take_suspects(), [], "once");
        suspects
    }

    #[test]
    fn a_note_names_the_suspects_until_it_is_removed() {
        let [one, other] = RECORDS;
        let together = [Suspect::Together(one), Suspect::Together(other)];
        assert_eq!(left(|trial| vec![trial.begin(RECORDS.into_iter())]), together);
        assert_eq!(left(|trial| vec![trial.begin([one].into_iter()), trial.begin([other].into_iter())]), together);
        assert_eq!(left(|trial| vec![trial.begin([other].into_iter())]), [Suspect::Alone(other)]);
        let change = left(|trial| vec![trial.begin_change(one, CHANGE, 1)]);
        assert_eq!(change, [Suspect::Change { record: one, change: CHANGE, deaths: 2 }]);
        let judged = left(|trial| {
            drop(trial.begin(RECORDS.into_iter()));
            vec![]
        });
        assert_eq!(judged, []);
        let fewer = left(|trial| {
            drop(trial.begin(RECORDS.into_iter()));
            vec![trial.begin([other].into_iter())]
        });
        assert_eq!(fewer, [Suspect::Alone(other)], "what stands behind the end is older");
        let half = left(|trial| {
            let first = trial.begin([one].into_iter());
            drop(trial.begin([other].into_iter()));
            vec![first]
        });
        assert_eq!(half, [Suspect::Alone(one)]);
    }

    #[test]
    fn nothing_is_judged_on_arrival_until_all_suspects_were_tried_nor_what_nobody_could_try() {
        let [one, other] = RECORDS;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("judging");
        assert!(!Trial::at(file.clone()).is_wary_of(one));
        fs::write(&file, format!("{one}\n")).unwrap();
        let trial = Trial::at(file.clone());
        assert!(trial.is_wary_of(one) && trial.is_wary_of(other));
        trial.take_suspects();
        trial.be_wary_of(one);
        assert!(trial.is_wary_of(other), "the trial is going on");
        assert_eq!(Trial::at(file.clone()).take_suspects(), [Suspect::Alone(one)]);
        trial.adjourn();
        assert!(trial.is_wary_of(one) && !trial.is_wary_of(other));
        assert_eq!(Trial::at(file).take_suspects(), []);
    }

    #[test]
    fn only_deaths_in_succession_condemn() {
        let [record, _] = RECORDS;
        let mut suspect = Suspect::Alone(record);
        for deaths in 0..DEATHS {
            assert_eq!((suspect.deaths_at(CHANGE), suspect.condemns(CHANGE)), (deaths, false));
            suspect = left(|trial| vec![trial.begin_change(record, CHANGE, suspect.deaths_at(CHANGE))])[0];
        }
        assert!(suspect.condemns(CHANGE));
        assert!(!suspect.condemns(ChangeHash([8; 32])), "and no other");
    }

    #[test]
    fn a_damaged_note_is_read_as_far_as_it_goes() {
        let [record, _] = RECORDS;
        assert_eq!(suspects_of(&format!("{record}\n0190163d-86")), [Suspect::Alone(record)]);
        let change = Suspect::Change { record, change: CHANGE, deaths: 1 };
        assert_eq!(suspects_of(&format!("{record} {CHANGE}\n{record} 0707")), [change]);
        assert_eq!(suspects_of("\u{0}\u{0}"), []);
    }
}
