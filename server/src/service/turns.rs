//! Judging in turn with other servers on the same database.
//!
//! One server leads and judges what all have received; the others wait to hear that it has. When the leader dies, its
//! lead lapses within three seconds and another takes it. That two lead for a moment does no harm: whoever publishes
//! second on the same record is told so, and judges again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::projector::{Lane, REST, round};
use super::suspects::try_suspects;
use crate::error::ServiceError;
use crate::state::App;
use crate::store::neighbours::{Heard, Horizon, Neighbours};

/// How often a server looks for itself, also when it hears nothing.
const PULSE: Duration = Duration::from_millis(500);
/// How long the lead is taken for granted.
const RENEWAL: Duration = Duration::from_secs(1);

/// What a server knows of its turn.
struct Turns<'a> {
    app: &'a App,
    neighbours: &'a dyn Neighbours,
    heard: watch::Receiver<Heard>,
    known: Heard,
    /// When the lead was last taken or kept.
    led: Option<Instant>,
    /// Tickets of this server, each with the newest change of its moment.
    waiting: VecDeque<(u64, i64)>,
}

/// Judges whenever it is this server's turn, until the projector is told to stop.
pub(super) async fn run(app: &App, neighbours: &dyn Neighbours) {
    let heard = neighbours.heard();
    let known = *heard.borrow();
    let mut turns = Turns { app, neighbours, heard, known, led: None, waiting: VecDeque::new() };
    loop {
        let stopping = app.projector.is_stopping();
        match turns.step().await {
            Ok(()) if stopping => break,
            Ok(()) => turns.wait().await,
            Err(error) => {
                turns.led = None;
                tracing::error!(code = error.code.name, cause = ?error.internal, "publishing failed");
                if stopping {
                    break;
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
    // If this fails, the lead lapses by itself.
    let _ = neighbours.leave_lead().await;
}

impl Turns<'_> {
    /// Judges all that is there if this server leads, and finds out what of its own was judged if it does not.
    async fn step(&mut self) -> Result<(), ServiceError> {
        while self.leads().await? {
            try_suspects(self.app).await?;
            if round(self.app).await? {
                self.waiting.clear();
                return Ok(());
            }
        }
        self.follow().await
    }

    async fn leads(&mut self) -> Result<bool, ServiceError> {
        if self.led.is_some_and(|at| at.elapsed() < RENEWAL) {
            return Ok(true);
        }
        let taken = self.neighbours.take_lead().await?;
        self.led = taken.then(Instant::now);
        Ok(taken)
    }

    /// A ticket is done when nothing is left of what was received before it.
    async fn follow(&mut self) -> Result<(), ServiceError> {
        let ticket = self.app.projector.requested();
        let Horizon { oldest_received, newest } = self.neighbours.horizon().await?;
        if self.waiting.back().map_or(self.app.projector.done(), |(last, _)| *last) < ticket {
            self.waiting.push_back((ticket, newest));
        }
        while let Some((ticket, newest)) = self.waiting.front().copied()
            && oldest_received.is_none_or(|oldest| oldest > newest)
        {
            self.app.projector.finish(ticket, Lane::Slow);
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Waits until there may be something to do.
    async fn wait(&mut self) {
        let app = self.app;
        tokio::select! {
            () = app.projector.woken() => {}
            () = self.news() => {}
            () = tokio::time::sleep(PULSE) => {}
        }
    }

    /// Waits for what concerns this server: for a leader that something was received, for the others anything.
    async fn news(&mut self) {
        while self.heard.changed().await.is_ok() {
            let heard = *self.heard.borrow_and_update();
            let concerned = self.led.is_none() || heard.received != self.known.received;
            self.known = heard;
            if concerned {
                return;
            }
        }
        // The store is closed, and nothing is heard any more.
        std::future::pending().await
    }
}
