//! A run of the photos lane: records first, then photos, as far as the network allows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::time::Duration;

use sync_core::engine::{Failure, TransportError};
use sync_core::photo::{Halt, PhotoPolicy, Step, Upload};
use sync_core::time::UnixMillis;
use sync_core::wire::photo::{MOST_HASHES, PhotoState};

use super::WAITS_FOR_NETWORK;
use super::send::{Subject, answer_of, question, request_of, states_of};
use crate::daybook::Daybook;
use crate::error::Error;
use crate::sqlite::{PhotoStep, QueuedPhoto};
use crate::sync::{Limits, Unhurried};
use crate::transport::{LaneRequest, LaneResponse};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// In one run at most so many fresh tokens are asked for: each is good for minutes, so more means that something is
/// wrong.
const TOKENS: u32 = 8;

/// What a run of the photos lane moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhotoReport {
    /// Photos that the server holds since this run.
    pub uploaded: u32,
    /// Photos that wait for another network.
    pub waiting: u32,
    /// Photos that somebody has to look at.
    pub failed: u32,
    /// Photos that are queued for a later run.
    pub left: u32,
    /// Photos that the server had and has lost; they were queued again.
    pub asked_again: u32,
    /// Why the run ended early; `None` if it did not.
    pub stopped: Option<Failure>,
}

/// What photos still have to do: for the app's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PhotoLane {
    /// Photos that the server does not hold yet.
    pub photos: u32,
    /// What is missing of them.
    pub bytes: u64,
    /// Those of them that somebody has to look at.
    pub failed: u32,
}

