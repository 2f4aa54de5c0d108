//! Records, lines and answers to feed a store with. A store never looks inside changes, so they are any bytes.

use uuid::Uuid;

use crate::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, PublicKey, RecordId, TeamId};
use crate::index::{Row, terms};
use crate::record::Kind;
use crate::record::review::ReviewState;
use crate::store::{ExchangeOutcome, Identity, LocalCommit, Progress, PulledRecord, Store};
use crate::time::{BootId, ClockReading, UnixMillis};
use crate::wire::enrol::{Profile, Project, Role};

/// 2023-11-14, in the evening by UTC.
pub(super) const NOW: i64 = 1_700_000_000_000;

pub(super) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn record(number: u128) -> RecordId {
    RecordId(uuid(number))
}

pub(super) fn person(number: u128) -> PersonId {
    PersonId(uuid(number))
}

pub(super) fn hash(number: u8) -> ChangeHash {
    ChangeHash([number; 32])
}

pub(super) fn row(number: u128) -> Row {
    let captured = UnixMillis(NOW + i64::try_from(number).unwrap());
    Row {
        id: record(number),
        kind: Kind::Visit,
        owner: person(1),
        office: OfficeId(uuid(2)),
        team: Some(TeamId(uuid(3))),
        project: None,
        day: captured.day(0),
        captured,
        title: format!("outlet {number}"),
        subtitle: String::new(),
        stage: None,
        review: ReviewState::Received,
        review_reason: None,
        conflicts: 0,
        completeness: None,
        search: terms(&format!("outlet {number}")),
    }
}

pub(super) fn profile(version: u32) -> Profile {
    Profile {
        version,
        organisation: OrganisationId(uuid(9)),
        person: person(1),
        name: "王芳".to_owned(),
        role: Role::Promoter,
        office: OfficeId(uuid(2)),
        office_name: "成都分所".to_owned(),
        team: None,
        team_name: None,
        projects: vec![Project { id: crate::id::ProjectId(uuid(4)), name: "锦江府".to_owned() }],
    }
}

pub(super) fn identity() -> Identity {
    Identity {
        device: DeviceId(uuid(7)),
        actor: ActorId([8; 16]),
        key_seed: [9; 32],
        server_key: PublicKey([10; 32]),
        profile: profile(1),
    }
}

/// Clocks at line `n`, with the numbers that are easiest to store wrongly.
pub(super) fn clock(n: u64) -> ClockReading {
    ClockReading { wall: UnixMillis(NOW - 1_000 * n.cast_signed()), mono_ms: u64::MAX - n, boot: BootId(u64::MAX) }
}

/// Prepares the next line of the journal.
pub(super) fn next_line<S: Store>(store: &S, row: &Row, hash: ChangeHash, bytes: usize) -> LocalCommit {
    let base = store.head().unwrap();
    let (entry, head) = base.append(row.id, hash, clock(base.n + 1));
    LocalCommit { entry, head, change: vec![hash.0[0]; bytes], row: row.clone() }
}

/// Saves a change of ten bytes.
pub(super) fn save<S: Store>(store: &mut S, row: &Row, number: u8) -> LocalCommit {
    let commit = next_line(store, row, hash(number), 10);
    store.commit(&commit).unwrap();
    commit
}

/// An answer that acknowledges the journal and says that no backup holds any of it.
pub(super) fn acknowledging(acknowledged: u64) -> ExchangeOutcome {
    ExchangeOutcome { progress: Progress { acknowledged, ..Progress::default() }, ..ExchangeOutcome::default() }
}

pub(super) fn pulled(row: &Row, changes: &[u8]) -> PulledRecord {
    let changes = changes.iter().map(|number| (hash(*number), vec![*number; 10])).collect();
    PulledRecord { id: row.id, changes, whole: false, row: Some(row.clone()) }
}

/// Puts records into the store that somebody else made.
pub(super) fn pull<S: Store>(store: &mut S, rows: &[Row]) {
    let progress = store.progress().unwrap();
    let pulled = rows.iter().enumerate().map(|(i, row)| pulled(row, &[u8::try_from(i).unwrap()])).collect();
    store.apply(&ExchangeOutcome { progress, pulled, ..ExchangeOutcome::default() }).unwrap();
}

/// The names of a record's changes in order.
pub(super) fn names<S: Store>(store: &S, record: RecordId) -> Vec<ChangeHash> {
    store.changes(record).unwrap().into_iter().map(|(hash, _)| hash).collect()
}
