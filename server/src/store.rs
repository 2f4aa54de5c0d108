//! What the server remembers.
//!
//! [`Store`] is object-safe and async; each method is one use case in one transaction, so no `begin` or `commit`
//! escapes. SQL is written once in `shared` and expanded for each database.

pub mod access;
pub mod aside;
pub mod backup;
#[cfg(test)]
mod conformance;
pub mod days;
pub mod drift;
pub mod flags;
mod folder;
pub mod leads;
pub mod listing;
mod migrations;
pub mod model;
pub mod neighbours;
mod packing;
pub mod photos;
pub mod postgres;
pub mod presets;
pub mod rebuild;
mod shared;
pub mod sqlite;
pub mod system;
pub mod trail;
mod varint;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId, TeamId};
use sync_core::journal::Head;
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;

use crate::flag::thresholds::Thresholds;

pub use access::*;
pub use aside::*;
pub use drift::*;
pub use listing::*;
pub use model::*;

/// Why the storage failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What was asked for is not there.
    #[error("not found")]
    NotFound,
    /// Something with this name or key exists already, or changed meanwhile.
    #[error("conflicts with what is stored: {0}")]
    Conflict(&'static str),
    /// The database can't be reached or is full; the same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database refused a statement or returned something unexpected: a fault of ours.
    #[error("the database refused")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the server remembers. Every method that writes is durable when it returns.
#[async_trait]
pub trait Store: Send + Sync {
    // ---- the organisation ----

    /// Founds an organisation. [`StoreError::Conflict`] if the name is taken.
    async fn create_organisation(&self, organisation: &Organisation) -> Result<(), StoreError>;
    /// All organisations by name.
    async fn organisations(&self) -> Result<Vec<Organisation>, StoreError>;
    /// An organisation.
    async fn organisation(&self, id: OrganisationId) -> Result<Organisation, StoreError>;
    /// Changes what an organisation decides for itself. [`StoreError::Conflict`] if the name is taken.
    async fn change_organisation(&self, id: OrganisationId, edit: &OrganisationEdit) -> Result<(), StoreError>;
    /// Decides from when on flags are raised.
    async fn set_thresholds(&self, id: OrganisationId, thresholds: &Thresholds) -> Result<(), StoreError>;
    /// Opens an office. [`StoreError::Conflict`] if the name is taken.
    async fn create_office(&self, office: &Office) -> Result<(), StoreError>;
    /// All offices of an organisation by name.
    async fn offices(&self, organisation: OrganisationId) -> Result<Vec<Office>, StoreError>;
    /// Changes an office; if its name, has the phones of its people learn it. [`StoreError::Conflict`] if the name is taken,
    /// [`StoreError::NotFound`] if there is no such office.
    async fn change_office(&self, id: OfficeId, edit: &OfficeEdit) -> Result<(), StoreError>;
    /// Forms a team. [`StoreError::Conflict`] if the office has one of that name.
    async fn create_team(&self, team: &Team) -> Result<(), StoreError>;
    /// Gives a team another name, and has the phones of its people learn it. [`StoreError::Conflict`] if the office has one
    /// of that name, [`StoreError::NotFound`] if the organisation has no such team.
    async fn rename_team(&self, team: &Team) -> Result<(), StoreError>;
    /// All teams of an organisation by office and name.
    async fn teams(&self, organisation: OrganisationId) -> Result<Vec<Team>, StoreError>;
    /// Adds a development. Raises the profile version of everybody, because phones offer it for choice.
    async fn create_project(&self, project: &Project) -> Result<(), StoreError>;
    /// Gives a development another name, and has phones learn it. [`StoreError::Conflict`] if the name is taken,
    /// [`StoreError::NotFound`] if the organisation has no such development.
    async fn rename_project(&self, project: &Project) -> Result<(), StoreError>;
    /// All developments by name.
    async fn projects(&self, organisation: OrganisationId) -> Result<Vec<Project>, StoreError>;
    /// Adds a person and the first line of their membership. [`StoreError::Conflict`] if the login is taken.
    async fn create_person(&self, person: &Person, password_hash: Option<&str>) -> Result<(), StoreError>;
    /// All people of an organisation by name.
    async fn people(&self, organisation: OrganisationId) -> Result<Vec<Person>, StoreError>;
    /// Writes what has changed about a person: role, office, team, whether active, and the versions. With a day, the
    /// place that they had until then ends on it and the new one begins, unless they are no longer active; a day
    /// before the last move counts as that one's. [`StoreError::Conflict`] unless the stored profile is the one
    /// version before.
    async fn change_person(&self, person: &Person, moved_on: Option<&str>) -> Result<(), StoreError>;
    /// Where a person was, the oldest place first.
    async fn memberships(&self, id: PersonId) -> Result<Vec<Membership>, StoreError>;
    /// One person.
    async fn person(&self, id: PersonId) -> Result<Person, StoreError>;

    // ---- signing in and enrolling ----

    /// The active person with this login, and the password's hash.
    async fn person_by_login(&self, login: &str) -> Result<(Person, String), StoreError>;
    /// Begins a session of a staff member; those of theirs that have run out are forgotten.
    async fn create_session(&self, session: &Session) -> Result<(), StoreError>;
    /// An unexpired session and the active person behind it.
    async fn session(&self, token_hash: &[u8; 32], now: UnixMillis) -> Result<(Session, Person), StoreError>;
    /// Ends a session; no error if there is none.
    async fn end_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError>;
    /// Issues an enrolment code.
    async fn create_enrolment_code(&self, code: &EnrolmentCode) -> Result<(), StoreError>;
    /// Enrolment codes, newest first.
    async fn enrolment_codes(&self, organisation: OrganisationId) -> Result<Vec<EnrolmentCode>, StoreError>;
    /// Redeems a code: makes `device`, or returns the one that the same key has made with this code before.
    /// [`StoreError::NotFound`] if the code is unknown, expired, or was used with another key.
    async fn redeem_code(
        &self,
        code_hash: &[u8; 32],
        device: &NewDevice,
        now: UnixMillis,
    ) -> Result<Device, StoreError>;
    /// Gives the holder of a forked identity a new one: makes `device` for the same person, or returns the one that
    /// the same key has got for `old` before. Marks `old` as forked. A new identity of a device that was cut off is cut
    /// off as well, and to be wiped if that one is. [`StoreError::NotFound`] if there is no `old`.
    async fn replace_device(&self, old: DeviceId, device: &NewDevice, now: UnixMillis) -> Result<Device, StoreError>;
    /// One device with the person to whom it belongs.
    async fn device(&self, id: DeviceId) -> Result<Device, StoreError>;
    /// Devices of an organisation, by person.
    async fn devices(&self, organisation: OrganisationId) -> Result<Vec<Device>, StoreError>;
    /// Cuts a device off. [`StoreError::NotFound`] if there is none.
    async fn revoke_device(&self, id: DeviceId, now: UnixMillis) -> Result<(), StoreError>;
    /// Cuts a device off and orders that it forget everything; said before, only `at_once` is added to it.
    /// [`StoreError::NotFound`] if there is none.
    async fn order_wipe(&self, id: DeviceId, at_once: bool, now: UnixMillis) -> Result<(), StoreError>;
    /// Notes when a cut-off device last said that nothing is left on it; `None` if something is.
    async fn note_deposit(&self, id: DeviceId, at: Option<UnixMillis>) -> Result<(), StoreError>;
    /// Notes that a device has forgotten everything, its identity included: it counts as cut off from now on.
    async fn note_wiped(&self, id: DeviceId, now: UnixMillis) -> Result<(), StoreError>;
    /// The server's signing key; `fresh` is stored if there is none yet.
    async fn server_key(&self, fresh: [u8; 32]) -> Result<[u8; 32], StoreError>;
    /// Which life of the database this is: 1 at first, raised by each restore.
    async fn epoch(&self) -> Result<u32, StoreError>;

    // ---- receiving ----

    /// Takes in several pushes in one transaction, each all or nothing, and notes what the devices reported.
    /// The answers stand in the order of the pushes. A push whose `base` is not the device's stored head is
    /// answered with [`Appended::HeadMoved`] and changes nothing. What was judged beforehand is published with the lines
    /// as [`Self::publish`] would.
    async fn append(&self, pushes: &[Push], salt: u64) -> Result<Vec<Appended>, StoreError>;
    /// Notes what devices reported in exchanges without a push, unless something newer was noted. Devices that are
    /// not there are passed over.
    async fn note_exchanges(&self, reports: &[(DeviceId, DeviceReport)]) -> Result<(), StoreError>;
    /// The lines of a device's journal from `from` on, up to `limit`, to compare with what a device sends again.
    async fn journal(&self, device: DeviceId, from: u64, limit: u32) -> Result<Vec<JournalLine>, StoreError>;
    /// The last signed head of a device at or before line `n`; the empty head if there is none.
    async fn signed_head(&self, device: DeviceId, n: u64) -> Result<Head, StoreError>;
    /// To which person, and which of their devices, each of these actors belongs; those that belong to nobody are left
    /// out.
    async fn actor_owners(
        &self,
        actors: &[ActorId],
    ) -> Result<HashMap<ActorId, (PersonId, Option<DeviceId>)>, StoreError>;
    /// Binds actors to a device; returns those that belong to somebody else.
    async fn claim_actors(
        &self,
        organisation: OrganisationId,
        person: PersonId,
        device: Option<DeviceId>,
        actors: &[ActorId],
        now: UnixMillis,
    ) -> Result<Vec<ActorId>, StoreError>;

    // ---- publishing ----

    /// Records for which these have sent something that is not judged, the longest waiting first.
    async fn pending(&self, limit: u32, senders: Senders<'_>) -> Result<Vec<RecordId>, StoreError>;
    /// Whether any change is received and not judged.
    async fn is_received(&self) -> Result<bool, StoreError>;
    /// One record with everything that is needed to judge it: its published changes and, if there are any, its received
    /// ones. [`StoreError::NotFound`] if there is neither.
    async fn record(&self, id: RecordId) -> Result<PendingRecord, StoreError>;
    /// All of the records that [`Self::record`] would find, and perhaps some of which nothing but what was set aside lies
    /// here.
    async fn known_records(&self, ids: &[RecordId]) -> Result<HashSet<RecordId>, StoreError>;
    /// Those of the records that [`Self::record`] would find, all at once.
    async fn records(&self, ids: &[RecordId]) -> Result<Vec<PendingRecord>, StoreError>;
    /// Publishes in one transaction. A record whose `base_seq` is no longer the stored one is answered with
    /// [`Published::Stale`] and left alone. `salt` is this process's: the first publication after a start opens
    /// a new block of feed positions.
    async fn publish(
        &self,
        publications: &[Publication],
        salt: u64,
        now: UnixMillis,
    ) -> Result<Vec<Published>, StoreError>;

    // ---- the feed ----

    /// The organisation's newest feed position and the salt of its block.
    async fn feed_head(&self, organisation: OrganisationId) -> Result<FeedPosition, StoreError>;
    /// The salt of the block in which a position lies; `None` if the feed has not come so far.
    async fn salt_at(&self, organisation: OrganisationId, seq: u64) -> Result<Option<u64>, StoreError>;
    /// The records of a scope that changed after a position, in feed order, with the published changes that a
    /// device lacks: all of them if the record entered the scope after that position, otherwise the later ones.
    /// Changes of `except` are left away, but for those of a record that was elsewhere meanwhile. Stops after `limit_records` records or `limit_bytes` bytes, whichever
    /// comes first, but gives at least one record.
    async fn feed(&self, query: &FeedQuery) -> Result<FeedPage, StoreError>;
    /// Where those of the records are that have published changes and belong to the organisation.
    async fn places(&self, organisation: OrganisationId, records: &[RecordId]) -> Result<Vec<RecordPlace>, StoreError>;
    /// What became of a device's changes since a position, where it is not plainly "published", and up to which
    /// line of its journal everything has been judged.
    async fn verdicts(&self, device: DeviceId, after_seq: u64) -> Result<DeviceVerdicts, StoreError>;
    /// Who the actors are.
    async fn authors(&self, actors: &[ActorId]) -> Result<Vec<Author>, StoreError>;

    // ---- comparing with phones ----

    /// The records of a scope with their heads, in any order, up to `limit`. No change is read.
    async fn scope_heads(&self, scope: &Scope, limit: u32) -> Result<Vec<RecordHeads>, StoreError>;
    /// Puts lines back that a device's stored journal lacks below its head; lines that are there stay as they are. A
    /// change that was adopted without its line gets it. Answers how many gaps were filled.
    async fn fill_journal(&self, device: DeviceId, lines: &[NewLine], now: UnixMillis) -> Result<u64, StoreError>;
    /// Keeps changes that a device offers without proof, up to its limits; those that are stored already are nothing.
    /// Answers which of them are safe now.
    async fn keep_strays(
        &self,
        organisation: OrganisationId,
        device: DeviceId,
        strays: &[NewStray],
        limits: StrayLimits,
        now: UnixMillis,
    ) -> Result<Vec<ChangeHash>, StoreError>;
    /// Strays that wait for a person, newest first. One whose change came the regular way waits no more.
    async fn strays(
        &self,
        organisation: OrganisationId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Stray>, StoreError>;
    /// One stray that waits for a person.
    async fn stray(&self, organisation: OrganisationId, id: i64) -> Result<Stray, StoreError>;
    /// The strays of a record that wait for a person, oldest first.
    async fn strays_of_record(&self, organisation: OrganisationId, record: RecordId) -> Result<Vec<Stray>, StoreError>;
    /// Notes what was decided about strays, by whom (`None` for an administrator of the server). Those that were
    /// decided before are passed over; answers how many were not.
    async fn decide_strays(
        &self,
        ids: &[i64],
        who: Option<PersonId>,
        decision: &StrayDecision,
        now: UnixMillis,
    ) -> Result<u64, StoreError>;
    /// Orders a device to compare what it holds.
    async fn order_digest(&self, device: DeviceId, now: UnixMillis) -> Result<(), StoreError>;
    /// Whether a device was ordered to and has not done it yet.
    async fn digest_ordered(&self, device: DeviceId) -> Result<bool, StoreError>;
    /// It has.
    async fn digest_obeyed(&self, device: DeviceId) -> Result<(), StoreError>;

    // ---- reading ----

    /// A page of records in a scope, newest first.
    async fn list_records(&self, query: &RecordQuery) -> Result<Vec<RecordLine>, StoreError>;
    /// How many records a filter finds in a scope.
    async fn count_records(&self, scope: &Scope, filter: &RecordFilter) -> Result<u64, StoreError>;
    /// One line of a list.
    async fn record_line(&self, id: RecordId) -> Result<RecordLine, StoreError>;
    /// The lines of those of the records that are published, in any order.
    async fn record_lines(&self, ids: &[RecordId]) -> Result<Vec<RecordLine>, StoreError>;
    /// The published changes of a record with what is known of their origin, in feed order.
    async fn origins(&self, id: RecordId) -> Result<Vec<ChangeOrigin>, StoreError>;

    // ---- set aside ----

    /// How many bytes of each device of an organisation were quarantined as false at each moment since then, the oldest
    /// first. What was handed in by cut-off devices, or is here already, does not count.
    async fn false_bytes(
        &self,
        organisation: OrganisationId,
        since: UnixMillis,
    ) -> Result<Vec<(DeviceId, UnixMillis, u64)>, StoreError>;
    /// Changes that were set aside, newest first.
    async fn set_aside(&self, query: &AsideQuery) -> Result<Vec<SetAside>, StoreError>;
    /// How many changes those are, over all pages.
    async fn count_set_aside(&self, query: &AsideQuery) -> Result<u64, StoreError>;
    /// How many of those there are with each code, whichever code and page are asked for.
    async fn codes_set_aside(&self, query: &AsideQuery) -> Result<Vec<(String, u64)>, StoreError>;
    /// One change of a device, whatever became of it. [`StoreError::NotFound`] if there is none of this number.
    async fn aside(&self, id: i64) -> Result<AsideChange, StoreError>;
    /// The changes of a record that are held, wait, or were decided about, in the order in which they came.
    async fn aside_of_record(&self, record: RecordId) -> Result<Vec<AsideChange>, StoreError>;
    /// Held changes by record and device, the latest first.
    async fn held(&self, query: &HeldQuery) -> Result<Vec<HeldGroup>, StoreError>;
    /// What became of those of the changes that are here.
    async fn states_of(
        &self,
        changes: &[(RecordId, ChangeHash)],
    ) -> Result<Vec<(RecordId, ChangeHash, ChangeState)>, StoreError>;
    /// Notes a decision and carries it out, all or nothing: [`StoreError::Conflict`] if one of the changes is no longer
    /// what it was. Whatever waits at the record will be judged again, and who judges it at this moment comes too late.
    /// `salt` is as for [`Store::publish`].
    async fn decide(&self, decision: &NewDecision, salt: u64) -> Result<(), StoreError>;

    // ---- keeping ----

    /// The identifiers of records that have published changes, in order, after one of them: for rebuilding.
    async fn record_ids(&self, after: Option<RecordId>, limit: u32) -> Result<Vec<RecordId>, StoreError>;
    /// Replaces the read rows of records by these, in one transaction; feed positions stay as they are. Records of which
    /// more was published meanwhile are left as they are.
    async fn replace_rows(&self, rows: &[&rebuild::Remade]) -> Result<(), StoreError>;
    /// Counts all records anew: the totals from which [`Self::count_records`] answers are a cache as well.
    async fn recount(&self) -> Result<(), StoreError>;
    /// Notes up to which line a verified backup holds each journal. What backups from before `oldest` say is dropped,
    /// but for the newest of them: any one after it may still be restored.
    async fn note_backup(
        &self,
        taken_at: UnixMillis,
        journals: &[(DeviceId, u64)],
        oldest: UnixMillis,
    ) -> Result<(), StoreError>;
    /// Up to which line the newest backup that is not younger than `before` holds a device's journal; 0 if there is
    /// none.
    async fn backed_up_through(&self, device: DeviceId, before: UnixMillis) -> Result<u64, StoreError>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Finishes what is under way and closes all connections.
    async fn close(&self);

    /// The other servers, if the database may have several.
    fn neighbours(&self) -> Option<&dyn neighbours::Neighbours> {
        None
    }

    /// With what staff sign in, and where they are signed in.
    fn access(&self) -> &dyn access::AccessStore;
    /// Filters that people keep for themselves.
    fn presets(&self) -> &dyn presets::PresetStore;
    /// What flags of records compare.
    fn flags(&self) -> &dyn flags::FlagStore;
    /// What is known of offices' days.
    fn days(&self) -> &dyn days::DayStore;
    /// What read tables are made of.
    fn rebuild(&self) -> &dyn rebuild::RebuildStore;
    /// What is asked about leads together.
    fn leads(&self) -> &dyn leads::LeadStore;
    /// How the database is.
    fn system(&self) -> &dyn system::SystemStore;
    /// The audit trail.
    fn trail(&self) -> &dyn trail::TrailStore;
    /// What is remembered about photos.
    fn photos(&self) -> &dyn photos::PhotoStore;

    /// The device's key alone, for the token endpoint.
    async fn device_key(&self, id: DeviceId) -> Result<PublicKey, StoreError>;
    /// The office or team must exist in the organisation: [`StoreError::NotFound`] otherwise.
    async fn check_place(
        &self,
        organisation: OrganisationId,
        office: Option<OfficeId>,
        team: Option<TeamId>,
    ) -> Result<(), StoreError>;
}
