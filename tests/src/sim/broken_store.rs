//! The server's storage as the services see it: it can refuse, fill up, and take the process with it between any two
//! steps ([`ServerDisk`]), and for mutants it makes one deliberate mistake.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use server::store::*;
use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId, TeamId};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;

use super::mutant::Mutant;
use super::server_disk::ServerDisk;

/// A store on a disk that can fail; for a mutant it makes one mistake.
pub struct BrokenStore {
    inner: Arc<dyn Store>,
    disk: ServerDisk,
    mutant: Option<Mutant>,
    calls: AtomicU64,
    /// The record whose number is taken and whose transaction is still open.
    late: Mutex<Option<RecordId>>,
}

impl BrokenStore {
    /// Puts what goes wrong before a store.
    pub fn new(inner: Arc<dyn Store>, disk: ServerDisk, mutant: Option<Mutant>) -> Self {
        Self { inner, disk, mutant, calls: AtomicU64::new(0), late: Mutex::new(None) }
    }

    /// Whether this is the mutant.
    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// True at every so-manieth call.
    fn now_and_then(&self, every: u64) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % every == every - 1
    }
}

/// The salt of a server that has none.
const NO_SALT: u64 = 1;

macro_rules! broken {
    (
        reads { $(fn $read:ident($($read_arg:ident: $read_type:ty),*) -> $read_out:ty;)+ }
        writes { $(fn $write:ident($($write_arg:ident: $write_type:ty),*) -> $write_out:ty;)+ }
        by hand { $($rest:tt)+ }
    ) => {
        #[async_trait]
        impl Store for BrokenStore {
            $(async fn $read(&self, $($read_arg: $read_type),*) -> Result<$read_out, StoreError> {
                self.disk.read()?;
                self.inner.$read($($read_arg),*).await
            })+
            $(async fn $write(&self, $($write_arg: $write_type),*) -> Result<$write_out, StoreError> {
                let step = self.disk.write()?;
                let written = self.inner.$write($($write_arg),*).await;
                self.disk.written(step)?;
                written
            })+
            $($rest)+
        }
    };
}

