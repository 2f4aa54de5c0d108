//! The feed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;

use proptest::prelude::*;
use sync_core::id::{ActorId, ChangeHash, RecordId};
use sync_core::wire::enrol::Role;

use super::world::{Phone, World, raw_of};
use crate::store::*;

fn everything(scope: Scope, after: u64, except: &Phone) -> FeedQuery {
    FeedQuery {
        scope,
        after,
        since: after,
        departed_after: after,
        except: Some(except.id),
        limit_records: 1_000,
        limit_bytes: 1_000_000,
    }
}

fn hashes(item: &FeedItem) -> Vec<ChangeHash> {
    item.changes.iter().map(|change| change.hash).collect()
}

pub(in crate::store) async fn a_device_gets_what_it_lacks(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let id = world.record_id();
    let (first, _) = world.change(&mut wang, id).await;
    let row = world.row(id, &wang.person);
    let (second, at_second) = world.change_to(&mut li, id, row.clone()).await;
    let unpublished = world.receive(&mut wang, &[id]).await[0];
    let (third, _) = world.change_to(&mut wang, id, row).await;

    let team = Scope::Team(world.teams[0]);
    let page = store.feed(&everything(team, 0, &li)).await.unwrap();
    assert_eq!(page.ended_at, None);
    assert_eq!(page.items.len(), 1);
    assert_eq!((page.items[0].record, page.items[0].seq, page.items[0].gone), (id, 3, false));
    assert_eq!(hashes(&page.items[0]), [first, third], "neither its own nor what is not published");
    assert_ne!(unpublished, third);
    assert_eq!(page.authors.iter().map(|author| author.actor).collect::<Vec<_>>(), [wang.actor]);
    assert_eq!(page.items[0].changes[0].raw, raw_of(&first));
    let page = store.feed(&everything(team, 1, &li)).await.unwrap();
    assert_eq!(hashes(&page.items[0]), [third], "only what is newer");
    let mine = Scope::Person(wang.person.id);
    assert_eq!(hashes(&store.feed(&everything(mine, 0, &wang)).await.unwrap().items[0]), [second]);
    assert_eq!(store.feed(&everything(mine, at_second, &wang)).await.unwrap(), FeedPage::default());
    let office = Scope::Office(world.offices[0]);
    assert_eq!(hashes(&store.feed(&everything(office, 2, &li)).await.unwrap().items[0]), [third]);
    let all = Scope::Organisation(world.organisation);
    assert_eq!(hashes(&store.feed(&everything(all, 0, &li)).await.unwrap().items[0]), [first, third]);
    let elsewhere = Scope::Office(world.offices[1]);
    assert_eq!(store.feed(&everything(elsewhere, 0, &li)).await.unwrap(), FeedPage::default());
}

pub(in crate::store) async fn pages_end_where_they_say(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let mut li = world.promoter_with_phone("Li", 0).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = world.record_id();
        ids.push(id);
        world.change(&mut wang, id).await;
        // In between stand Li's own, which are passed over.
        let own = world.record_id();
        world.change(&mut li, own).await;
    }
    let team = Scope::Team(world.teams[0]);
    let query = FeedQuery { limit_records: 1, ..everything(team, 0, &li) };
    let page = store.feed(&query).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.record).collect::<Vec<_>>(), ids[..1]);
    assert_eq!(page.ended_at, Some(2), "Li's own record is behind it");
    let page = store.feed(&FeedQuery { after: 4, ..query.clone() }).await.unwrap();
    assert_eq!((page.items[0].record, page.ended_at), (ids[2], None));
    // Bytes: each change has twenty; the first record is given even if it has more.
    for (limit_bytes, given, ended_at) in
        [(0, 1, Some(2)), (20, 1, Some(2)), (39, 1, Some(2)), (40, 2, Some(4)), (60, 3, None)]
    {
        let page = store.feed(&FeedQuery { limit_bytes, ..everything(team, 0, &li) }).await.unwrap();
        assert_eq!((page.items.len(), page.ended_at), (given, ended_at), "{limit_bytes} bytes");
    }
    let page = store.feed(&FeedQuery { limit_records: 0, ..query }).await.unwrap();
    assert_eq!(page.items.len(), 1, "a page always gets on");
}

