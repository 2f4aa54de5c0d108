//! What happens on phones, and what they ask for.

use sync_core::engine::{Effect, Event};
use sync_core::store::Store as _;
use sync_core::time::UnixMillis;

use super::{Happening, World};
use crate::failure::Failure;
use crate::sim::backend::odd;
use crate::sim::diary::{Kept, What};
use crate::sim::fault::Fault;
use crate::sim::handset::{Attempt, Backup, Handset};
use crate::sim::luck::Luck;
use crate::sim::mutant::Mutant;
use crate::sim::tap::{Mark, Violation};

/// From so far ahead on a clock is years ahead, and from so far back it is in another age.
const A_YEAR: i64 = 365 * 24 * 3_600_000;

impl World {
    /// Gives a phone an event and does what it asks for.
    pub(super) fn give(&mut self, phone: usize, event: Event) -> Result<(), Failure> {
        let now = self.now();
        self.clock_was_read(phone);
        if let Event::Response(_, Err(error)) = &event {
            self.note(|| format!("phone {phone} hears {error:?}"));
        }
        if self.mutant.is_some_and(|mutant| mutant.wipes_itself(&event)) {
            // What the store refuses just now stays.
            let _ = self.phones[phone].store.wipe();
            self.take_notes(phone);
            return self.restart(phone);
        }
        let effects = self.phones[phone].handle(now, event);
        self.take_notes(phone);
        match effects {
            Some(effects) => {
                for effect in effects {
                    self.obey(phone, effect);
                }
            }
            None if self.phones[phone].store.is_killed() => self.restart(phone)?,
            // The disk refused; whoever drives the engine tries again after a while.
            None => self.set_alarm(phone, now.plus(60_000)),
        }
        self.hold_to_its_word(phone);
        Ok(())
    }

    pub(super) fn take_notes(&mut self, phone: usize) {
        let (faults, committed) = self.phones[phone].store.take_notes();
        if faults.count(Fault::PhoneWiped) > 0 {
            self.phones[phone].wiped = true;
            self.wiped.push(phone);
        }
        self.faults.add(&faults);
        for change in committed {
            self.tap.know(&change);
        }
    }

    pub(super) fn restart(&mut self, phone: usize) -> Result<(), Failure> {
        self.phones[phone].restart()?;
        self.note(|| format!("phone {phone}: the app was killed and starts again"));
        let at = self.now().plus(1_000 + self.luck.between(0, 300_000));
        self.set_alarm(phone, at);
        Ok(())
    }

    /// What the phone says about its safety must never be more than the server has proved.
    fn hold_to_its_word(&mut self, phone: usize) {
        let handset = &self.phones[phone];
        let Some(device) = handset.engine.identity().map(|identity| identity.device) else {
            return;
        };
        let progress = handset.engine.progress();
        let line = handset.store.head_of(progress.acknowledged);
        let proved = progress.acknowledged == 0 || line.is_some_and(|head| self.tap.has_held(device, head));
        let judged = self.tap.judged(device);
        if !proved || progress.published_through > judged {
            let said = format!(
                "phone {phone}: says stored {} ({}) published {}, judged are {judged}",
                progress.acknowledged,
                if proved { "proved" } else { "not proved" },
                progress.published_through
            );
            self.violate(vec![Violation::new("a status is never more than true", said)]);
        }
    }

    pub(super) fn set_alarm(&mut self, phone: usize, at: UnixMillis) {
        let handset = &mut self.phones[phone];
        handset.alarm_number += 1;
        let alarm = handset.alarm_number;
        self.push(at, Happening::Wake { phone, alarm });
    }

    fn obey(&mut self, phone: usize, effect: Effect) {
        match effect {
            Effect::Send(id, request) => self.send(phone, id, request),
            Effect::WakeAt(wall) => {
                self.phones[phone].alarm = Some(wall);
                let at = self.phones[phone].clock.true_time_of(wall);
                self.set_alarm(phone, at);
            }
            Effect::Changed(_) => {}
            Effect::Finished(outcome) => {
                self.note(|| match &outcome.failure {
                    None => format!("phone {phone} synced: {} up, {} down", outcome.pushed, outcome.pulled),
                    Some(failure) => format!("phone {phone} did not sync: {failure}"),
                });
                if outcome.failure.is_some() && self.mutant == Some(Mutant::RetryWithNewIds) {
                    self.write_again(phone);
                }
                if outcome.enrolled.is_some() && (self.phones[phone].anew.take().is_some() || self.phones[phone].wiped)
                {
                    self.phones[phone].wiped = false;
                    self.faults.fired(Fault::EnrolledAnew);
                }
                self.outcomes.insert(phone, outcome);
            }
        }
    }

