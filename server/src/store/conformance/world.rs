//! A small organisation to test with.

use std::ops::Deref;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sync_core::id::{ActorId, ChangeHash, DeviceId, OfficeId, OrganisationId, PersonId, RecordId, TeamId};
use sync_core::index::{Row, terms};
use sync_core::journal::{Head, Key};
use sync_core::record::Kind;
use sync_core::record::review::ReviewState;
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::enrol::Role;
use sync_core::wire::exchange::Backlog;

use crate::flag::sighting::Sighting;
use crate::flag::thresholds::Thresholds;
use crate::store::*;

/// The salt of a process that runs all the time.
pub(in crate::store) const SALT: u64 = 0xf00d_f00d_f00d_f00d;

/// An organisation with two offices of one team each.
pub(in crate::store) struct World<'a> {
    store: &'a dyn Store,
    pub(in crate::store) rng: ChaCha8Rng,
    pub(in crate::store) organisation: OrganisationId,
    pub(in crate::store) offices: [OfficeId; 2],
    pub(in crate::store) teams: [TeamId; 2],
    now: i64,
    /// Whether the next change is published with its push: every second one is, and lies in another table than the
    /// others.
    at_once: bool,
}

impl<'a> Deref for World<'a> {
    type Target = dyn Store + 'a;

    fn deref(&self) -> &Self::Target {
        self.store
    }
}

/// An enrolled phone with its journal.
pub(in crate::store) struct Phone {
    pub(in crate::store) id: DeviceId,
    pub(in crate::store) person: Person,
    pub(in crate::store) key: Key,
    pub(in crate::store) actor: ActorId,
    pub(in crate::store) head: Head,
}

impl<'a> World<'a> {
    pub(in crate::store) async fn found(store: &'a dyn Store) -> Self {
        Self::found_as(store, "Harbour Homes", 7).await
    }

    /// Another organisation on the same store.
    pub(in crate::store) async fn found_beside(store: &'a dyn Store) -> Self {
        Self::found_as(store, "River Homes", 8).await
    }

    async fn found_as(store: &'a dyn Store, name: &str, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let at = UnixMillis(1_000);
        let organisation = OrganisationId::new(at, &mut rng);
        let offices = [OfficeId::new(at, &mut rng), OfficeId::new(at, &mut rng)];
        let teams = [TeamId::new(at, &mut rng), TeamId::new(at, &mut rng)];
        let name = name.to_owned();
        let made = Organisation {
            id: organisation,
            name,
            created_at: at,
            keep_exif: false,
            evening: Default::default(),
            thresholds: Thresholds::default(),
        };
        store.create_organisation(&made).await.unwrap();
        for (i, (office, team)) in offices.into_iter().zip(teams).enumerate() {
            let time_zone = "Asia/Shanghai".to_owned();
            let name = format!("Office {i}");
            store.create_office(&Office { id: office, organisation, name, time_zone }).await.unwrap();
            let name = format!("Team {i}");
            store.create_team(&Team { id: team, organisation, office, name }).await.unwrap();
        }
        Self { store, rng, organisation, offices, teams, now: 1_000_000, at_once: false }
    }

    /// A time that is later than all before.
    pub(in crate::store) fn now(&mut self) -> UnixMillis {
        self.now += 10;
        UnixMillis(self.now)
    }

    /// A promoter in one of the offices.
    pub(in crate::store) async fn promoter(&mut self, name: &str, place: usize) -> Person {
        self.person(name, Role::Promoter, Some(place), None).await
    }

    pub(in crate::store) async fn person(
        &mut self,
        name: &str,
        role: Role,
        place: Option<usize>,
        login: Option<(&str, &str)>,
    ) -> Person {
        let now = self.now();
        let person = Person {
            id: PersonId::new(now, &mut self.rng),
            organisation: self.organisation,
            name: name.to_owned(),
            role,
            office: place.map(|place| self.offices[place]),
            team: place.map(|place| self.teams[place]),
            login: login.map(|(login, _)| login.to_owned()),
            active: true,
            profile_version: 1,
            scope_version: 1,
            created_at: now,
        };
        self.create_person(&person, login.map(|(_, hash)| hash)).await.unwrap();
        person
    }

