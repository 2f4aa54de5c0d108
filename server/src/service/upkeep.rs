//! What is put right in what is stored already, beside everything else: a database that was restored gets back the
//! statements that lie beside it, after an update older records become findable as the new version searches, and flags
//! are raised anew after other thresholds, and of what a phone wrote that turned out to have a copy. What searches look into
//! is tidied, too.
//!
//! What is left stands in the database, so whoever is interrupted goes on where it was.

use std::time::{Duration, Instant};

use sync_core::id::{DeviceId, RecordId};
use tokio::sync::watch;

use super::days::recall_all;
use super::events::{News, Topic};
use super::rebuild::put_right_these;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::flags::RaisingAnew;

/// Records looked at in one turn, of any size.
const FEW: u32 = 32;
/// When it is tried again that could not be done, and looked again whether there is something to do: another server may
/// have changed thresholds, or stopped leading.
const REST: Duration = Duration::from_secs(30);

/// Puts right whatever there is until told to stop, if this is the server that leads.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut upkeep = Upkeep::default();
    loop {
        let begun = Instant::now();
        let pause = match upkeep.turn(&app).await {
            // As long again as it worked: phones and pages come first.
            Ok(Turn::Worked) => begun.elapsed(),
            Ok(Turn::Idle) => REST,
            Err(error) => {
                tracing::warn!(code = error.code.name, cause = ?error.internal, "records can't be put right now");
                REST
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
            () = app.upkeep.notified() => {}
        }
    }
}

/// Puts right whatever there is, at once.
///
/// # Errors
/// When the database fails.
pub async fn finish(app: &App) -> Result<(), ServiceError> {
    let mut upkeep = Upkeep::default();
    while upkeep.turn(app).await? == Turn::Worked {}
    Ok(())
}

/// What became of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Something was done, and there may be more.
    Worked,
    /// There is nothing to do, or another server does it.
    Idle,
}

/// How far this process has come.
#[derive(Debug, Default)]
struct Upkeep {
    /// The database knows all statements of which this server has files.
    recalled: bool,
    /// All records up to this one are findable, as far as they can be read.
    findable: Option<RecordId>,
    /// No record of an older version is left; none comes any more.
    all_findable: bool,
}

impl Upkeep {
    async fn turn(&mut self, app: &App) -> Result<Turn, ServiceError> {
        if !self.recalled {
            recall_all(app).await?;
            self.recalled = true;
        }
        let of_before =
            if self.all_findable { Vec::new() } else { app.store.rebuild().unsearchable(self.findable, FEW).await? };
        let anew = app.store.flags().to_raise().await?;
        let forked = app.store.flags().forked_to_raise().await?;
        self.all_findable = of_before.is_empty();
        if !leads(app).await? {
            return Ok(Turn::Idle);
        }
        let tidied = tidy(app).await;
        if of_before.is_empty() && anew.is_none() && forked.is_none() {
            return Ok(if tidied { Turn::Worked } else { Turn::Idle });
        }
        if let Some(last) = of_before.last() {
            put_right_these(app, &of_before).await?;
            self.findable = Some(*last);
        }
        if let Some((device, behind)) = forked {
            raise_forked(app, device, behind).await?;
        }
        if let Some(anew) = anew {
            raise_more(app, anew).await?;
        }
        Ok(Turn::Worked)
    }
}

/// Tidies what searches look into, one step; answers whether there may be more. Where that can't be done, everything else
/// goes on: searches only get slower.
async fn tidy(app: &App) -> bool {
    app.store.rebuild().tidy_words().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what searches look into can't be tidied now");
        false
    })
}

async fn leads(app: &App) -> Result<bool, ServiceError> {
    match app.store.neighbours() {
        Some(neighbours) => Ok(neighbours.take_lead().await?),
        None => Ok(true),
    }
}

/// Raises the flags of the next few records behind one that a phone wrote, which turned out to have a copy.
async fn raise_forked(app: &App, device: DeviceId, behind: RecordId) -> Result<(), ServiceError> {
    let written = app.store.flags().written_by(device, behind, FEW).await?;
    put_right_these(app, &written).await?;
    Ok(app.store.flags().note_forked(device, written.last().copied()).await?)
}

/// The same when it has just turned out: as much as a phone writes on a usual day stands in the lists at once, the rest
/// follows beside everything else. A phone that asks again for its new identity costs nothing more.
pub(super) async fn raise_first_forked(app: &App) {
    let first = async {
        match app.store.flags().forked_to_raise().await? {
            Some((device, behind)) => raise_forked(app, device, behind).await,
            None => Ok(()),
        }
    };
    if let Err(error) = first.await {
        tracing::warn!(code = error.code.name, cause = ?error.internal, "what a copied phone wrote is flagged later");
    }
    app.upkeep.notify_one();
}

/// Raises the flags of the next few records of an organisation anew.
async fn raise_more(app: &App, anew: RaisingAnew) -> Result<(), ServiceError> {
    let next = app.store.flags().next_to_raise(&anew, FEW).await?;
    let Some((last, _)) = next.last() else {
        app.store.flags().finish_raising(&anew).await?;
        tracing::info!(organisation = %anew.organisation, records = anew.done, "flags are raised by other thresholds");
        app.events.tell([News::of(Topic::Records, anew.organisation, None)]);
        return Ok(());
    };
    let own: Vec<RecordId> = next.iter().filter(|(_, own)| *own).map(|(record, _)| *record).collect();
    put_right_these(app, &own).await?;
    let done = anew.done + own.len() as u64;
    Ok(app.store.flags().note_raised(&RaisingAnew { behind: *last, done, ..anew }).await?)
}
