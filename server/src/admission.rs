//! Who is let in, and in which order, when everybody comes at once.
//!
//! The evening storm: thousands of phones come within minutes of reaching a network. A request of a phone is judged
//! before its body is read, by what is known then: whose it is, what it is for, and how long it says it is.
//!
//! 1. [`budget`]: what one device, or one address, may have in a while. A phone gone mad costs nobody else anything.
//! 2. [`flights`]: one exchange of a device at a time; a later one replaces an earlier one that hangs.
//! 3. `lane`: devices that keep sending what is false share one lane, with pauses.
//! 4. [`room`]: so many requests at once, by weight; the others wait in an order, and not for ever.
//! 5. `slots`: who is refused, and who was served, is told when to come, each at another moment.
//!
//! Large pulls have a small room of their own, entered after the push was taken in: what a phone brings is never refused
//! because of what others fetch. The console, the health checks and the metrics don't pass here.

pub mod budget;
pub mod flights;
mod lane;
mod meter;
pub mod room;
mod slots;

use std::net::IpAddr;
use std::time::Duration;

use sync_core::id::DeviceId;
use sync_core::time::UnixMillis;

use crate::clock::Dice;
use crate::config::admission::Admission as Settings;
use crate::error::{Code, ServiceError, codes};
use crate::store::Store;
use budget::Budgets;
use flights::{Flights, Ticket};
use lane::{SlowLane, Turn};
use meter::Meter;
use room::{Permit, Room};

/// A body of so many bytes takes one more place in the room. Unpacked it may become 32 times as large, so a place
/// stands for one megabyte of memory.
pub const BYTES_PER_PLACE: u64 = 32 * 1024;
/// Exchanges with larger bodies are not small.
const SMALL: u64 = 16 * 1024;
/// Photos go to the disk as they come, so their weight does not depend on their size.
const PHOTO_WEIGHT: u32 = 1;
/// How long a request waits for an earlier one of the same device to end.
const FLIGHT_PATIENCE: Duration = Duration::from_secs(2);
/// How long a pull waits for a place. The phone's push is in, so nothing is lost if it has to come again.
const PULL_PATIENCE: Duration = Duration::from_secs(2);
/// A phone that is so many positions behind reads much.
const FAR_BEHIND: u64 = 500;
/// A device of which so many bytes were set aside lately takes the slow lane.
const SUSPECT_BYTES: u64 = 16 * 1024;
/// So many devices of the slow lane are judged after all others; if there are more, a whole version of the app is at
/// fault, and those with the least are judged in the order in which they came.
const MOST_SUSPECTS: usize = 64;
/// How far back a new process looks for what was set aside. The longest debt is paid in twice five minutes; before that
/// lies what had led into it.
const MEMORY_MS: i64 = 60 * 60 * 1_000;
/// When a phone should come back by itself.
const NEXT_SYNC_MS: u64 = 15 * 60 * 1_000;
/// When it should come back if its changes were not judged yet, or its pull had to wait.
const SOON_MS: u64 = 60 * 1_000;
/// However busy the server is, phones come back within three hours.
const MOST_STRETCH: u64 = 12;
/// Those who were refused are spread over at least, and at most, so much time.
const SPREAD: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(600));

/// What a request is for. The first ones go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A few records, or none, and everything about tokens.
    Small,
    /// Many records.
    Push,
    /// Much to read.
    Pull,
    /// A photo.
    Photo,
}

impl Class {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Push, Self::Pull, Self::Photo];

    fn label(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::Photo => "photo",
        }
    }
}

/// Who sends a request, as far as that is known before its body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// A phone that showed a good token.
    Device(DeviceId),
    /// A phone that asks for a token or an enrolment, from this address if there is one.
    Stranger(Option<IpAddr>),
}

/// What a request will cost, guessed before its body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    class: Class,
    weight: u32,
    bytes: u64,
}

impl Estimate {
    /// Of a message with a body of so many bytes.
    pub fn of_message(bytes: u64) -> Self {
        let weight = u32::try_from(1 + bytes / BYTES_PER_PLACE).unwrap_or(u32::MAX);
        Self { class: if bytes <= SMALL { Class::Small } else { Class::Push }, weight, bytes }
    }

    /// Of a part of a photo.
    pub fn of_photo(bytes: u64) -> Self {
        Self { class: Class::Photo, weight: PHOTO_WEIGHT, bytes }
    }
}

/// The right to be served, until it is dropped.
#[derive(Debug)]
pub struct Pass {
    _permit: Permit,
    _turn: Option<Turn>,
    ticket: Option<Ticket>,
}