    pub(in crate::store) async fn phone(&mut self, person: &Person) -> Phone {
        let now = self.now();
        let id = DeviceId::new(now, &mut self.rng);
        let code_hash = sixteen_twice(id.as_bytes());
        let code = EnrolmentCode {
            code_hash,
            organisation: self.organisation,
            person: person.id,
            hint: "AB".to_owned(),
            created_at: now,
            expires_at: now.plus(1_000),
            used_at: None,
            device: None,
        };
        self.create_enrolment_code(&code).await.unwrap();
        let key = Key::generate(&mut self.rng);
        let new = NewDevice { id, key: key.public(), label: "phone".to_owned(), app: "test 1".to_owned() };
        let device = self.redeem_code(&code_hash, &new, now).await.unwrap();
        let actor = ActorId::random(&mut self.rng);
        Phone { id: device.id, person: device.person, key, actor, head: device.head }
    }

    /// A promoter with a phone.
    pub(in crate::store) async fn promoter_with_phone(&mut self, name: &str, place: usize) -> Phone {
        let person = self.promoter(name, place).await;
        self.phone(&person).await
    }

    pub(in crate::store) fn record_id(&mut self) -> RecordId {
        let now = self.now();
        RecordId::new(now, &mut self.rng)
    }

    pub(in crate::store) fn hash(&mut self) -> ChangeHash {
        let mut bytes = [0; 32];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut bytes);
        ChangeHash(bytes)
    }

    /// A push of one received change to each of the records; moves the phone's head.
    pub(in crate::store) fn push(&mut self, phone: &mut Phone, records: &[RecordId]) -> (Push, Vec<ChangeHash>) {
        let hashes: Vec<ChangeHash> = records.iter().map(|_| self.hash()).collect();
        let changes: Vec<_> = records.iter().copied().zip(hashes.iter().copied()).collect();
        (self.push_of(phone, &changes), hashes)
    }

    pub(in crate::store) fn push_of(&mut self, phone: &mut Phone, changes: &[(RecordId, ChangeHash)]) -> Push {
        let at = self.now();
        let base = phone.head;
        let mut lines = Vec::new();
        for (record, hash) in changes {
            let clock = ClockReading { wall: at.plus(-5), mono_ms: u64::MAX, boot: BootId(u64::MAX - 1) };
            let (entry, head) = phone.head.append(*record, *hash, clock);
            phone.head = head;
            lines.push(NewLine {
                entry,
                actor: Some(phone.actor),
                actor_seq: Some(entry.n),
                raw: Some(raw_of(hash)),
                state: ChangeState::Received,
                code: None,
            });
        }
        Push {
            device: phone.id,
            person: phone.person.id,
            organisation: self.organisation,
            base,
            head: phone.head,
            signature: phone.key.sign_head(phone.id, &phone.head),
            claims: Vec::new(),
            lines,
            report: report(at),
            judged: Vec::new(),
        }
    }

    /// Pushes one change to each of the records and answers their names.
    pub(in crate::store) async fn receive(&mut self, phone: &mut Phone, records: &[RecordId]) -> Vec<ChangeHash> {
        let (push, hashes) = self.push(phone, records);
        assert!(matches!(self.append(&[push], SALT).await.unwrap()[..], [Appended::Stored { .. }]));
        hashes
    }

    /// A publication of changes on top of what is stored.
    pub(in crate::store) async fn publication(
        &self,
        id: RecordId,
        row: RecordRow,
        published: &[ChangeHash],
    ) -> Publication {
        let (base_seq, decided) = match self.record(id).await {
            Ok(record) => (record.base_seq, record.decided),
            Err(StoreError::NotFound) => (0, 0),
            Err(error) => panic!("{error}"),
        };
        let row = (!published.is_empty()).then_some(row);
        Publication {
            id,
            organisation: self.organisation,
            base_seq,
            decided,
            published: published.to_vec(),
            staff: Vec::new(),
            set_aside: Vec::new(),
            left: Vec::new(),
            row,
        }
    }

    /// Publishes and answers the position.
    pub(in crate::store) async fn put(&mut self, publication: Publication) -> u64 {
        let now = self.now();
        match self.publish(&[publication], SALT, now).await.unwrap()[..] {
            [Published::At(seq)] => seq,
            ref other => panic!("not published: {other:?}"),
        }
    }

    /// Receives and publishes one change to a record of the phone's person.
    pub(in crate::store) async fn change(&mut self, phone: &mut Phone, id: RecordId) -> (ChangeHash, u64) {
        let row = self.row(id, &phone.person);
        self.change_to(phone, id, row).await
    }

    /// Receives and publishes one change, after which the record has this row.
    pub(in crate::store) async fn change_to(
        &mut self,
        phone: &mut Phone,
        id: RecordId,
        row: RecordRow,
    ) -> (ChangeHash, u64) {
        self.at_once = !self.at_once;
        if self.at_once {
            return self.change_at_once(phone, id, row).await;
        }
        let hash = self.receive(phone, &[id]).await[0];
        let publication = self.publication(id, row, &[hash]).await;
        (hash, self.put(publication).await)
    }

    /// The same of a change that is published with its push.
    pub(in crate::store) async fn change_at_once(
        &mut self,
        phone: &mut Phone,
        id: RecordId,
        row: RecordRow,
    ) -> (ChangeHash, u64) {
        let (mut push, hashes) = self.push(phone, &[id]);
        push.judged = vec![self.publication(id, row, &hashes).await];
        match self.append(&[push], SALT).await.unwrap()[..] {
            [Appended::Stored { published: 1, received: false, .. }] => {}
            ref other => panic!("not published: {other:?}"),
        }
        (hashes[0], self.record_line(id).await.unwrap().seq)
    }

    /// Publishes a change that was received before.
    pub(in crate::store) async fn change_received(&mut self, phone: &Phone, id: RecordId, hash: ChangeHash) -> u64 {
        let publication = self.publication(id, self.row(id, &phone.person), &[hash]).await;
        self.put(publication).await
    }

    /// The newest changes that were set aside.
    pub(in crate::store) async fn aside(&self, state: ChangeState, before: Option<i64>) -> Vec<SetAside> {
        let query = AsideQuery {
            organisation: self.organisation,
            state,
            received_before: None,
            device: None,
            code: None,
            before,
            limit: 9,
        };
        self.set_aside(&query).await.unwrap()
    }

    /// A row of a visit of this person's.
    pub(in crate::store) fn row(&self, id: RecordId, owner: &Person) -> RecordRow {
        RecordRow {
            organisation: self.organisation,
            row: Row {
                id,
                kind: Kind::Visit,
                owner: owner.id,
                office: owner.office.unwrap_or(self.offices[0]),
                team: owner.team,
                project: None,
                day: "2026-03-05".parse().unwrap(),
                captured: UnixMillis(5_000),
                title: "Hotel Sichuan".to_owned(),
                subtitle: "first visit".to_owned(),
                stage: None,
                review: ReviewState::Received,
                review_reason: None,
                conflicts: 0,
                completeness: None,
                search: terms("Hotel Sichuan"),
            },
            flags: 0,
            seen: Sighting::default(),
            partners: Vec::new(),
            heads: vec![ChangeHash([1; 32]), ChangeHash([2; 32])],
            photos: Vec::new(),
            made_by: owner.id,
            made_in: owner.office.unwrap_or(self.offices[0]),
            facts: Vec::new(),
        }
    }

    pub(in crate::store) fn staff_change(&mut self, person: &Person) -> StaffChange {
        let hash = self.hash();
        let actor = ActorId::random(&mut self.rng);
        StaffChange { hash, actor, actor_seq: 1, person: person.id, raw: raw_of(&hash) }
    }
}

/// What a device is told without a reason.
pub(in crate::store) fn verdict(n: u64, record: RecordId, state: ChangeState, code: &str) -> LineVerdict {
    LineVerdict { n, state, code: code.to_owned(), reason: None, record, waiting: None }
}

/// The bytes of a change of this name; every change begins with this one.
pub(in crate::store) fn raw_of(hash: &ChangeHash) -> Vec<u8> {
    [&[0x85], &hash.0[..19]].concat()
}

pub(in crate::store) fn report(at: UnixMillis) -> DeviceReport {
    let backlog = Backlog { records: 1, changes: 2, oldest: Some(UnixMillis(3)), photos: 4, bytes: 5 };
    DeviceReport { at, skew_ms: -7, app: "test 2".to_owned(), backlog }
}

fn sixteen_twice(bytes: &[u8; 16]) -> [u8; 32] {
    let mut twice = [0; 32];
    twice[..16].copy_from_slice(bytes);
    twice[16..].copy_from_slice(bytes);
    twice
}
