//! The end of a run: everything heals, and everybody syncs until nothing moves any more.

use sync_core::engine::{Event, Failure as Why, Outcome};

use super::{Happening, World};
use crate::failure::Failure;
use crate::sim::backend::refused;
use crate::sim::tap::Violation;

impl World {
    /// Everything is repaired, and everybody syncs until nothing moves any more; then once more, which must move
    /// nothing.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn heal_and_settle(&mut self) -> Result<(), Failure> {
        self.healed = true;
        self.note(|| "everything heals".to_owned());
        self.queue.retain(|_, happening| !matches!(happening, Happening::Planned(_)));
        for phone in &mut self.phones {
            phone.store.heal();
            phone.clock.set_right();
        }
        self.backend.disk.heal();
        self.time.set_server_right();
        self.settle().await?;
        // The next day, phones and server compare what they hold.
        self.time.advance_to(self.now().plus(25 * 3_600_000));
        self.settle().await?;
        if self.violations.is_empty() {
            self.everybody_syncs().await?;
            for phone in self.users().collect::<Vec<_>>() {
                let outcome = self.outcomes.get(&phone).cloned();
                if !outcome.as_ref().is_some_and(|outcome| is_quiet(outcome) && outcome.exchanges <= 1) {
                    let said = format!("phone {phone}: {outcome:?}");
                    self.violate(vec![Violation::new("a further sync moves nothing", said)]);
                }
            }
        }
        Ok(())
    }

    /// Everybody syncs until nothing moves any more.
    async fn settle(&mut self) -> Result<(), Failure> {
        for _ in 0..12 {
            self.everybody_syncs().await?;
            self.help_the_forgotten().await?;
            let quiet = |phone: usize| self.outcomes.get(&phone).is_some_and(is_quiet);
            if self.users().all(quiet) || !self.violations.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Whoever the server has forgotten, because it went back to before their enrolment, gets another code.
    async fn help_the_forgotten(&mut self) -> Result<(), Failure> {
        for phone in self.users().collect::<Vec<_>>() {
            let why = self.outcomes.get(&phone).and_then(|outcome| outcome.failure.clone());
            if matches!(why, Some(Why::UnknownDevice | Why::EnrolmentCode)) {
                let issued = self.house.issue_code(self.backend.app(), phone).await;
                self.phones[phone].anew = Some(issued.map_err(refused("a code"))?);
            }
        }
        Ok(())
    }

    async fn everybody_syncs(&mut self) -> Result<(), Failure> {
        self.run_dry().await?;
        self.outcomes.clear();
        for phone in self.users().collect::<Vec<_>>() {
            let wish = self.phones[phone].wish(Event::SyncNow);
            self.give(phone, wish)?;
            self.run_dry().await?;
        }
        self.publish().await
    }

    /// Lets everything that is under way arrive; nobody wakes up by themselves.
    async fn run_dry(&mut self) -> Result<(), Failure> {
        loop {
            self.queue.retain(|_, happening| !matches!(happening, Happening::Wake { .. }));
            let Some(((at, _), happening)) = self.queue.pop_first() else {
                return Ok(());
            };
            self.time.advance_to(at);
            self.happen(happening).await?;
        }
    }

    /// The phones that somebody uses.
    fn users(&self) -> impl Iterator<Item = usize> + '_ {
        self.phones.iter().filter(|phone| phone.is_in_use()).map(|phone| phone.number)
    }
}

fn is_quiet(outcome: &Outcome) -> bool {
    matches!(outcome.failure, None | Some(Why::Revoked))
        && outcome.pushed == 0
        && outcome.pulled == 0
        && outcome.enrolled.is_none()
}
