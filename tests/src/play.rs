//! The whole play: a day in the field, an evening, and what head quarters makes of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use crate::clock::yesterday;
use crate::console::Console;
use crate::contacts::Sources;
use crate::crew::{each, each_mut};
use crate::database::Database;
use crate::day::{Day, Met, NOON_MS, Route};
use crate::dispute::{Dispute, settle};
use crate::failure::Failure;
use crate::model::{Chapter, Diary, Model};
use crate::night::Night;
use crate::oddity::{Flagged, expected};
use crate::phone::Phone;
use crate::progress::Stretch;
use crate::pulse::Pulse;
use crate::server_process::{ServerProcess, Settings};
use crate::stage::Stage;
use crate::storm::{Aftermath, Storm};
use crate::towns::Town;
use crate::world::{Login, Member, TEAMS_IN_ALL, World};

/// Records of each contact: a visit, a lead and a survey.
pub const RECORDS_OF_A_CONTACT: u32 = 3;
/// How often a phone may ask whether what it sent is published, and how long it waits in between.
const PUBLISH_ATTEMPTS: u32 = 100;
const PUBLISH_REST: Duration = Duration::from_millis(200);

/// What is to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Promoters, each with a phone.
    pub promoters: usize,
    /// Records altogether, at least.
    pub records: u32,
    /// Everything random grows from it.
    pub seed: u64,
    /// Whether the server is killed during the storm.
    pub chaos: bool,
    /// Where the servers keep their data.
    pub database: Database,
}

impl Plan {
    /// How many contacts each promoter has to make.
    pub fn contacts(&self) -> u32 {
        let promoters = u32::try_from(self.promoters.max(1)).unwrap_or(u32::MAX);
        self.records.div_ceil(RECORDS_OF_A_CONTACT * promoters).max(1)
    }
}

/// The stage with everybody on it.
pub struct Play {
    /// What is being played.
    pub plan: Plan,
    /// The organisation.
    pub world: World,
    /// What is going on between phones and server.
    pub pulse: Arc<Pulse>,
    /// Head quarters.
    pub console: Console,
    /// What head quarters wrote.
    pub console_diary: Diary,
    /// When it began.
    pub begun: Instant,
    stage: Stage,
    /// What came of the night.
    pub(crate) night: Night,
    /// Whom each promoter met, in the order of [`World::promoters`].
    met: Vec<Vec<Met>>,
}