pub(in crate::store) async fn what_was_passed_over_comes_on_a_later_page(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let li = world.promoter_with_phone("Li", 0).await;
    let (id, other) = (world.record_id(), world.record_id());
    let (first, _) = world.change(&mut wang, id).await;
    world.change(&mut wang, other).await;
    // Before Li reads, the record moves behind the other one; the first page does not reach it.
    let (second, _) = world.change(&mut wang, id).await;
    let query = FeedQuery { limit_records: 1, ..everything(Scope::Team(world.teams[0]), 0, &li) };
    let page = store.feed(&query).await.unwrap();
    assert_eq!((page.items[0].record, page.ended_at), (other, Some(2)));
    let page = store.feed(&FeedQuery { after: 2, since: 0, ..query }).await.unwrap();
    assert_eq!(hashes(&page.items[0]), [first, second]);
}

pub(in crate::store) async fn a_record_that_moves_is_gone_and_whole(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let li = world.promoter_with_phone("Li", 1).await;
    let id = world.record_id();
    let (first, _) = world.change(&mut wang, id).await;
    let moved = world.row(id, &li.person);
    let (second, at) = world.change_to(&mut wang, id, moved).await;
    let gone = FeedItem { record: id, seq: at, changes: Vec::new(), gone: true };
    for scope in [Scope::Person(wang.person.id), Scope::Team(world.teams[0]), Scope::Office(world.offices[0])] {
        let page = store.feed(&everything(scope, 1, &wang)).await.unwrap();
        assert_eq!(page.items, std::slice::from_ref(&gone), "{scope:?}");
        assert_eq!(store.feed(&everything(scope, at, &wang)).await.unwrap().items, []);
    }
    for scope in [Scope::Person(li.person.id), Scope::Team(world.teams[1]), Scope::Office(world.offices[1])] {
        let page = store.feed(&everything(scope, 1, &li)).await.unwrap();
        assert_eq!(hashes(&page.items[0]), [first, second], "{scope:?}");
    }
    let all = store.feed(&everything(Scope::Organisation(world.organisation), 1, &li)).await.unwrap();
    assert_eq!(hashes(&all.items[0]), [second], "it has always been in the organisation");
}

pub(in crate::store) async fn a_record_that_comes_back_brings_the_devices_own_changes(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let li = world.promoter_with_phone("Li", 1).await;
    let id = world.record_id();
    let (first, _) = world.change(&mut wang, id).await;
    let (second, at) = world.change_to(&mut wang, id, world.row(id, &li.person)).await;
    let (third, back_at) = world.change(&mut wang, id).await;
    let mine = Scope::Person(wang.person.id);
    let page = store.feed(&everything(mine, at, &wang)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert!(!page.items[0].gone);
    assert_eq!(hashes(&page.items[0]), [first, second, third], "it was told to drop the record with all of them");
    assert_eq!(store.feed(&everything(mine, back_at, &wang)).await.unwrap().items, []);
    let page = store.feed(&everything(Scope::Person(li.person.id), 0, &li)).await.unwrap();
    assert_eq!(page.items.iter().map(|item| (item.seq, item.gone)).collect::<Vec<_>>(), [(back_at, true)]);
}

pub(in crate::store) async fn who_begins_again_gets_their_own_and_no_old_departures(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let zhao = world.promoter("Zhao", 1).await;
    let (stays, leaves) = (world.record_id(), world.record_id());
    let (own, _) = world.change(&mut wang, stays).await;
    world.change(&mut wang, leaves).await;
    let (_, left_at) = world.change_to(&mut wang, leaves, world.row(leaves, &zhao)).await;
    let mine = Scope::Person(wang.person.id);
    let plain = store.feed(&everything(mine, 0, &wang)).await.unwrap();
    assert_eq!(plain.items.iter().map(|item| item.gone).collect::<Vec<_>>(), [true], "its own needs no telling");
    let again = FeedQuery { except: None, departed_after: left_at, ..everything(mine, 0, &wang) };
    let page = store.feed(&again).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.record).collect::<Vec<_>>(), [stays]);
    assert_eq!(hashes(&page.items[0]), [own]);
    // Who leaves while it reads on is told.
    let (_, at) = world.change_to(&mut wang, stays, world.row(stays, &zhao)).await;
    let page = store.feed(&FeedQuery { after: 1, ..again }).await.unwrap();
    let told: Vec<_> = page.items.iter().map(|item| (item.record, item.seq, item.gone)).collect();
    assert_eq!(told, [(stays, at, true)]);
}

