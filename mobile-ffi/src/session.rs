//! The app's way in.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use blocking::unblock;
use client::sync_core::id::{ActorId, OfficeId, OrganisationId, PersonId, ProjectId, RecordId, TeamId};
use client::sync_core::journal;
use client::sync_core::time::UnixMillis;
use client::sync_core::wire::enrol::{Profile, Project, Role};
use client::{Author, Options, Standing};

use crate::error::{DaybookError, OpenProblem, SyncProblem};
use crate::list::{Page, Status};
use crate::listen::{self, RecordListener, StatusListener, Subscription, SyncListener};
use crate::platform::{Clock, Clocks, Network, Secrets, SecureStore, Transport};
use crate::records::{Leads, Surveys, Visits};
use crate::view::AnyRecord;

type Result<T> = std::result::Result<T, DaybookError>;

/// Where the store is and to whom it syncs.
#[derive(uniffi::Record)]
pub struct Config {
    /// The store's file, in the app's private folder. Beside it the library keeps a few more that begin like it.
    pub path: String,
    /// The server's address, for example `https://daybook.example.com`.
    pub server: String,
    /// Name and version of the app, as every record and every request carries it: `field/3.1`.
    pub app: String,
}

/// The daybook behind an object that was got from it: as long as the daybook is not closed.
#[derive(Clone)]
pub(crate) struct Session(Weak<client::Daybook>);

impl Session {
    pub(crate) fn get(&self) -> Result<Arc<client::Daybook>> {
        self.0.upgrade().ok_or(DaybookError::NotOpened { why: OpenProblem::Closed })
    }
}

/// A phone without its screen: records on the device, encrypted, and their exchange with the server.
///
/// Make one when the app starts and keep it; only one may have a store open. Letting go of it (`close` in Kotlin)
/// closes the store as soon as no call is under way; what was got from it can't be used after that. All methods may be called from any
/// thread. Saving and reading never wait for the network, also while another thread syncs.
#[derive(uniffi::Object)]
pub struct Daybook(pub(crate) Arc<client::Daybook>);

