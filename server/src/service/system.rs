//! How the server is, for head quarters.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sync_core::id::OrganisationId;
use sync_core::time::UnixMillis;

use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::state::App;
use crate::store::system::Figures;
use crate::store::{Person, RecordFilter, Scope};

const MINUTE_MS: i64 = 60_000;
/// How many minutes the pulse remembers.
pub const MINUTES: usize = 60;
/// How long figures are good that the database had to count.
const FRESH_MS: i64 = 15_000;

/// How many exchanges there were in each of the last minutes.
#[derive(Debug)]
pub struct Pulse(Mutex<Beats>);

#[derive(Clone, Copy, Debug)]
struct Beats {
    /// The minute of the newest count, since 1970.
    minute: i64,
    /// A ring: each minute has its place.
    counts: [u32; MINUTES],
}

impl Default for Pulse {
    fn default() -> Self {
        Self(Mutex::new(Beats { minute: 0, counts: [0; MINUTES] }))
    }
}

impl Beats {
    fn place(minute: i64) -> usize {
        usize::try_from(minute.rem_euclid(MINUTES as i64)).unwrap_or(0)
    }

    /// Empties the places of the minutes that have passed since.
    fn reach(&mut self, minute: i64) {
        let passed = minute.saturating_sub(self.minute);
        if passed >= MINUTES as i64 || passed < 0 {
            self.counts = [0; MINUTES];
        } else {
            (self.minute + 1..=minute).for_each(|minute| self.counts[Self::place(minute)] = 0);
        }
        self.minute = minute;
    }
}

impl Pulse {
    /// Counts an exchange.
    pub fn beat(&self, now: UnixMillis) {
        let mut beats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0.div_euclid(MINUTE_MS);
        // A clock that is a little behind counts for the newest minute.
        if minute > beats.minute || beats.minute - minute > MINUTES as i64 {
            beats.reach(minute);
        }
        let place = Beats::place(beats.minute);
        beats.counts[place] = beats.counts[place].saturating_add(1);
    }

    /// The counts of the last hour, the oldest minute first; the last one is not over.
    pub fn last_hour(&self, now: UnixMillis) -> [u32; MINUTES] {
        let mut beats = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0.div_euclid(MINUTE_MS).max(beats.minute);
        beats.reach(minute);
        std::array::from_fn(|back| beats.counts[Beats::place(minute - (MINUTES - 1 - back) as i64)])
    }
}

/// What the database was last asked, so that many who look cost no more than one.
#[derive(Debug, Default)]
pub struct Asked(Mutex<HashMap<OrganisationId, (UnixMillis, Figures)>>);

/// How the server is.
#[derive(Clone, Debug)]
pub struct System {
    /// Since when this process runs.
    pub started_at: UnixMillis,
    /// What time it is here.
    pub now: UnixMillis,
    /// What kind of database it has.
    pub database: &'static str,
    /// Which life of the database this is: 1 at first, raised by each restore.
    pub epoch: u32,
    /// What the database says; at most a quarter of a minute old.
    pub figures: Figures,
    /// How many records the organisation has.
    pub records: u64,
    /// How many pushes of the organisation's came to this server that are not judged yet.
    pub behind: u64,
    /// Exchanges of each of the last sixty minutes at this server, the oldest first.
    pub exchanges: [u32; MINUTES],
}

/// How the server is.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn look(app: &App, who: &Person) -> Result<System, ServiceError> {
    if !scope::may_do(who, Action::SeeSystem) {
        return Err(codes::PERMISSION.into());
    }
    let now = app.clock.now();
    Ok(System {
        started_at: app.started_at,
        now,
        database: app.store.system().kind(),
        epoch: app.epoch,
        figures: figures(app, who.organisation, now).await?,
        records: app.store.count_records(&Scope::Organisation(who.organisation), &RecordFilter::default()).await?,
        behind: app.projector.behind_with(who.organisation),
        exchanges: app.pulse.last_hour(now),
    })
}

async fn figures(app: &App, organisation: OrganisationId, now: UnixMillis) -> Result<Figures, ServiceError> {
    let known = app.asked.0.lock().unwrap_or_else(PoisonError::into_inner).get(&organisation).cloned();
    if let Some((at, figures)) = known
        && (0..FRESH_MS).contains(&now.since(at))
    {
        return Ok(figures);
    }
    let figures = app.store.system().figures(organisation).await?;
    app.asked.0.lock().unwrap_or_else(PoisonError::into_inner).insert(organisation, (now, figures.clone()));
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> UnixMillis {
        UnixMillis(30_000_000 * MINUTE_MS + minute * MINUTE_MS + 5)
    }

    #[test]
    fn an_hour_is_remembered_and_no_more() {
        let pulse = Pulse::default();
        for (minute, many) in [(0, 3), (1, 1), (59, 2)] {
            (0..many).for_each(|_| pulse.beat(at(minute)));
        }
        let hour = pulse.last_hour(at(59));
        assert_eq!((hour[0], hour[1], hour[2], hour[59], hour.iter().sum::<u32>()), (3, 1, 0, 2, 6));
        let hour = pulse.last_hour(at(60));
        assert_eq!((hour[0], hour[58], hour[59], hour.iter().sum::<u32>()), (1, 2, 0, 3));
        pulse.beat(at(61));
        // A clock that is behind counts for the newest minute.
        pulse.beat(at(60));
        let hour = pulse.last_hour(at(61));
        assert_eq!((hour[59], hour.iter().sum::<u32>()), (2, 4));
        assert_eq!(pulse.last_hour(at(500)), [0; MINUTES]);
        pulse.beat(at(500));
        assert_eq!(pulse.last_hour(at(500)).iter().sum::<u32>(), 1);
    }
}