pub(in crate::store) async fn a_move_there_and_back_between_two_pages_leaves_the_record_whole(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let li = world.promoter_with_phone("Li", 0).await;
    let zhao = world.promoter("Zhao", 1).await;
    let id = world.record_id();
    let (first, at) = world.change(&mut wang, id).await;
    let mut changes = vec![first];
    for owner in [&zhao, &wang.person.clone(), &zhao, &wang.person.clone()] {
        let (hash, _) = world.change_to(&mut wang, id, world.row(id, owner)).await;
        changes.push(hash);
    }
    for scope in [Scope::Team(world.teams[0]), Scope::Office(world.offices[0])] {
        // Both, who has read its first change and who has read nothing, see one record and no departure.
        for after in [0, at] {
            let page = store.feed(&everything(scope, after, &li)).await.unwrap();
            assert_eq!(page.items.len(), 1, "{scope:?} after {after}");
            assert_eq!(hashes(&page.items[0]), changes);
        }
    }
    let gone = store.feed(&everything(Scope::Office(world.offices[1]), at, &li)).await.unwrap();
    assert_eq!(gone.items.iter().map(|item| (item.record, item.gone)).collect::<Vec<_>>(), [(id, true)]);
    // A page that ends just before the position at which the record came back has lost nothing.
    let back = store.feed(&everything(Scope::Team(world.teams[0]), at, &li)).await.unwrap().items[0].seq;
    let query = FeedQuery { after: back - 1, since: at, ..everything(Scope::Team(world.teams[0]), at, &li) };
    assert_eq!(hashes(&store.feed(&query).await.unwrap().items[0]), changes);
}

pub(in crate::store) async fn places_are_told_within_the_organisation(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let (known, unpublished, unknown) = (world.record_id(), world.record_id(), world.record_id());
    world.change(&mut wang, known).await;
    world.receive(&mut wang, &[unpublished]).await;
    let asked = [unknown, known, unpublished];
    let place = RecordPlace {
        record: known,
        organisation: world.organisation,
        owner: wang.person.id,
        team: Some(world.teams[0]),
        office: world.offices[0],
    };
    assert_eq!(store.places(world.organisation, &asked).await.unwrap(), [place]);
    assert_eq!(store.places(world.organisation, &[]).await.unwrap(), []);
    let stranger = sync_core::id::OrganisationId(uuid::Uuid::from_u128(1));
    assert_eq!(store.places(stranger, &asked).await.unwrap(), []);
}

pub(in crate::store) async fn authors_are_named(store: &dyn Store) {
    let mut world = World::found(store).await;
    let mut wang = world.promoter_with_phone("Wang", 0).await;
    let chen = world.person("Chen", Role::Reviewer, None, None).await;
    let id = world.record_id();
    world.change(&mut wang, id).await;
    let staff = ActorId([9; 16]);
    let now = world.now();
    store.claim_actors(world.organisation, chen.id, None, &[staff], now).await.unwrap();
    let mut authors = store.authors(&[wang.actor, staff, ActorId([0; 16])]).await.unwrap();
    authors.sort_by(|one, other| other.name.cmp(&one.name));
    let named: Vec<_> = authors.iter().map(|author| (author.actor, author.person, author.name.as_str())).collect();
    assert_eq!(named, [(wang.actor, wang.person.id, "Wang"), (staff, chen.id, "Chen")]);
}

