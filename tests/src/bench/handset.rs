//! A phone under measurement: the real engine, its real store, and a line that counts.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use client::transport::{HttpTransport, Traffic, Transport};
use client::{Daybook, Error, Options, RowFilter};
use sync_core::engine::{Route, TransportError, WireRequest, WireResponse};
use sync_core::id::RecordId;
use sync_core::notebook::CreateRequest;
use sync_core::status::Step;

use super::workload::Desk;
use crate::clock::{DayClock, real_now, rest, yesterday};
use crate::failure::Failure;
use crate::phone::{APP, Book};

/// How often a phone asks before the measurement is given up.
const MOST_RUNS: u32 = 200;
/// When the day in the field begins, after midnight.
const MORNING_MS: i64 = 8 * 3_600_000;

/// The phone's line to the server.
struct Line {
    http: HttpTransport,
    exchanges: AtomicU64,
}

impl Transport for Line {
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        self.exchanges.fetch_add(u64::from(request.route == Route::Exchange), Ordering::Relaxed);
        self.http.send(request)
    }
}

/// What went over lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Exchanges.
    pub exchanges: u64,
    /// Bytes that went through sockets, in both directions.
    pub bytes: u64,
}

impl std::ops::Sub for Used {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { exchanges: self.exchanges - before.exchanges, bytes: self.bytes - before.bytes }
    }
}

impl std::iter::Sum for Used {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            exchanges: sum.exchanges + one.exchanges,
            bytes: sum.bytes + one.bytes,
        })
    }
}

/// A phone.
pub struct Handset {
    /// The app without its screen.
    pub daybook: Daybook,
    /// Its clock.
    pub clock: Arc<DayClock>,
    line: Arc<Line>,
}

impl Handset {
    /// Opens a new phone and enrols it. Its day begins yesterday morning.
    ///
    /// # Errors
    /// When its store can't be made or the server refuses the code.
    pub fn enrol(file: &Path, server: &str, code: &str, boot: u64) -> Result<Self, Failure> {
        let http = HttpTransport::new(server).map_err(failed)?;
        let line = Arc::new(Line { http, exchanges: AtomicU64::new(0) });
        let clock = Arc::new(DayClock::new(yesterday().plus(MORNING_MS), 0, boot));
        let options = Options {
            app: APP.to_owned(),
            transport: Box::new(Arc::clone(&line)),
            clock: Box::new(Arc::clone(&clock)),
            install_secret: None,
            secrets: None,
        };
        let daybook = Daybook::open(file, options).map_err(failed)?;
        daybook.enrol(code, "bench").map_err(failed)?;
        Ok(Self { daybook, clock, line })
    }

    /// What went over its line so far.
    pub fn used(&self) -> Used {
        let Traffic { up, down } = self.line.http.socket_traffic();
        Used { exchanges: self.line.exchanges.load(Ordering::Relaxed), bytes: up + down }
    }

    /// Syncs until the server has given its receipt for everything; answers how often it was refused meanwhile.
    ///
    /// # Errors
    /// When the server refuses for good.
    pub fn sync_through(&self) -> Result<u32, Failure> {
        for refused in 0..MOST_RUNS {
            match self.daybook.sync() {
                Ok(_) => return Ok(refused),
                Err(Error::Exchange(failure)) if failure.is_retryable() => {
                    rest(Duration::from_millis(failure.retry_after_ms().unwrap_or(100)));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(format!("{MOST_RUNS} attempts to sync failed")))
    }

    /// Comes again when the server wants it, until it knows that all its records are published.
    ///
    /// # Errors
    /// When the server refuses for good, or does not publish.
    pub fn hear_of_publication(&self) -> Result<(), Failure> {
        for _ in 0..MOST_RUNS {
            if self.unpublished()? == 0 {
                return Ok(());
            }
            let next = self.daybook.sync_status().map_err(failed)?.next_exchange;
            let wait = next.map_or(0, |next| next.since(real_now()));
            rest(Duration::from_millis(u64::try_from(wait).unwrap_or(0).clamp(10, 5_000)));
            self.sync_through()?;
        }
        Err(failed("what was sent is not published"))
    }

    fn unpublished(&self) -> Result<usize, Failure> {
        let listed = self.daybook.records().list(&RowFilter::default(), None, usize::MAX - 1).map_err(failed)?;
        Ok(listed.items.iter().filter(|item| item.status.step < Step::Published).count())
    }

    /// How many records are on it.
    ///
    /// # Errors
    /// When its store fails.
    pub fn records(&self) -> Result<u64, Failure> {
        self.daybook.records().count(&RowFilter::default()).map_err(failed)
    }
}

impl Desk for Handset {
    fn make<F: Book>(&mut self, request: CreateRequest<F>) -> Result<RecordId, Failure> {
        Ok(F::of(&self.daybook).create(request).map_err(failed)?.frame.header.id)
    }

    fn edit<F: Book>(&mut self, id: RecordId, edit: F::Edit) -> Result<(), Failure> {
        F::of(&self.daybook).edit(id, &[edit]).map(drop).map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Phone { phone: "bench".to_owned(), said: error.to_string() }
}
