//! What staff decide about people, phones and amendments, and what the model knows of it afterwards.

use std::collections::BTreeSet;

use server::error::codes;
use server::service::amendments::{self, Ruling, Which};
use server::service::cut_off;
use server::service::decider::Decider;
use server::service::people::{self, PersonChange};
use server::service::reassign::{self, Assignment};
use server::store::{AsideChange, ChangeState, Person, StoreError};
use sync_core::engine::Event;
use sync_core::id::{ChangeHash, PersonId};
use sync_core::wire::enrol::Role;

use super::World;
use crate::failure::Failure;
use crate::sim::backend::odd;
use crate::sim::diary::Kept;
use crate::sim::fault::Fault;
use crate::sim::house::Place;
use crate::sim::luck::Luck;
use crate::sim::tap::Violation;

impl World {
    async fn admin(&self) -> Result<Person, Failure> {
        self.backend.truth().person(self.house.admin).await.map_err(odd("the administrator"))
    }

    /// Head quarters gives a record to the person with this phone.
    pub(super) async fn reassign(&mut self, phone: usize, luck: &mut Luck) -> Result<(), Failure> {
        let lines = self.lines().await?;
        let Some(record) = luck.pick(&lines).map(|line| line.row.id) else { return Ok(()) };
        let owner = self.house.members[phone].person;
        let before = self.backend.truth().record_line(record).await.map_err(odd("a record"))?;
        let admin = self.admin().await?;
        let assignment = Assignment { owner: Some(owner), ..Assignment::default() };
        let given = reassign::reassign(self.backend.app(), &admin, record, assignment).await;
        if given.as_ref().is_err_and(|error| error.code == codes::RECORD_CLOSED) {
            return Ok(());
        }
        self.done_at_the_console("a record for somebody else", given).await?;
        // What a storage in trouble made of it is what counts, said or not.
        let line = self.backend.truth().record_line(record).await.map_err(odd("a record"))?;
        let place = Place { owner: line.row.owner, team: line.row.team, office: line.row.office };
        if before.row.owner != place.owner || before.row.team != place.team || before.row.office != place.office {
            self.faults.fired(Fault::RecordReassigned);
            self.note(|| format!("{record} belongs to the person of phone {phone} now"));
            self.house.places.insert(record, place);
        }
        Ok(())
    }

    /// Somebody goes to the other team, or comes back; from the office people go to the other office.
    pub(super) async fn move_person(&mut self, phone: usize) -> Result<(), Failure> {
        let member = self.house.members[phone].clone();
        let elsewhere = self.house.teams.iter().find(|(office, team)| match member.team {
            Some(own) => *team != own,
            None => *office != member.office,
        });
        let Some((office, team)) = elsewhere.copied() else { return Ok(()) };
        let change = match member.role {
            Role::Secretary => PersonChange { office: Some(office), team: Some(None), ..PersonChange::default() },
            _ => PersonChange { office: Some(office), team: Some(Some(team)), ..PersonChange::default() },
        };
        let admin = self.admin().await?;
        let moved = people::change(self.backend.app(), &admin, member.person, change).await;
        self.done_at_the_console("a move", moved).await?;
        self.learn_of_person(member.person).await
    }

    async fn learn_of_person(&mut self, id: PersonId) -> Result<(), Failure> {
        let person = self.backend.truth().person(id).await.map_err(odd("a person"))?;
        let mut moved = false;
        for member in self.house.members.iter_mut().filter(|member| member.person == id) {
            moved |= member.team != person.team || Some(member.office) != person.office;
            member.team = person.team;
            member.office = person.office.unwrap_or(member.office);
        }
        if moved {
            self.faults.fired(Fault::PersonMoved);
            let phones: Vec<usize> =
                self.phones.iter().filter(|phone| phone.member.person == id).map(|phone| phone.number).collect();
            if phones.iter().any(|phone| self.tap.is_paging(*phone)) {
                self.faults.fired(Fault::ScopeChangedWhilePaging);
            }
            self.note(|| format!("the person of phones {phones:?} is somewhere else now"));
        }
        Ok(())
    }

    /// Head quarters decides about an amendment.
    pub(super) async fn amend(&mut self, luck: &mut Luck) -> Result<(), Failure> {
        let reviewer = self.reviewer().await?;
        let listed = amendments::list(self.backend.app(), Decider::Person(&reviewer), None, 200).await;
        let Ok(listed) = listed else {
            return self.done_at_the_console("the amendments", listed).await.map(drop);
        };
        let Some(group) = luck.pick(&listed) else { return Ok(()) };
        let which = Which { record: group.record, device: group.device };
        let accept = luck.in_thousand(500);
        let before = self.held(which).await?;
        let app = self.backend.app();
        let decided = if accept {
            amendments::accept(app, Decider::Person(&reviewer), which, Ruling::default()).await
        } else {
            let ruling = Ruling { reason: Some("不行".to_owned()), ..Ruling::default() };
            amendments::reject(app, Decider::Person(&reviewer), which, ruling).await
        };
        let changes: BTreeSet<ChangeHash> = match &decided {
            Ok(changes) => changes.iter().map(|change| change.line.hash).collect(),
            // What a storage in trouble made of it is what counts, said or not.
            Err(_) => before.difference(&self.held(which).await?).copied().collect(),
        };
        if !changes.is_empty() {
            self.note(|| format!("{} of {}: accepted {accept}: {changes:?}", group.device, group.record));
            self.tap.decided.extend(changes.into_iter().map(|change| (change, group.record)));
        }
        if decided.as_ref().is_err_and(|error| !error.is_retryable() && error.internal.is_none()) {
            // Somebody was faster, or a part of it is not to be had: the amendment stays in the list.
            return Ok(());
        }
        if self.done_at_the_console("a decision", decided).await? {
            self.faults.fired(if accept { Fault::AmendmentAccepted } else { Fault::AmendmentRejected });
        }
        Ok(())
    }