/// Something that happens while a phone reads the feed.
#[derive(Clone, Debug)]
enum Step {
    /// The reader's phone makes a record in its scope.
    Make,
    /// The reader's phone changes one of its records.
    Edit(usize),
    /// Somebody else makes a record for one of three promoters.
    Foreign(usize),
    /// Somebody else changes a record, which then belongs to one of three promoters.
    Move(usize, usize),
    /// Staff changes a record.
    Review(usize),
    /// Something of a record is set aside.
    SetAside(usize),
    /// The reader reads a page of so many records and bytes.
    Read(u32, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => Just(Step::Make),
        2 => any::<usize>().prop_map(Step::Edit),
        2 => (0..3_usize).prop_map(Step::Foreign),
        4 => (any::<usize>(), 0..3_usize).prop_map(|(record, to)| Step::Move(record, to)),
        1 => any::<usize>().prop_map(Step::Review),
        1 => any::<usize>().prop_map(Step::SetAside),
        3 => (1..4_u32, 1..100_u32).prop_map(|(records, bytes)| Step::Read(records, bytes)),
    ];
    prop::collection::vec(step, 1..40)
}

/// A record as a model without a database has it.
struct Known {
    owner: usize,
    changes: Vec<(u64, ChangeHash)>,
}

/// What the reader's phone holds.
#[derive(Default)]
struct Reader {
    after: u64,
    since: u64,
    held: BTreeMap<RecordId, BTreeSet<ChangeHash>>,
}

struct Play<'a> {
    world: World<'a>,
    people: Vec<Person>,
    phone: Phone,
    other: Phone,
    staff: Person,
    records: Vec<RecordId>,
    known: HashMap<RecordId, Known>,
    reader: Reader,
    scope: Scope,
}

impl<'a> Play<'a> {
    async fn begin(store: &'a dyn Store, scope: usize) -> Self {
        let mut world = World::found(store).await;
        // The first two share team and office, the third is elsewhere.
        let mut people = Vec::new();
        for (name, place) in [("Wang", 0), ("Li", 0), ("Zhao", 1)] {
            people.push(world.promoter(name, place).await);
        }
        let staff = world.person("Chen", Role::Reviewer, None, None).await;
        let (phone, other) = (world.phone(&people[0]).await, world.phone(&people[1]).await);
        let scope = match scope {
            0 => Scope::Person(people[0].id),
            1 => Scope::Team(world.teams[0]),
            2 => Scope::Office(world.offices[0]),
            _ => Scope::Organisation(world.organisation),
        };
        let (records, known, reader) = (Vec::new(), HashMap::new(), Reader::default());
        Self { world, people, phone, other, staff, records, known, reader, scope }
    }

    fn sees(&self, owner: usize) -> bool {
        match self.scope {
            Scope::Person(_) => owner == 0,
            Scope::Team(_) | Scope::Office(_) => owner < 2,
            Scope::Organisation(_) => true,
        }
    }

