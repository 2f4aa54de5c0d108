//! Head quarters reviews the evening: it approves and returns, and what it returned comes back corrected.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sync_core::record::Kind;
use sync_core::record::lead::LeadFacts;
use sync_core::record::review::ReviewState;

use crate::console::Listed;
use crate::crew::{each, each_mut};
use crate::day::correction;
use crate::failure::Failure;
use crate::model::Chapter;
use crate::play::Play;
use crate::progress::Stretch;

/// One clean lead in so many is returned.
const RETURNED: usize = 20;
/// One other clean record in so many is approved.
const APPROVED: usize = 4;
/// What head quarters says with it.
const REASON: &str = "预算与意向区域请核实后重新填写";

/// What head quarters decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Approved at first sight.
    pub approved: usize,
    /// Returned with a reason.
    pub returned: usize,
    /// Corrected by the promoter, and then approved.
    pub corrected: usize,
}

impl Play {
    /// Approves and returns clean records; promoters correct what came back; head quarters approves that.
    ///
    /// # Errors
    /// When the server refuses a verdict, or a returned record does not come back.
    pub fn review(&mut self) -> Result<Reviewed, Failure> {
        let received = self.console.list("?state=received&conflict=false")?;
        let clean = received.into_iter().filter(|line| line.flags.is_empty());
        let (leads, others): (Vec<Listed>, Vec<Listed>) = clean.partition(|line| line.kind == Kind::Lead);
        let returned: Vec<Listed> = leads.into_iter().step_by(RETURNED).collect();
        let approved: Vec<Listed> = others.into_iter().step_by(APPROVED).collect();
        let stretch = Stretch::begin("head quarters approves and returns", returned.len() + approved.len());
        self.decide(&returned, ReviewState::Returned, Some(REASON), Chapter::Settling, &stretch)?;
        self.decide(&approved, ReviewState::Approved, None, Chapter::Settling, &stretch)?;
        stretch.end(&format!("{} approved, {} returned", approved.len(), returned.len()));

        let corrected = self.correct(&returned)?;
        let stretch = Stretch::begin("head quarters approves what was corrected", corrected);
        let again = self.console.list("?state=returned")?;
        let seen_before: BTreeMap<_, _> = returned.iter().map(|line| (line.id, &line.heads)).collect();
        if let Some(line) = again.iter().find(|line| seen_before.get(&line.id) == Some(&&line.heads)) {
            return Err(Failure::Unexpected(format!("record {} was corrected and reads as before", line.id)));
        }
        self.decide(&again, ReviewState::Approved, None, Chapter::Correction, &stretch)?;
        stretch.end(&format!("{} approved", again.len()));
        Ok(Reviewed { approved: approved.len(), returned: returned.len(), corrected: again.len() })
    }

    fn decide(
        &mut self,
        lines: &[Listed],
        state: ReviewState,
        reason: Option<&str>,
        chapter: Chapter,
        stretch: &Stretch,
    ) -> Result<(), Failure> {
        let console = &self.console;
        each(lines, |_, line| {
            stretch.step();
            console.decide(line, state, reason)
        })?;
        for line in lines {
            self.console_diary.decided(line.id, chapter, state);
        }
        Ok(())
    }

    /// Returned records come back to the phones of their owners, who correct them.
    fn correct(&mut self, returned: &[Listed]) -> Result<usize, Failure> {
        let stretch = Stretch::begin("returned records come back and are corrected", self.world.promoters.len());
        let (pulse, seed) = (&self.pulse, self.plan.seed);
        let corrected = each_mut(&mut self.world.promoters, |number, member| {
            let phone = &mut member.phone;
            phone.sync_through(pulse)?;
            phone.chapter = Chapter::Correction;
            let rng = &mut ChaCha8Rng::seed_from_u64(seed ^ (number as u64) << 8);
            let back = phone.reviewed(ReviewState::Returned)?;
            for id in &back {
                if phone.get::<LeadFacts>(*id)?.review.reason.as_deref() != Some(REASON) {
                    return Err(phone.failed(&"a record came back without the reason"));
                }
                phone.edit::<LeadFacts>(*id, &correction(rng))?;
            }
            stretch.step();
            Ok(back.len())
        })?;
        each(&self.world.promoters, |_, member| self.publish(&member.phone))?;
        let corrected: usize = corrected.into_iter().sum();
        stretch.end(&format!("{corrected} corrected"));
        if corrected == returned.len() {
            return Ok(corrected);
        }
        Err(Failure::Unexpected(format!("{} records were returned and {corrected} came back", returned.len())))
    }
}