    /// The changes of an amendment that wait for a decision.
    async fn held(&self, which: Which) -> Result<BTreeSet<ChangeHash>, Failure> {
        let aside = self.backend.truth().aside_of_record(which.record).await.map_err(odd("an amendment"))?;
        let waits = |change: &AsideChange| {
            change.line.device == Some(which.device)
                && matches!(change.line.state, ChangeState::Held | ChangeState::Waiting)
        };
        Ok(aside.iter().filter(|change| waits(change)).map(|change| change.line.hash).collect())
    }

    /// The phone is cut off; with `wipe` it has to forget everything too, at once or after a backup.
    pub(super) async fn cut_off(&mut self, phone: usize, wipe: Option<bool>) -> Result<(), Failure> {
        let Some(device) = self.phones[phone].device else { return Ok(()) };
        if self.phones[phone].engine.identity().is_none() {
            return Ok(());
        }
        let admin = self.admin().await?;
        let app = self.backend.app();
        let done = match wipe {
            None => cut_off::revoke(app, &admin, device).await,
            Some(at_once) => cut_off::wipe(app, &admin, device, at_once).await,
        };
        self.done_at_the_console("cutting off", done).await?;
        let stored = self.backend.truth().device(device).await.map_err(odd("a device"))?;
        if stored.revoked_at.is_some() && self.house.cut_off.insert(device) {
            self.faults.fired(Fault::PhoneCutOff);
        }
        if wipe == Some(false) {
            self.wait_for_backup.insert(device);
        } else if wipe == Some(true) {
            self.wait_for_backup.remove(&device);
        }
        Ok(())
    }

    /// The person gets another code, and types it in.
    pub(super) async fn enrol_anew(&mut self, phone: usize) -> Result<(), Failure> {
        let cut_off = self.phones[phone].device.is_some_and(|device| self.house.cut_off.contains(&device));
        if !cut_off {
            return Ok(());
        }
        let issued = self.house.issue_code(self.backend.app(), phone).await;
        let code = issued.as_ref().ok().cloned();
        self.done_at_the_console("a code", issued).await?;
        if let Some(code) = code {
            self.phones[phone].anew = Some(code);
            let wish = self.phones[phone].wish(Event::SyncNow);
            self.give(phone, wish)?;
        }
        Ok(())
    }

    /// Who was cut off stays so under a new identity, which a phone can get without a code.
    pub(super) async fn inherit_cutting_off(&mut self) -> Result<(), Failure> {
        for phone in 0..self.phones.len() {
            let device = self.phones[phone].device.filter(|device| self.known.insert(*device));
            let Some(device) = device else { continue };
            let stored = match self.backend.truth().device(device).await {
                Ok(stored) => stored,
                Err(StoreError::NotFound) => continue,
                Err(error) => return Err(odd("a device")(error)),
            };
            let cut_off = stored.replaces.is_some_and(|old| self.house.cut_off.contains(&old));
            if cut_off && stored.revoked_at.is_some() {
                self.house.cut_off.insert(device);
            }
        }
        Ok(())
    }

    /// A phone that forgot everything must have handed it in before.
    pub(super) async fn look_at_wiped_phones(&mut self) -> Result<(), Failure> {
        for phone in std::mem::take(&mut self.wiped) {
            self.note(|| format!("phone {phone} has forgotten everything"));
            let held = self.tap.everything_held(self.backend.truth()).await?;
            let vouched = self.phones[phone].device.is_some_and(|device| self.wait_for_backup.contains(&device));
            let mut lost = Vec::new();
            let mine = |kept: Kept, who: usize| who == phone && kept == Kept::OnPhone;
            for saved in self.diary.saved.iter_mut().filter(|saved| mine(saved.kept, saved.phone)) {
                saved.kept = if vouched { Kept::BackedUp } else { Kept::OnServer };
                if !self.tap.changes_with(saved.words()).any(|change| held.changes.contains(&change)) {
                    lost.push(format!("{saved:?}"));
                }
            }
            let rule = "a phone forgets only what it has handed in";
            self.violate(lost.into_iter().map(|said| Violation::new(rule, said)).collect());
        }
        Ok(())
    }
}
