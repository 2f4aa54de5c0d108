//! A phone and the person who holds it: the real engine on a disk that can fail.

use rand::Rng as _;
use serde_json::Value;
use sync_core::engine::{Effect, Engine, EngineError, Event};
use sync_core::id::{ActorId, ChangeHash, DeviceId, RecordId};
use sync_core::notebook::{CreateRequest, NotebookError};
use sync_core::record::Kind;
use sync_core::record::entry::{FollowUp, FollowUpRequest, Stage, StageEntry, StageRequest};
use sync_core::record::lead::LeadFacts;
use sync_core::record::office::OfficeEdit;
use sync_core::record::view::{AnyView, RecordFacts};
use sync_core::record::visit::VisitFacts;
use sync_core::store::memory::MemoryStore;
use sync_core::store::{RowFilter, Store as _};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use super::diary::What;
use super::disk::{DiskError, PhoneStore};
use super::house::Member;
use super::luck::Luck;
use super::plan::Line;
use super::time::{PhoneClock, UTC_OFFSET_MINUTES};
use super::world::put_unknown;
use crate::failure::Failure;

/// Name of the simulated app; its version follows.
const APP: &str = "daybook-sim";
/// More records than anybody has in a run.
const ALL: usize = 10_000;

/// A phone.
#[derive(Debug)]
pub struct Handset {
    /// Which one.
    pub number: usize,
    /// Whose it is.
    pub member: Member,
    /// Its disk.
    pub store: PhoneStore,
    /// The running app.
    pub engine: Engine<PhoneStore>,
    /// Its clocks.
    pub clock: PhoneClock,
    /// Rises with every start of the app: what was meant for an earlier one goes nowhere.
    pub life: u64,
    /// When the app wants to be woken, by the wall clock.
    pub alarm: Option<UnixMillis>,
    /// Rises with every setting of the alarm.
    pub alarm_number: u64,
    /// Its line.
    pub line: Line,
    /// Until when there is no network.
    pub offline_until: UnixMillis,
    /// Until when a login page answers.
    pub portal_until: UnixMillis,
    /// Until when the disk is full.
    pub full_until: UnixMillis,
    /// The server's name for it, once it has one.
    pub device: Option<DeviceId>,
    /// The newest request that the server has seen of this life.
    pub newest_request: u64,
    /// How many replies still arrive before one is lost.
    pub loses_reply_after: Option<u32>,
    /// Whether anybody uses it: a twin is there only once its original was copied.
    pub used: bool,
    /// A backup of the phone.
    pub backup: Option<Backup>,
    /// The code for another identity, once the office has cut the present one off.
    pub anew: Option<String>,
    /// Whether everything on it was forgotten by order.
    pub wiped: bool,
    /// How many records it takes in one answer, if not as many as usual.
    pub page: Option<u32>,
    /// Whether its person moves while it reads page by page.
    pub moves_while_paging: bool,
    /// What this installation keeps where backups don't reach, if its system has such a place.
    secret: Option<[u8; 32]>,
    /// Whether the app has compared that with what its store knows: before that nothing is written.
    ready: bool,
    app: String,
    luck: Luck,
    words: u64,
}

/// A backup of a phone.
#[derive(Clone, Debug)]
pub struct Backup {
    /// What was on it.
    pub contents: MemoryStore,
    /// How often anybody in the run had saved.
    pub saved: usize,
}

/// How an attempt to save ended.
#[derive(Debug)]
pub enum Attempt {
    /// The app said that it is saved.
    Saved(RecordId, bool, Vec<What>),
    /// The app died, or said that it could not; the person remembers what they typed.
    Failed(Vec<What>),
    /// There was nothing to write, or the phone is not enrolled.
    Nothing,
}

