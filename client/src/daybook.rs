//! The app's way in.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sync_core::engine::{Engine, Event};
use sync_core::id::{ActorId, PersonId, RecordId};
use sync_core::journal::{Entry, Receipt};
use sync_core::notebook::{Notebook, NotebookError};
use sync_core::record::lead::LeadFacts;
use sync_core::record::survey::SurveyFacts;
use sync_core::record::view::View;
use sync_core::record::visit::VisitFacts;
use sync_core::status::Status;
use sync_core::store::Store as _;
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Profile;

use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::photos::Album;
use crate::records::{AllRecords, Records};
use crate::refusals::Refusals;
use crate::rng;
use crate::secrets::{self, SecretStore};
use crate::sqlite::{Damage, SqliteStore, StoreError};
use crate::subscribers::Subscribers;
use crate::transport::{HttpTransport, Transport};

/// What a [`Daybook`] needs from around it.
pub struct Options {
    /// Name and version of the app, as every record and every request carries it: `field/3.1`.
    pub app: String,
    /// The way to the server.
    pub transport: Box<dyn Transport>,
    /// The device's clocks.
    pub clock: Box<dyn Clock>,
    /// A random secret of this installation, from a place that is *not* part of backups: the phone's key store. The
    /// app makes it once and gives the same one at every start. By it the store notices that it was restored onto
    /// another phone, or copied, before anything is written; what is saved then never collides with what the other
    /// phone saves, and the next syncs give this one an identity of its own.
    ///
    /// `None` is for platforms that have no such place, and for tests: it means "not known" and changes nothing, also
    /// if the store knows a secret. A copy is then only noticed by the server, when both have synced.
    pub install_secret: Option<[u8; 32]>,
    /// Where the key of the store is kept. Without it the store is not encrypted.
    pub secrets: Option<Box<dyn SecretStore>>,
}

impl Options {
    /// The ordinary ones: HTTP to the server at `base_url` and the system's clocks. An app adds its
    /// [`Self::install_secret`].
    ///
    /// # Errors
    /// [`Error::Address`] when `base_url` is not the address of a server.
    pub fn http(app: impl Into<String>, base_url: &str) -> Result<Self, Error> {
        let transport = Box::new(HttpTransport::new(base_url)?);
        Ok(Self {
            app: app.into(),
            transport,
            clock: Box::new(SystemClock::new()),
            install_secret: None,
            secrets: None,
        })
    }

    /// Over a transport of the app's own, if it has one.
    pub fn with_transport(mut self, transport: Option<impl Transport + 'static>) -> Self {
        if let Some(transport) = transport {
            self.transport = Box::new(transport);
        }
        self
    }

    /// By clocks of the app's own, if it has some.
    pub fn with_clock(mut self, clock: Option<impl Clock + 'static>) -> Self {
        if let Some(clock) = clock {
            self.clock = Box::new(clock);
        }
        self
    }
}

/// A phone without its screen: records on the device, and their exchange with the server.
///
/// All methods may be called from any thread. Saving and reading never wait for the network: while one thread
/// syncs, others go on.
pub struct Daybook {
    core: Mutex<Core>,
    /// Held for the whole of a run with the server, so that there is never more than one.
    pub(crate) run: Mutex<()>,
    /// Held for the whole of a run of the photos lane. Records don't wait for it.
    pub(crate) photo_run: Mutex<()>,
    /// The files of this device's photos.
    pub(crate) album: Album,
    pub(crate) transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
    secrets: Option<Box<dyn SecretStore>>,
}

/// What is done in one go, without waiting for anything but the disk.
pub(crate) struct Core {
    pub(crate) engine: Engine<SqliteStore>,
    pub(crate) alarm: Option<UnixMillis>,
    pub(crate) subscribers: Subscribers,
}

/// What a promoter can show: that the server holds this device's changes to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalReceipt {
    /// The lines of the journal about the record that the receipt covers.
    pub lines: Vec<Entry>,
    /// The server's signed word that it holds the journal up to a line at or after them.
    pub receipt: Receipt,
}

/// Who wrote something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The person.
    pub person: PersonId,
    /// What the person is called.
    pub name: String,
}

