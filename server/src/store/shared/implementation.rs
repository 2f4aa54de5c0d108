//! The trait, method by method: which function runs, and whether in a transaction that writes.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId, TeamId};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;

use super::{Backend, actors, aside, decide, drift, enrolment, feed, judge, keep, organisation, origins, publish, read, receive, totals};
use crate::flag::thresholds::Thresholds;
use crate::store::*;

/// Runs a function in a transaction that writes.
macro_rules! write {
    ($store:ident, $room:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut tx = $store.begin_write().await?;
        let done = $room::$function(&mut tx, $($argument),*).await?;
        tx.commit().await?;
        Ok(done)
    }};
}

/// Runs a function that only reads.
macro_rules! read {
    ($store:ident, $room:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut conn = $store.reader().await?;
        $room::$function(&mut conn, $($argument),*).await
    }};
}

macro_rules! read_by_name {
    ($store:ident, $room:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut conn = $store.reader_by_name().await?;
        $room::$function(&mut conn, $($argument),*).await
    }};
}

#[async_trait]
impl Store for Backend {
    async fn create_organisation(&self, organisation: &Organisation) -> Result<(), StoreError> {
        write!(self, organisation::create_organisation(organisation))
    }
    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        read!(self, organisation::organisations())
    }
    async fn organisation(&self, id: OrganisationId) -> Result<Organisation, StoreError> {
        read!(self, organisation::organisation(id))
    }
    async fn change_organisation(&self, id: OrganisationId, edit: &OrganisationEdit) -> Result<(), StoreError> {
        write!(self, organisation::change_organisation(id, edit))
    }
    async fn set_thresholds(&self, id: OrganisationId, thresholds: &Thresholds) -> Result<(), StoreError> {
        write!(self, organisation::set_thresholds(id, thresholds))
    }
    async fn create_office(&self, office: &Office) -> Result<(), StoreError> {
        write!(self, organisation::create_office(office))
    }
    async fn offices(&self, organisation: OrganisationId) -> Result<Vec<Office>, StoreError> {
        read!(self, organisation::offices(organisation))
    }
    async fn change_office(&self, id: OfficeId, edit: &OfficeEdit) -> Result<(), StoreError> {
        write!(self, organisation::change_office(id, edit))
    }
    async fn create_team(&self, team: &Team) -> Result<(), StoreError> {
        write!(self, organisation::create_team(team))
    }
    async fn rename_team(&self, team: &Team) -> Result<(), StoreError> {
        write!(self, organisation::rename_team(team))
    }
    async fn teams(&self, organisation: OrganisationId) -> Result<Vec<Team>, StoreError> {
        read!(self, organisation::teams(organisation))
    }
    async fn create_project(&self, project: &Project) -> Result<(), StoreError> {
        write!(self, organisation::create_project(project))
    }
    async fn rename_project(&self, project: &Project) -> Result<(), StoreError> {
        write!(self, organisation::rename_project(project))
    }
    async fn projects(&self, organisation: OrganisationId) -> Result<Vec<Project>, StoreError> {
        read!(self, organisation::projects(organisation))
    }
    async fn create_person(&self, person: &Person, password_hash: Option<&str>) -> Result<(), StoreError> {
        write!(self, organisation::create_person(person, password_hash))
    }
    async fn people(&self, organisation: OrganisationId) -> Result<Vec<Person>, StoreError> {
        read!(self, organisation::people(organisation))
    }
    async fn change_person(&self, person: &Person, moved_on: Option<&str>) -> Result<(), StoreError> {
        write!(self, organisation::change_person(person, moved_on))
    }
    async fn memberships(&self, id: PersonId) -> Result<Vec<Membership>, StoreError> {
        read!(self, organisation::memberships(id))
    }
    async fn person(&self, id: PersonId) -> Result<Person, StoreError> {
        read!(self, organisation::person(id))
    }
    async fn person_by_login(&self, login: &str) -> Result<(Person, String), StoreError> {
        read!(self, enrolment::person_by_login(login))
    }
    async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        write!(self, enrolment::create_session(session))
    }
    async fn session(&self, token_hash: &[u8; 32], now: UnixMillis) -> Result<(Session, Person), StoreError> {
        read_by_name!(self, enrolment::session(token_hash, now))
    }
    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        write!(self, enrolment::end_session(token_hash))
    }
    async fn create_enrolment_code(&self, code: &EnrolmentCode) -> Result<(), StoreError> {
        write!(self, enrolment::create_enrolment_code(code))
    }
    async fn enrolment_codes(&self, organisation: OrganisationId) -> Result<Vec<EnrolmentCode>, StoreError> {
        read!(self, enrolment::enrolment_codes(organisation))
    }
    async fn redeem_code(
        &self,
        code_hash: &[u8; 32],
        device: &NewDevice,
        now: UnixMillis,
    ) -> Result<Device, StoreError> {
        write!(self, enrolment::redeem_code(code_hash, device, now))
    }
    async fn replace_device(&self, old: DeviceId, device: &NewDevice, now: UnixMillis) -> Result<Device, StoreError> {
        write!(self, enrolment::replace_device(old, device, now))
    }
    async fn device(&self, id: DeviceId) -> Result<Device, StoreError> {
        read!(self, enrolment::device(id))
    }
    async fn devices(&self, organisation: OrganisationId) -> Result<Vec<Device>, StoreError> {
        read!(self, enrolment::devices(organisation))
    }
    async fn revoke_device(&self, id: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
        write!(self, enrolment::revoke_device(id, now))
    }
    async fn order_wipe(&self, id: DeviceId, at_once: bool, now: UnixMillis) -> Result<(), StoreError> {
        write!(self, enrolment::order_wipe(id, at_once, now))
    }
    async fn note_deposit(&self, id: DeviceId, at: Option<UnixMillis>) -> Result<(), StoreError> {
        write!(self, enrolment::note_deposit(id, at))
    }
    async fn note_wiped(&self, id: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
        write!(self, enrolment::note_wiped(id, now))
    }
    async fn server_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
        write!(self, enrolment::server_key(fresh))
    }
    async fn epoch(&self) -> Result<u32, StoreError> {
        read!(self, enrolment::epoch())
    }
    async fn append(&self, pushes: &[Push], salt: u64) -> Result<Vec<Appended>, StoreError> {
        write!(self, receive::append(pushes, salt))
    }
    async fn note_exchanges(&self, reports: &[(DeviceId, DeviceReport)]) -> Result<(), StoreError> {
        write!(self, receive::note_exchanges(reports))
    }
    async fn journal(&self, device: DeviceId, from: u64, limit: u32) -> Result<Vec<JournalLine>, StoreError> {
        read!(self, receive::journal(device, from, limit))
    }
    async fn signed_head(&self, device: DeviceId, n: u64) -> Result<Head, StoreError> {
        read!(self, receive::signed_head(device, n))
    }
    async fn actor_owners(
        &self,
        actors: &[ActorId],
    ) -> Result<HashMap<ActorId, (PersonId, Option<DeviceId>)>, StoreError> {
        read_by_name!(self, actors::actor_owners(actors))
    }
    async fn claim_actors(
        &self,
        organisation: OrganisationId,
        person: PersonId,
        device: Option<DeviceId>,
        actors: &[ActorId],
        now: UnixMillis,
    ) -> Result<Vec<ActorId>, StoreError> {
        write!(self, actors::claim_actors(organisation, person, device, actors, now))
    }
    async fn pending(&self, limit: u32, senders: Senders<'_>) -> Result<Vec<RecordId>, StoreError> {
        read!(self, judge::pending(limit, senders))
    }
    async fn is_received(&self) -> Result<bool, StoreError> {
        read!(self, judge::is_received())
    }
    async fn record(&self, id: RecordId) -> Result<PendingRecord, StoreError> {
        read_by_name!(self, judge::record(id))
    }
    async fn known_records(&self, ids: &[RecordId]) -> Result<HashSet<RecordId>, StoreError> {
        read_by_name!(self, judge::known(ids))
    }
    async fn records(&self, ids: &[RecordId]) -> Result<Vec<PendingRecord>, StoreError> {
        read_by_name!(self, judge::records(ids))
    }
    async fn publish(
        &self,
        publications: &[Publication],
        salt: u64,
        now: UnixMillis,
    ) -> Result<Vec<Published>, StoreError> {
        write!(self, publish::publish(publications, salt, now))
    }
    async fn feed_head(&self, organisation: OrganisationId) -> Result<FeedPosition, StoreError> {
        read!(self, feed::feed_head(organisation))
    }
    async fn salt_at(&self, organisation: OrganisationId, seq: u64) -> Result<Option<u64>, StoreError> {
        read!(self, feed::salt_at(organisation, seq))
    }
    async fn feed(&self, query: &FeedQuery) -> Result<FeedPage, StoreError> {
        read!(self, feed::feed(query))
    }
    async fn places(
        &self,
        organisation: OrganisationId,
        records: &[RecordId],
    ) -> Result<Vec<RecordPlace>, StoreError> {
        read!(self, feed::places(organisation, records))
    }
    async fn verdicts(&self, device: DeviceId, after_seq: u64) -> Result<DeviceVerdicts, StoreError> {
        read_by_name!(self, aside::verdicts(device, after_seq))
    }
    async fn authors(&self, actors: &[ActorId]) -> Result<Vec<Author>, StoreError> {
        read!(self, actors::authors(actors))
    }
    async fn scope_heads(&self, scope: &Scope, limit: u32) -> Result<Vec<RecordHeads>, StoreError> {
        read!(self, drift::scope_heads(scope, limit))
    }
    async fn fill_journal(&self, device: DeviceId, lines: &[NewLine], now: UnixMillis) -> Result<u64, StoreError> {
        write!(self, drift::fill_journal(device, lines, now))
    }
    async fn keep_strays(
        &self,
        organisation: OrganisationId,
        device: DeviceId,
        strays: &[NewStray],
        limits: StrayLimits,
        now: UnixMillis,
    ) -> Result<Vec<ChangeHash>, StoreError> {
        write!(self, drift::keep_strays(organisation, device, strays, limits, now))
    }
    async fn strays(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Stray>, StoreError> {
        read!(self, drift::strays(organisation, before, limit))
    }
    async fn stray(&self, organisation: OrganisationId, id: i64) -> Result<Stray, StoreError> {
        read!(self, drift::stray(organisation, id))
    }
    async fn strays_of_record(
        &self,
        organisation: OrganisationId,
        record: RecordId,
    ) -> Result<Vec<Stray>, StoreError> {
        read!(self, drift::strays_of_record(organisation, record))
    }
    async fn decide_strays(
        &self,
        ids: &[i64],
        who: Option<PersonId>,
        decision: &StrayDecision,
        now: UnixMillis,
    ) -> Result<u64, StoreError> {
        write!(self, drift::decide_strays(ids, who, decision, now))
    }
    async fn order_digest(&self, device: DeviceId, now: UnixMillis) -> Result<(), StoreError> {
        write!(self, drift::order_digest(device, now))
    }
    async fn digest_ordered(&self, device: DeviceId) -> Result<bool, StoreError> {
        read!(self, drift::digest_ordered(device))
    }
    async fn digest_obeyed(&self, device: DeviceId) -> Result<(), StoreError> {
        write!(self, drift::digest_obeyed(device))
    }
    async fn list_records(&self, query: &RecordQuery) -> Result<Vec<RecordLine>, StoreError> {
        read!(self, read::list_records(query))
    }
    async fn count_records(&self, scope: &Scope, filter: &RecordFilter) -> Result<u64, StoreError> {
        read!(self, read::count_records(scope, filter))
    }
    async fn record_line(&self, id: RecordId) -> Result<RecordLine, StoreError> {
        read!(self, read::record_line(id))
    }
    async fn record_lines(&self, ids: &[RecordId]) -> Result<Vec<RecordLine>, StoreError> {
        read!(self, read::record_lines(ids))
    }
    async fn origins(&self, id: RecordId) -> Result<Vec<ChangeOrigin>, StoreError> {
        read!(self, origins::origins(id))
    }
    async fn false_bytes(
        &self,
        organisation: OrganisationId,
        since: UnixMillis,
    ) -> Result<Vec<(DeviceId, UnixMillis, u64)>, StoreError> {
        read!(self, aside::false_bytes(organisation, since))
    }
    async fn set_aside(&self, query: &AsideQuery) -> Result<Vec<SetAside>, StoreError> {
        read!(self, aside::set_aside(query))
    }
    async fn count_set_aside(&self, query: &AsideQuery) -> Result<u64, StoreError> {
        read!(self, aside::count_set_aside(query))
    }
    async fn codes_set_aside(&self, query: &AsideQuery) -> Result<Vec<(String, u64)>, StoreError> {
        read!(self, aside::codes_set_aside(query))
    }
    async fn aside(&self, id: i64) -> Result<AsideChange, StoreError> {
        read!(self, aside::aside(id))
    }
    async fn aside_of_record(&self, record: RecordId) -> Result<Vec<AsideChange>, StoreError> {
        read!(self, aside::aside_of_record(record))
    }
    async fn held(&self, query: &HeldQuery) -> Result<Vec<HeldGroup>, StoreError> {
        read!(self, aside::held(query))
    }
    async fn states_of(
        &self,
        changes: &[(RecordId, ChangeHash)],
    ) -> Result<Vec<(RecordId, ChangeHash, ChangeState)>, StoreError> {
        read_by_name!(self, aside::states_of(changes))
    }
    async fn decide(&self, decision: &NewDecision, salt: u64) -> Result<(), StoreError> {
        write!(self, decide::decide(decision, salt))
    }
    async fn record_ids(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<RecordId>, StoreError> {
        read!(self, keep::record_ids(after, limit))
    }
    async fn replace_rows(&self, rows: &[&rebuild::Remade]) -> Result<(), StoreError> {
        write!(self, keep::replace_rows(rows))
    }
    async fn recount(&self) -> Result<(), StoreError> {
        write!(self, totals::recount())
    }
    async fn note_backup(
        &self,
        taken_at: UnixMillis,
        journals: &[(DeviceId, u64)],
        oldest: UnixMillis,
    ) -> Result<(), StoreError> {
        write!(self, keep::note_backup(taken_at, journals, oldest))
    }
    async fn backed_up_through(&self, device: DeviceId, before: UnixMillis) -> Result<u64, StoreError> {
        read!(self, keep::backed_up_through(device, before))
    }
    async fn ping(&self) -> Result<(), StoreError> {
        read!(self, keep::ping())
    }
    async fn close(&self) {
        self.close_connections().await;
    }
    fn neighbours(&self) -> Option<&dyn crate::store::neighbours::Neighbours> {
        self.as_neighbours()
    }
    fn access(&self) -> &dyn crate::store::access::AccessStore {
        self
    }
    fn presets(&self) -> &dyn crate::store::presets::PresetStore {
        self
    }
    fn flags(&self) -> &dyn crate::store::flags::FlagStore {
        self
    }
    fn days(&self) -> &dyn crate::store::days::DayStore {
        self
    }
    fn rebuild(&self) -> &dyn rebuild::RebuildStore {
        self
    }
    fn leads(&self) -> &dyn crate::store::leads::LeadStore {
        self
    }
    fn system(&self) -> &dyn crate::store::system::SystemStore {
        self
    }
    fn trail(&self) -> &dyn crate::store::trail::TrailStore {
        self
    }
    fn photos(&self) -> &dyn crate::store::photos::PhotoStore {
        self
    }
    async fn device_key(&self, id: DeviceId) -> Result<PublicKey, StoreError> {
        read!(self, enrolment::device_key(id))
    }
    async fn check_place(
        &self,
        organisation: OrganisationId,
        office: Option<OfficeId>,
        team: Option<TeamId>,
    ) -> Result<(), StoreError> {
        read!(self, organisation::check_place(organisation, office, team))
    }
}