impl Handset {
    /// A new phone.
    ///
    /// # Errors
    /// Never: nothing is wrong with a new disk.
    pub fn new(number: usize, member: Member, store: PhoneStore, seed: u64) -> Result<Self, Failure> {
        let mut luck = Luck::of(seed, 100 + number as u64);
        // Three versions of the app are about.
        let app = format!("{APP}/{}", 1 + number % 3);
        let engine = Engine::open(store.clone(), app.clone()).map_err(broken)?;
        Ok(Self {
            number,
            member,
            store,
            engine,
            clock: PhoneClock::new(luck.below(u64::MAX)),
            life: 1,
            alarm: None,
            alarm_number: 0,
            line: Line::default(),
            offline_until: UnixMillis(i64::MIN),
            portal_until: UnixMillis(i64::MIN),
            full_until: UnixMillis(i64::MIN),
            device: None,
            newest_request: 0,
            loses_reply_after: None,
            used: true,
            backup: None,
            anew: None,
            wiped: false,
            page: None,
            moves_while_paging: false,
            secret: luck.in_thousand(500).then(|| secret(&mut luck)),
            ready: false,
            app,
            luck,
            words: 0,
        })
    }

    /// Starts the app again after it was killed.
    ///
    /// # Errors
    /// When the app does not start on its own data.
    pub fn restart(&mut self) -> Result<(), Failure> {
        self.store.restart();
        self.engine = Engine::open(self.store.clone(), self.app.clone()).map_err(broken)?;
        self.life += 1;
        self.ready = false;
        self.newest_request = 0;
        self.alarm = None;
        Ok(())
    }

    /// Whether this is the reply to be lost.
    pub fn loses_this_reply(&mut self) -> bool {
        let left = self.loses_reply_after.take();
        self.loses_reply_after = left.and_then(|left| left.checked_sub(1));
        left == Some(0)
    }

    /// Becomes a copy of another phone, with everything that is on it.
    ///
    /// # Errors
    /// When the app does not start on the copy.
    pub fn become_copy_of(&mut self, original: &Self, now: UnixMillis) -> Result<(), Failure> {
        self.used = true;
        self.member = original.member.clone();
        self.clock.set(original.clock.is_ahead_by());
        self.clock.reboot(now);
        self.device = original.device;
        self.app.clone_from(&original.app);
        self.secret = original.secret.map(|_| secret(&mut self.luck));
        self.store.put_back(original.store.contents());
        self.restart()
    }

    /// Is set back to a backup; as a new installation, if the app was removed before.
    ///
    /// # Errors
    /// When the app does not start on the backup.
    pub fn put_back(&mut self, backup: MemoryStore, removed: bool) -> Result<(), Failure> {
        if removed {
            self.secret = self.secret.map(|_| secret(&mut self.luck));
        }
        self.store.put_back(backup);
        self.restart()
    }

    /// The app begins by looking whether this is still its installation; false if the storage did not let it.
    fn begin(&mut self) -> bool {
        if let (false, Some(secret)) = (self.ready, &self.secret) {
            self.ready = self.engine.check_installation(secret, self.luck.generator()).is_ok();
            return self.ready;
        }
        true
    }

    /// Gives the app an event; `None` if the app died of it or its storage failed.
    pub fn handle(&mut self, now: UnixMillis, event: Event) -> Option<Vec<Effect>> {
        if !self.begin() {
            return None;
        }
        let reading = self.clock.read(now);
        let effects = match self.engine.handle(reading, self.luck.generator(), event) {
            // The app offers a code only to somebody who is cut off, and the engine did not know that yet.
            Err(EngineError::AlreadyEnrolled) => {
                self.engine.handle(reading, self.luck.generator(), Event::SyncNow).ok()
            }
            handled => handled.ok(),
        };
        self.device = self.engine.identity().map(|identity| identity.device).or(self.device);
        effects
    }

    /// What the person does to start the app's day, or a sync: the code is typed until it worked.
    pub fn wish(&self, wish: Event) -> Event {
        let enrol = |code: &String| Event::Enrol { code: code.clone(), label: format!("手机{}", self.number) };
        match (&self.anew, self.engine.identity()) {
            (Some(code), _) => enrol(code),
            (None, None) if !self.wiped => enrol(&self.member.code),
            (None, _) => wish,
        }
    }

    /// Whether somebody still does something with it: one that has forgotten everything has only that to say.
    pub fn is_in_use(&self) -> bool {
        let silent = || self.store.contents().tombstone().is_ok_and(|tombstone| tombstone.is_none());
        self.used && !(self.wiped && self.anew.is_none() && silent())
    }

