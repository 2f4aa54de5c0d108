//! Stores that were damaged between two openings. Whatever was damaged: the store opens, what was saved and not sent is
//! there or named as lost, and what is there reaches the server.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::Mutex;

use super::*;
use crate::secrets::{SecretError, SecretStore};
use crate::sqlite::Damage;

const SENT: usize = 8;
const UNSENT: usize = 16;
const PAGE: usize = 4_096;
const FRAME: usize = 24 + PAGE;

/// A keystore that outlives its phones.
#[derive(Clone, Default)]
struct Keystore(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl SecretStore for Keystore {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, SecretError> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.0.lock().unwrap().insert(name.to_owned(), secret.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), SecretError> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

/// What a day's work left on the disk, as often as it is needed.
struct Worn {
    folder: TempDir,
    server: Server,
    clock: Arc<TestClock>,
    keystore: Option<Keystore>,
    /// What was saved and not sent: record and newest name.
    unsent: BTreeMap<RecordId, String>,
}

/// One copy of it.
struct Copy {
    _folder: TempDir,
    path: PathBuf,
    server: Arc<Server>,
}

/// How the day ended.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The app was closed: everything is in the database.
    Closed,
    /// The process was killed: the evening is in the log.
    Killed,
}

fn options(server: &Arc<Server>, clock: &Arc<TestClock>, keystore: &Option<Keystore>) -> Options {
    Options {
        app: "test/1".to_owned(),
        transport: Box::new(server.clone()),
        clock: Box::new(clock.clone()),
        install_secret: None,
        secrets: keystore.clone().map(|keystore| Box::new(keystore) as Box<dyn SecretStore>),
    }
}

impl Worn {
    fn out(end: End, keystore: Option<Keystore>) -> Self {
        let (folder, live) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let path = live.path().join("daybook.db");
        let (server, clock) = (Arc::new(Server::new()), Arc::new(TestClock(AtomicI64::new(0))));
        let daybook = Daybook::open(&path, options(&server, &clock, &keystore)).unwrap();
        daybook.enrol(CODE, "Pixel 9").unwrap();
        for number in 0..SENT {
            daybook.leads().create(lead(&format!("sent {number}"))).unwrap();
        }
        daybook.sync().unwrap();
        let mut unsent = BTreeMap::new();
        for number in 0..UNSENT {
            let notes = "想看三居室，周末有空，预算还要和家里商量。".repeat(10);
            let facts = LeadFacts { name: Some(format!("unsent {number}")), notes, ..LeadFacts::default() };
            let id = daybook.leads().create(CreateRequest { facts, ..CreateRequest::default() }).unwrap().header.id;
            unsent.insert(id, format!("unsent {number}"));
        }
        if end == End::Closed {
            drop(daybook);
            copy(live.path(), folder.path());
        } else {
            copy(live.path(), folder.path());
            drop(daybook);
        }
        let server = server.twin();
        Self { folder, server, clock, keystore, unsent }
    }

    fn copy(&self) -> Copy {
        let folder = TempDir::new().unwrap();
        copy(self.folder.path(), folder.path());
        Copy { path: folder.path().join("daybook.db"), _folder: folder, server: Arc::new(self.server.twin()) }
    }

    fn open(&self, copy: &Copy) -> Result<Daybook, Error> {
        Daybook::open(&copy.path, options(&copy.server, &self.clock, &self.keystore))
    }

    /// Opens a damaged copy and holds it to what it promised. Gives what it said about the damage.
    fn hold(&self, copy: &Copy, how: &str) -> Option<Damage> {
        let daybook = self.open(copy).unwrap_or_else(|error| panic!("{how}: {error}"));
        let damage = daybook.damage().unwrap();
        let said = damage.clone().unwrap_or_default();
        let lost: BTreeSet<RecordId> = said.lost.iter().filter_map(|save| save.record).collect();
        let unnamed = said.lost.iter().filter(|save| save.record.is_none()).count();
        let mut missing = 0;
        for (id, name) in &self.unsent {
            match daybook.leads().get(*id) {
                Ok(view) => assert_eq!(view.facts.name.as_ref(), Some(name), "{how}"),
                Err(_) if lost.contains(id) => {}
                Err(_) => missing += 1,
            }
        }
        // When the pages are gone that would tell how many saves there were, nothing but that can be told.
        assert!(
            missing <= unnamed || said.unreadable_pages > 0 || said.enrolment_lost,
            "{how}: {missing} are missing, {said:?}"
        );
        let listed = daybook.leads().list(&RowFilter::default(), None, 1_000).unwrap().items.len();
        assert!(listed + lost.len() + missing >= UNSENT, "{how}: {listed} listed, {said:?}");
        if daybook.profile().is_none() {
            assert!(said.enrolment_lost, "{how}");
            daybook.enrol(CODE, "Pixel 9").unwrap();
        }
        daybook.sync().unwrap_or_else(|error| panic!("{how}: {error}"));
        assert_eq!(daybook.sync_status().unwrap().unsent_changes, 0, "{how}");
        for id in self.unsent.keys().filter(|id| daybook.leads().get(**id).is_ok()) {
            assert_eq!(daybook.status(*id).unwrap().step, Step::Published, "{how}");
        }
        let there = self.unsent.keys().filter(|id| daybook.leads().get(**id).is_ok()).count();
        assert!(copy.server.held() >= SENT + there, "{how}: the server holds {}", copy.server.held());
        // Saving goes on, and is sent.
        daybook.leads().create(lead("afterwards")).unwrap();
        assert_eq!(daybook.sync().unwrap().pushed, 1, "{how}");
        daybook.forget_damage().unwrap();
        drop(daybook);
        assert_eq!(self.open(copy).unwrap().damage().unwrap(), None, "{how}: once is enough");
        damage
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    path.with_file_name(format!("daybook.db{ending}"))
}

/// Changes the bytes of a file.
fn spoil(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    fs::write(file, bytes).unwrap();
}

fn keystores() -> Vec<Option<Keystore>> {
    if cfg!(feature = "encryption") { vec![None, Some(Keystore::default())] } else { vec![None] }
}

/// Without encryption a single bit may go unnoticed inside a value, so the whole page is spoilt.
fn spoil_page(path: &Path, page: usize, encrypted: bool) {
    spoil(path, |bytes| {
        let page = &mut bytes[page * PAGE..(page + 1) * PAGE];
        if encrypted { page[1_234] ^= 1 } else { page.fill(0xa5) }
    });
}

#[test]
fn any_single_page_may_be_damaged() {
    for keystore in keystores() {
        let worn = Worn::out(End::Closed, keystore);
        let pages = fs::metadata(worn.folder.path().join("daybook.db")).unwrap().len() as usize / PAGE;
        let (mut noticed, mut whole) = (0, 0);
        for page in 0..pages {
            let copy = worn.copy();
            spoil_page(&copy.path, page, worn.keystore.is_some());
            let how = format!("page {} of {pages}, encrypted: {}", page + 1, worn.keystore.is_some());
            if let Some(damage) = worn.hold(&copy, &how) {
                noticed += 1;
                assert!(beside(&copy.path, ".damaged-1").exists(), "{how}: set aside");
                assert!(!damage.enrolment_lost, "{how}: there are two copies of that");
                whole += usize::from(damage.lost.is_empty() && damage.rescued as usize == UNSENT);
            }
        }
        assert!(noticed + 2 >= pages, "{noticed} of {pages} were noticed");
        assert!(whole * 2 > pages, "in {whole} of {pages} nothing was lost: most pages are not the only ones");
    }
}

#[test]
fn several_pages_may_be_damaged_at_once() {
    for keystore in keystores() {
        let worn = Worn::out(End::Closed, keystore);
        let pages = fs::metadata(worn.folder.path().join("daybook.db")).unwrap().len() as usize / PAGE;
        for first in 0..7 {
            let copy = worn.copy();
            for page in (first..pages).step_by(7) {
                spoil_page(&copy.path, page, worn.keystore.is_some());
            }
            let damage = worn.hold(&copy, &format!("every seventh page from {first}")).unwrap();
            assert!(damage.unreadable_pages > 0 || worn.keystore.is_none());
        }
    }
}

#[test]
fn the_file_may_be_cut_anywhere() {
    for keystore in keystores() {
        let worn = Worn::out(End::Closed, keystore);
        let length = fs::metadata(worn.folder.path().join("daybook.db")).unwrap().len() as usize;
        for eighth in 1..8 {
            let copy = worn.copy();
            spoil(&copy.path, |bytes| bytes.truncate(length * eighth / 8 + 7));
            assert!(worn.hold(&copy, &format!("cut after {eighth} eighths")).is_some());
        }
    }
}

#[test]
fn the_log_may_be_damaged_anywhere() {
    for keystore in keystores() {
        let worn = Worn::out(End::Killed, keystore);
        let log = fs::metadata(worn.folder.path().join("daybook.db-wal")).unwrap().len() as usize;
        let frames = (log - 32) / FRAME;
        assert!(frames > 50);
        let places = (0..frames).step_by(9).chain([frames - 1]).map(|frame| 32 + frame * FRAME);
        for place in [10, 20].into_iter().chain(places.flat_map(|frame| [frame + 3, frame + 17, frame + 2_000])) {
            let copy = worn.copy();
            spoil(&beside(&copy.path, "-wal"), |bytes| bytes[place] ^= 0x10);
            let how = format!("byte {place} of the log, encrypted: {}", worn.keystore.is_some());
            worn.hold(&copy, &how);
        }
    }
}

#[test]
fn a_log_that_was_cut_is_noticed() {
    for keystore in keystores() {
        let worn = Worn::out(End::Killed, keystore);
        let copy = worn.copy();
        spoil(&beside(&copy.path, "-wal"), |bytes| bytes.truncate(bytes.len() * 2 / 3));
        let damage = worn.hold(&copy, "the log was cut").expect("SQLite itself would say nothing");
        assert!(damage.unreadable_pages > 0);
    }
}

#[test]
fn a_save_that_a_power_cut_tore_is_no_damage() {
    for keystore in keystores() {
        let worn = Worn::out(End::Killed, keystore);
        let copy = worn.copy();
        // The index of the log does not survive a power cut; the last frame of the last save was not written whole.
        fs::remove_file(beside(&copy.path, "-shm")).unwrap();
        spoil(&beside(&copy.path, "-wal"), |bytes| bytes.truncate(bytes.len() - 100));
        let daybook = worn.open(&copy).unwrap();
        assert_eq!(daybook.damage().unwrap(), None);
        assert_eq!(daybook.leads().count(&RowFilter::default()).unwrap() as usize, SENT + UNSENT - 1);
    }
}

#[test]
fn a_rescue_that_was_cut_short_is_finished_at_the_next_opening() {
    let worn = Worn::out(End::Closed, None);
    let rescued = worn.copy();
    spoil_page(&rescued.path, 3, false);
    drop(worn.open(&rescued).unwrap());
    // What the disk looks like after each step of the exchange, and before the first.
    for (moved, begun_again) in [(false, false), (true, false), (false, true)] {
        let copy = worn.copy();
        fs::copy(&rescued.path, beside(&copy.path, if begun_again { ".rescue" } else { ".rescued" })).unwrap();
        spoil_page(&copy.path, 3, false);
        if moved {
            fs::rename(&copy.path, beside(&copy.path, ".damaged-1")).unwrap();
        }
        assert!(worn.hold(&copy, "cut short").is_some());
        assert!(!beside(&copy.path, ".rescue").exists() && !beside(&copy.path, ".rescued").exists());
    }
}

#[test]
fn photos_whose_place_in_the_queue_is_lost_go_up_again() {
    let worn = Worn::out(End::Closed, None);
    let copy = worn.copy();
    let daybook = worn.open(&copy).unwrap();
    let id = *worn.unsent.keys().next().unwrap();
    let photo = daybook.attach_photo_bytes(id, b"\xff\xd8\xff\xe0 a photo", None).unwrap();
    daybook.core().unwrap().engine.store().drop_photo(photo).unwrap();
    drop(daybook);
    spoil_page(&copy.path, 0, false);
    let daybook = worn.open(&copy).unwrap();
    assert!(daybook.damage().unwrap().is_some());
    assert_eq!(daybook.photo_lane().unwrap().photos, 1);
    assert!(daybook.photo_file(photo).unwrap().is_some());
}

#[test]
fn a_wiped_phone_keeps_no_damaged_file() {
    let worn = Worn::out(End::Closed, None);
    let copy = worn.copy();
    spoil_page(&copy.path, 0, false);
    let daybook = worn.open(&copy).unwrap();
    assert!(beside(&copy.path, ".damaged-1").exists());
    copy.server.order([sync_core::wire::exchange::Order::Deposit, sync_core::wire::exchange::Order::Wipe]);
    assert!(matches!(daybook.sync(), Err(Error::Exchange(Failure::Wiped))));
    assert!(!beside(&copy.path, ".damaged-1").exists());
}

#[cfg(feature = "encryption")]
mod encrypted {
    use super::*;

    #[test]
    fn a_store_of_which_nothing_is_left_is_set_aside_and_said() {
        for emptied in [false, true] {
            let worn = Worn::out(End::Closed, Some(Keystore::default()));
            let copy = worn.copy();
            spoil(&copy.path, |bytes| if emptied { bytes.clear() } else { bytes.fill(7) });
            let damage = worn.hold(&copy, "nothing is left").unwrap();
            assert!(damage.enrolment_lost);
            assert!(beside(&copy.path, ".damaged-1").exists());
        }
    }

    #[test]
    fn with_another_key_a_damaged_store_is_left_alone() {
        let mut worn = Worn::out(End::Closed, Some(Keystore::default()));
        let copy = worn.copy();
        spoil_page(&copy.path, 0, true);
        let before = fs::read(&copy.path).unwrap();
        let right = worn.keystore.replace(Keystore::default());
        assert!(matches!(worn.open(&copy), Err(Error::KeyLost)), "the keystore is empty");
        worn.keystore.as_ref().unwrap().save("daybook.store-key", &[9; 32]).unwrap();
        assert!(matches!(worn.open(&copy), Err(Error::KeyLost)), "the keystore holds another key");
        assert_eq!(fs::read(&copy.path).unwrap(), before);
        worn.keystore = right;
        assert!(worn.hold(&copy, "with its key").is_some());
    }

    #[test]
    fn without_the_note_about_its_key_a_page_that_opens_tells_it() {
        let worn = Worn::out(End::Closed, Some(Keystore::default()));
        let copy = worn.copy();
        fs::remove_file(beside(&copy.path, ".keys")).unwrap();
        spoil_page(&copy.path, 0, true);
        assert!(worn.hold(&copy, "without the note").is_some());
    }

    #[test]
    fn a_rotation_that_was_cut_short_opens_with_either_key() {
        let worn = Worn::out(End::Closed, Some(Keystore::default()));
        let keystore = worn.keystore.clone().unwrap();
        let old = keystore.load("daybook.store-key").unwrap().unwrap();
        let copy = worn.copy();
        worn.open(&copy).unwrap().rotate_key().unwrap();
        let new = keystore.load("daybook.store-key").unwrap().unwrap();
        assert_ne!(old, new);
        // Cut short before the new key took the old one's place, on either side of the writing of the store.
        let unrotated = worn.copy();
        for store in [&copy, &unrotated] {
            keystore.save("daybook.store-key", &old).unwrap();
            keystore.save("daybook.store-key.next", &new).unwrap();
            assert_eq!(worn.open(store).unwrap().leads().count(&RowFilter::default()).unwrap() as usize, SENT + UNSENT);
            assert_eq!(keystore.load("daybook.store-key.next").unwrap(), None);
            let kept = keystore.load("daybook.store-key").unwrap().unwrap();
            assert_eq!(kept, if std::ptr::eq(store, &copy) { new.clone() } else { old.clone() });
        }
    }

    #[test]
    fn nothing_that_was_saved_can_be_read_in_the_files() {
        let worn = Worn::out(End::Killed, Some(Keystore::default()));
        for entry in
            fs::read_dir(worn.folder.path()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
        {
            let bytes = fs::read(entry.path()).unwrap();
            for word in ["unsent 3", "SQLite format"] {
                assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word} in {entry:?}");
            }
        }
    }
}