impl Pass {
    /// Ends when a later request of the same device has taken this one's place; otherwise never.
    pub async fn replaced(&self) {
        match &self.ticket {
            Some(ticket) => ticket.replaced().await,
            None => std::future::pending().await,
        }
    }
}

/// The answer to a request that a later one of the same device has replaced.
pub fn replaced() -> ServiceError {
    ServiceError::from(codes::ONE_AT_A_TIME).retry_after(FLIGHT_PATIENCE)
}

/// The door for phones.
#[derive(Debug)]
pub struct Admission {
    patience: Duration,
    exchanges_per_minute: u64,
    room: Room,
    pulls: Room,
    slow_lane: SlowLane,
    flights: Flights,
    requests: Budgets<DeviceId>,
    bytes: Budgets<DeviceId>,
    photo_bytes: Budgets<DeviceId>,
    /// Milliseconds of judging.
    judging: Budgets<DeviceId>,
    /// Bytes that had to be set aside.
    set_aside: Budgets<DeviceId>,
    addresses: Budgets<IpAddr>,
    arrivals: Meter,
    refusals: Meter,
}

impl Admission {
    /// The door as it is configured.
    pub fn new(settings: &Settings) -> Self {
        Self {
            patience: settings.wait,
            exchanges_per_minute: settings.exchanges_per_second * 60,
            room: Room::new(settings.places, settings.seats),
            // A pull waits for a short time only, so a few seats for each place are enough.
            pulls: Room::new(settings.pulls, 4 * settings.pulls as usize),
            slow_lane: SlowLane::default(),
            flights: Flights::default(),
            requests: Budgets::per_minute(settings.device_requests),
            bytes: Budgets::per_minute(settings.device_bytes),
            photo_bytes: Budgets::per_minute(settings.device_photo_bytes),
            judging: Budgets::per_minute(settings.device_judging_ms),
            set_aside: Budgets::per_minute(settings.device_set_aside_bytes),
            addresses: Budgets::per_minute(settings.address_requests),
            arrivals: Meter::default(),
            refusals: Meter::default(),
        }
    }