#[uniffi::export]
impl Daybook {
    /// Opens the store, making it if there is none. Blocks for the disk and the keystore; costs the same however much
    /// is in it. Without a transport and clock of the app's own the library's are used.
    #[uniffi::constructor(default(transport = None, clock = None))]
    pub fn open(
        config: Config,
        secure_store: Arc<dyn SecureStore>,
        transport: Option<Arc<dyn Transport>>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self> {
        let mut options = Options::http(config.app, &config.server)?.with_secrets(Secrets(secure_store));
        if let Some(transport) = transport {
            options.transport = Box::new(Network(transport));
        }
        if let Some(clock) = clock {
            options.clock = Box::new(Clocks(clock));
        }
        Ok(Self(Arc::new(client::Daybook::open(&PathBuf::from(config.path), options)?)))
    }

    /// To whom the device belongs; nothing before enrolment.
    pub fn profile(&self) -> Option<Profile> {
        self.0.profile()
    }

    /// Redeems the code that the office gave. `label` is what the device is called in lists, for example its model.
    /// Blocks for the network, at most about a minute.
    pub fn enrol(&self, code: String, label: String) -> Result<Profile> {
        Ok(self.0.enrol(&code, &label)?)
    }

    /// As `enrol`, for the UI's thread. It is finished even if the caller stops waiting.
    pub async fn enrol_async(&self, code: String, label: String) -> Result<Profile> {
        let this = Self(Arc::clone(&self.0));
        unblock(move || this.enrol(code, label)).await
    }

    /// Visits 拜访.
    pub fn visits(&self) -> Arc<Visits> {
        Arc::new(Visits(Session(Arc::downgrade(&self.0))))
    }

    /// Surveys 客户调查表.
    pub fn surveys(&self) -> Arc<Surveys> {
        Arc::new(Surveys(Session(Arc::downgrade(&self.0))))
    }

    /// Leads 意向客户.
    pub fn leads(&self) -> Arc<Leads> {
        Arc::new(Leads(Session(Arc::downgrade(&self.0))))
    }

    /// Reads a record, whatever its kind. Blocks for the disk.
    pub fn record(&self, id: RecordId) -> Result<AnyRecord> {
        Ok(self.0.records().get(id)?.into())
    }

    /// A page of records of every kind, newest first. Blocks for the disk.
    #[uniffi::method(default(after = None))]
    pub fn list(&self, filter: client::RowFilter, limit: u32, after: Option<client::PageKey>) -> Result<Page> {
        Ok(self.0.records().list(&filter, after, limit as usize)?.into())
    }

    /// How safe a record is. Blocks for the disk.
    pub fn status(&self, id: RecordId) -> Result<Status> {
        Ok(self.0.status(id)?.into())
    }

    /// What a promoter can show: that the server holds this device's changes to a record. Nothing as long as it
    /// does not. Blocks for the disk.
    pub fn receipt(&self, id: RecordId) -> Result<Option<Receipt>> {
        Ok(self.0.journal_receipt(id)?.map(|held| Receipt::of(&held.receipt, held.lines.len())))
    }

    /// Who stands behind an actor of a record; nothing if the server has not said. Blocks for the disk.
    pub fn author(&self, actor: ActorId) -> Result<Option<Author>> {
        Ok(self.0.author(actor)?)
    }

    /// Sends everything and takes in all news. If a run is under way, waits for it first and then makes its own, so
    /// that what was saved before this call has been sent when it returns. Blocks for the network.
    pub fn sync(&self) -> Result<SyncReport> {
        Ok(self.0.sync()?.into())
    }

    /// As `sync`, for the UI's thread. It goes on even if the caller stops waiting.
    pub async fn sync_async(&self) -> Result<SyncReport> {
        let this = Self(Arc::clone(&self.0));
        unblock(move || this.sync()).await
    }

    /// For when the network came back: syncs unless the server asked to be left alone. Nothing if it did, or a run is
    /// under way already. Blocks for the network.
    pub fn network_is_back(&self) -> Result<Option<SyncReport>> {
        Ok(self.0.network_is_back()?.map(Into::into))
    }

    /// Where the device stands. Blocks for the disk.
    pub fn sync_status(&self) -> Result<SyncStatus> {
        Ok(self.0.sync_status()?.into())
    }

    /// Encrypts the store with a new key and keeps that in the keystore. Whatever happens on the way, one of the two
    /// keys that are then there opens it. Blocks for the disk, some seconds for a large store.
    pub fn rotate_key(&self) -> Result<()> {
        Ok(self.0.rotate_key()?)
    }

    /// Tells a listener which records change.
    pub fn listen_to_records(&self, listener: Arc<dyn RecordListener>) -> Result<Arc<Subscription>> {
        Ok(Arc::new(Subscription(self.0.subscribe(listen::records(listener))?)))
    }

    /// Tells a listener how runs with the server go on.
    pub fn listen_to_sync(&self, listener: Arc<dyn SyncListener>) -> Result<Arc<Subscription>> {
        Ok(Arc::new(Subscription(self.0.subscribe(listen::progress(listener))?)))
    }

    /// Tells a listener where the device stands.
    pub fn listen_to_status(&self, listener: Arc<dyn StatusListener>) -> Result<Arc<Subscription>> {
        Ok(Arc::new(Subscription(self.0.subscribe(listen::status(listener))?)))
    }
}

/// To whom a device belongs and what it needs to know offline.
#[uniffi::remote(Record)]
pub struct Profile {
    /// Rises with every change of the profile.
    pub version: u32,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The person.
    pub person: PersonId,
    /// What the person is called.
    pub name: String,
    /// What the person does.
    pub role: Role,
    /// The person's office.
    pub office: OfficeId,
    /// What the office is called.
    pub office_name: String,
    /// The person's team.
    pub team: Option<TeamId>,
    /// What the team is called.
    pub team_name: Option<String>,
    /// The developments that can be chosen.
    pub projects: Vec<Project>,
}

/// A development that promoters sell.
#[uniffi::remote(Record)]
pub struct Project {
    /// Which one.
    pub id: ProjectId,
    /// What it is called.
    pub name: String,
}

/// What somebody does.
#[uniffi::remote(Enum)]
pub enum Role {
    /// 行销人员: records visits, surveys, leads.
    Promoter,
    /// 渠道主管: leads a team, sees and corrects its records.
    Supervisor,
    /// 渠道秘书: closes the office's day.
    Secretary,
    /// 渠道经理.
    OfficeManager,
    /// Head quarters: reviews.
    Reviewer,
    /// Head quarters: administers.
    HqAdmin,
    /// Head quarters: reads only.
    Auditor,
}

/// Who wrote something.
#[uniffi::remote(Record)]
pub struct Author {
    /// The person.
    pub person: PersonId,
    /// What the person is called.
    pub name: String,
}

/// Proof that the server holds this device's changes to a record, signed by the server.
#[derive(uniffi::Record)]
pub struct Receipt {
    /// How many changes of this device to the record it covers.
    pub changes: u64,
    /// Up to which line the server holds the device's journal.
    pub line: u64,
    /// When the server said so, by its clock.
    pub server_time: UnixMillis,
}

impl Receipt {
    fn of(receipt: &journal::Receipt, lines: usize) -> Self {
        Self { changes: lines as u64, line: receipt.head.n, server_time: receipt.server_time }
    }
}

/// What a run with the server moved.
#[derive(uniffi::Record)]
pub struct SyncReport {
    /// Changes that the server acknowledged.
    pub pushed: u64,
    /// Records with news from the server.
    pub pulled: u64,
}

impl From<client::SyncReport> for SyncReport {
    fn from(report: client::SyncReport) -> Self {
        Self { pushed: report.pushed, pulled: report.pulled }
    }
}

/// How far a run with the server has come.
#[derive(uniffi::Record)]
pub struct SyncProgress {
    /// Changes that the server has not acknowledged yet; falls to nothing.
    pub unsent_changes: u64,
    /// Whether the run is over.
    pub finished: bool,
}

impl From<client::SyncProgress> for SyncProgress {
    fn from(progress: client::SyncProgress) -> Self {
        Self { unsent_changes: progress.unsent_changes, finished: progress.finished }
    }
}

/// Where the device stands. Show it: people trust what they see.
#[derive(uniffi::Record)]
pub struct SyncStatus {
    /// Records with changes that the server has not acknowledged.
    pub unsent_records: u32,
    /// When the oldest of them was saved, by the device's wall clock.
    pub oldest_unsent: Option<UnixMillis>,
    /// When the last exchange succeeded, by the device's wall clock.
    pub last_exchange: Option<UnixMillis>,
    /// When the next one is wanted, by the device's wall clock; nothing for as soon as possible.
    pub next_exchange: Option<UnixMillis>,
    /// Why the last run ended early; nothing if it did not.
    pub problem: Option<SyncProblem>,
    /// The app is too old for what the server has to say.
    pub upgrade_required: bool,
    /// What the device is to the server. Unless it is good, `enrol` takes a new code.
    pub standing: Standing,
}

/// What a device is to the server, as it last said.
#[uniffi::remote(Enum)]
pub enum Standing {
    /// An enrolled device, or one that has not asked yet.
    Good,
    /// Cut off: it may hand in what it has and gets nothing.
    Revoked,
    /// Not known: the server was restored to a time before the enrolment, or is another one.
    Unknown,
}

impl From<client::SyncStatus> for SyncStatus {
    fn from(status: client::SyncStatus) -> Self {
        Self {
            unsent_records: status.unsent_records,
            oldest_unsent: status.oldest_unsent,
            last_exchange: status.last_exchange,
            next_exchange: status.next_exchange,
            problem: status.last_error.map(Into::into),
            upgrade_required: status.upgrade_required,
            standing: status.standing,
        }
    }
}
