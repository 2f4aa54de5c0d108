//! What has changed, told to whoever has a page open: never what it is now, only what to ask for again.
//!
//! Use cases say so with [`Events::tell`], which costs a place in a small set. One task hands on what has gathered, at
//! once if nothing was handed on in the last half second, otherwise when that is over; so a storm of records is two
//! words a second to each page. Other servers hear it through the database. Whatever gets lost on the way costs a page
//! nothing but time: pages also ask by themselves.

mod follower;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sync_core::id::{OfficeId, OrganisationId, PersonId, RecordId};
use sync_core::time::UnixMillis;
use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

pub use follower::{Changed, Follower, Seat};

use crate::error::{ServiceError, codes};
use crate::state::App;
use crate::store::Device;
use crate::store::neighbours::Word;

/// How long whoever was told something is left in peace.
const PEACE: Duration = Duration::from_millis(500);
/// How many batches a slow page may lag behind before it is told to ask for everything.
const LAG: usize = 32;
/// Pages of one session that follow at once.
const PAGES: u32 = 6;
/// What fits into one word between servers; PostgreSQL takes 8,000 bytes.
const WORD_BYTES: usize = 7_000;

impl Topic {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Records, Self::Photos, Self::Days, Self::Quarantine, Self::Devices, Self::Directory, Self::Audit];
}

/// What somebody may want to ask for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Lists and pages of records.
    Records,
    /// Photos that arrived, and records that name photos.
    Photos,
    /// Boards and statements of offices' days.
    Days,
    /// What was set aside: quarantine, amendments, strays.
    Quarantine,
    /// Phones and what they still hold.
    Devices,
    /// Offices, teams, people, developments, and what the organisation decides.
    Directory,
    /// What people did.
    Audit,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// Something of an organisation changed; in which office, if it was in one.
    Changed {
        /// What.
        topic: Topic,
        /// Whose.
        organisation: OrganisationId,
        /// Where; `None` is for head quarters only, but for what everybody there may know.
        office: Option<OfficeId>,
    },
    /// Somebody has a record open until then.
    Present {
        /// Which.
        record: RecordId,
        /// Who.
        person: PersonId,
        /// Until when, unless they say so again; in the past if they left.
        until: UnixMillis,
        /// Whether they came or went just now.
        turn: bool,
    },
    /// Sessions ended, or people changed: whoever follows makes sure that they still may.
    Access,
    /// Some news were lost.
    Missed,
}

impl News {
    /// Something changed in an office.
    pub fn of(topic: Topic, organisation: OrganisationId, office: Option<OfficeId>) -> Self {
        Self::Changed { topic, organisation, office }
    }
}

/// How long after somebody moved the boards of their former office are still told of their phone.
const FORMER: SignedDuration = SignedDuration::from_hours(72);

/// A phone was heard of, or its state changed: lists of phones and the day of its person's office, and that of the office
/// that they left a moment ago, whose boards of the days before show the phone.
pub(super) fn heard_of(device: &Device, now: UnixMillis) -> Vec<News> {
    let person = &device.person;
    let of = |topic, office| News::of(topic, person.organisation, office);
    let mut news = vec![of(Topic::Devices, person.office), of(Topic::Days, person.office)];
    let recent = now.day(0).checked_sub(FORMER).ok();
    if let Some((former, _)) = device.left.filter(|(_, day)| recent.is_some_and(|recent| *day >= recent)) {
        news.push(of(Topic::Days, Some(former)));
    }
    news
}

/// News that have gathered, each with whether it is this server's own.
type Gathered = BTreeSet<(News, bool)>;

/// The news of a server, on their way to the pages that follow.
#[derive(Debug)]
pub struct Events {
    gathered: Mutex<Gathered>,
    wake: Notify,
    out: broadcast::Sender<Arc<[News]>>,
    stopped: watch::Sender<bool>,
    seats: Mutex<HashMap<Uuid, u32>>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            gathered: Mutex::default(),
            wake: Notify::new(),
            out: broadcast::Sender::new(LAG),
            stopped: watch::Sender::new(false),
            seats: Mutex::default(),
        }
    }
}

impl Events {
    /// Tells something, here and to the other servers.
    pub fn tell(&self, news: impl IntoIterator<Item = News>) {
        self.gather(news.into_iter().map(|news| (news, true)));
    }

