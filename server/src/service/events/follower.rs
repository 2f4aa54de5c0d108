//! One page that follows the news.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use sync_core::id::{OfficeId, RecordId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::{News, Topic};
use crate::error::ServiceError;
use crate::scope;
use crate::state::App;
use crate::store::{Person, Session, StoreError};

/// How often somebody who hears nothing is asked whether they still may.
const CHECK: Duration = Duration::from_secs(20);

/// What to ask for again: for each topic in which offices, none for "anywhere".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// The topics.
    #[serde(flatten)]
    pub topics: BTreeMap<Topic, Vec<OfficeId>>,
    /// Records that one has open oneself, and at which somebody came or went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presence: Vec<RecordId>,
}

/// A place that a session takes while a page follows.
#[derive(Debug)]
pub struct Seat {
    app: App,
    session: Uuid,
}

impl Seat {
    pub(super) fn new(app: App, session: Uuid) -> Self {
        Self { app, session }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.app.events.leave(self.session);
    }
}

/// A page that follows the news as long as its session lasts and the server runs.
#[derive(Debug)]
pub struct Follower {
    seat: Seat,
    news: broadcast::Receiver<Arc<[News]>>,
    session: Session,
    who: Person,
}

impl Follower {
    /// Begins to follow.
    ///
    /// # Errors
    /// [`crate::error::codes::EVENTS`] if the session has too many pages that do.
    pub fn begin(app: &App, session: Session, who: Person) -> Result<Self, ServiceError> {
        let seat = app.events.seat(app, session.id)?;
        Ok(Self { seat, news: app.events.out.subscribe(), session, who })
    }

    /// Waits for something to ask for again; `None` when the session or the server ends.
    pub async fn next(&mut self) -> Option<Changed> {
        let app = self.seat.app.clone();
        loop {
            let now = app.clock.now();
            let left = u64::try_from(self.session.expires_at.since(now)).ok().filter(|left| *left > 0)?;
            let patience = CHECK.min(Duration::from_millis(left));
            let heard = tokio::select! {
                () = app.events.stopped() => return None,
                heard = tokio::time::timeout(patience, self.news.recv()) => heard,
            };
            let changed = match heard {
                Err(_) => {
                    self.check(&app).await?;
                    continue;
                }
                Ok(Err(RecvError::Closed)) => return None,
                Ok(Err(RecvError::Lagged(_))) => self.concerning(&app, &[News::Missed]),
                Ok(Ok(news)) => {
                    if news.contains(&News::Access) {
                        self.check(&app).await?;
                    }
                    if self.session.expires_at <= app.clock.now() {
                        return None;
                    }
                    self.concerning(&app, &news)
                }
            };
            if changed != Changed::default() {
                return Some(changed);
            }
        }
    }

    /// Makes sure that the session is still one, and learns what its owner may see by now.
    async fn check(&mut self, app: &App) -> Option<()> {
        match app.store.session(&self.session.token_hash, app.clock.now()).await {
            Ok((session, who)) => {
                (self.session, self.who) = (session, who);
                Some(())
            }
            Err(StoreError::NotFound) => None,
            // A database that is away for a moment ends nobody's session.
            Err(_) => Some(()),
        }
    }

    /// What of the news concerns whoever follows.
    fn concerning(&self, app: &App, news: &[News]) -> Changed {
        let mut changed = Changed::default();
        let now = app.clock.now();
        for news in news {
            match *news {
                News::Changed { topic, organisation, office } => {
                    if organisation == self.who.organisation && scope::hears(&self.who, topic, office) {
                        let offices = changed.topics.entry(topic).or_default();
                        offices.extend(office);
                    }
                }
                News::Present { record, person, turn, .. } => {
                    if turn && person != self.who.id && app.presence.is_at(record, self.who.id, now) {
                        changed.presence.push(record);
                    }
                }
                News::Access => {}
                News::Missed => {
                    changed.topics = Topic::ALL
                        .into_iter()
                        .filter(|topic| scope::hears(&self.who, *topic, self.who.office))
                        .map(|topic| (topic, Vec::new()))
                        .collect();
                    return changed;
                }
            }
        }
        changed.presence.dedup();
        changed
    }
}
