//! Phones that are restored onto others, cut off and wiped, as an app sees it.

use std::fs;

use super::*;
use crate::Standing;
use sync_core::wire::exchange::Order;

fn open_with(path: &Path, phone: &Phone, secret: Option<[u8; 32]>) -> Daybook {
    let (transport, clock) = (Box::new(phone.server.clone()), Box::new(phone.clock.clone()));
    Daybook::open(path, Options { app: "test/1".to_owned(), transport, clock, install_secret: secret, secrets: None })
        .unwrap()
}

fn actor(daybook: &Daybook) -> ActorId {
    daybook.core().unwrap().engine.identity().unwrap().actor
}

/// The phone again, with a secret.
fn reopened(phone: Phone, secret: Option<[u8; 32]>) -> Phone {
    let Phone { daybook, server, clock, path, _folder } = phone;
    drop(daybook);
    let (transport, its_clock) = (Box::new(server.clone()), Box::new(clock.clone()));
    let options =
        Options { app: "test/1".to_owned(), transport, clock: its_clock, install_secret: secret, secrets: None };
    let daybook = Daybook::open(&path, options).unwrap();
    Phone { daybook, server, clock, path, _folder }
}

#[test]
fn a_store_restored_onto_another_phone_writes_under_another_actor_at_once() {
    let phone = reopened(enrolled_phone(), Some([1; 32]));
    let id = phone.daybook.leads().create(lead("张伟")).unwrap().header.id;
    phone.daybook.sync().unwrap();
    let before = actor(&phone.daybook);
    let backup = phone._folder.path().join("restored.db");
    let phone = reopened(phone, Some([1; 32]));
    assert_eq!(actor(&phone.daybook), before, "the same installation");
    let phone = reopened(phone, None);
    assert_eq!(actor(&phone.daybook), before, "nobody knows");
    for ending in ["", "-wal"] {
        let from = phone._folder.path().join(format!("daybook.db{ending}"));
        fs::copy(from, phone._folder.path().join(format!("restored.db{ending}"))).unwrap();
    }
    let restored = open_with(&backup, &phone, Some([2; 32]));
    let after = actor(&restored);
    assert_ne!(after, before);
    restored.leads().edit(id, &[LeadEdit::Name(Some("李".to_owned()))]).unwrap();
    drop(restored);
    assert_eq!(actor(&open_with(&backup, &phone, Some([2; 32]))), after, "and keeps it");
    assert_eq!(actor(&phone.daybook), before);
}

#[test]
fn an_app_sees_that_it_was_cut_off_and_that_everything_is_handed_in() {
    let phone = enrolled_phone();
    let id = phone.daybook.leads().create(lead("张伟")).unwrap().header.id;
    phone.server.order([Order::Deposit]);
    phone.server.judge(1, Verdict::Quarantined { code: "device.revoked".to_owned() });
    assert!(matches!(phone.daybook.sync(), Err(Error::Exchange(Failure::Revoked))));
    let status = phone.daybook.sync_status().unwrap();
    assert_eq!((status.standing, status.unsent_changes), (Standing::Revoked, 0));
    let problems = phone.daybook.status(id).unwrap().problems;
    assert_eq!(problems[0].verdict, Verdict::Quarantined { code: "device.revoked".to_owned() });
    phone.daybook.leads().create(lead("王芳")).unwrap();
    assert_eq!(phone.daybook.sync_status().unwrap().unsent_changes, 1);
}

#[test]
fn after_a_wipe_nothing_can_be_found_in_the_files() {
    let phone = enrolled_phone();
    let author =
        Author { actor: ActorId([5; 16]), person: PersonId(Uuid::from_u128(5)), name: "秘密作者".to_owned() };
    for number in 0..300 {
        let secret = format!("SECRETNAME{number} 绝密客户");
        let made = phone.daybook.leads().create(lead(&secret)).unwrap();
        phone.daybook.leads().edit(made.header.id, &[LeadEdit::Notes("SECRETNOTES".to_owned())]).unwrap();
        if number == 150 {
            phone.daybook.sync().unwrap();
        }
    }
    phone.server.publish(RecordId::from([9; 16]), &[], author);
    let in_files = |what: &str| {
        let entries = fs::read_dir(phone._folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.is_file());
        let found = |bytes: Vec<u8>| bytes.windows(what.len()).any(|window| window == what.as_bytes());
        files.filter(|path| found(fs::read(path).unwrap())).count()
    };
    assert!(in_files("SECRETNAME") > 0 && in_files("绝密客户") > 0);
    let name = profile().name;
    assert!(in_files(&name) > 0);
    let album = phone._folder.path().join("daybook.db.photos");
    fs::create_dir_all(&album).unwrap();
    fs::write(album.join(sync_core::id::PhotoHash([1; 32]).to_string()), "a face").unwrap();
    phone.server.order([Order::Deposit, Order::Wipe]);
    assert!(matches!(phone.daybook.sync(), Err(Error::Exchange(Failure::Wiped))));
    assert!(phone.server.said_farewell());
    for what in ["SECRETNAME", "SECRETNOTES", "secretname", "绝密客户", "秘密作者", &name] {
        assert_eq!(in_files(what), 0, "{what}");
    }
    assert_eq!(fs::read_dir(&album).unwrap().count(), 0, "photos are gone too");
    assert_eq!(phone.daybook.profile(), None);
    assert!(phone.daybook.records().list(&RowFilter::default(), None, 10).unwrap().items.is_empty());
    phone.server.order([]);
    phone.daybook.enrol(CODE, "again").unwrap();
    phone.daybook.leads().create(lead("新客户")).unwrap();
}
