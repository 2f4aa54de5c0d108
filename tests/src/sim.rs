//! A deterministic simulation that shows the promise: whatever a promoter saved is on the server, in quarantine where
//! a person sees it, or still on the phone; it is never nowhere, never twice, and nobody's "synced" lies.
//!
//! The real engine of phones and the real server (router, services, SQLite) live in one thread with a virtual clock.
//! A seed gives a [`plan`]: who writes when, and what goes wrong when. Lines lose, delay, cut, repeat and reorder
//! messages; [`disk`]s fail between any two steps; the [`backend`] is killed and set back. People remember in a
//! [`diary`] what they saved; a [`tap`] holds every answer against what the server really has at that moment; in the
//! end everything heals and the [`oracle`] compares. A run that fails is made smaller ([`shrink`]) and printed with
//! its seed. [`mutant`]s are broken on purpose, to show that all this can see.

pub mod backend;
pub mod broken_store;
pub mod campaign;
pub mod diary;
pub mod disk;
pub mod fault;
pub mod handset;
pub mod house;
pub mod intruder;
pub mod luck;
pub mod mutant;
pub mod oracle;
pub mod plan;
pub mod scenario;
pub mod server_disk;
pub mod shrink;
pub mod tap;
pub mod time;
pub mod world;

use self::fault::Faults;
use self::mutant::Mutant;
use self::plan::{DAY_END, Plan};
use self::tap::Violation;
use self::time::MORNING;
use self::world::World;
use crate::failure::Failure;

/// What became of a run.
#[derive(Debug)]
pub struct Verdict {
    /// The rules that were broken; empty if all is well.
    pub violations: Vec<Violation>,
    /// How often each fault fired.
    pub faults: Faults,
    /// What happened.
    pub trace: Vec<String>,
    /// Saves on phones.
    pub saves: usize,
    /// Exchanges that the server served.
    pub exchanges: u64,
}

/// Lives through a plan.
///
/// # Errors
/// When the simulation itself fails.
pub fn run(plan: &Plan, mutant: Option<Mutant>) -> Result<Verdict, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::system("can't start the runtime"))?;
    runtime.block_on(live(plan, mutant))
}

async fn live(plan: &Plan, mutant: Option<Mutant>) -> Result<Verdict, Failure> {
    let mut world = World::new(plan, mutant).await?;
    if let Err(failure) = live_a_day(&mut world).await {
        // An app that does not start any more, a record that does not read: whatever it is, it must not be.
        world.violations.push(Violation::new("everything goes on", failure.to_string()));
    }
    let World { backend, diary, tap, faults, violations, trace, .. } = world;
    backend.stop().await;
    Ok(Verdict { violations, faults, trace, saves: diary.saved.len(), exchanges: tap.exchanges })
}

async fn live_a_day(world: &mut World) -> Result<(), Failure> {
    world.live(MORNING.plus(DAY_END)).await?;
    if world.violations.is_empty() {
        world.heal_and_settle().await?;
    }
    if world.violations.is_empty() {
        world.violations = oracle::judge(world).await?;
    }
    Ok(())
}

/// Everything of a run that a person needs to understand it, on several lines.
pub fn story(seed: u64, verdict: &Verdict) -> String {
    let broken = verdict.violations.iter().map(|violation| format!("{}: {}", violation.rule, violation.said));
    let trace = verdict.trace.iter().map(|line| format!("  {line}"));
    let lines: Vec<String> = std::iter::once(format!("seed {seed}")).chain(broken).chain(trace).collect();
    lines.join("\n")
}