    /// The mutant that retries by writing anew.
    fn write_again(&mut self, phone: usize) {
        let Some(last) = self.diary.last_of(phone).cloned() else {
            return;
        };
        let Some(What::FollowUp(text)) = last.what.first().cloned() else {
            return;
        };
        let now = self.now();
        let line = self.phones[phone].store.record_sync(last.record).ok().and_then(|sync| sync.last_entry);
        let unsent = line.is_some_and(|line| line > self.phones[phone].engine.progress().acknowledged);
        if unsent && self.phones[phone].follow_up(now, last.record, text) {
            self.take_notes(phone);
        }
    }

    /// Somebody writes something down.
    pub(super) fn write(&mut self, phone: usize, luck: &mut Luck) -> Result<(), Failure> {
        let now = self.now();
        self.clock_was_read(phone);
        let attempt = self.phones[phone].write(now, luck);
        let killed = self.phones[phone].store.is_killed();
        match attempt {
            Attempt::Nothing => {}
            Attempt::Saved(record, made, what) => {
                self.note(|| format!("phone {phone} saved {what:?} in {record}"));
                self.house.place(record, made, &self.phones[phone]);
                self.count_carried(phone, record);
                self.diary.save(phone, record, made, what);
            }
            Attempt::Failed(what) if killed => {
                self.take_notes(phone);
                self.restart(phone)?;
                // The person looks whether it is there.
                if let Some(record) = self.phones[phone].look_for(now, &what)? {
                    self.note(|| format!("phone {phone} finds {what:?} saved"));
                    let made = self.diary.maker(record).is_none();
                    self.house.place(record, made, &self.phones[phone]);
                    self.diary.save(phone, record, made, what);
                }
            }
            Attempt::Failed(what) => self.note(|| format!("phone {phone} could not save {what:?}")),
        }
        self.take_notes(phone);
        if self.phones[phone].store.is_killed() {
            self.restart(phone)?;
        } else {
            self.give(phone, Event::Edited)?;
        }
        Ok(())
    }

    /// Another phone becomes a copy of this one.
    pub(super) fn clone_phone(&mut self, phone: usize, twin: usize) -> Result<(), Failure> {
        let now = self.now();
        if self.phones[phone].engine.identity().is_none() || self.phones[twin].used {
            return Ok(());
        }
        let [original, copy] = self.phones.get_disjoint_mut([phone, twin]).map_err(odd("twins"))?;
        copy.become_copy_of(original, now)?;
        self.house.members[twin] = self.house.members[phone].clone();
        self.faults.fired(Fault::PhoneCloned);
        self.set_alarm(twin, now.plus(60_000));
        Ok(())
    }

    /// The phone is backed up, the way phones do it by themselves at night.
    pub(super) fn back_up_phone(&mut self, phone: usize) {
        let saved = self.diary.saved.len();
        let handset = &mut self.phones[phone];
        if handset.engine.identity().is_some() {
            handset.backup = Some(Backup { contents: handset.store.contents(), saved });
        }
    }

    /// The phone is set back to its backup. What was saved since is not on it any more.
    pub(super) async fn restore_phone(&mut self, phone: usize, removed: bool) -> Result<(), Failure> {
        let Some(backup) = self.phones[phone].backup.clone() else {
            return Ok(());
        };
        self.faults.fired(Fault::PhoneRestored);
        self.phones[phone].put_back(backup.contents, removed)?;
        self.set_alarm(phone, self.now().plus(60_000));
        for saved in self.diary.saved.iter_mut().skip(backup.saved).filter(|saved| saved.phone == phone) {
            saved.kept = Kept::OnServer;
        }
        self.see_what_the_server_has_left().await
    }

    /// What only the server could have, and has not, is nowhere: nobody's fault but the fire's.
    pub(super) async fn see_what_the_server_has_left(&mut self) -> Result<(), Failure> {
        let truth = self.backend.truth();
        let held = self.tap.everything_held(truth).await?;
        let phones = &self.phones;
        self.tap.receipts.retain(|mark| {
            let has = |phone: &Handset| {
                let head = phone.store.head_of(mark.n);
                phone.used
                    && head
                        .is_some_and(|head| phone.device == Some(mark.device) && Mark::of(mark.device, head) == *mark)
            };
            held.heads.contains(mark) || phones.iter().any(has)
        });
        for saved in self.diary.saved.iter_mut().filter(|saved| saved.kept == Kept::OnServer) {
            if !self.tap.changes_with(saved.words()).any(|change| held.changes.contains(&change)) {
                saved.kept = Kept::Nowhere;
            }
        }
        Ok(())
    }

    fn clock_was_read(&mut self, phone: usize) {
        let ahead = self.phones[phone].clock.is_ahead_by();
        if ahead < -20 * A_YEAR {
            self.faults.fired(Fault::ClockIn1970);
        } else if ahead > A_YEAR {
            self.faults.fired(Fault::ClockYearsAhead);
        }
    }
}
