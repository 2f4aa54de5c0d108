//! The world of a run: one queue of what happens next, everything in one thread.

mod carry_out;
mod console;
mod network;
mod newer;
mod office;
mod phones;
mod settle;

pub(super) use self::newer::put_unknown;

use std::collections::{BTreeMap, BTreeSet};

use sync_core::engine::{Event, Outcome, RequestId, TransportError, WireRequest, WireResponse};
use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use super::backend::{Backend, Settings};
use super::diary::Diary;
use super::disk::PhoneStore;
use super::fault::Faults;
use super::handset::Handset;
use super::house::House;
use super::intruder::Intruder;
use super::luck::Luck;
use super::mutant::Mutant;
use super::plan::{Item, Plan};
use super::tap::{Tap, Violation};
use super::time::{MORNING, TrueTime};
use crate::failure::Failure;

/// Something in the queue.
#[derive(Debug)]
pub(super) enum Happening {
    /// An entry of the plan.
    Planned(Item),
    /// An alarm.
    Wake { phone: usize, alarm: u64 },
    /// A request reaches the server.
    AtServer { phone: usize, life: u64, device: Option<DeviceId>, id: RequestId, request: WireRequest },
    /// A reply, or the lack of one, reaches a phone.
    AtPhone { phone: usize, life: u64, id: RequestId, result: Result<WireResponse, TransportError> },
    /// The projector has its turn.
    Publish,
}

/// Everything there is.
pub struct World {
    /// The true time.
    pub time: TrueTime,
    /// The server.
    pub backend: Backend,
    /// Who works there.
    pub house: House,
    /// Their phones.
    pub phones: Vec<Handset>,
    /// What they remember.
    pub diary: Diary,
    /// Who listens.
    pub tap: Tap,
    /// What went wrong on purpose.
    pub faults: Faults,
    /// What went wrong otherwise.
    pub violations: Vec<Violation>,
    /// What happened, for people.
    pub trace: Vec<String>,
    /// How the last run of each phone ended.
    pub outcomes: BTreeMap<usize, Outcome>,
    queue: BTreeMap<(UnixMillis, u64), Happening>,
    ticket: u64,
    luck: Luck,
    mutant: Option<Mutant>,
    healed: bool,
    dies_after_commit: bool,
    corrections: u64,
    server_full_until: Option<UnixMillis>,
    restorations: u32,
    intruder: Option<Intruder>,
    seed: u64,
    /// Phones that have just forgotten everything.
    wiped: Vec<usize>,
    /// Devices that may forget only what a backup holds.
    wait_for_backup: BTreeSet<DeviceId>,
    /// Devices of whom it is known whether they inherited being cut off.
    known: BTreeSet<DeviceId>,
}

impl World {
    /// Puts the world of a plan together.
    ///
    /// # Errors
    /// When the server can't be started.
    pub async fn new(plan: &Plan, mutant: Option<Mutant>) -> Result<Self, Failure> {
        let time = TrueTime::default();
        let mut luck = Luck::of(plan.seed, 2);
        let settings = Settings { mutant, restorable_days: plan.restorable_days };
        let backend = Backend::start(plan.seed, time.clone(), settings).await?;
        let mut house = House::found(backend.app(), plan.offices, plan.phones, &mut luck).await?;
        house.make_room_for_twins(plan.twins);
        let mut phones = Vec::new();
        for (number, member) in house.members.iter().enumerate() {
            let mut phone = Handset::new(number, member.clone(), PhoneStore::new(mutant), plan.seed)?;
            phone.used = number < plan.phones;
            phones.push(phone);
        }
        let mut world = Self {
            time,
            backend,
            house,
            phones,
            diary: Diary::default(),
            tap: Tap::default(),
            faults: Faults::default(),
            violations: Vec::new(),
            trace: Vec::new(),
            outcomes: BTreeMap::new(),
            queue: BTreeMap::new(),
            ticket: 0,
            luck,
            mutant,
            healed: false,
            dies_after_commit: false,
            corrections: 0,
            server_full_until: None,
            restorations: 0,
            intruder: None,
            seed: plan.seed,
            wiped: Vec::new(),
            wait_for_backup: BTreeSet::new(),
            known: BTreeSet::new(),
        };
        for phone in 0..plan.phones {
            // Codes are handed out over the first minutes.
            let at = world.luck.between(0, 10 * 60_000);
            world.set_alarm(phone, MORNING.plus(at));
        }
        for item in &plan.items {
            world.push(MORNING.plus(item.at), Happening::Planned(*item));
        }
        Ok(world)
    }

    /// The true time.
    pub fn now(&self) -> UnixMillis {
        self.time.really()
    }

    fn push(&mut self, at: UnixMillis, happening: Happening) {
        self.ticket += 1;
        self.queue.insert((at.max(self.now()), self.ticket), happening);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let minutes = self.now().since(MORNING) / 1_000;
        self.trace.push(format!("{:>6}s {}", minutes, line()));
    }

    fn violate(&mut self, found: Vec<Violation>) {
        for violation in found {
            self.note(|| format!("VIOLATION {}: {}", violation.rule, violation.said));
            self.violations.push(violation);
        }
    }

    /// Lives until the queue is empty, or until the end of the day.
    ///
    /// # Errors
    /// When the simulation itself fails.
    pub async fn live(&mut self, until: UnixMillis) -> Result<(), Failure> {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > until || !self.violations.is_empty() {
                break;
            }
            let ((at, _), happening) = entry.remove_entry();
            self.time.advance_to(at);
            self.happen(happening).await?;
        }
        Ok(())
    }

    async fn happen(&mut self, happening: Happening) -> Result<(), Failure> {
        self.let_happen(happening).await?;
        self.inherit_cutting_off().await?;
        self.look_at_wiped_phones().await
    }

    async fn let_happen(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Planned(item) => self.carry_out(item).await,
            Happening::Wake { phone, alarm } => {
                if self.phones[phone].alarm_number != alarm {
                    return Ok(());
                }
                let wish = self.phones[phone].wish(Event::Tick);
                self.give(phone, wish)
            }
            Happening::AtServer { phone, life, device, id, request } => {
                self.serve((phone, life), device, id, request).await
            }
            Happening::AtPhone { phone, life, id, result } => {
                if self.phones[phone].life != life {
                    return Ok(());
                }
                self.give(phone, Event::Response(id, result))
            }
            Happening::Publish => self.publish().await,
        }
    }

    /// The projector has its turn.
    async fn publish(&mut self) -> Result<(), Failure> {
        let published = self.backend.publish().await?;
        self.see_to_the_server(!published).await
    }

    /// After every step of the server: counts what went wrong with it, and starts it again if it is dead.
    async fn see_to_the_server(&mut self, in_trouble: bool) -> Result<(), Failure> {
        self.faults.add(&self.backend.disk.take_faults());
        if self.backend.disk.is_killed() {
            self.note(|| "the server was killed and starts again".to_owned());
            self.backend.kill().await
        } else if in_trouble && self.healed {
            Err(Failure::Unexpected("the storage refuses without a reason".to_owned()))
        } else {
            Ok(())
        }
    }
}
