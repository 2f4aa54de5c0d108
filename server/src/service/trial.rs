//! Surviving a change that kills the process.
//!
//! Panics are caught; an abort or an overflowing stack is not. So the projector leaves a note of what it is about to
//! judge. A note that is still there at the next start names the suspects: they are judged one by one, each with a note
//! of its own. Operators, power cuts and full memory kill as well, and most often while something honest is judged, so
//! one death accuses nobody: only a record that was alone under judgement at several deaths in succession is set aside
//! unseen. Its identifier stands in the note once for each.
//!
//! The note need not survive a power cut, which kills without anybody's fault: it is written without waiting for the
//! disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sync_core::id::RecordId;

/// At so many deaths in succession a record was alone under judgement before nobody tries it again.
const DEATHS: usize = 3;

/// A record that was being judged when the process was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspect {
    /// Which.
    pub(super) record: RecordId,
    /// At how many deaths in succession it was alone under judgement; 0 if others were suspected with it.
    deaths: usize,
}

impl Suspect {
    /// Whether it has killed the process by itself, as far as anybody can tell.
    pub(super) fn is_condemned(self) -> bool {
        self.deaths >= DEATHS
    }
}

/// The note of what is being judged.
#[derive(Debug, Default)]
pub struct Trial {
    file: Option<PathBuf>,
    /// What an earlier process left behind.
    suspects: Mutex<Vec<Suspect>>,
}

impl Trial {
    /// Keeps the note beside the database, if that has a folder.
    pub fn in_folder(folder: &Path) -> Self {
        if folder.is_dir() { Self::at(folder.join("judging")) } else { Self::default() }
    }

    /// Keeps the note in a file; reads what an earlier process left there.
    fn at(file: PathBuf) -> Self {
        let left = fs::read_to_string(&file).unwrap_or_default();
        // A note that was cut off names fewer suspects than there are, which costs another start at most.
        let named: Vec<RecordId> = left.lines().filter_map(|line| line.parse().ok()).collect();
        let mut records = named.clone();
        records.dedup();
        let deaths = if records.len() == 1 { named.len() } else { 0 };
        let suspects = records.into_iter().map(|record| Suspect { record, deaths }).collect();
        Self { file: Some(file), suspects: Mutex::new(suspects) }
    }

    /// Takes the suspects, once.
    pub(super) fn take_suspects(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.suspects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what is about to be judged. A full disk does not keep records from being judged.
    pub(super) fn begin(&self, records: impl Iterator<Item = RecordId>) {
        let Some(file) = &self.file else {
            return;
        };
        let note: String = records.map(|id| format!("{id}\n")).collect();
        if let Err(error) = fs::write(file, note) {
            tracing::warn!(%error, "what is being judged can't be noted");
        }
    }

    /// Notes that a suspect is about to be judged, alone.
    pub(super) fn begin_alone(&self, suspect: Suspect) {
        self.begin(std::iter::repeat_n(suspect.record, suspect.deaths + 1));
    }

    /// Everything noted was judged.
    pub(super) fn end(&self) {
        let Some(file) = &self.file else {
            return;
        };
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the note of what was judged can't be removed");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(named: &[(RecordId, usize)]) -> Vec<Suspect> {
        named.iter().map(|(record, deaths)| Suspect { record: *record, deaths: *deaths }).collect()
    }

    #[test]
    fn a_note_names_the_suspects_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("judging");
        let ids = [RecordId::from([1; 16]), RecordId::from([2; 16])];
        let trial = Trial::at(file.clone());
        assert_eq!(trial.take_suspects(), []);
        trial.begin(ids.into_iter());
        // The process is killed here, and the next one starts.
        let next = Trial::at(file.clone());
        assert_eq!(next.take_suspects(), suspects(&[(ids[0], 0), (ids[1], 0)]));
        assert_eq!(next.take_suspects(), [], "once");
        next.end();
        assert_eq!(Trial::at(file).take_suspects(), []);
    }

    #[test]
    fn only_deaths_in_succession_condemn() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("judging");
        let id = RecordId::from([1; 16]);
        Trial::at(file.clone()).begin(std::iter::once(id));
        for death in 1..DEATHS {
            let trial = Trial::at(file.clone());
            let suspect = trial.take_suspects()[0];
            assert_eq!((suspect.record, suspect.deaths, suspect.is_condemned()), (id, death, false));
            trial.begin_alone(suspect);
        }
        assert!(Trial::at(file.clone()).take_suspects()[0].is_condemned());
        // One that came through begins anew.
        Trial::at(file.clone()).end();
        Trial::at(file.clone()).begin(std::iter::once(id));
        assert!(!Trial::at(file).take_suspects()[0].is_condemned());
    }

    #[test]
    fn a_damaged_note_is_read_as_far_as_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("judging");
        fs::write(&file, format!("{}\n0190163d-86", RecordId::from([1; 16]))).unwrap();
        assert_eq!(Trial::at(file).take_suspects(), suspects(&[(RecordId::from([1; 16]), 1)]));
    }
}