impl Daybook {
    /// What photos still have to do.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn photo_lane(&self) -> Result<PhotoLane, Error> {
        let core = self.core()?;
        let mut lane = PhotoLane::default();
        for step in [PhotoStep::Queued, PhotoStep::Failed] {
            for photo in core.engine.store().photos_at(step)? {
                lane.photos += 1;
                lane.bytes += photo.bytes.saturating_sub(photo.sent);
                lane.failed += u32::from(step == PhotoStep::Failed);
            }
        }
        Ok(lane)
    }

    /// Syncs the records, then uploads photos, the oldest first, as far as `policy` allows. Records that are saved
    /// meanwhile don't wait: other threads may sync while this one uploads.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`], or [`Error::Exchange`] when the records could not be exchanged; then no photo was tried.
    /// What happens to photos is in the report.
    pub fn sync_photos(&self, policy: &PhotoPolicy) -> Result<PhotoReport, Error> {
        let _run = self.photo_run.lock().unwrap_or_else(PoisonError::into_inner);
        self.exchange_first()?;
        self.photos_within(policy, &Unhurried)
    }

    /// Uploads photos within the limits of a caller, who holds `self.photo_run` and has made an exchange.
    pub(crate) fn photos_within(&self, policy: &PhotoPolicy, limits: &dyn Limits) -> Result<PhotoReport, Error> {
        let mut run = Run { report: PhotoReport::default(), tokens: 0, limits, out_of_time: false };
        self.ask_about_stored(&mut run)?;
        if run.report.stopped.is_none() {
            self.upload_queued(policy, &mut run)?;
        }
        let lane = self.photo_lane()?;
        run.report.left = lane.photos - lane.failed;
        run.report.failed = lane.failed;
        Ok(run.report)
    }

    /// Tries a photo again that has failed, because somebody has looked at it.
    ///
    /// # Errors
    /// [`Error::NotFound`], and whatever the storage says.
    pub fn retry_photo(&self, hash: sync_core::id::PhotoHash) -> Result<(), Error> {
        let core = self.core()?;
        let store = core.engine.store();
        let photo = store.photo(hash)?.filter(|photo| photo.here).ok_or(Error::NotFound)?;
        if photo.step == PhotoStep::Failed {
            store.put_photo(&QueuedPhoto { step: PhotoStep::Queued, reason: None, not_before: None, ..photo })?;
        }
        Ok(())
    }

    /// A device that was cut off still hands in its photos: its exchange ends with that word, but not before everything
    /// was taken.
    fn exchange_first(&self) -> Result<(), Error> {
        match self.sync() {
            Err(Error::Exchange(Failure::Revoked)) if self.bearer()?.is_some() => Ok(()),
            result => result.map(drop),
        }
    }

    fn bearer(&self) -> Result<Option<String>, Error> {
        Ok(self.core()?.engine.bearer(self.clock().now()).map(str::to_owned))
    }

    /// A good token; `None` with the reason in the report if there is none to be had.
    fn token(&self, run: &mut Run<'_>) -> Result<Option<String>, Error> {
        if let Some(token) = self.bearer()? {
            return Ok(Some(token));
        }
        run.tokens += 1;
        if run.tokens > TOKENS {
            run.report.stopped = Some(Failure::BadAnswer);
            return Ok(None);
        }
        match self.exchange_first() {
            Ok(()) => self.bearer(),
            Err(Error::Exchange(failure)) => {
                run.report.stopped = Some(failure);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn ask(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, TransportError> {
        // A transport of the app's own that panics must not end the run in the middle of something.
        catch_unwind(AssertUnwindSafe(|| self.transport.send_photo_within(request, patience)))
            .unwrap_or(Err(TransportError::Interrupted))
    }

    /// Once a day, and when the server's database began another life, asks about the photos that it is said to hold. What
    /// a restored server has lost is queued again.
    fn ask_about_stored(&self, run: &mut Run<'_>) -> Result<(), Error> {
        let (epoch, now) = (self.epoch()?, self.clock().now().wall);
        let is_due = |photo: &QueuedPhoto| {
            let fresh = |(at, asked_in): (UnixMillis, u32)| asked_in == epoch && (0..DAY_MS).contains(&now.since(at));
            photo.here && !photo.checked.is_some_and(fresh)
        };
        let stored = self.core()?.engine.store().photos_at(PhotoStep::Stored)?;
        let due: Vec<QueuedPhoto> = stored.into_iter().filter(is_due).collect();
        for some in due.chunks(MOST_HASHES) {
            let Some(token) = self.token(run)? else {
                return Ok(());
            };
            let request = question(some.iter().map(|photo| photo.hash).collect(), &token);
            let Some(patience) = run.patience() else {
                return Ok(());
            };
            let states = self.ask(&request, patience).ok().and_then(|response| states_of(&response, some.len()));
            // Servers from before, and those that have cut this device off, don't answer: asked another time.
            let Some(states) = states else {
                return Ok(());
            };
            let core = self.core()?;
            for (photo, state) in some.iter().zip(states) {
                let known = QueuedPhoto { checked: Some((now, epoch)), backed_up: false, ..photo.clone() };
                let known = match state {
                    PhotoState::Stored => known,
                    PhotoState::BackedUp => QueuedPhoto { backed_up: true, ..known },
                    PhotoState::Missing => {
                        run.report.asked_again += 1;
                        QueuedPhoto { step: PhotoStep::Queued, upload: None, sent: 0, checked: None, ..known }
                    }
                };
                core.engine.store().put_photo(&known)?;
            }
        }
        Ok(())
    }

    /// Which life of the server's database the device knows.
    fn epoch(&self) -> Result<u32, Error> {
        let core = self.core()?;
        let progress = core.engine.progress();
        let read = progress.cursor.map(|cursor| cursor.epoch);
        Ok(read.or(progress.receipt.as_ref().map(|receipt| receipt.epoch)).unwrap_or(0))
    }

    fn upload_queued(&self, policy: &PhotoPolicy, run: &mut Run<'_>) -> Result<(), Error> {
        let queued = self.core()?.engine.store().photos_at(PhotoStep::Queued)?;
        for photo in queued {
            let now = self.clock().now().wall;
            // A wall clock that was set back must not postpone it for years.
            let held_off = photo.not_before.is_some_and(|time| now < time && time.since(now) < DAY_MS);
            if held_off {
                continue;
            }
            if !policy.allows(photo.bytes) {
                run.report.waiting += 1;
                let reason = Some(WAITS_FOR_NETWORK.to_owned());
                self.core()?.engine.store().put_photo(&QueuedPhoto { reason, ..photo })?;
                continue;
            }
            self.upload(photo, run)?;
            if run.report.stopped.is_some() || run.out_of_time {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Uploads one photo, as far as it goes.
    fn upload(&self, photo: QueuedPhoto, run: &mut Run<'_>) -> Result<(), Error> {
        let subject = Subject { hash: photo.hash, record: photo.record, bytes: photo.bytes };
        let mut upload = Upload::new(photo.bytes, photo.upload.clone());
        let mut photo = QueuedPhoto { reason: None, not_before: None, ..photo };
        loop {
            let step = upload.next();
            if upload.is_doubted() && !self.album.is_sound(photo.hash) {
                return self.fail(&photo, "the file on this device is damaged");
            }
            let piece = match &step {
                Step::Send { offset, length, .. } => match self.album.piece(photo.hash, *offset, *length) {
                    Ok(piece) => piece,
                    Err(_) => return self.fail(&photo, "the file on this device can't be read"),
                },
                _ => Vec::new(),
            };
            let Some(token) = self.token(run)? else {
                return Ok(());
            };
            let Some(request) = request_of(&step, &subject, &token, piece) else {
                run.report.uploaded += 1;
                let checked = Some((self.clock().now().wall, self.epoch()?));
                let stored = QueuedPhoto { step: PhotoStep::Stored, sent: photo.bytes, checked, ..photo };
                return Ok(self.core()?.engine.store().put_photo(&stored)?);
            };
            let Some(patience) = run.patience() else {
                return Ok(());
            };
            let answer = self.ask(&request, patience).map(|response| answer_of(&response));
            let result = upload.answered(&step, answer);
            photo = QueuedPhoto { upload: upload.name().map(str::to_owned), sent: upload.sent(), ..photo };
            match result {
                Ok(()) => self.core()?.engine.store().put_photo(&photo)?,
                // The exchange that fetches a fresh token comes with the next turn.
                Err(Halt::Token) if run.tokens < TOKENS => {
                    run.tokens += 1;
                    if let Err(Error::Exchange(failure)) = self.exchange_first() {
                        return self.stop(&photo, failure, run);
                    }
                }
                Err(Halt::Token) => return self.stop(&photo, Failure::BadAnswer, run),
                Err(Halt::Later(failure)) => return self.stop(&photo, failure, run),
                Err(Halt::Refused { code, title }) => return self.fail(&photo, &format!("{title} ({code})")),
            }
        }
    }

    /// Leaves a photo for a later run, and ends this one: what hinders it hinders the others.
    fn stop(&self, photo: &QueuedPhoto, failure: Failure, run: &mut Run<'_>) -> Result<(), Error> {
        let wait = failure.retry_after_ms().and_then(|ms| i64::try_from(ms).ok());
        let not_before = wait.map(|wait| self.clock().now().wall.plus(wait));
        let later = QueuedPhoto { reason: Some(failure.to_string()), not_before, ..photo.clone() };
        self.core()?.engine.store().put_photo(&later)?;
        run.report.stopped = Some(failure);
        Ok(())
    }

    /// Leaves a photo for somebody to look at; the others go on.
    fn fail(&self, photo: &QueuedPhoto, reason: &str) -> Result<(), Error> {
        let failed = QueuedPhoto { step: PhotoStep::Failed, reason: Some(reason.to_owned()), ..photo.clone() };
        Ok(self.core()?.engine.store().put_photo(&failed)?)
    }
}

/// A run under way.
struct Run<'a> {
    report: PhotoReport,
    tokens: u32,
    limits: &'a dyn Limits,
    out_of_time: bool,
}

impl Run<'_> {
    /// How long the next request may take; `None` if there is to be none in this run.
    fn patience(&mut self) -> Option<Duration> {
        let patience = self.limits.patience();
        self.out_of_time |= patience.is_none();
        patience
    }
}