    /// Where devices stand whose changes were set aside before this process began.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remember(&self, store: &dyn Store, now: UnixMillis) -> Result<(), ServiceError> {
        for organisation in store.organisations().await? {
            for (device, at, bytes) in store.false_bytes(organisation.id, now.plus(-MEMORY_MS)).await? {
                self.note_set_aside(device, bytes, at);
            }
        }
        Ok(())
    }

    /// Lets a request in, perhaps after it has waited.
    ///
    /// # Errors
    /// [`codes::DEVICE_BUDGET`], [`codes::DEVICE_SET_ASIDE`], [`codes::ADDRESS_BUDGET`] or [`codes::ONE_AT_A_TIME`]
    /// because of what this visitor does, [`codes::BUSY`] because of what all do. Each says when to come back.
    pub async fn admit(
        &self,
        visitor: Visitor,
        estimate: Estimate,
        now: UnixMillis,
        dice: &Dice,
    ) -> Result<Pass, ServiceError> {
        let class = estimate.class;
        let refused = |reason: &'static str, error: ServiceError| {
            metrics::counter!("daybook_refused_total", "class" => class.label(), "reason" => reason).increment(1);
            error
        };
        self.check_budgets(visitor, estimate, now).map_err(|error| refused("budget", error))?;
        let ticket = match visitor {
            Visitor::Device(device) if class != Class::Photo => {
                let boarded = self.flights.board(device, FLIGHT_PATIENCE).await;
                Some(boarded.map_err(|_| refused("one_at_a_time", replaced()))?)
            }
            _ => None,
        };
        let busy = |reason: &'static str| {
            let wait = self.retry_after(visitor, now, dice);
            refused(reason, ServiceError::from(codes::BUSY).retry_after(wait))
        };
        let turn = match visitor {
            Visitor::Device(device) if self.is_suspect(device, now) => {
                Some(self.slow_lane.enter(self.patience).await.map_err(|_| busy("slow_lane"))?)
            }
            _ => None,
        };
        let permit = self.room.enter(class, estimate.weight, self.patience).await;
        self.show_load();
        let permit = permit.map_err(|_| busy("full"))?;
        self.arrivals.count(now);
        Ok(Pass { _permit: permit, _turn: turn, ticket })
    }

    /// Whether a device takes the slow lane, because so much of what it sent had to be set aside lately.
    pub fn is_suspect(&self, device: DeviceId, now: UnixMillis) -> bool {
        self.set_aside.has_used_more_than(device, SUSPECT_BYTES, now)
    }

    /// The devices that take the slow lane; when they are very many, those of which most was set aside.
    pub fn suspects(&self, now: UnixMillis) -> Vec<DeviceId> {
        self.set_aside.who_used_more_than(SUSPECT_BYTES, MOST_SUSPECTS, now)
    }

    fn check_budgets(&self, visitor: Visitor, estimate: Estimate, now: UnixMillis) -> Result<(), ServiceError> {
        let over = |code: Code| move |wait: Duration| ServiceError::from(code).retry_after(wait);
        match visitor {
            Visitor::Stranger(None) => Ok(()),
            Visitor::Stranger(Some(address)) => {
                self.addresses.spend(address, 1, now).map_err(over(codes::ADDRESS_BUDGET))
            }
            Visitor::Device(device) => {
                self.set_aside.check(device, now).map_err(over(codes::DEVICE_SET_ASIDE))?;
                self.judging.check(device, now).map_err(over(codes::DEVICE_BUDGET))?;
                self.requests.spend(device, 1, now).map_err(over(codes::DEVICE_BUDGET))?;
                let bytes = if estimate.class == Class::Photo { &self.photo_bytes } else { &self.bytes };
                bytes.spend(device, estimate.bytes, now).map_err(over(codes::DEVICE_BUDGET))
            }
        }
    }

    /// Lets a pull in, at once if it is a small one. `None` if it has to come another time.
    pub async fn admit_pull(&self, behind: u64) -> Option<Option<Permit>> {
        if behind < FAR_BEHIND {
            return Some(None);
        }
        let permit = self.pulls.enter(Class::Pull, 1, PULL_PATIENCE).await.ok();
        if permit.is_none() {
            metrics::counter!("daybook_refused_total", "class" => Class::Pull.label(), "reason" => "full").increment(1);
        }
        permit.map(Some)
    }

    /// Notes that so many bytes from a device had to be set aside as false. A device that sends nothing else has to
    /// wait; what it holds stays on it.
    pub fn note_set_aside(&self, device: DeviceId, bytes: u64, now: UnixMillis) {
        self.set_aside.charge(device, bytes, now);
    }

    /// Notes how long it took to judge what a device sent.
    pub fn note_judging(&self, device: DeviceId, took: Duration, now: UnixMillis) {
        self.judging.charge(device, u64::try_from(took.as_millis()).unwrap_or(u64::MAX), now);
    }

    /// When a device should come back by itself: in its slot of a quarter of an hour, or of more if phones come faster
    /// than the server likes.
    pub fn next_sync_ms(&self, device: DeviceId, now: UnixMillis) -> u64 {
        let rate = u64::from(self.arrivals.in_the_last_minute(now));
        let stretch = rate.div_ceil(self.exchanges_per_minute.max(1)).clamp(1, MOST_STRETCH);
        slots::next_slot_ms(device, NEXT_SYNC_MS * stretch, now)
    }

    /// When a device should come back for something that is not ready yet; `behind` is how many pushes wait to be
    /// judged.
    pub fn soon_ms(&self, device: DeviceId, behind: u64, now: UnixMillis) -> u64 {
        slots::next_slot_ms(device, SOON_MS * (1 + behind / 500).min(5), now)
    }

    /// When somebody who was refused should come back: later, the more were refused.
    pub fn retry_after(&self, visitor: Visitor, now: UnixMillis, dice: &Dice) -> Duration {
        self.refusals.count(now);
        let served = u64::from(self.arrivals.in_the_last_minute(now)).max(60);
        let seconds = u64::from(self.refusals.in_the_last_minute(now)) * 60 / served;
        let spread = Duration::from_secs(seconds).clamp(SPREAD.0, SPREAD.1);
        let salt = u64::from_be_bytes(dice.bytes());
        let device = match visitor {
            Visitor::Device(device) => device,
            Visitor::Stranger(_) => DeviceId::from(dice.bytes()),
        };
        // The device's own slot, moved by up to a tenth, so that two that share one part ways.
        let jitter = Duration::from_millis(salt % (u64::try_from(spread.as_millis()).unwrap_or(0) / 10 + 1));
        slots::retry_after(device, spread) + jitter
    }

    fn show_load(&self) {
        let (taken, waiting) = self.room.load();
        metrics::gauge!("daybook_places_taken").set(f64::from(taken));
        metrics::gauge!("daybook_requests_waiting").set(u32::try_from(waiting).map_or(f64::MAX, f64::from));
    }
}
