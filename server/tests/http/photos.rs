//! Bringing photos: every part of the tus protocol, and everything that can break on the way.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use server::photo::{collect, finish};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use sync_core::id::RecordId;
use sync_core::wire::enrol::Role;

use crate::support::house::{HERE, THERE};
use crate::support::photographer::{Tus, broken, hash_of, jpeg};
use crate::support::{House, Phone, TestApp};

const DAY: i64 = 24 * 3_600_000;

/// A promoter with a lead that is on the server.
async fn promoter(test: &TestApp) -> (House, Phone, RecordId) {
    let house = House::build(test).await;
    let mut phone = Phone::of(test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert!(phone.sync(test).await.failure.is_none());
    (house, phone, record)
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256 {}", BASE64_STANDARD.encode(Sha256::digest(bytes)))
}

fn sha1(bytes: &[u8]) -> String {
    format!("sha1 {}", BASE64_STANDARD.encode(Sha1::digest(bytes)))
}

#[tokio::test]
async fn the_server_says_what_it_offers() {
    let test = TestApp::new().await;
    let offers = test.call(Method::OPTIONS, "/sync/v1/photos", None, None).await.good();
    assert_eq!(offers.header("tus-resumable"), Some("1.0.0"));
    assert_eq!(offers.header("tus-version"), Some("1.0.0"));
    assert_eq!(offers.header("tus-extension"), Some("creation,creation-with-upload,checksum,expiration,termination"));
    assert_eq!(offers.header("tus-max-size"), Some("33554432"));
    assert_eq!(offers.header("tus-checksum-algorithm"), Some("sha256,sha1"));
}

#[tokio::test]
async fn a_photo_comes_in_pieces() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let begun = Tus::begin(&token, hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await.good();
    assert_eq!((begun.status.as_u16(), begun.offset()), (201, Some(0)));
    assert_eq!(begun.header("upload-expires"), Some("Fri, 22 Jan 2027 08:00:00 GMT"));
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    let upload = begun.header("location").unwrap().to_owned();

    let (first, rest) = photo.split_at(1_000);
    let piece = Tus::piece(&token, &upload, 0).with("upload-checksum", &sha256(first));
    let answer = piece.send(&test, first.to_vec()).await.good();
    assert_eq!((answer.status.as_u16(), answer.offset(), answer.is_stored()), (204, Some(1_000), false));
    let stands = Tus::head(&token, &upload).send(&test, Body::empty()).await.good();
    assert_eq!((stands.offset(), stands.header("upload-length")), (Some(1_000), Some(&*photo.len().to_string())));
    assert_eq!(stands.header("cache-control"), Some("no-store"));
    assert!(!stands.is_stored());

    let again = Tus::begin(&token, hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await.good();
    assert_eq!((again.header("location"), again.offset()), (Some(&*upload), Some(1_000)), "the answer had been lost");

    let piece = Tus::piece(&token, &upload, 1_000).with("upload-checksum", &sha1(rest));
    let answer = piece.send(&test, rest.to_vec()).await.good();
    assert_eq!((answer.offset(), answer.is_stored()), (Some(photo.len()), true));
    let stands = Tus::head(&token, &upload).send(&test, Body::empty()).await.good();
    assert!(stands.is_stored(), "asked again after a lost answer");
    let nothing = Tus::piece(&token, &upload, photo.len()).with("content-length", "0").send(&test, Body::empty()).await;
    assert!(nothing.good().is_stored());
    let known = Tus::begin(&token, hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await.good();
    assert!(known.is_stored());
    assert_eq!(known.offset(), Some(photo.len()));
    assert_eq!(std::fs::read_dir(test.folder().join("photo-uploads")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_photo_may_come_with_its_beginning() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let photo = jpeg(1);
    let begin = Tus::begin(&phone.token(), hash_of(&photo), photo.len(), record)
        .with("content-type", "application/offset+octet-stream")
        .with("upload-checksum", &sha256(&photo));
    let answer = begin.send(&test, photo.clone()).await.good();
    assert_eq!((answer.status.as_u16(), answer.offset(), answer.is_stored()), (201, Some(photo.len()), true));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let test = TestApp::with_settings(&[("DAYBOOK_PHOTOS_PHOTO_BYTES", "65536")]).await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let piece = |offset| Tus::piece(&token, &upload, offset);
    let (first, rest) = photo.split_at(500);
    piece(0).send(&test, first.to_vec()).await.good();

    let code = async |tus: Tus, body: Vec<u8>| {
        let answer = tus.send(&test, body).await;
        assert_eq!(answer.header("tus-resumable"), Some("1.0.0"));
        format!("{} {}", answer.status.as_u16(), answer.code())
    };
    for wrong in [0, 499, 501, photo.len()] {
        assert_eq!(code(piece(wrong), rest.to_vec()).await, "409 upload.offset");
    }
    assert_eq!(code(piece(500).with("upload-checksum", &sha256(first)), rest.to_vec()).await, "460 upload.checksum");
    assert_eq!(code(piece(500).with("upload-checksum", &sha1(first)), rest.to_vec()).await, "460 upload.checksum");
    assert_eq!(code(piece(500).with("upload-checksum", "md5 AAAA"), rest.to_vec()).await, "400 request.malformed");
    assert_eq!(code(piece(500).with("upload-checksum", "sha256 ?"), rest.to_vec()).await, "400 request.malformed");
    assert_eq!(code(piece(500), [rest, b"more"].concat()).await, "413 photo.too_large");
    let patch = |method| Tus::new(method, &upload, &token);
    assert_eq!(code(patch(Method::PATCH).with("upload-offset", "500"), rest.to_vec()).await, "415 upload.media_type");
    let typed = patch(Method::PATCH).with("content-type", "application/offset+octet-stream");
    assert_eq!(code(typed, rest.to_vec()).await, "400 request.malformed");
    let unknown = "/sync/v1/photos/uploads/0190163d-8694-739b-aea5-966c26f8ad91";
    for unknown in [unknown, "/sync/v1/photos/uploads/x"] {
        let nowhere = Tus::piece(&token, unknown, 0);
        assert_eq!(code(nowhere, rest.to_vec()).await, "404 upload.unknown");
    }

    let begin = |length| Tus::begin(&token, hash_of(&photo), length, record);
    assert_eq!(code(begin(65_537), vec![]).await, "413 photo.too_large");
    assert_eq!(code(begin(0), vec![]).await, "400 request.malformed");
    let nameless = Tus::new(Method::POST, "/sync/v1/photos", &token).with("upload-length", "5");
    assert_eq!(code(nameless, vec![]).await, "400 request.malformed");
    let deferred = Tus::new(Method::POST, "/sync/v1/photos", &token).with("upload-defer-length", "1");
    assert_eq!(code(deferred, vec![]).await, "400 request.malformed");
    let nothing = RecordId::from([9; 16]);
    let foreign = Tus::begin(&token, hash_of(&photo), photo.len(), nothing);
    assert_eq!(code(foreign, vec![]).await, "404 record.not_found");

    let old = axum::http::Request::patch(&upload).header("tus-resumable", "0.2.2");
    let old = old.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let old = test.send(old).await;
    assert_eq!((old.status.as_u16(), old.header("tus-version")), (412, Some("1.0.0")));
    assert_eq!(old.code(), "upload.version");

    let stands = Tus::head(&token, &upload).send(&test, Body::empty()).await.good();
    assert_eq!(stands.offset(), Some(500), "none of that moved it");
    assert!(piece(500).send(&test, rest.to_vec()).await.good().is_stored());
}

#[tokio::test]
async fn what_is_not_what_its_name_says_is_thrown_away() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let mut false_one = photo.clone();
    false_one[700] ^= 1;
    let answer = Tus::piece(&token, &upload, 0).send(&test, false_one).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (460, "photo.content"));
    assert_eq!(Tus::head(&token, &upload).send(&test, Body::empty()).await.status.as_u16(), 404);
    assert!(phone.bring(&test, &photo, record).await.good().is_stored(), "the phone begins again");
}

#[tokio::test]
async fn a_broken_line_costs_as_little_as_it_may() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let stands = async || Tus::head(&token, &upload).send(&test, Body::empty()).await.good().offset();

    let answer =
        Tus::piece(&token, &upload, 0).send(&test, broken(vec![photo[..300].to_vec(), photo[300..450].to_vec()])).await;
    assert!(answer.status.is_client_error());
    assert_eq!(stands().await, Some(450), "without a checksum all that came counts");
    let checked = Tus::piece(&token, &upload, 450).with("upload-checksum", &sha256(&photo[450..]));
    let answer = checked.send(&test, broken(vec![photo[450..800].to_vec()])).await;
    assert!(answer.status.is_client_error());
    assert_eq!(stands().await, Some(450), "what could not be checked does not count");
    // The phone has gone in the middle of a piece; nobody waits for the answer.
    let request = Tus::piece(&token, &upload, 450).send(&test, photo[450..].to_vec());
    drop(request);
    assert_eq!(stands().await, Some(450));
    let answer = Tus::piece(&token, &upload, 450).send(&test, photo[450..].to_vec()).await.good();
    assert!(answer.is_stored());
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart_and_days_later() {
    let mut test = TestApp::new().await;
    let (_, mut phone, record) = promoter(&test).await;
    let photo = jpeg(1);
    let upload = phone.begin(&test, &photo, record).await;
    Tus::piece(&phone.token(), &upload, 0).send(&test, photo[..400].to_vec()).await.good();
    // A crash left bytes behind that were never confirmed.
    let staged = test.folder().join("photo-uploads").join(upload.rsplit('/').next().unwrap());
    let mut content = std::fs::read(&staged).unwrap();
    content.extend_from_slice(b"never confirmed");
    std::fs::write(&staged, content).unwrap();

    test = test.restarted().await;
    finish::heal(&test.app).await.unwrap();
    test.clock.advance(6 * DAY);
    assert!(phone.sync(&test).await.failure.is_none());
    let token = phone.token();
    let stands = Tus::head(&token, &upload).send(&test, Body::empty()).await.good();
    assert_eq!(stands.offset(), Some(400));
    Tus::piece(&token, &upload, 400).send(&test, photo[400..600].to_vec()).await.good();
    test.clock.advance(6 * DAY);
    assert!(phone.sync(&test).await.failure.is_none());
    let token = phone.token();
    assert!(Tus::piece(&token, &upload, 600).send(&test, photo[600..].to_vec()).await.good().is_stored());
}

#[tokio::test]
async fn a_crash_between_the_last_byte_and_the_end_is_healed() {
    let mut test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let id = upload.rsplit('/').next().unwrap().parse().unwrap();
    // All bytes are there, and the database says so; then the process was killed.
    std::fs::write(test.folder().join("photo-uploads").join(format!("{id}")), &photo).unwrap();
    let store = test.app.store.photos();
    let expires = store.upload(id).await.unwrap().expires_at;
    store.advance_upload(id, 0, photo.len() as u64, expires).await.unwrap();
    let litter = test.folder().join("photo-uploads").join("0190163d-8694-739b-aea5-966c26f8ad91");
    std::fs::write(&litter, "no upload").unwrap();

    test = test.restarted().await;
    assert_eq!(finish::heal(&test.app).await.unwrap(), 1);
    assert!(!litter.exists());
    assert!(Tus::head(&token, &upload).send(&test, Body::empty()).await.good().is_stored());

    // Or the phone asks before anybody healed.
    let second = jpeg(2);
    let upload = phone.begin(&test, &second, record).await;
    let id = upload.rsplit('/').next().unwrap().parse().unwrap();
    std::fs::write(test.folder().join("photo-uploads").join(format!("{id}")), &second).unwrap();
    let store = test.app.store.photos();
    store.advance_upload(id, 0, second.len() as u64, expires).await.unwrap();
    assert!(Tus::head(&token, &upload).send(&test, Body::empty()).await.good().is_stored());
}

#[tokio::test]
async fn staged_bytes_that_were_lost_are_sent_again() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    Tus::piece(&token, &upload, 0).send(&test, photo[..600].to_vec()).await.good();
    // The database was restored, the folder was not.
    let staged = test.folder().join("photo-uploads").join(upload.rsplit('/').next().unwrap());
    std::fs::write(&staged, &photo[..200]).unwrap();
    let stands = Tus::head(&token, &upload).send(&test, Body::empty()).await.good();
    assert_eq!(stands.offset(), Some(200));
    assert!(Tus::piece(&token, &upload, 200).send(&test, photo[200..].to_vec()).await.good().is_stored());
}

#[tokio::test]
async fn uploads_expire_and_are_given_up() {
    let test = TestApp::new().await;
    let (_, mut phone, record) = promoter(&test).await;
    let (photo, other) = (jpeg(1), jpeg(2));
    let given_up = phone.begin(&test, &other, record).await;
    let delete = |token: &str| Tus::new(Method::DELETE, &given_up, token);
    assert_eq!(delete(&phone.token()).send(&test, Body::empty()).await.good().status.as_u16(), 204);
    assert_eq!(delete(&phone.token()).send(&test, Body::empty()).await.code(), "upload.unknown");

    let upload = phone.begin(&test, &photo, record).await;
    Tus::piece(&phone.token(), &upload, 0).send(&test, photo[..100].to_vec()).await.good();
    test.clock.advance(7 * DAY);
    assert!(phone.sync(&test).await.failure.is_none());
    let late = Tus::head(&phone.token(), &upload).send(&test, Body::empty()).await;
    assert_eq!(late.status.as_u16(), 410, "answers to HEAD have no body");
    let dry = collect::collect(&test.app, true).await.unwrap();
    assert_eq!(dry.uploads, 1);
    assert_eq!(collect::collect(&test.app, false).await.unwrap().uploads, 1);
    let gone = Tus::head(&phone.token(), &upload).send(&test, Body::empty()).await;
    assert_eq!(gone.status.as_u16(), 404);
    assert_eq!(std::fs::read_dir(test.folder().join("photo-uploads")).unwrap().count(), 0);
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
}

#[tokio::test]
async fn two_pieces_at_once_are_one_too_many() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let staged = test.folder().join("photo-uploads").join(upload.rsplit('/').next().unwrap());
    let file = std::fs::File::create(&staged).unwrap();
    file.try_lock().unwrap();
    let answer = Tus::piece(&token, &upload, 0).send(&test, photo.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (423, "upload.busy"));
    assert!(answer.header("retry-after").is_some());
    drop(file);
    assert!(Tus::piece(&token, &upload, 0).send(&test, photo).await.good().is_stored());
}

#[tokio::test]
async fn a_full_disk_is_said_and_loses_nothing() {
    let test = TestApp::new().await;
    let (_, phone, record) = promoter(&test).await;
    let (photo, token) = (jpeg(1), phone.token());
    let upload = phone.begin(&test, &photo, record).await;
    let staged = test.folder().join("photo-uploads").join(upload.rsplit('/').next().unwrap());
    std::os::unix::fs::symlink("/dev/full", &staged).unwrap();
    let answer = Tus::piece(&token, &upload, 0).send(&test, photo.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (507, "storage.full"));
    assert!(answer.header("retry-after").is_some());
    std::fs::remove_file(&staged).unwrap();
    assert!(Tus::piece(&token, &upload, 0).send(&test, photo).await.good().is_stored());
}

#[tokio::test]
async fn a_phone_has_a_few_uploads_open() {
    let test = TestApp::with_settings(&[("DAYBOOK_PHOTOS_UPLOADS_PER_DEVICE", "2")]).await;
    let (_, phone, record) = promoter(&test).await;
    for number in [1, 2] {
        phone.begin(&test, &jpeg(number), record).await;
    }
    let photo = jpeg(3);
    let third = Tus::begin(&phone.token(), hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await;
    assert_eq!((third.status.as_u16(), third.code().as_str()), (429, "upload.too_many"));
    assert!(phone.bring(&test, &jpeg(1), record).await.good().is_stored());
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
}

#[tokio::test]
async fn whoever_may_not_know_of_a_photo_brings_all_of_it() {
    let test = TestApp::new().await;
    let (house, mut phone, record) = promoter(&test).await;
    let photo = jpeg(1);
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
    let mut other = Phone::of(&test, &house, Role::Promoter, THERE).await;
    let own = other.register("王芳");
    assert!(other.sync(&test).await.failure.is_none());
    let begun = Tus::begin(&other.token(), hash_of(&photo), photo.len(), own).send(&test, Body::empty()).await.good();
    assert_eq!((begun.offset(), begun.is_stored()), (Some(0), false));
    let upload = begun.header("location").unwrap().to_owned();
    let foreign = Tus::head(&phone.token(), &upload).send(&test, Body::empty()).await;
    assert_eq!(foreign.status.as_u16(), 404, "an upload is its person's");
    let foreign = Tus::begin(&other.token(), hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await;
    assert_eq!(foreign.code(), "record.not_found");
    assert!(Tus::piece(&other.token(), &upload, 0).send(&test, photo.clone()).await.good().is_stored());
    // A supervisor sees the promoter's record once it names the photo, and needs not bring it.
    let boss = Phone::of(&test, &house, Role::Supervisor, HERE).await;
    phone.attach(&photo, record);
    assert!(phone.sync(&test).await.failure.is_none());
    let mut boss = boss;
    assert!(boss.sync(&test).await.failure.is_none());
    let begun = Tus::begin(&boss.token(), hash_of(&photo), photo.len(), record).send(&test, Body::empty()).await.good();
    assert!(begun.is_stored());
}
