//! The app's way in.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use client::sync_core::id::{ActorId, OfficeId, OrganisationId, PersonId, ProjectId, RecordId, TeamId};
use client::sync_core::time::UnixMillis;
use client::sync_core::wire::enrol::{Profile, Project, Role};
use client::sync_core::wire::exchange::Reminder;
use client::{Author, Damage, JournalReceipt, LostSave, Options, PageKey, RowFilter, Standing};

use crate::error::{DaybookError, OpenProblem, Result, SyncProblem};
use crate::list::{Page, Status};
use crate::listen::{self, RecordListener, StatusListener, Subscription, SyncListener};
use crate::platform::{Clock, Clocks, Secrets, SecureStore, Transport, network};
use crate::records::{Leads, Surveys, Visits};
use crate::shape::{for_screens, mirrors, shapes};
use crate::values::Day;
use crate::view::AnyRecord;

shapes! {
    /// Where the store is and to whom it syncs.
    Config {
        path: String => "The store's file, in the app's private folder. A few more that begin like it lie beside it.",
        server: String => "The server's address, for example `https://daybook.example.com`.",
        app: String => "Name and version of the app, as every record and every request carries it: `field/3.1`.",
    }
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
/// Make one when the app starts and keep it; only one may have a store open. Letting go of it (`close` in Kotlin) closes the
/// store as soon as no call is under way; what was got from it can't be used after that. All methods may be called from any
/// thread. Saving and reading never wait for the network, also while another thread syncs.
#[derive(Clone, uniffi::Object)]
pub struct Daybook(pub(crate) Arc<client::Daybook>);

#[uniffi::export]
impl Daybook {
    /// Opens the store, making it if there is none, and looks at every page of it. Blocks for the disk and the keystore, so
    /// not on the UI's thread. Without a transport and clock of the app's own the library's are used.
    #[uniffi::constructor(default(transport = None, clock = None))]
    pub fn open(
        config: Config,
        secure_store: Arc<dyn SecureStore>,
        transport: Option<Arc<dyn Transport>>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self> {
        let options = Options::http(config.app, &config.server)?.with_secrets(Secrets(secure_store));
        let options = options.with_transport(transport.map(network)).with_clock(clock.map(Clocks));
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

    /// What could be saved of a store that was found damaged when it was opened: look after every `open`, and tell the
    /// person and the office. The same until `forgetDamage`; nothing if nothing was damaged. Blocks for the disk.
    pub fn damage(&self) -> Result<Option<Damage>> {
        Ok(self.0.damage()?)
    }

    /// Somebody has seen what `damage` said. Blocks for the disk.
    pub fn forget_damage(&self) -> Result<()> {
        Ok(self.0.forget_damage()?)
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
    pub fn list(&self, filter: RowFilter, limit: u32, after: Option<PageKey>) -> Result<Page> {
        Ok(self.0.records().list(&filter, after, limit as usize)?.into())
    }

    /// How safe a record is. Blocks for the disk.
    pub fn status(&self, id: RecordId) -> Result<Status> {
        Ok(self.0.status(id)?.into())
    }

    /// What a promoter can show: that the server holds this device's changes to a record. Nothing as long as it does not.
    /// Blocks for the disk.
    pub fn receipt(&self, id: RecordId) -> Result<Option<Receipt>> {
        Ok(self.0.journal_receipt(id)?.map(Into::into))
    }

    /// Who stands behind an actor of a record; nothing if the server has not said. Blocks for the disk.
    pub fn author(&self, actor: ActorId) -> Result<Option<Author>> {
        Ok(self.0.author(actor)?)
    }

    /// Sends everything and takes in all news. If a run is under way, waits for it first and then makes its own, so that
    /// what was saved before this call has been sent when it returns. Blocks for the network.
    pub fn sync(&self) -> Result<SyncReport> {
        Ok(self.0.sync()?.into())
    }

    /// For when the network came back: syncs unless the server asked to be left alone. Nothing if it did, or a run is under
    /// way already. Blocks for the network.
    pub fn network_is_back(&self) -> Result<Option<SyncReport>> {
        Ok(self.0.network_is_back()?.map(Into::into))
    }

    /// Where the device stands. Blocks for the disk.
    pub fn sync_status(&self) -> Result<SyncStatus> {
        Ok(self.0.sync_status()?.into())
    }

    /// Encrypts the store with a new key and keeps that in the keystore. Whatever happens on the way, one of the two keys
    /// that are then there opens it. Blocks for the disk, some seconds for a large store.
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

for_screens! { Daybook {
    enrol_async(code: String, label: String) -> Profile = enrol;
    record_async(id: RecordId) -> AnyRecord = record;
    list_async(filter: RowFilter, limit: u32, after: Option<PageKey> [None]) -> Page = list;
    status_async(id: RecordId) -> Status = status;
    receipt_async(id: RecordId) -> Option<Receipt> = receipt;
    sync_async() -> SyncReport = sync;
    sync_status_async() -> SyncStatus = sync_status;
    rotate_key_async() -> () = rotate_key;
}}

mirrors! {
    /// To whom a device belongs and what it needs to know offline.
    record Profile {
        version: u32 => "Rises with every change of the profile.",
        organisation: OrganisationId => "The organisation.",
        person: PersonId => "The person.",
        name: String => "What the person is called.",
        role: Role => "What the person does.",
        office: OfficeId => "The person's office.",
        office_name: String => "What the office is called.",
        team: Option<TeamId> => "The person's team.",
        team_name: Option<String> => "What the team is called.",
        projects: Vec<Project> => "The developments that can be chosen.",
    }
    /// A development that promoters sell.
    record Project {
        id: ProjectId => "Which one.",
        name: String => "What it is called.",
    }
    /// What somebody does.
    choice Role {
        Promoter => "行销人员: records visits, surveys, leads.",
        Supervisor => "渠道主管: leads a team, sees and corrects its records.",
        Secretary => "渠道秘书: closes the office's day.",
        OfficeManager => "渠道经理.",
        Reviewer => "Head quarters: reviews.",
        HqAdmin => "Head quarters: administers.",
        Auditor => "Head quarters: reads only.",
    }
    /// Who wrote something.
    record Author {
        person: PersonId => "The person.",
        name: String => "What the person is called.",
    }
    /// What could be saved of a damaged store. The file itself lies beside the new one, with the ending `.damaged-1`.
    record Damage {
        unreadable_pages: u64 => "Parts of the file that can't be read, of 4,096 bytes each.",
        rescued: u64 => "Saves that the server had not acknowledged and that were rescued. They go up with the next run.",
        lost: Vec<LostSave> => "Saves that the server had not acknowledged and that can't be read any more.",
        enrolment_lost: bool => "The device has to be enrolled again; what was rescued goes up after that.",
    }
    /// A save that can't be read any more.
    record LostSave {
        record: Option<RecordId> => "Which record was saved, if that is known.",
        saved_at: Option<UnixMillis> => "When, by the device's wall clock, if that is known.",
    }
    /// The office waits for a day that this device has not handed in.
    record Reminder {
        at: UnixMillis => "When it was made, by the server's clock; tells one from the next.",
        day: Day => "Which business day.",
        by: String => "What whoever made it is called.",
    }
    /// What a device is to the server, as it last said.
    choice Standing {
        Good => "An enrolled device, or one that has not asked yet.",
        Revoked => "Cut off: it may hand in what it has and gets nothing.",
        Unknown => "Not known: the server was restored to a time before the enrolment, or is another one.",
    }
}

shapes! {
    /// Proof that the server holds this device's changes to a record, signed by the server.
    Receipt of held: JournalReceipt {
        changes: u64 = held.lines.len() as u64 => "How many changes of this device to the record it covers.",
        line: u64 = held.receipt.head.n => "Up to which line the server holds the device's journal.",
        server_time: UnixMillis = held.receipt.server_time => "When the server said so, by its clock.",
    }
    /// What a run with the server moved.
    SyncReport of report: client::SyncReport {
        pushed: u64 => "Changes that the server acknowledged.",
        pulled: u64 => "Records with news from the server.",
    }
    /// How far a run with the server has come.
    SyncProgress of progress: client::SyncProgress {
        unsent_changes: u64 => "Changes that the server has not acknowledged yet; falls to nothing.",
        finished: bool => "Whether the run is over.",
    }
    /// Where the device stands. Show it: people trust what they see.
    SyncStatus of status: client::SyncStatus {
        unsent_records: u32 => "Records with changes that the server has not acknowledged.",
        oldest_unsent: Option<UnixMillis> => "When the oldest of them was saved, by the device's wall clock.",
        last_exchange: Option<UnixMillis> => "When the last exchange succeeded, by the device's wall clock.",
        next_exchange: Option<UnixMillis> => "When the next one is wanted, by the device's wall clock; nothing for at once.",
        problem: Option<SyncProblem> = status.last_error.map(Into::into) => "Why the last run ended early; nothing if it did not.",
        upgrade_required: bool => "The app is too old for what the server has to say.",
        standing: Standing => "What the device is to the server. Unless it is good, `enrol` takes a new code.",
        reminder: Option<Reminder> => "What the office last asked for; the newest one, and it stays. Show it while something is unsent, or until it was seen.",
    }
}
