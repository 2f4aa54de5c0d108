//! One person with a phone, who also remembers what they saved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use client::transport::HttpTransport;
use client::{Daybook, Error, Options, Records, RowFilter, SyncReport};
use serde_json::Value;
use sync_core::id::{PersonId, RecordId};
use sync_core::notebook::CreateRequest;
use sync_core::record::entry::{FollowUpRequest, StageRequest};
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::review::ReviewState;
use sync_core::record::survey::{SurveyEdit, SurveyFacts};
use sync_core::record::view::{RecordFacts, View};
use sync_core::record::visit::{VisitEdit, VisitFacts};
use sync_core::status::Step;
use sync_core::wire::enrol::Profile;

use crate::clock::DayClock;
use crate::failure::Failure;
use crate::line::Line;
use crate::model::{Chapter, Diary};
use crate::pulse::Pulse;

/// The name and version under which the phones report themselves.
pub const APP: &str = "daybook-e2e/1";

/// How often somebody asks for a sync before giving up on the run.
const MOST_ATTEMPTS: u32 = 200;
/// How long a phone waits for a server that is down.
const SERVER_PATIENCE: Duration = Duration::from_secs(120);

/// What it took to get everything through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs that ended early.
    pub failures: u32,
    /// What the runs moved that did not; those that ended early may have moved more.
    pub moved: SyncReport,
}

/// One person with a phone.
pub struct Phone {
    /// What the person is called.
    pub name: String,
    /// What the server said at the enrolment.
    pub profile: Profile,
    /// Where its store lies.
    pub file: PathBuf,
    /// Its clock.
    pub clock: Arc<DayClock>,
    /// Its line to the server.
    pub line: Arc<Line>,
    /// What the person saved.
    pub diary: Diary,
    /// The stretch of the day in which the person saves.
    pub chapter: Chapter,
    /// The app without its screen.
    pub daybook: Daybook,
}

/// A kind of record as the app offers it.
pub trait Book: RecordFacts {
    /// The records of this kind.
    fn of(daybook: &Daybook) -> Records<'_, Self>;

    /// The field for notes.
    const NOTES: &'static str;

    /// The notes.
    fn notes(&self) -> &str;

    /// Makes the notes read like this.
    fn note(text: String) -> Self::Edit;
}

macro_rules! books {
    ($($facts:ty: $records:ident, $field:ident, $edit:expr;)+) => {$(
        impl Book for $facts {
            fn of(daybook: &Daybook) -> Records<'_, Self> {
                daybook.$records()
            }

            const NOTES: &'static str = stringify!($field);

            fn notes(&self) -> &str {
                &self.$field
            }

            fn note(text: String) -> Self::Edit {
                $edit(text)
            }
        }
    )+};
}

books! {
    VisitFacts: visits, notes, VisitEdit::Notes;
    SurveyFacts: surveys, interviewer_notes, SurveyEdit::InterviewerNotes;
    LeadFacts: leads, notes, LeadEdit::Notes;
}