impl Play {
    /// Starts a server in `folder` and sets up the organisation on it.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub fn set_up(plan: Plan, folder: &Path) -> Result<Self, Failure> {
        Self::set_up_with(plan, folder, Settings::default())
    }

    /// The same with settings for the servers.
    ///
    /// # Errors
    /// As [`Self::set_up`].
    pub fn set_up_with(plan: Plan, folder: &Path, settings: Settings) -> Result<Self, Failure> {
        let begun = Instant::now();
        let stage = Stage::build(plan.database, folder, settings)?;
        let server = stage.server();
        let pulse = Arc::new(Pulse::default());
        let phones = plan.promoters + plan.promoters.min(TEAMS_IN_ALL);
        let stretch = Stretch::begin("set up three offices and enrol phones", phones);
        let start = yesterday();
        let world = World::set_up(&server, folder, plan.promoters, plan.seed, start, &pulse, &|| stretch.step())?;
        stretch.end(&format!("{} phones", world.phones().count()));
        let Login { login, password, .. } = world.login("hq_admin")?;
        let console = Console::sign_in(&server.base_url(), login, password)?;
        let console_diary = Diary::of(console.person);
        let met = vec![Vec::new(); plan.promoters];
        drop(server);
        Ok(Self { plan, world, pulse, console, console_diary, begun, stage, night: Night::default(), met })
    }

    /// The server; of several the first, which is the one that is killed.
    pub fn server(&self) -> MutexGuard<'_, ServerProcess> {
        self.stage.server()
    }

    /// The servers, and what they keep their data in.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The day in the field: contacts without a network, a short sync at noon, and leads that three people edit
    /// without hearing of each other.
    ///
    /// # Errors
    /// When a phone or the server refuses.
    pub fn day(&mut self, sources: &Sources) -> Result<(), Failure> {
        let day = Day {
            sources,
            seed: self.plan.seed,
            midnight: yesterday(),
            contacts: self.plan.contacts(),
            project: Some(self.world.project),
        };
        let all: Vec<&Town> = sources.towns.iter().collect();
        let walked: Vec<Vec<&Town>> = self
            .world
            .offices
            .iter()
            .map(|office| all.iter().copied().filter(|town| town.province == office.province).collect())
            .collect();
        let towns = |office: usize| {
            if walked[office].is_empty() { &all } else { &walked[office] }
        };

        let stretch = Stretch::begin("morning in the field, without a network", self.plan.promoters);
        self.met = each_mut(&mut self.world.promoters, |number, member| {
            let route = Route { promoter: u32::try_from(number).unwrap_or(0), towns: towns(member.office) };
            let met = day.work_morning(&mut member.phone, route);
            stretch.step();
            met
        })?;
        stretch.end(&format!("{} contacts", self.met.iter().map(Vec::len).sum::<usize>()));
        self.noon(&day)?;

        let stretch = Stretch::begin("afternoon, and leads that three people edit", self.plan.promoters);
        for member in self.world.promoters.iter_mut().chain(&mut self.world.supervisors) {
            member.phone.chapter = Chapter::Afternoon;
        }
        let met = &self.met;
        let afternoon = each_mut(&mut self.world.promoters, |number, member| {
            for (position, contact) in met[number].iter().enumerate() {
                member.phone.clock.pass(10_000);
                Dispute::about(position).map_or(Ok(()), |dispute| dispute.promoter(&mut member.phone, contact))?;
            }
            let route = Route { promoter: u32::try_from(number).unwrap_or(0), towns: towns(member.office) };
            let met = day.work_afternoon(&mut member.phone, route);
            stretch.step();
            met
        })?;
        self.dispute()?;
        for (met, more) in self.met.iter_mut().zip(afternoon) {
            met.extend(more);
        }
        stretch.end(&format!("{} contacts in all", self.met.iter().map(Vec::len).sum::<usize>()));
        Ok(())
    }

    /// A short sync at noon, so that supervisors and head quarters know the morning.
    fn noon(&mut self, day: &Day<'_>) -> Result<(), Failure> {
        let stretch = Stretch::begin("a short sync at noon", self.world.phones().count());
        for phone in self.world.phones() {
            phone.clock.set(day.midnight.plus(NOON_MS));
        }
        let sync = |_: usize, member: &Member| {
            self.publish(&member.phone)?;
            stretch.step();
            Ok(())
        };
        each(&self.world.promoters, sync)?;
        each(&self.world.supervisors, sync)?;
        let known: usize = self.met.iter().map(Vec::len).sum::<usize>() * RECORDS_OF_A_CONTACT as usize;
        let mut received = 0;
        for member in &self.world.supervisors {
            received += member.phone.everything()?.len();
        }
        stretch.end(&format!("supervisors hold {received} records"));
        if received == known {
            return Ok(());
        }
        Err(Failure::Unexpected(format!("supervisors received {received} records of the morning's {known}")))
    }

    /// Supervisors and head quarters edit what promoters are editing.
    fn dispute(&mut self) -> Result<(), Failure> {
        let Self { world, met, console, console_diary, .. } = self;
        let World { promoters, supervisors, .. } = world;
        for supervisor in supervisors {
            let team = promoters.iter().zip(met.iter()).filter(|(promoter, _)| promoter.team == supervisor.team);
            for (_, met) in team {
                for (position, contact) in met.iter().enumerate() {
                    supervisor.phone.clock.pass(20_000);
                    let dispute = Dispute::about(position);
                    dispute.map_or(Ok(()), |dispute| dispute.supervisor(&mut supervisor.phone, contact))?;
                }
            }
        }
        for (position, contact) in met.iter().flat_map(|met| met.iter().enumerate()) {
            let dispute = Dispute::about(position);
            dispute.map_or(Ok(()), |dispute| dispute.head_quarters(console, console_diary, contact))?;
        }
        Ok(())
    }

    /// Every phone syncs at once. Afterwards everything is published.
    ///
    /// # Errors
    /// When a phone does not get through.
    pub fn storm(&self) -> Result<Aftermath, Failure> {
        let phones: Vec<&Phone> = self.world.phones().collect();
        for phone in &phones {
            phone.clock.run();
        }
        let title =
            if self.plan.chaos { "the evening storm, and a server that is killed" } else { "the evening storm" };
        let stretch = Stretch::begin(title, phones.len());
        let storm =
            Storm { server: &self.stage.first, pulse: &self.pulse, seed: self.plan.seed, chaos: self.plan.chaos };
        let aftermath = storm.rage(&phones, &|| stretch.step())?;
        each(&phones, |_, phone| self.publish(phone))?;
        stretch.end(&format!(
            "{} faults of lines, {} runs asked for again, {} kills",
            aftermath.faults, aftermath.failures, aftermath.kills
        ));
        Ok(aftermath)
    }

    /// Each supervisor settles one dispute, by writing the field.
    ///
    /// # Errors
    /// When a phone does not show the dispute, or refuses.
    pub fn settle(&mut self) -> Result<usize, Failure> {
        let stretch = Stretch::begin("supervisors settle a conflict each", self.world.supervisors.len());
        let World { promoters, supervisors, .. } = &mut self.world;
        let mut settled = 0;
        for supervisor in supervisors {
            supervisor.phone.sync_through(&self.pulse)?;
            supervisor.phone.chapter = Chapter::Settling;
            let led = promoters.iter().zip(&self.met).find(|(promoter, _)| promoter.team == supervisor.team);
            if let Some(contact) = led.and_then(|(_, met)| met.first()) {
                settle(&mut supervisor.phone, contact)?;
                settled += 1;
            }
            stretch.step();
        }
        each(&self.world.supervisors, |_, member| self.publish(&member.phone))?;
        stretch.end(&format!("{settled} settled"));
        Ok(settled)
    }

    /// Syncs until everything that was saved on this phone is published.
    ///
    /// # Errors
    /// When that does not happen.
    pub fn publish(&self, phone: &Phone) -> Result<(), Failure> {
        for _ in 0..PUBLISH_ATTEMPTS {
            phone.sync_through(&self.pulse)?;
            if phone.unpublished()? == 0 {
                return Ok(());
            }
            self.pulse.rest(PUBLISH_REST);
        }
        Err(phone.failed(&"what was sent is not published"))
    }

    /// Who saved what, put together from everybody's diaries.
    pub fn model(&self) -> Model {
        let phones = self.world.phones().chain(&self.night.phones);
        Model::of(phones.map(|phone| &phone.diary).chain([&self.console_diary]))
    }

    /// The flags that contacts and the night were made to raise.
    pub fn flags(&self) -> BTreeSet<Flagged> {
        let mut flags = expected(self.met.iter().flatten(), self.plan.contacts());
        flags.extend(self.night.flags.iter().cloned());
        flags
    }

    /// Ends the play and leaves the servers.
    pub fn into_stage(self) -> Stage {
        self.stage
    }
}
