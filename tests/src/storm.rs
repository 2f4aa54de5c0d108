//! The evening: every phone syncs at the same time, some lose their connection in the middle, and perhaps somebody
//! pulls the server's plug again and again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::failure::Failure;
use crate::phone::{Phone, Tally};
use crate::pulse::{Count, Pulse};
use crate::server_process::ServerProcess;

/// How many kills a chaotic evening has at least.
pub const FEWEST_KILLS: u32 = 5;
/// And at most: after that the phones are left in peace.
const MOST_KILLS: u32 = 8;
/// One phone in so many has a bad line.
const ROUGH_LINE: usize = 3;
/// Every other kill comes after so many requests, at most: before much could be answered.
const REQUESTS: u64 = 6;
/// The others come after so many receipts, at most: what was promised has to be there afterwards.
const RECEIPTS: usize = 3;
/// Either comes up to so many milliseconds later, so that it falls into any moment of a request.
const LONGEST_DELAY_MS: u64 = 40;

/// Who plays in the storm.
pub struct Storm<'a> {
    /// The server, to be killed if there is chaos.
    pub server: &'a Mutex<ServerProcess>,
    /// What is going on.
    pub pulse: &'a Pulse,
    /// Everything random grows from it.
    pub seed: u64,
    /// Whether the server is killed.
    pub chaos: bool,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aftermath {
    /// Runs that ended early and were asked for again.
    pub failures: u32,
    /// Faults of lines.
    pub faults: u32,
    /// SIGKILLs, each while at least one request was under way.
    pub kills: u32,
    /// Requests that were under way when a kill came.
    pub struck: u32,
    /// Receipts that phones had got in this evening before the last kill.
    pub receipts_at_risk: usize,
}

impl Storm<'_> {
    /// Lets it happen. `done` is told of each phone that got everything through.
    ///
    /// # Errors
    /// When a phone can't get through, the server does not come back, or the chaos came to less than it should.
    pub fn rage(&self, phones: &[&Phone], done: &(dyn Fn() + Sync)) -> Result<Aftermath, Failure> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ 0x5707);
        let faults_before: u32 = phones.iter().map(|phone| phone.line.faults()).sum();
        for phone in phones.iter().skip(1).step_by(ROUGH_LINE) {
            phone.line.turn_rough(&mut rng);
        }
        let (tallies, chaos) = std::thread::scope(|scope| {
            let killer = self.chaos.then(|| scope.spawn(|| self.kill_and_revive(&mut rng)));
            let syncing: Vec<_> = phones
                .iter()
                .enumerate()
                .map(|(number, phone)| {
                    scope.spawn(move || {
                        self.wait_turn(number, phones.len());
                        let tally = phone.sync_through(self.pulse);
                        self.pulse.done();
                        done();
                        tally
                    })
                })
                .collect();
            let tallies: Vec<_> = syncing.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
            self.pulse.over();
            (tallies, killer.map(std::thread::ScopedJoinHandle::join))
        });
        let panicked = |_| Failure::Unexpected("a thread of the storm panicked".to_owned());
        let mut aftermath = match chaos {
            Some(joined) => joined.map_err(panicked)??,
            None => Aftermath::default(),
        };
        for joined in tallies {
            let Tally { failures, .. } = joined.map_err(panicked)??;
            aftermath.failures += failures;
        }
        aftermath.faults = phones.iter().map(|phone| phone.line.faults()).sum::<u32>() - faults_before;
        if self.chaos && aftermath.kills < FEWEST_KILLS {
            let what = format!("the storm was over after {} kills; it takes more phones or records", aftermath.kills);
            return Err(Failure::Unexpected(what));
        }
        Ok(aftermath)
    }

    /// Without chaos everybody begins at once. With it people come home in groups, each after another kill, so that
    /// kills fall into the whole evening and not only into its first second; nobody waits for a kill that missed.
    fn wait_turn(&self, number: usize, phones: usize) {
        if self.chaos {
            let groups = FEWEST_KILLS as usize + 1;
            let group = number * groups / phones.max(1);
            let before_it = (group * phones).div_ceil(groups);
            self.pulse.wait_turn(u32::try_from(group).unwrap_or(0), before_it);
        }
    }

    /// Kills the server while requests are under way, and starts it again in the same folder on the same port.
    fn kill_and_revive(&self, rng: &mut dyn Rng) -> Result<Aftermath, Failure> {
        let mut aftermath = Aftermath::default();
        let before = self.pulse.count().receipts;
        while aftermath.kills < MOST_KILLS {
            let now = self.pulse.count();
            let after = if aftermath.kills % 2 == 0 {
                Count { requests: now.requests + rng.random_range(1..=REQUESTS), ..now }
            } else {
                Count { receipts: now.receipts + rng.random_range(1..=RECEIPTS), ..now }
            };
            let delay = Duration::from_millis(rng.random_range(0..=LONGEST_DELAY_MS));
            let blow = |in_flight: u32| -> Result<u32, Failure> {
                self.server.lock().unwrap_or_else(PoisonError::into_inner).kill()?;
                Ok(in_flight)
            };
            let Some(struck) = self.pulse.strike(after, delay, blow) else {
                break;
            };
            aftermath.struck += struck?;
            aftermath.kills += 1;
            aftermath.receipts_at_risk = self.pulse.count().receipts - before;
            self.server.lock().unwrap_or_else(PoisonError::into_inner).start_again()?;
            self.pulse.up();
        }
        Ok(aftermath)
    }
}