impl Phone {
    /// Opens a new phone and enrols it.
    ///
    /// # Errors
    /// When its store can't be made or the server refuses the code.
    pub fn enrol(
        name: &str,
        file: &Path,
        base_url: &str,
        code: &str,
        clock: Arc<DayClock>,
        pulse: Arc<Pulse>,
    ) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Phone { phone: name.to_owned(), said: error.to_string() };
        let (daybook, line) = open(file, base_url, &clock, pulse).map_err(|error| failed(&error))?;
        let profile = daybook.enrol(code, &format!("{name} 的手机")).map_err(|error| failed(&error))?;
        let diary = Diary::of(profile.person);
        let file = file.to_owned();
        Ok(Self { name: name.to_owned(), profile, file, clock, line, diary, chapter: Chapter::Morning, daybook })
    }

    /// Opens a copy of this phone's store, on a phone that takes itself for this one.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn copied(
        &self,
        file: &Path,
        base_url: &str,
        clock: Arc<DayClock>,
        pulse: Arc<Pulse>,
    ) -> Result<Self, Failure> {
        let (daybook, line) = open(file, base_url, &clock, pulse).map_err(|error| self.failed(&error))?;
        let (name, profile, diary) = (self.name.clone(), self.profile.clone(), Diary::of(self.person()));
        Ok(Self { name, profile, file: file.to_owned(), clock, line, diary, chapter: self.chapter, daybook })
    }

    /// Who it is.
    pub fn person(&self) -> PersonId {
        self.profile.person
    }

    /// Makes a record.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn make<F: Book>(&mut self, request: CreateRequest<F>) -> Result<RecordId, Failure> {
        let facts = request.facts.clone();
        let made = F::of(&self.daybook).create(request);
        let id = made.map_err(|error| self.failed(&error))?.frame.header.id;
        self.diary.made(id, self.chapter, &facts);
        Ok(id)
    }

    /// Edits fields of a record, other than its notes.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn edit<F: Book>(&mut self, id: RecordId, edits: &[F::Edit]) -> Result<(), Failure> {
        F::of(&self.daybook).edit(id, edits).map_err(|error| self.failed(&error))?;
        self.diary.edited::<F>(id, self.chapter, edits);
        Ok(())
    }

    /// Types something at the end of a record's notes.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn add_note<F: Book>(&mut self, id: RecordId, text: &str) -> Result<(), Failure> {
        let before = self.get::<F>(id)?.facts;
        let edit = F::note(format!("{}{text}", before.notes()));
        F::of(&self.daybook).edit(id, &[edit]).map_err(|error| self.failed(&error))?;
        self.diary.typed(id, self.chapter, F::NOTES, text);
        Ok(())
    }

    /// Adds a follow-up.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn follow_up<F: Book>(&mut self, id: RecordId, request: FollowUpRequest) -> Result<(), Failure> {
        self.diary.followed_up(id, self.chapter, &request);
        F::of(&self.daybook).add_follow_up(id, request).map(drop).map_err(|error| self.failed(&error))
    }

    /// Adds a stage to a lead.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn reach(&mut self, id: RecordId, request: StageRequest) -> Result<(), Failure> {
        self.diary.reached(id, self.chapter, &request);
        self.daybook.leads().add_stage(id, request).map(drop).map_err(|error| self.failed(&error))
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When it is not here.
    pub fn get<F: Book>(&self, id: RecordId) -> Result<View<F>, Failure> {
        F::of(&self.daybook).get(id).map_err(|error| self.failed(&error))
    }

    /// An error with whose phone it was.
    pub fn failed(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::Phone { phone: self.name.clone(), said: error.to_string() }
    }

    /// Asks for a sync, again and again if need be, until one comes through and nothing is unsent.
    ///
    /// # Errors
    /// When the server refuses for good, does not come back, or the phone's own storage fails.
    pub fn sync_through(&self, pulse: &Pulse) -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        let mut last = None;
        while tally.failures < MOST_ATTEMPTS {
            if !pulse.wait_up(SERVER_PATIENCE) {
                return Err(self.failed(&"the server does not come back"));
            }
            match self.daybook.sync() {
                Ok(report) => {
                    tally.moved = report;
                    return Ok(tally);
                }
                Err(Error::Exchange(failure)) if failure.is_retryable() => {
                    tally.failures += 1;
                    last = Some(failure.to_string());
                    if let Some(millis) = failure.retry_after_ms() {
                        pulse.rest(Duration::from_millis(millis));
                    }
                }
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Err(self
            .failed(&format!("{MOST_ATTEMPTS} attempts to sync failed, the last because {}", last.unwrap_or_default())))
    }

    /// How many of the person's records are on their way still: unsent, or stored and not published.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn unpublished(&self) -> Result<usize, Failure> {
        let listed = self.daybook.records().list(&RowFilter::default(), None, usize::MAX - 1);
        let listed = listed.map_err(|error| self.failed(&error))?;
        Ok(listed.items.iter().filter(|item| item.status.step < Step::Published).count())
    }

    /// Records on which head quarters decided so.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn reviewed(&self, state: ReviewState) -> Result<Vec<RecordId>, Failure> {
        let filter = RowFilter { review: Some(state), ..RowFilter::default() };
        let listed = self.daybook.records().list(&filter, None, usize::MAX - 1);
        Ok(listed.map_err(|error| self.failed(&error))?.items.into_iter().map(|item| item.row.id).collect())
    }

    /// Everything on the phone, as it reads there.
    ///
    /// # Errors
    /// When the phone refuses.
    pub fn everything(&self) -> Result<BTreeMap<RecordId, Value>, Failure> {
        let records = self.daybook.records();
        let listed = records.list(&RowFilter::default(), None, usize::MAX - 1).map_err(|error| self.failed(&error))?;
        let read = |id: RecordId| -> Result<(RecordId, Value), Failure> {
            let view = records.get(id).map_err(|error| self.failed(&error))?;
            Ok((id, serde_json::to_value(view).map_err(|error| self.failed(&error))?))
        };
        listed.items.iter().map(|item| item.row.id).map(read).collect()
    }

    /// The records that the person wrote to.
    pub fn written(&self) -> BTreeSet<RecordId> {
        self.diary.records()
    }
}

/// The app on a phone with this store, and its line to the server.
fn open(
    file: &Path,
    base_url: &str,
    clock: &Arc<DayClock>,
    pulse: Arc<Pulse>,
) -> Result<(Daybook, Arc<Line>), Box<dyn std::error::Error>> {
    let line = Arc::new(Line::new(HttpTransport::new(base_url)?, pulse));
    let options = Options {
        app: APP.to_owned(),
        transport: Box::new(Arc::clone(&line)),
        clock: Box::new(Arc::clone(clock)),
        install_secret: None,
        secrets: None,
    };
    Ok((Daybook::open(file, options)?, line))
}