    fn gather(&self, news: impl Iterator<Item = (News, bool)>) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let before = gathered.len();
        gathered.extend(news);
        if gathered.len() != before {
            self.wake.notify_one();
        }
    }

    fn take(&self) -> Gathered {
        std::mem::take(&mut self.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends [`run`] and everybody's following.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Waits for [`Self::stop`].
    async fn stopped(&self) {
        // It fails when nobody can say so any more, which never happens while `self` is here.
        let _ = self.stopped.subscribe().wait_for(|stopped| *stopped).await;
    }

    /// A place for one more page of a session.
    fn seat(&self, app: &App, session: Uuid) -> Result<Seat, ServiceError> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = seats.entry(session).or_default();
        if *taken >= PAGES {
            return Err(codes::EVENTS.into());
        }
        *taken += 1;
        Ok(Seat::new(app.clone(), session))
    }

    fn leave(&self, session: Uuid) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = seats.get_mut(&session) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                seats.remove(&session);
            }
        }
    }
}

/// Hands on what gathers, here and between servers, until [`Events::stop`].
pub async fn run(app: App) {
    let mut told = app.store.neighbours().map(crate::store::neighbours::Neighbours::told);
    loop {
        tokio::select! {
            () = app.events.stopped() => return,
            () = app.events.wake.notified() => hand_on(&app).await,
            word = hear(&mut told) => {
                gather_word(&app, word);
                continue;
            }
        }
        tokio::select! {
            () = app.events.stopped() => return,
            () = tokio::time::sleep(PEACE) => {}
        }
    }
}

/// What another server said. Whoever has no neighbours waits for ever.
async fn hear(told: &mut Option<broadcast::Receiver<Word>>) -> Word {
    match told {
        None => std::future::pending().await,
        Some(receiver) => match receiver.recv().await {
            Ok(word) => word,
            Err(broadcast::error::RecvError::Lagged(_)) => Word::Missed,
            // The store is closed.
            Err(broadcast::error::RecvError::Closed) => {
                *told = None;
                std::future::pending().await
            }
        },
    }
}

fn gather_word(app: &App, word: Word) {
    let news = match word {
        Word::Missed => vec![News::Missed],
        // A newer server may know news that this one does not.
        Word::Said(text) => serde_json::from_str(&text).unwrap_or_else(|_| vec![News::Missed]),
    };
    let news = news.into_iter().map(|news| match news {
        News::Present { record, person, until, .. } => {
            let turn = app.presence.note(record, person, until, app.clock.now());
            News::Present { record, person, until, turn }
        }
        other => other,
    });
    app.events.gather(news.map(|news| (news, false)));
}

async fn hand_on(app: &App) {
    let gathered = app.events.take();
    let all: BTreeSet<News> = gathered.iter().map(|(news, _)| *news).collect();
    // Nobody may be listening.
    let _ = app.events.out.send(all.into_iter().collect());
    let Some(neighbours) = app.store.neighbours() else {
        return;
    };
    let own: Vec<News> = gathered.into_iter().filter(|(_, own)| *own).map(|(news, _)| news).collect();
    for word in words(&own) {
        if let Err(error) = neighbours.tell(&word).await {
            tracing::debug!(%error, "the other servers were not told");
        }
    }
}

/// News as words between servers. More than fits is one word: that there was too much.
fn words(own: &[News]) -> Vec<String> {
    let written = serde_json::to_string(own).unwrap_or_default();
    match own {
        [] => Vec::new(),
        _ if written.len() <= WORD_BYTES => vec![written],
        [one] => serde_json::to_string(&[one]).into_iter().collect(),
        _ => {
            let (first, rest) = own.split_at(own.len() / 2);
            [words(first), words(rest)].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(n: u8) -> News {
        News::of(Topic::Records, OrganisationId::from([1; 16]), Some(OfficeId::from([n; 16])))
    }

    #[test]
    fn the_same_news_count_once() {
        let events = Events::default();
        events.tell([news(1), news(2)]);
        events.tell([news(1)]);
        events.gather([(news(1), false)].into_iter());
        assert_eq!(events.take().len(), 3, "what others said goes no further");
        assert!(events.take().is_empty());
    }

    #[test]
    fn words_hold_everything_and_are_never_too_long() {
        for many in [0_u8, 1, 40, 255] {
            let own: Vec<News> = (0..many).map(news).collect();
            let words = words(&own);
            assert!(words.iter().all(|word| word.len() <= WORD_BYTES));
            let read: Vec<News> =
                words.iter().flat_map(|word| serde_json::from_str::<Vec<News>>(word).unwrap()).collect();
            assert_eq!(read, own);
        }
    }
}