impl Daybook {
    /// Opens the store at `path`, making it if there is none. Every page of the file is looked at; a damaged store is set
    /// aside and rescued, which [`Self::damage`] tells.
    ///
    /// # Errors
    /// [`Error::InUse`] while somebody else has it open, [`Error::NewerStore`] after a downgrade of the app,
    /// [`Error::KeyLost`] when it is encrypted with another key than the keystore holds, and whatever the storage and
    /// the keystore say.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let Options { app, transport, clock, install_secret, secrets } = options;
        rng::check().map_err(Error::Randomness)?;
        let store = match &secrets {
            Some(secrets) => secrets::open(path, secrets.as_ref())?,
            None => SqliteStore::open(path)?,
        };
        let mut engine = Engine::open(store, app)?;
        let kept = secrets.as_deref().filter(|_| install_secret.is_none()).map(secrets::installation).transpose()?;
        if let Some(secret) = install_secret.or(kept) {
            engine.check_installation(&secret, &mut rng::system())?;
        }
        let alarm = engine.progress().next_exchange;
        let core = Core { engine, alarm, subscribers: Subscribers::default() };
        let (run, photo_run, album) = (Mutex::new(()), Mutex::new(()), Album::of(path));
        let daybook = Self { core: Mutex::new(core), run, photo_run, album, transport, clock, secrets };
        daybook.settle_photos()?;
        Ok(daybook)
    }

    /// To whom the device belongs; `None` before enrolment.
    pub fn profile(&self) -> Option<Profile> {
        // Even after a panic this is only a reading of what was there before.
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.engine.identity().map(|identity| identity.profile.clone())
    }

    /// Encrypts the store with a new key and keeps that in the keystore. Whatever is cut short, the store opens again.
    /// Takes as long as writing the whole store. Does nothing if it is not encrypted.
    ///
    /// # Errors
    /// Whatever the storage and the keystore say.
    pub fn rotate_key(&self) -> Result<(), Error> {
        match &self.secrets {
            Some(secrets) => secrets::rotate(self.core()?.engine.store(), secrets.as_ref()),
            None => Ok(()),
        }
    }

    /// What came of it if the store was found damaged: it was set aside, and this is what could be saved of it. The same
    /// until [`Self::forget_damage`]; `None` if nothing was damaged.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn damage(&self) -> Result<Option<Damage>, Error> {
        Ok(self.core()?.engine.store().damage()?)
    }

    /// The person, or the office, has seen what [`Self::damage`] said.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn forget_damage(&self) -> Result<(), Error> {
        Ok(self.core()?.engine.store().forget_damage()?)
    }

    /// Records of every kind.
    pub fn records(&self) -> AllRecords<'_> {
        AllRecords::new(self)
    }

    /// Visits 拜访.
    pub fn visits(&self) -> Records<'_, VisitFacts> {
        Records::new(self)
    }

    /// Surveys 客户调查表.
    pub fn surveys(&self) -> Records<'_, SurveyFacts> {
        Records::new(self)
    }

    /// Leads 意向客户.
    pub fn leads(&self) -> Records<'_, LeadFacts> {
        Records::new(self)
    }

    /// What the server refused, with the person's own text.
    pub fn refusals(&self) -> Refusals<'_> {
        Refusals::new(self)
    }

    /// How safe a record is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not on this device, and whatever the storage says.
    pub fn status(&self, id: RecordId) -> Result<Status, Error> {
        let core = self.core()?;
        let row = core.engine.store().row(id)?.ok_or(Error::NotFound)?;
        let sync = core.engine.store().record_sync(id)?;
        Ok(core.engine.status(&sync, &row))
    }

    /// Which records read differently now: first everything since the store was opened, if there is something,
    /// then every change as it happens, whether made here or pulled. Ends when the receiver is dropped.
    ///
    /// # Errors
    /// [`Error::Crashed`].
    pub fn changes_since_opened(&self) -> Result<Receiver<Vec<RecordId>>, Error> {
        Ok(self.core()?.subscribers.subscribe())
    }

    /// The server's receipt for this device's changes to a record; `None` as long as it covers none of them.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn journal_receipt(&self, id: RecordId) -> Result<Option<JournalReceipt>, Error> {
        let core = self.core()?;
        let Some(receipt) = core.engine.progress().receipt.clone() else {
            return Ok(None);
        };
        let mut lines = core.engine.store().lines(id)?;
        lines.retain(|line| line.n <= receipt.head.n);
        Ok((!lines.is_empty()).then_some(JournalReceipt { lines, receipt }))
    }

    /// Who stands behind an actor, as views name the writers of entries and of concurrent values; `None` if the
    /// server has not said.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn author(&self, actor: ActorId) -> Result<Option<Author>, Error> {
        let core = self.core()?;
        if let Some(identity) = core.engine.identity().filter(|identity| identity.actor == actor) {
            let Profile { person, ref name, .. } = identity.profile;
            return Ok(Some(Author { person, name: name.clone() }));
        }
        Ok(core.engine.store().author(actor)?.map(|(person, name)| Author { person, name }))
    }

    pub(crate) fn core(&self) -> Result<MutexGuard<'_, Core>, Error> {
        self.core.lock().map_err(|_| Error::Crashed)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Reads from the notebook.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Notebook<'_, SqliteStore>) -> Result<T, NotebookError<StoreError>>,
    ) -> Result<T, Error> {
        let mut core = self.core()?;
        Ok(read(&core.engine.notebook(self.clock.now(), self.clock.utc_offset_minutes()))?)
    }

    /// Writes into the notebook, and tells the engine and the subscribers if something was written. The record is
    /// on the disk when this returns.
    pub(crate) fn write<F>(
        &self,
        write: impl FnOnce(&mut Core, &dyn Clock) -> Result<View<F>, Error>,
    ) -> Result<View<F>, Error> {
        let mut core = self.core()?;
        let before = core.engine.store().head()?.n;
        let view = write(&mut core, self.clock())?;
        if core.engine.store().head()?.n > before {
            self.note_save(&mut core, view.header.id);
        }
        Ok(view)
    }

    /// Tells subscribers and engine that a record was saved.
    pub(crate) fn note_save(&self, core: &mut Core, record: RecordId) {
        core.subscribers.announce(&[record]);
        // The alarm is a convenience. The save stands, so nothing that goes wrong here may deny it.
        if let Ok(effects) = core.engine.handle(self.clock.now(), &mut rng::system(), Event::Edited) {
            // An edit never makes the engine send; it only sets the alarm.
            let _ = core.take_in(effects);
        }
        core.subscribers.status();
    }
}
