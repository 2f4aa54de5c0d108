//! How safe a record is, told honestly: a state is reached only by the server's own word, never by "no error".

use serde::Serialize;

use crate::record::review::ReviewState;
use crate::store::{Progress, RecordSync};
use crate::wire::exchange::Verdict;

/// How far a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// On this device only.
    Saved,
    /// On its way; nothing was confirmed.
    Sent,
    /// The server holds it and gave a receipt.
    Stored,
    /// It is part of the record that everybody sees.
    Published,
    /// Head quarters has decided about it.
    Reviewed,
}

/// A change that did not simply become part of its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which line of the journal; 0 for what was sent under an identity that this device has given up since.
    pub n: u64,
    /// What became of it.
    pub verdict: Verdict,
}

/// How safe a record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// How far its newest local change has come, or the record itself if nothing local is open.
    pub step: Step,
    /// Changes that wait for somebody.
    pub problems: Vec<Problem>,
}

impl Status {
    /// Derives the status of a record.
    ///
    /// `in_flight_through` is the last line of the journal that was handed to the network without an answer yet.
    pub fn derive(sync: &RecordSync, progress: &Progress, in_flight_through: u64, review: ReviewState) -> Self {
        let reviewed = if review == ReviewState::Received { Step::Published } else { Step::Reviewed };
        let step = match sync.last_entry {
            None => reviewed,
            Some(n) if n <= progress.published_through.min(progress.acknowledged) => reviewed,
            Some(n) if n <= progress.acknowledged => Step::Stored,
            Some(n) if n <= in_flight_through => Step::Sent,
            Some(_) => Step::Saved,
        };
        let open = |problem: &&Problem| !matches!(problem.verdict, Verdict::Published);
        // What was sent under an identity that was given up is on the server, and no more than that is known.
        let former = sync.problems.iter().filter(open).any(|problem| problem.n == 0);
        let step = if former { step.min(Step::Stored) } else { step };
        Self { step, problems: sync.problems.iter().filter(open).cloned().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_only_as_safe_as_its_newest_change() {
        let sync = RecordSync { last_entry: Some(5), problems: vec![] };
        let step = |acknowledged, published_through, in_flight, review| {
            let progress = Progress { acknowledged, published_through, ..Progress::default() };
            Status::derive(&sync, &progress, in_flight, review).step
        };
        assert_eq!(step(4, 4, 4, ReviewState::Approved), Step::Saved, "an old verdict does not cover a new edit");
        assert_eq!(step(4, 4, 5, ReviewState::Received), Step::Sent);
        assert_eq!(step(5, 4, 5, ReviewState::Received), Step::Stored);
        assert_eq!(step(5, 5, 5, ReviewState::Received), Step::Published);
        assert_eq!(step(5, 5, 5, ReviewState::Returned), Step::Reviewed);
        assert_eq!(step(3, 5, 0, ReviewState::Returned), Step::Saved, "the server went back in time");
    }
}
