//! The plan becomes deed.

use sync_core::engine::Event;

use super::World;
use crate::failure::Failure;
use crate::sim::fault::Fault;
use crate::sim::luck::Luck;
use crate::sim::plan::{Act, Item};

impl World {
    /// Carries out an entry of the plan.
    pub(super) async fn carry_out(&mut self, item: Item) -> Result<(), Failure> {
        let Item { phone, act, .. } = item;
        let now = self.now();
        let mut luck = Luck::of(item.luck, 3);
        if !self.phones.get(phone).is_some_and(|phone| phone.used) {
            return Ok(());
        }
        self.note(|| format!("plan: {act:?} {phone}"));
        match act {
            Act::Write => self.write(phone, &mut luck)?,
            Act::Ask => {
                let wish = self.phones[phone].wish(Event::SyncNow);
                self.give(phone, wish)?;
            }
            Act::Review => self.review(&mut luck).await?,
            Act::Correct => self.correct(&mut luck).await?,
            Act::Publish => self.publish().await?,
            Act::KillAfter(0) => {
                self.phones[phone].store.kill();
                self.take_notes(phone);
                self.restart(phone)?;
            }
            Act::KillAfter(steps) => self.phones[phone].store.kill_after(steps),
            Act::Refuse(writes) => self.phones[phone].store.refuse(writes),
            Act::FillDisk(length) => {
                self.phones[phone].full_until = now.plus(length);
                self.phones[phone].store.set_full(true);
            }
            Act::SetClock(by) => {
                self.faults.fired(Fault::ClockSet);
                self.phones[phone].clock.set(by);
                // Alarms go by the wall clock: one that is passed goes off.
                if let Some(wall) = self.phones[phone].alarm {
                    let at = self.phones[phone].clock.true_time_of(wall);
                    self.set_alarm(phone, at);
                }
            }
            Act::Reboot => {
                self.faults.fired(Fault::Reboot);
                self.phones[phone].clock.reboot(now);
                self.restart(phone)?;
            }
            Act::GoOffline(length) => self.phones[phone].offline_until = now.plus(length),
            Act::Portal(length) => self.phones[phone].portal_until = now.plus(length),
            Act::Line(line) => self.phones[phone].line = line,
            Act::KillServer => {
                self.faults.fired(Fault::ServerKilled);
                self.backend.kill().await?;
            }
            Act::KillServerAfterCommit => self.dies_after_commit = true,
            Act::Reassign => self.reassign(phone, &mut luck).await?,
            Act::MovePerson => self.move_person(phone).await?,
            Act::MoveWhilePaging => self.phones[phone].moves_while_paging = true,
            Act::Amend => self.amend(&mut luck).await?,
            Act::CutOff => self.cut_off(phone, None).await?,
            Act::Wipe { at_once } => self.cut_off(phone, Some(at_once)).await?,
            Act::EnrolAnew => self.enrol_anew(phone).await?,
            Act::SmallPages(records) => self.phones[phone].page = Some(records),
            Act::LosePulled(records) => self.phones[phone].store.lose_pulled(records),
            Act::SkipInFeed(records) => self.backend.disk.skip_in_feed(records),
            Act::Strike => self.strike().await?,
            Act::WriteUnknown => self.write_unknown(phone, &mut luck)?,
            Act::LoseReply(after) => self.phones[phone].loses_reply_after = Some(after),
            Act::Clone { twin } => self.clone_phone(phone, twin)?,
            Act::BackUpPhone => self.back_up_phone(phone),
            Act::RestorePhone { removed } => self.restore_phone(phone, removed).await?,
            Act::KillServerAfter(steps) => self.backend.disk.kill_after(steps),
            Act::RefuseServer(writes) => self.backend.disk.refuse(writes),
            Act::FillServerDisk(length) => {
                self.server_full_until = Some(now.plus(length));
                self.backend.disk.set_full(true);
            }
            Act::StepServerClock(by) => self.time.step_server(by),
            Act::BackUp => {
                let backup = self.backend.back_up().await?;
                self.tap.backups.push(backup);
            }
            Act::Restore { told, nth } => self.restore_server(told, nth).await?,
        }
        let time = self.now();
        for handset in self.phones.iter().filter(|handset| handset.full_until <= time) {
            handset.store.set_full(false);
        }
        if self.server_full_until.is_some_and(|until| until <= time) {
            self.server_full_until = None;
            self.backend.disk.set_full(false);
        }
        Ok(())
    }

    /// The server goes back in time.
    async fn restore_server(&mut self, told: bool, nth: usize) -> Result<(), Failure> {
        if !self.backend.restore(nth, told).await? {
            return Ok(());
        }
        self.restorations += 1;
        self.faults.fired(if told { Fault::ServerRestored } else { Fault::ServerSetBack });
        if nth > 0 {
            self.faults.fired(Fault::ServerOlderBackup);
        }
        if self.restorations > 1 {
            self.faults.fired(Fault::ServerRestoredTwice);
        }
        self.tap.the_server_went_back();
        self.see_what_the_server_has_left().await
    }
}
