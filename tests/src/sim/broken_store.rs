//! The server's storage with one deliberate mistake in it: mutants that sit between the services and the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use server::store::*;
use sync_core::id::{ActorId, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId, TeamId};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;

use super::mutant::Mutant;

/// A store that makes one mistake.
pub struct BrokenStore {
    inner: Arc<dyn Store>,
    mutant: Mutant,
    calls: AtomicU64,
}

impl BrokenStore {
    /// Puts a mistake before a store.
    pub fn new(inner: Arc<dyn Store>, mutant: Mutant) -> Self {
        Self { inner, mutant, calls: AtomicU64::new(0) }
    }

    /// True at every so-manieth call.
    fn now_and_then(&self, every: u64) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) % every == every - 1
    }
}

impl Mutant {
    /// Whether it is injected by [`BrokenStore`].
    pub fn is_in_the_servers_storage(self) -> bool {
        matches!(
            self,
            Self::AckBeforeCommit
                | Self::LateCommitSkipped
                | Self::CursorWithoutSalt
                | Self::NewestChangeDropped
                | Self::ScopeIgnored
                | Self::JudgedTooEarly
        )
    }
}

/// The salt of a server that has none.
const NO_SALT: u64 = 1;

macro_rules! broken {
    (passed on { $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)+ } by hand { $($rest:tt)+ }) => {
        #[async_trait]
        impl Store for BrokenStore {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out, StoreError> { self.inner.$name($($arg),*).await })+
            $($rest)+
        }
    };
}

broken! {
    passed on {
    fn create_organisation(organisation: &Organisation) -> ();
    fn organisations() -> Vec<Organisation>;
    fn create_office(office: &Office) -> ();
    fn offices(organisation: OrganisationId) -> Vec<Office>;
    fn create_team(team: &Team) -> ();
    fn teams(organisation: OrganisationId) -> Vec<Team>;
    fn create_project(project: &Project) -> ();
    fn projects(organisation: OrganisationId) -> Vec<Project>;
    fn create_person(person: &Person, password_hash: Option<&str>) -> ();
    fn people(organisation: OrganisationId) -> Vec<Person>;
    fn person(id: PersonId) -> Person;
    fn person_by_login(login: &str) -> (Person, String);
    fn create_session(session: &Session) -> ();
    fn session_person(token_hash: &[u8; 32], now: UnixMillis) -> Person;
    fn end_session(token_hash: &[u8; 32]) -> ();
    fn create_enrolment_code(code: &EnrolmentCode) -> ();
    fn enrolment_codes(organisation: OrganisationId) -> Vec<EnrolmentCode>;
    fn redeem_code(code_hash: &[u8; 32], device: &NewDevice, now: UnixMillis) -> Device;
    fn device(id: DeviceId) -> Device;
    fn replace_device(old: DeviceId, device: &NewDevice, now: UnixMillis) -> Device;
    fn devices(organisation: OrganisationId) -> Vec<Device>;
    fn revoke_device(id: DeviceId, now: UnixMillis) -> ();
    fn server_key(fresh: [u8; 32]) -> [u8; 32];
    fn epoch() -> u32;
    fn note_exchange(device: DeviceId, report: &DeviceReport) -> ();
    fn journal(device: DeviceId, from: u64, limit: u32) -> Vec<JournalLine>;
    fn signed_head(device: DeviceId, n: u64) -> Head;
    fn claim_actors(
        organisation: OrganisationId, person: PersonId, device: Option<DeviceId>, actors: &[ActorId], now: UnixMillis
    ) -> Vec<ActorId>;
    fn pending(limit: u32) -> Vec<PendingRecord>;
    fn record(id: RecordId) -> PendingRecord;
    fn publish(publications: &[Publication], salt: u64, now: UnixMillis) -> Vec<Published>;
    fn authors(actors: &[ActorId]) -> Vec<Author>;
    fn list_records(query: &RecordQuery) -> Vec<RecordLine>;
    fn count_records(scope: &Scope, filter: &RecordFilter) -> u64;
    fn record_line(id: RecordId) -> RecordLine;
    fn origins(id: RecordId) -> Vec<ChangeOrigin>;
    fn set_aside(
        organisation: OrganisationId, state: ChangeState, before: Option<i64>, limit: u32
    ) -> Vec<SetAside>;
    fn record_ids(after: Option<RecordId>, limit: u32) -> Vec<RecordId>;
    fn replace_rows(rows: &[(RecordRow, u32)]) -> ();
    fn ping() -> ();
    fn note_backup(taken_at: UnixMillis, journals: &[(DeviceId, u64)], oldest: UnixMillis) -> ();
    fn backed_up_through(device: DeviceId, before: UnixMillis) -> u64;
    fn device_key(id: DeviceId) -> PublicKey;
    fn check_place(organisation: OrganisationId, office: Option<OfficeId>, team: Option<TeamId>) -> ();
    }
    by hand {

    async fn append(&self, pushes: &[Push]) -> Result<Vec<Appended>, StoreError> {
        if self.mutant == Mutant::AckBeforeCommit && self.now_and_then(3) {
            // The answer is out; the commit would follow, had the process not been killed.
            return Ok(pushes.iter().map(|_| Appended::Stored { seq: 0 }).collect());
        }
        self.inner.append(pushes).await
    }

    async fn feed_head(&self, organisation: OrganisationId) -> Result<FeedPosition, StoreError> {
        let head = self.inner.feed_head(organisation).await?;
        Ok(match self.mutant {
            Mutant::CursorWithoutSalt => FeedPosition { salt: NO_SALT, ..head },
            _ => head,
        })
    }

    async fn salt_at(&self, organisation: OrganisationId, seq: u64) -> Result<Option<u64>, StoreError> {
        match self.mutant {
            Mutant::CursorWithoutSalt => Ok(Some(NO_SALT)),
            _ => self.inner.salt_at(organisation, seq).await,
        }
    }

    async fn feed(&self, query: &FeedQuery) -> Result<FeedPage, StoreError> {
        let mut query = query.clone();
        if let (Mutant::ScopeIgnored, Scope::Person(id)) = (self.mutant, query.scope) {
            query.scope = Scope::Organisation(self.inner.person(id).await?.organisation);
        }
        let mut page = self.inner.feed(&query).await?;
        match self.mutant {
            Mutant::LateCommitSkipped if self.now_and_then(4) => {
                page.items.pop();
            }
            Mutant::NewestChangeDropped => {
                for item in page.items.iter_mut().filter(|item| item.changes.len() > 1) {
                    item.changes.pop();
                }
            }
            _ => {}
        }
        Ok(page)
    }

    async fn verdicts(&self, device: DeviceId, after_seq: u64) -> Result<DeviceVerdicts, StoreError> {
        let mut verdicts = self.inner.verdicts(device, after_seq).await?;
        if self.mutant == Mutant::JudgedTooEarly {
            verdicts.judged_through = self.inner.device(device).await?.head.n;
        }
        Ok(verdicts)
    }

    async fn close(&self) {
        self.inner.close().await;
    }
    }
}