    /// The person writes something down.
    pub fn write(&mut self, now: UnixMillis, luck: &mut Luck) -> Attempt {
        if !self.begin() || self.engine.identity().is_none() {
            return Attempt::Nothing;
        }
        let known = self.engine.store().list(&RowFilter::default(), None, ALL).unwrap_or_default();
        let chosen = luck.pick(&known).map(|listed| (listed.row.id, listed.row.kind));
        match chosen {
            Some((record, kind)) if luck.in_thousand(650) => self.continue_record(now, luck, record, kind),
            _ if luck.in_thousand(700) => self.make::<LeadFacts>(now, "name"),
            _ => self.make::<VisitFacts>(now, "person"),
        }
    }

    /// Whether this is the newest of the versions that are about.
    pub fn is_newest(&self) -> bool {
        self.app.ends_with("/3")
    }

    /// Whether the server is newer than this app.
    pub fn is_oldest(&self) -> bool {
        self.app.ends_with("/1")
    }

    /// Whether the app may write.
    pub fn is_ready(&mut self) -> bool {
        self.begin()
    }

    /// A change by an app that knows a field more than this version.
    pub fn future_change(
        &self,
        record: RecordId,
        actor: ActorId,
        now: UnixMillis,
        words: &str,
    ) -> Option<(ChangeHash, Vec<u8>)> {
        let log: Vec<Vec<u8>> = self.store.changes(record).ok()?.into_iter().map(|(_, raw)| raw).collect();
        let (hash, raw) = put_unknown(&log, actor.0, self.clock.read(now).wall.0, words)?;
        Some((ChangeHash(hash), raw))
    }

    /// Words that nobody else uses.
    pub fn fresh(&mut self) -> String {
        self.words += 1;
        format!("p{}w{}.", self.number, self.words)
    }

    fn make<F: RecordFacts>(&mut self, now: UnixMillis, field: &'static str) -> Attempt {
        let value = self.fresh();
        let what = vec![What::Field { field, value: value.clone() }];
        let facts: F = serde_json::from_value(serde_json::json!({ field: value })).unwrap_or_default();
        let reading = self.clock.read(now);
        let request = CreateRequest { facts, ..CreateRequest::default() };
        let made = self.engine.notebook(reading, UTC_OFFSET_MINUTES).create(self.luck.generator(), request);
        match made {
            Ok(view) => Attempt::Saved(view.header.id, true, what),
            Err(_) => Attempt::Failed(what),
        }
    }

    fn continue_record(&mut self, now: UnixMillis, luck: &mut Luck, record: RecordId, kind: Kind) -> Attempt {
        let office = self.member.role == Role::Secretary;
        let words = self.fresh();
        let reading = self.clock.read(now);
        let rng = self.luck.generator();
        let mut notebook = self.engine.notebook(reading, UTC_OFFSET_MINUTES);
        let (what, saved) = match luck.below(10) {
            0..2 => {
                let request = FollowUpRequest { text: words.clone(), ..FollowUpRequest::default() };
                (vec![What::FollowUp(words)], notebook.append::<FollowUp>(rng, record, request).map(drop))
            }
            2 => {
                let stages = [Stage::Registered, Stage::Arrived, Stage::Reserved, Stage::Lost];
                let stage = luck.pick(&stages).cloned().unwrap_or(Stage::Arrived);
                let request = StageRequest { stage, reason: Some(words.clone()), amount: None, unit: None };
                (vec![What::Stage(words)], notebook.append::<StageEntry>(rng, record, request).map(drop))
            }
            3..9 if office => {
                let edits = [OfficeEdit::Consultant(Some(words.clone()))];
                (vec![What::Consultant(words)], notebook.edit_office(record, &edits).map(drop))
            }
            3 => {
                let before = notes(&notebook.any_view(record).ok());
                let typed = Value::from(format!("{before}{words}"));
                (vec![What::Phrase(words)], edit(&mut notebook, record, kind, [("notes", typed)]))
            }
            _ => {
                let fields = fields_of(kind);
                let first = fields[luck.index(fields.len())];
                let second = fields[luck.index(fields.len())];
                let mut what = vec![What::Field { field: first, value: words.clone() }];
                if second != first {
                    what.push(What::Field { field: second, value: format!("{words}2.") });
                }
                let values = what.iter().filter_map(|what| match what {
                    What::Field { field, value } => Some((*field, Value::from(value.clone()))),
                    _ => None,
                });
                let saved = edit(&mut notebook, record, kind, values);
                (what, saved)
            }
        };
        match saved {
            Ok(()) => Attempt::Saved(record, false, what),
            Err(_) => Attempt::Failed(what),
        }
    }

