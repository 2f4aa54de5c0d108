//! Photos on the device, without a server that takes any.

use std::path::Path;

use sync_core::engine::{Failure, TransportError};
use sync_core::id::{PhotoHash, RecordId};
use sync_core::photo::{Network, OnMetered, PhotoPolicy};
use sync_core::record::entry::PhotoRequest;
use sync_core::store::Store as _;
use sync_core::time::UnixMillis;

use super::{Phone, enrolled_phone, lead, open};
use crate::sqlite::{PhotoStep, QueuedPhoto};
use crate::{Error, LARGEST_PHOTO, PhotoLane, PhotoStatus};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture of a house";

fn with_lead() -> (Phone, RecordId) {
    let phone = enrolled_phone();
    let id = phone.daybook.leads().create(lead("张伟")).unwrap().header.id;
    (phone, id)
}

fn files(phone: &Phone) -> usize {
    let mut folder = phone.path.as_os_str().to_owned();
    folder.push(".photos");
    std::fs::read_dir(Path::new(&folder)).map_or(0, Iterator::count)
}

fn reopened(phone: Phone) -> Phone {
    let Phone { daybook, server, clock, path, _folder } = phone;
    drop(daybook);
    let daybook = open(&path, &server, &clock).unwrap();
    Phone { daybook, server, clock, path, _folder }
}

fn named(phone: &Phone, id: RecordId) -> Vec<PhotoHash> {
    phone.daybook.leads().get(id).unwrap().photos.iter().map(|photo| photo.entry.hash).collect()
}

#[test]
fn a_photo_is_on_the_disk_and_named_by_its_record() {
    let (phone, id) = with_lead();
    let source = phone.path.with_file_name("IMG_1.jpg");
    std::fs::write(&source, JPEG).unwrap();
    let hash = phone.daybook.attach_photo(id, &source, Some("门头")).unwrap();
    std::fs::remove_file(&source).unwrap();
    let view = phone.daybook.leads().get(id).unwrap();
    let entry = &view.photos[0].entry;
    assert_eq!((entry.hash, entry.bytes, entry.media_type.as_str()), (hash, JPEG.len() as u64, "image/jpeg"));
    assert_eq!(entry.caption.as_deref(), Some("门头"));

    let phone = reopened(phone);
    assert_eq!(phone.daybook.photo_status(hash).unwrap(), Some(PhotoStatus::Queued { reason: None }));
    let file = phone.daybook.photo_file(hash).unwrap().unwrap();
    assert_eq!(std::fs::read(file).unwrap(), JPEG);
    assert_eq!(phone.daybook.photo_lane().unwrap(), PhotoLane { photos: 1, bytes: JPEG.len() as u64, failed: 0 });
    assert_eq!(phone.daybook.photo_status(PhotoHash([1; 32])).unwrap(), None);

    let again = phone.daybook.attach_photo_bytes(id, JPEG, None).unwrap();
    assert_eq!((again, named(&phone, id)), (hash, vec![hash, hash]));
    assert_eq!(phone.daybook.photo_lane().unwrap().photos, 1, "its bytes go up once");
}

#[test]
fn the_office_sees_how_many_photos_wait() {
    let (phone, id) = with_lead();
    phone.daybook.sync().unwrap();
    phone.daybook.attach_photo_bytes(id, JPEG, None).unwrap();
    phone.daybook.sync().unwrap();
    let core = phone.daybook.core().unwrap();
    let backlog = core.engine.store().backlog(core.engine.progress().acknowledged).unwrap();
    assert_eq!((backlog.photos, backlog.bytes, backlog.changes), (1, JPEG.len() as u64, 0));
}

#[test]
fn what_can_not_be_attached_leaves_nothing_behind() {
    let (phone, id) = with_lead();
    let attach = |source: &Path| phone.daybook.attach_photo(id, source, None);
    assert!(matches!(attach(Path::new("no/such/file.jpg")), Err(Error::PhotoUnreadable(_))));
    assert!(matches!(phone.daybook.attach_photo_bytes(id, b"", None), Err(Error::PhotoUnreadable(_))));
    let large = phone.path.with_file_name("large.jpg");
    std::fs::File::create(&large).unwrap().set_len(LARGEST_PHOTO + 1).unwrap();
    assert!(matches!(attach(&large), Err(Error::PhotoTooLarge { most: LARGEST_PHOTO })));
    let unknown = RecordId::from([9; 16]);
    assert!(matches!(phone.daybook.attach_photo_bytes(unknown, JPEG, None), Err(Error::NotFound)));
    let long = "长".repeat(100_000);
    assert!(matches!(phone.daybook.attach_photo_bytes(id, JPEG, Some(&long)), Err(Error::Field(_))));
    assert_eq!((named(&phone, id), files(&phone)), (vec![], 0));
    assert_eq!(phone.daybook.photo_lane().unwrap(), PhotoLane::default());

    let mut folder = phone.path.as_os_str().to_owned();
    folder.push(".photos");
    std::fs::remove_dir(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    assert!(matches!(phone.daybook.attach_photo_bytes(id, JPEG, None), Err(Error::Storage(_))));
    assert_eq!(named(&phone, id), []);
}

/// A row as it stands between the file and the entry.
fn attaching(phone: &Phone, record: RecordId, hash: PhotoHash) {
    let photo = QueuedPhoto {
        hash,
        record,
        bytes: JPEG.len() as u64,
        added: UnixMillis(1),
        step: PhotoStep::Attaching,
        line: 0,
        upload: None,
        sent: 0,
        not_before: None,
        reason: None,
        checked: None,
        backed_up: false,
        here: true,
    };
    phone.daybook.core().unwrap().engine.store().put_photo(&photo).unwrap();
    let file = phone.daybook.album.file(hash);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, JPEG).unwrap();
}