broken! {
    reads {
    fn organisations() -> Vec<Organisation>;
    fn organisation(id: OrganisationId) -> Organisation;
    fn offices(organisation: OrganisationId) -> Vec<Office>;
    fn teams(organisation: OrganisationId) -> Vec<Team>;
    fn projects(organisation: OrganisationId) -> Vec<Project>;
    fn people(organisation: OrganisationId) -> Vec<Person>;
    fn memberships(id: PersonId) -> Vec<Membership>;
    fn person(id: PersonId) -> Person;
    fn person_by_login(login: &str) -> (Person, String);
    fn session(token_hash: &[u8; 32], now: UnixMillis) -> (Session, Person);
    fn enrolment_codes(organisation: OrganisationId) -> Vec<EnrolmentCode>;
    fn device(id: DeviceId) -> Device;
    fn actor_owners(actors: &[ActorId]) -> HashMap<ActorId, (PersonId, Option<DeviceId>)>;
    fn devices(organisation: OrganisationId) -> Vec<Device>;
    fn epoch() -> u32;
    fn journal(device: DeviceId, from: u64, limit: u32) -> Vec<JournalLine>;
    fn signed_head(device: DeviceId, n: u64) -> Head;
    fn record(id: RecordId) -> PendingRecord;
    fn known_records(ids: &[RecordId]) -> HashSet<RecordId>;
    fn places(organisation: OrganisationId, records: &[RecordId]) -> Vec<RecordPlace>;
    fn authors(actors: &[ActorId]) -> Vec<Author>;
    fn scope_heads(scope: &Scope, limit: u32) -> Vec<RecordHeads>;
    fn strays(organisation: OrganisationId, before: Option<i64>, limit: u32) -> Vec<Stray>;
    fn stray(organisation: OrganisationId, id: i64) -> Stray;
    fn strays_of_record(organisation: OrganisationId, record: RecordId) -> Vec<Stray>;
    fn digest_ordered(device: DeviceId) -> bool;
    fn list_records(query: &RecordQuery) -> Vec<RecordLine>;
    fn count_records(scope: &Scope, filter: &RecordFilter) -> u64;
    fn record_line(id: RecordId) -> RecordLine;
    fn record_lines(ids: &[RecordId]) -> Vec<RecordLine>;
    fn origins(id: RecordId) -> Vec<ChangeOrigin>;
    fn false_bytes(organisation: OrganisationId, since: UnixMillis) -> Vec<(DeviceId, UnixMillis, u64)>;
    fn set_aside(query: &AsideQuery) -> Vec<SetAside>;
    fn count_set_aside(query: &AsideQuery) -> u64;
    fn codes_set_aside(query: &AsideQuery) -> Vec<(String, u64)>;
    fn aside(id: i64) -> AsideChange;
    fn aside_of_record(record: RecordId) -> Vec<AsideChange>;
    fn held(query: &HeldQuery) -> Vec<HeldGroup>;
    fn states_of(changes: &[(RecordId, ChangeHash)]) -> Vec<(RecordId, ChangeHash, ChangeState)>;
    fn record_ids(after: Option<RecordId>, limit: u32) -> Vec<RecordId>;
    fn backed_up_through(device: DeviceId, before: UnixMillis) -> u64;
    fn ping() -> ();
    fn device_key(id: DeviceId) -> PublicKey;
    fn check_place(organisation: OrganisationId, office: Option<OfficeId>, team: Option<TeamId>) -> ();
    }
    writes {
    fn create_organisation(organisation: &Organisation) -> ();
    fn change_organisation(id: OrganisationId, edit: &server::store::OrganisationEdit) -> ();
    fn set_thresholds(id: OrganisationId, thresholds: &server::flag::thresholds::Thresholds) -> ();
    fn create_office(office: &Office) -> ();
    fn change_office(id: OfficeId, edit: &server::store::OfficeEdit) -> ();
    fn create_team(team: &Team) -> ();
    fn rename_team(team: &Team) -> ();
    fn create_project(project: &Project) -> ();
    fn rename_project(project: &Project) -> ();
    fn create_person(person: &Person, password_hash: Option<&str>) -> ();
    fn change_person(person: &Person, moved_on: Option<&str>) -> ();
    fn create_session(session: &Session) -> ();
    fn end_session(token_hash: &[u8; 32]) -> ();
    fn create_enrolment_code(code: &EnrolmentCode) -> ();
    fn redeem_code(code_hash: &[u8; 32], device: &NewDevice, now: UnixMillis) -> Device;
    fn replace_device(old: DeviceId, device: &NewDevice, now: UnixMillis) -> Device;
    fn revoke_device(id: DeviceId, now: UnixMillis) -> ();
    fn order_wipe(id: DeviceId, at_once: bool, now: UnixMillis) -> ();
    fn note_deposit(id: DeviceId, at: Option<UnixMillis>) -> ();
    fn note_wiped(id: DeviceId, now: UnixMillis) -> ();
    fn server_key(fresh: [u8; 32]) -> [u8; 32];
    fn note_exchanges(reports: &[(DeviceId, DeviceReport)]) -> ();
    fn claim_actors(
        organisation: OrganisationId, person: PersonId, device: Option<DeviceId>, actors: &[ActorId], now: UnixMillis
    ) -> Vec<ActorId>;
    fn fill_journal(device: DeviceId, lines: &[NewLine], now: UnixMillis) -> u64;
    fn keep_strays(
        organisation: OrganisationId, device: DeviceId, strays: &[NewStray], limits: StrayLimits, now: UnixMillis
    ) -> Vec<ChangeHash>;
    fn decide_strays(ids: &[i64], who: Option<PersonId>, decision: &StrayDecision, now: UnixMillis) -> u64;
    fn order_digest(device: DeviceId, now: UnixMillis) -> ();
    fn digest_obeyed(device: DeviceId) -> ();
    fn decide(decision: &NewDecision, salt: u64) -> ();
    fn replace_rows(rows: &[&rebuild::Remade]) -> ();
    fn recount() -> ();
    fn note_backup(taken_at: UnixMillis, journals: &[(DeviceId, u64)], oldest: UnixMillis) -> ();
    }
    by hand {

    fn presets(&self) -> &dyn server::store::presets::PresetStore {
        self.inner.presets()
    }

    fn access(&self) -> &dyn server::store::access::AccessStore {
        self.inner.access()
    }

    fn rebuild(&self) -> &dyn server::store::rebuild::RebuildStore {
        self.inner.rebuild()
    }

    fn flags(&self) -> &dyn server::store::flags::FlagStore {
        self.inner.flags()
    }

    fn days(&self) -> &dyn server::store::days::DayStore {
        self.inner.days()
    }

    fn leads(&self) -> &dyn server::store::leads::LeadStore {
        self.inner.leads()
    }
    fn system(&self) -> &dyn server::store::system::SystemStore {
        self.inner.system()
    }

    fn trail(&self) -> &dyn server::store::trail::TrailStore {
        self.inner.trail()
    }

    fn photos(&self) -> &dyn server::store::photos::PhotoStore {
        self.inner.photos()
    }

    async fn append(&self, pushes: &[Push], salt: u64) -> Result<Vec<Appended>, StoreError> {
        let step = self.disk.write()?;
        if self.is(Mutant::AckBeforeCommit) && self.now_and_then(3) {
            // The answer is out; the commit would follow, had the process not been killed.
            return Ok(pushes.iter().map(|_| Appended::Stored { seq: 0, published: 0, received: true }).collect());
        }
        let appended = self.inner.append(pushes, salt).await;
        self.disk.written(step)?;
        appended
    }

    async fn is_received(&self) -> Result<bool, StoreError> {
        self.disk.read()?;
        self.inner.is_received().await
    }

    async fn records(&self, ids: &[RecordId]) -> Result<Vec<PendingRecord>, StoreError> {
        self.disk.read()?;
        let mut records = self.inner.records(ids).await?;
        if self.is(Mutant::AuthorityAtReceiptOnly) {
            for change in records.iter_mut().flat_map(|record| &mut record.incoming) {
                change.approved = true;
            }
        }
        Ok(records)
    }

    async fn pending(&self, limit: u32, senders: Senders<'_>) -> Result<Vec<RecordId>, StoreError> {
        self.disk.read()?;
        self.inner.pending(limit, senders).await
    }

    async fn publish(
        &self,
        publications: &[Publication],
        salt: u64,
        now: UnixMillis,
    ) -> Result<Vec<Published>, StoreError> {
        let step = self.disk.write()?;
        let published = self.inner.publish(publications, salt, now).await;
        if self.is(Mutant::FeedNumberOutsideTransaction) {
            let late = publications.first().map(|publication| publication.id).filter(|_| self.now_and_then(3));
            *self.late.lock().unwrap_or_else(PoisonError::into_inner) = late;
        }
        self.disk.written(step)?;
        published
    }

    async fn feed_head(&self, organisation: OrganisationId) -> Result<FeedPosition, StoreError> {
        self.disk.read()?;
        let head = self.inner.feed_head(organisation).await?;
        Ok(match self.mutant {
            Some(Mutant::CursorWithoutSalt) => FeedPosition { salt: NO_SALT, ..head },
            _ => head,
        })
    }

    async fn salt_at(&self, organisation: OrganisationId, seq: u64) -> Result<Option<u64>, StoreError> {
        self.disk.read()?;
        match self.mutant {
            Some(Mutant::CursorWithoutSalt) => Ok(Some(NO_SALT)),
            _ => self.inner.salt_at(organisation, seq).await,
        }
    }

    async fn feed(&self, query: &FeedQuery) -> Result<FeedPage, StoreError> {
        self.disk.read()?;
        let mut query = query.clone();
        if let (Some(Mutant::ScopeIgnored), Scope::Person(id)) = (self.mutant, query.scope) {
            query.scope = Scope::Organisation(self.inner.person(id).await?.organisation);
        }
        let mut page = self.inner.feed(&query).await?;
        if !page.items.is_empty() && self.disk.skips_this() {
            page.items.remove(0);
        }
        match self.mutant {
            Some(Mutant::FeedNumberOutsideTransaction) => {
                let late = *self.late.lock().unwrap_or_else(PoisonError::into_inner);
                page.items.retain(|item| Some(item.record) != late);
            }
            Some(Mutant::LateCommitSkipped) if self.now_and_then(4) => {
                page.items.pop();
            }
            Some(Mutant::CompactionDropsNewestChange) => {
                for item in page.items.iter_mut().filter(|item| item.changes.len() > 1) {
                    item.changes.pop();
                }
            }
            _ => {}
        }
        Ok(page)
    }

    async fn verdicts(&self, device: DeviceId, after_seq: u64) -> Result<DeviceVerdicts, StoreError> {
        self.disk.read()?;
        let mut verdicts = self.inner.verdicts(device, after_seq).await?;
        if self.is(Mutant::JudgedTooEarly) {
            verdicts.judged_through = self.inner.device(device).await?.head.n;
        }
        Ok(verdicts)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
    }
}
