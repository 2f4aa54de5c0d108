//! What a run came to: for people by office, for programs as one line of JSON.

use std::fmt::Write as _;

use serde::Serialize;
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;

use crate::failure::Failure;
use crate::oddity::raised;
use crate::oracle::Fault;
use crate::play::Play;
use crate::reckoning::Reckoning;
use crate::review::Reviewed;
use crate::storm::Aftermath;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Enrolled phones, of promoters and supervisors.
    pub phones: usize,
    /// Records on the server.
    pub records: usize,
    /// Saves on phones and at the console.
    pub changes: usize,
    /// Fields in conflict that the server listed after the storm.
    pub conflicts: usize,
    /// Fields that should have been listed and were not, or the other way round.
    pub conflicts_unlisted: usize,
    /// Records that carry a flag.
    pub flagged: usize,
    /// Flags that contacts were made to raise and that the server did not raise.
    pub flags_unraised: usize,
    /// Conflicts that supervisors settled.
    pub settled: usize,
    /// Records that head quarters approved.
    pub approved: usize,
    /// Records that head quarters returned.
    pub returned: usize,
    /// Things that were saved and are nowhere.
    pub missing: usize,
    /// Things that are there more often than they were saved.
    pub duplicated: usize,
    /// Things that read otherwise than they should.
    pub different: usize,
    /// Changes that phones have not got through.
    pub unsent: u32,
    /// SIGKILLs of the server, each while requests were under way.
    pub kills: u32,
    /// Requests that were under way then.
    pub struck: u32,
    /// Requests or answers that got lost or mangled on purpose.
    pub faults: u32,
    /// Runs that ended early and were asked for again.
    pub retries: u32,
    /// Receipts that phones got.
    pub receipts: usize,
    /// Receipts that phones had got in the storm before the last kill.
    pub receipts_at_risk: usize,
    /// Receipts that the server did not honour.
    pub broken_receipts: usize,
    /// Phones whose last sync moved something or took more than one exchange.
    pub restless: usize,
    /// Bytes of messages from the phones.
    pub bytes_up: u64,
    /// Bytes of messages to the phones.
    pub bytes_down: u64,
    /// How long it took.
    pub seconds: f64,
    /// The seed that repeats the run.
    pub seed: u64,
}

impl Report {
    /// Puts together what came of all parts.
    ///
    /// # Errors
    /// When a phone refuses.
    pub fn of(
        play: &Play,
        aftermath: Aftermath,
        (conflicts, conflicts_unlisted): (usize, usize),
        settled: usize,
        reviewed: Reviewed,
        restless: usize,
        reckoning: &Reckoning,
    ) -> Result<Self, Failure> {
        let mut report = Self {
            phones: play.world.phones().count(),
            records: reckoning.listed.len(),
            changes: play.console_diary.len(),
            conflicts,
            conflicts_unlisted,
            flagged: reckoning.listed.iter().filter(|line| !line.flags.is_empty()).count(),
            flags_unraised: play.flags().difference(&raised(&reckoning.listed)).count(),
            settled,
            approved: reviewed.approved + reviewed.corrected,
            returned: reviewed.returned,
            missing: reckoning.findings.count(Fault::Missing),
            duplicated: reckoning.findings.count(Fault::Duplicated),
            different: reckoning.findings.count(Fault::Different),
            unsent: 0,
            kills: aftermath.kills,
            struck: aftermath.struck,
            faults: aftermath.faults,
            retries: aftermath.failures,
            receipts: reckoning.receipts,
            receipts_at_risk: aftermath.receipts_at_risk,
            broken_receipts: reckoning.broken_receipts,
            restless,
            bytes_up: 0,
            bytes_down: 0,
            seconds: 0.0,
            seed: play.plan.seed,
        };
        for phone in play.world.phones() {
            let status = phone.daybook.sync_status().map_err(|error| phone.failed(&error))?;
            report.unsent += status.unsent_changes;
            report.changes += phone.line.ledger().chain.len();
            let traffic = phone.line.traffic();
            report.bytes_up += traffic.up;
            report.bytes_down += traffic.down;
        }
        report.seconds = (play.begun.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        Ok(report)
    }

    /// Everything that was saved is there, once, as it should be, and every promise was kept.
    pub fn is_good(&self) -> bool {
        let wrong = self.missing + self.duplicated + self.different + self.conflicts_unlisted + self.restless;
        wrong + self.flags_unraised == 0 && self.broken_receipts == 0 && self.unsent == 0 && self.conflicts > 0
    }
}

/// By office: what arrived, what is in conflict, what is unsent.
///
/// # Errors
/// When a phone refuses.
pub fn by_office(play: &Play, reckoning: &Reckoning) -> Result<String, Failure> {
    let mut table = format!(
        "{:<8}{:>8}{:>8}{:>8}{:>8}{:>11}{:>10}{:>10}{:>8}\n",
        "office", "phones", "visits", "surveys", "leads", "conflicts", "approved", "returned", "unsent"
    );
    for (number, office) in play.world.offices.iter().enumerate() {
        let lines: Vec<_> = reckoning.listed.iter().filter(|line| line.office == office.id).collect();
        let kind = |kind: Kind| lines.iter().filter(|line| line.kind == kind).count();
        let state = |state: ReviewState| lines.iter().filter(|line| line.review == state).count();
        let members = play.world.promoters.iter().chain(&play.world.supervisors);
        let phones: Vec<_> = members.filter(|member| member.office == number).map(|member| &member.phone).collect();
        let mut unsent = 0;
        for phone in &phones {
            unsent += phone.daybook.sync_status().map_err(|error| phone.failed(&error))?.unsent_changes;
        }
        // Chinese characters are two columns wide, so the name is padded by hand.
        let padding = " ".repeat(8usize.saturating_sub(office.name.chars().count() * 2));
        // Writing to a string can't fail.
        let _ = writeln!(
            table,
            "{}{padding}{:>8}{:>8}{:>8}{:>8}{:>11}{:>10}{:>10}{:>8}",
            office.name,
            phones.len(),
            kind(Kind::Visit),
            kind(Kind::Survey),
            kind(Kind::Lead),
            lines.iter().map(|line| line.conflicts).sum::<u32>(),
            state(ReviewState::Approved),
            state(ReviewState::Returned),
            unsent
        );
    }
    Ok(table)
}