#[test]
fn a_crash_between_file_and_entry_is_made_good_at_the_next_start() {
    let (phone, id) = with_lead();
    let (without, with, littered) = (PhotoHash([1; 32]), PhotoHash([2; 32]), PhotoHash([3; 32]));
    attaching(&phone, id, without);
    attaching(&phone, id, with);
    let request = PhotoRequest { hash: with, bytes: 9, media_type: "image/jpeg".to_owned(), caption: None };
    phone.daybook.leads().add_photo(id, request).unwrap();
    std::fs::write(phone.daybook.album.file(littered), JPEG).unwrap();
    std::fs::write(phone.daybook.album.file(littered).with_file_name("unfinished"), "half").unwrap();
    let phone = reopened(phone);
    assert_eq!(phone.daybook.photo_status(without).unwrap(), None, "nobody was told that it is attached");
    assert_eq!(phone.daybook.photo_status(with).unwrap(), Some(PhotoStatus::Queued { reason: None }));
    assert_eq!(files(&phone), 1);
}

#[test]
fn photos_wait_for_a_network_that_may_be_used() {
    let (phone, id) = with_lead();
    let hash = phone.daybook.attach_photo_bytes(id, JPEG, None).unwrap();
    let policy = |on_metered| PhotoPolicy { network: Network::Metered, on_metered };
    for refused in [OnMetered::Nothing, OnMetered::UpTo(10)] {
        let report = phone.daybook.sync_photos(&policy(refused)).unwrap();
        assert_eq!((report.waiting, report.left, report.stopped), (1, 1, None));
        assert_eq!(phone.daybook.photo_status(hash).unwrap(), Some(PhotoStatus::WaitingForNetwork));
    }
    assert_eq!(phone.server.held(), 2, "the records have gone up");
    let report = phone.daybook.sync_photos(&policy(OnMetered::UpTo(1_000))).unwrap();
    assert_eq!(report.stopped, Some(Failure::Transport(TransportError::Offline)));
    let reason = Some(TransportError::Offline.to_string());
    assert_eq!(phone.daybook.photo_status(hash).unwrap(), Some(PhotoStatus::Queued { reason }));
    phone.server.misbehave([Err(TransportError::Offline)]);
    assert!(matches!(phone.daybook.sync_photos(&PhotoPolicy::ANY), Err(Error::Exchange(_))), "records first");
}

#[test]
fn files_stay_until_backups_hold_everything() {
    let (phone, id) = with_lead();
    let hash = phone.daybook.attach_photo_bytes(id, JPEG, None).unwrap();
    phone.daybook.sync().unwrap();
    let later = UnixMillis(i64::MAX);
    let stored = |backed_up| {
        let core = phone.daybook.core().unwrap();
        let photo = core.engine.store().photo(hash).unwrap().unwrap();
        let photo = QueuedPhoto { step: PhotoStep::Stored, backed_up, ..photo };
        core.engine.store().put_photo(&photo).unwrap();
    };
    assert_eq!(phone.daybook.thin_photos(later).unwrap(), 0, "not uploaded");
    stored(false);
    assert_eq!(phone.daybook.thin_photos(later).unwrap(), 0, "not in a backup");
    stored(true);
    assert_eq!(phone.daybook.thin_photos(later).unwrap(), 0, "the line that names it is not in a backup");
    {
        let core = phone.daybook.core().unwrap();
        let photo = core.engine.store().photo(hash).unwrap().unwrap();
        core.engine.store().put_photo(&QueuedPhoto { line: 0, ..photo }).unwrap();
    }
    assert_eq!(phone.daybook.thin_photos(UnixMillis(0)).unwrap(), 0, "too new");
    assert_eq!(phone.daybook.thin_photos(later).unwrap(), JPEG.len() as u64);
    assert_eq!((phone.daybook.photo_file(hash).unwrap(), files(&phone)), (None, 0));
    assert_eq!(phone.daybook.photo_status(hash).unwrap(), Some(PhotoStatus::Uploaded));
    phone.daybook.attach_photo_bytes(id, JPEG, None).unwrap();
    assert!(phone.daybook.photo_file(hash).unwrap().is_some(), "attached once more");
}
