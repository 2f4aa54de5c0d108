//! Earlier days that somebody has still to see to: nobody closed them, or something came late since.

use jiff::civil::Date;
use sync_core::id::OfficeId;

use super::archive;
use crate::day::hours;
use crate::error::{ServiceError, codes};
use crate::scope::{self, Action};
use crate::service::directory;
use crate::state::App;
use crate::store::days::UnfinishedDay;
use crate::store::{Office, Person};

/// How many days before today are looked at.
const DAYS: usize = 31;

/// The unfinished ones of the last month in somebody's territory, the latest first.
///
/// # Errors
/// [`codes::PERMISSION`] without the role.
pub async fn unfinished(app: &App, who: &Person) -> Result<Vec<(Office, UnfinishedDay)>, ServiceError> {
    if !scope::may_do(who, Action::SeeDays) {
        return Err(codes::PERMISSION.into());
    }
    let offices = directory::offices(app, who).await?;
    let now = app.clock.now();
    let today = |office: &Office| hours::today(&office.time_zone, now);
    let Some(latest) = offices.iter().map(today).max() else {
        return Ok(Vec::new());
    };
    let before = std::iter::successors(latest.yesterday().ok(), |day| day.yesterday().ok());
    let days: Vec<Date> = before.take(DAYS).collect();
    let found = app.store.days().unfinished(who.organisation, &days).await?;
    let office_of = |id: OfficeId| offices.iter().find(|office| office.id == id);
    let own = found.into_iter().filter_map(|line| Some((office_of(line.office)?.clone(), line)));
    // A restored database does not know yet what was closed and lies beside it.
    let forgotten = |line: &UnfinishedDay| !line.closed && archive::knows_more(app, line.office, line.day, 0);
    Ok(own.filter(|(office, line)| line.day < today(office) && !forgotten(line)).collect())
}