    fn pick(&self, number: usize) -> Option<RecordId> {
        (!self.records.is_empty()).then(|| self.records[number % self.records.len()])
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Make => {
                let id = self.new_record();
                self.publish_from(true, id, 0).await;
            }
            Step::Edit(number) => {
                let held: Vec<_> = self.reader.held.keys().copied().collect();
                if !held.is_empty() {
                    let id = held[number % held.len()];
                    let owner = self.known[&id].owner;
                    self.publish_from(true, id, owner).await;
                }
            }
            Step::Foreign(owner) => {
                let id = self.new_record();
                self.publish_from(false, id, owner).await;
            }
            Step::Move(number, owner) => {
                if let Some(id) = self.pick(number) {
                    self.publish_from(false, id, owner).await;
                }
            }
            Step::Review(number) => {
                if let Some(id) = self.pick(number) {
                    let owner = self.known[&id].owner;
                    let row = self.world.row(id, &self.people[owner]);
                    let mut publication = self.world.publication(id, row.clone(), &[]).await;
                    publication.staff = vec![self.world.staff_change(&self.staff)];
                    publication.row = Some(row);
                    let hash = publication.staff[0].hash;
                    let seq = self.world.put(publication).await;
                    self.note(id, owner, seq, hash);
                }
            }
            Step::SetAside(number) => {
                if let Some(id) = self.pick(number) {
                    let hash = self.world.receive(&mut self.other, &[id]).await[0];
                    let row = self.world.row(id, &self.people[0]);
                    let mut aside = self.world.publication(id, row, &[]).await;
                    aside.set_aside = vec![(hash, ChangeState::Quarantined, "change.broken".to_owned())];
                    self.world.put(aside).await;
                }
            }
            Step::Read(limit_records, limit_bytes) => {
                self.read(limit_records, limit_bytes).await;
            }
        }
    }

    fn new_record(&mut self) -> RecordId {
        let id = self.world.record_id();
        self.records.push(id);
        id
    }

    async fn publish_from(&mut self, reader: bool, id: RecordId, owner: usize) {
        let phone = if reader { &mut self.phone } else { &mut self.other };
        let row = self.world.row(id, &self.people[owner]);
        let (hash, seq) = self.world.change_to(phone, id, row).await;
        if reader {
            self.reader.held.entry(id).or_default().insert(hash);
        }
        self.note(id, owner, seq, hash);
    }

    fn note(&mut self, id: RecordId, owner: usize, seq: u64, hash: ChangeHash) {
        let known = self.known.entry(id).or_insert(Known { owner, changes: Vec::new() });
        known.owner = owner;
        known.changes.push((seq, hash));
    }

    /// Reads a page; whether there is more.
    async fn read(&mut self, limit_records: u32, limit_bytes: u32) -> bool {
        let head = self.world.feed_head(self.world.organisation).await.unwrap().seq;
        let query = FeedQuery {
            scope: self.scope,
            after: self.reader.after,
            since: self.reader.since,
            departed_after: self.reader.after,
            except: Some(self.phone.id),
            limit_records,
            limit_bytes,
        };
        let page = self.world.feed(&query).await.unwrap();
        assert!(page.items.len() <= limit_records as usize);
        assert!(page.items.is_sorted_by_key(|item| item.seq));
        for item in &page.items {
            self.apply(item);
        }
        let reached = page.ended_at.unwrap_or(head);
        assert!(page.items.iter().all(|item| item.seq > self.reader.after && item.seq <= reached));
        assert!(page.ended_at.is_none() || reached > self.reader.after, "a page always gets on");
        self.reader.after = reached;
        if page.ended_at.is_none() {
            self.reader.since = reached;
        }
        page.ended_at.is_some()
    }

    fn apply(&mut self, item: &FeedItem) {
        let known = &self.known[&item.record];
        assert_eq!(item.gone, !self.sees(known.owner), "the feed tells the present");
        if item.gone {
            self.reader.held.remove(&item.record);
            return;
        }
        assert!(!item.changes.is_empty());
        let order: Vec<_> = hashes(item)
            .iter()
            .map(|hash| known.changes.iter().position(|(_, known)| known == hash).expect("a published change"))
            .collect();
        assert!(order.is_sorted(), "each change after the ones that it follows");
        self.reader.held.entry(item.record).or_default().extend(hashes(item));
    }

    fn check_end(&self) {
        let visible: BTreeMap<RecordId, BTreeSet<ChangeHash>> = self
            .known
            .iter()
            .filter(|(_, known)| self.sees(known.owner))
            .map(|(id, known)| (*id, known.changes.iter().map(|(_, hash)| *hash).collect()))
            .collect();
        assert_eq!(self.reader.held, visible);
    }
}

/// Whatever happens between the pages, and however small they are: at the end a phone holds the records of its
/// scope, each with all published changes, and nothing else.
pub(in crate::store) fn a_reader_of_the_feed_ends_with_exactly_what_it_may_see<G, F>(open: impl Fn() -> F)
where
    G: Deref<Target: Store + Sized>,
    F: Future<Output = G>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in steps(), scope in 0..4_usize, limits in (1..4_u32, 1..100_u32))| {
        runtime.block_on(async {
            let store = open().await;
            let mut play = Play::begin(&*store, scope).await;
            for step in &steps {
                play.take(step).await;
            }
            while play.read(limits.0, limits.1).await {}
            play.check_end();
            // Reading it all once more changes nothing.
            (play.reader.after, play.reader.since) = (0, 0);
            while play.read(limits.0, limits.1).await {}
            play.check_end();
            store.close().await;
        });
    });
}