    /// Appends a follow-up; whether that worked.
    pub fn follow_up(&mut self, now: UnixMillis, record: RecordId, text: String) -> bool {
        let reading = self.clock.read(now);
        let request = FollowUpRequest { text, ..FollowUpRequest::default() };
        let mut notebook = self.engine.notebook(reading, UTC_OFFSET_MINUTES);
        notebook.append::<FollowUp>(self.luck.generator(), record, request).is_ok()
    }

    /// Looks through the phone for something that was typed before the app died.
    ///
    /// # Errors
    /// When the phone can't show its records.
    pub fn look_for(&mut self, now: UnixMillis, what: &[What]) -> Result<Option<RecordId>, Failure> {
        let Some(words) = what.first().map(What::words) else {
            return Ok(None);
        };
        for record in self.records()? {
            // One of which something was lost does not read before it is repaired.
            if self.view(now, record).is_ok_and(|view| format!("{view:?}").contains(words)) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The records on the phone.
    ///
    /// # Errors
    /// When the phone can't list them.
    pub fn records(&self) -> Result<Vec<RecordId>, Failure> {
        let listed = self.store.list(&RowFilter::default(), None, ALL).map_err(|error| unreadable(&error))?;
        Ok(listed.into_iter().map(|listed| listed.row.id).collect())
    }

    /// A record as the phone shows it.
    ///
    /// # Errors
    /// When the phone can't show it.
    pub fn view(&mut self, now: UnixMillis, record: RecordId) -> Result<AnyView, Failure> {
        let reading = self.clock.read(now);
        let view = self.engine.notebook(reading, UTC_OFFSET_MINUTES).any_view(record);
        view.map_err(|error| Failure::Unexpected(format!("phone {}: {record}: {error}", self.number)))
    }
}

fn secret(luck: &mut Luck) -> [u8; 32] {
    let mut secret = [0; 32];
    luck.generator().fill_bytes(&mut secret);
    secret
}

/// The text fields of a kind that people fill in here.
pub fn fields_of(kind: Kind) -> [&'static str; 4] {
    match kind {
        Kind::Visit => ["person", "purpose", "next_action", "outlet"],
        _ => ["name", "intent_area", "occupation", "purchase_time"],
    }
}

/// The notes of a record, whatever its kind.
pub fn notes(view: &Option<AnyView>) -> String {
    match view {
        Some(AnyView::Visit(view)) => view.facts.notes.clone(),
        Some(AnyView::Lead(view)) => view.facts.notes.clone(),
        Some(AnyView::Survey(_)) | None => String::new(),
    }
}

type Notebook<'a> = sync_core::notebook::Notebook<'a, PhoneStore>;

fn edit(
    notebook: &mut Notebook<'_>,
    record: RecordId,
    kind: Kind,
    values: impl IntoIterator<Item = (&'static str, Value)>,
) -> Result<(), NotebookError<DiskError>> {
    fn with<F: RecordFacts>(
        notebook: &mut Notebook<'_>,
        record: RecordId,
        values: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<(), NotebookError<DiskError>> {
        // Every field here is a text, which every text fits.
        let edits: Vec<F::Edit> =
            values.into_iter().filter_map(|(field, value)| F::edits_from_json(field, value).ok()).flatten().collect();
        notebook.edit::<F>(record, &edits).map(drop)
    }
    match kind {
        Kind::Visit => with::<VisitFacts>(notebook, record, values),
        _ => with::<LeadFacts>(notebook, record, values),
    }
}

fn broken(error: EngineError<DiskError>) -> Failure {
    Failure::Unexpected(format!("the app does not start: {error:?}"))
}

fn unreadable(error: &DiskError) -> Failure {
    Failure::Unexpected(format!("the phone can't be read: {error}"))
}
