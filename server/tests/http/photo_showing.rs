//! Looking at photos: who sees which, and what they see of it.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use server::photo::collect;
use server::store::photos::{Photo, Upload};
use sync_core::id::{PhotoHash, RecordId};
use sync_core::wire::enrol::Role;
use sync_core::wire::photo::{PhotoState, PhotoStateRequest, PhotoStateResponse};

use crate::support::house::{ELSEWHERE, HERE, THERE};
use crate::support::photographer::{hash_of, jpeg};
use crate::support::{Answer, House, Phone, Staff, TestApp};

const DAY: i64 = 24 * 3_600_000;

/// A promoter whose lead names these photos; they are not brought yet.
async fn promoter(test: &TestApp, photos: &[&[u8]]) -> (House, Phone, RecordId) {
    let house = House::build(test).await;
    let mut phone = Phone::of(test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    for photo in photos {
        phone.attach(photo, record);
    }
    assert!(phone.sync(test).await.failure.is_none());
    (house, phone, record)
}

/// A JPEG with a place in it.
fn with_place(photo: &[u8]) -> Vec<u8> {
    let exif = b"Exif\0\0GPS 31 deg 13' 49.3\" N";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&photo[..2], &[0xff, 0xe1], &length, exif, &photo[2..]].concat()
}

fn has_place(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| window == b"GPS")
}

async fn states(test: &TestApp, phone: &Phone, photos: &[&[u8]]) -> Vec<PhotoState> {
    let hashes = photos.iter().map(|photo| hash_of(photo)).collect();
    let body = minicbor::to_vec(PhotoStateRequest { hashes }).unwrap();
    let request = Request::post("/sync/v1/photos/state")
        .header("authorization", format!("Bearer {}", phone.token()))
        .header("content-type", sync_core::wire::MEDIA_TYPE)
        .body(Body::from(body))
        .unwrap();
    let answer = test.send(request).await.good();
    minicbor::decode::<PhotoStateResponse>(&answer.body).unwrap().states
}

async fn fetch(test: &TestApp, phone: &Phone, path: &str) -> Answer {
    let request = Request::get(path).header("authorization", format!("Bearer {}", phone.token()));
    test.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_photo_is_shown_without_its_place_and_with_care() {
    let test = TestApp::new().await;
    let photo = with_place(&jpeg(1));
    let (house, phone, record) = promoter(&test, &[&photo]).await;
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let detail = format!("/api/v1/records/{record}");
    let standing = async || -> Value { reviewer.get(&test, &detail).await.good().json()["photos"][0].clone() };
    assert_eq!(standing().await["state"], "missing");
    let path = format!("/api/v1/photos/{}", hash_of(&photo));
    assert_eq!(reviewer.get(&test, &path).await.code(), "photo.not_found");

    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
    assert_eq!(standing().await["state"], "uploaded");
    assert_eq!(standing().await["media_type"], "image/jpeg");
    let shown = reviewer.get(&test, &path).await.good();
    assert!(has_place(&photo) && !has_place(&shown.body));
    assert_eq!(shown.body, jpeg(1), "the picture is what it was");
    assert_eq!(shown.header("content-type"), Some("image/jpeg"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(shown.header("cache-control"), Some("private, no-cache"));
    assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert!(shown.header("content-disposition").unwrap().starts_with("inline; filename="));

    let small = reviewer.get(&test, &format!("{path}?size=thumb")).await.good();
    let picture = image::load_from_memory(&small.body).unwrap();
    assert_eq!((picture.width(), picture.height()), (320, 213));
    assert_ne!(small.header("etag"), shown.header("etag"));
    let known =
        Request::get(&path).header("cookie", &reviewer.cookie).header("if-none-match", shown.header("etag").unwrap());
    let known = test.send(known.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(reviewer.get(&test, &format!("{path}?size=huge")).await.code(), "request.malformed");
    assert_eq!(reviewer.get(&test, "/api/v1/photos/x").await.code(), "photo.not_found");
}

/// Somebody's phone with a photo in a lead that is on the server, and who looks at it.
async fn company(test: &TestApp, house: &House, office: &'static str) -> (Phone, RecordId, Staff) {
    let mut phone = Phone::of(test, house, Role::Promoter, office).await;
    let record = phone.register("张伟");
    for number in 1..=3 {
        phone.attach(&with_place(&jpeg(number)), record);
    }
    assert!(phone.sync(test).await.failure.is_none());
    (phone, record, house.staff(test, Role::HqAdmin, office).await)
}

#[tokio::test]
async fn each_organisation_decides_at_run_time_whether_the_place_is_kept() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let ours = company(&test, &house, HERE).await;
    let theirs = company(&test, &house, ELSEWHERE).await;
    let keep = async |who: &Staff, keep: bool| {
        let body = json!({ "keep_exif": keep });
        let changed = test.call(Method::PATCH, "/api/v1/organisation", Some(&who.cookie), Some(&body)).await;
        assert_eq!(changed.good().json()["keep_exif"], json!(keep));
        assert_eq!(who.get(&test, "/api/v1/organisation").await.good().json()["keep_exif"], json!(keep));
    };
    let keeps = async |(phone, record, who): &(Phone, RecordId, Staff), number: u8| {
        let photo = with_place(&jpeg(number));
        assert!(phone.bring(&test, &photo, *record).await.good().is_stored());
        let shown = who.get(&test, &format!("/api/v1/photos/{}", hash_of(&photo))).await.good();
        assert_eq!(shown.body, if has_place(&shown.body) { photo } else { jpeg(number) });
        has_place(&shown.body)
    };
    assert!(!keeps(&ours, 1).await && !keeps(&theirs, 1).await, "nobody has decided anything");
    keep(&ours.2, true).await;
    assert!(keeps(&ours, 2).await && !keeps(&theirs, 2).await, "one did");
    let before = ours.2.get(&test, &format!("/api/v1/photos/{}", hash_of(&with_place(&jpeg(1))))).await.good();
    assert!(!has_place(&before.body), "what is gone does not come back");
    keep(&ours.2, false).await;
    keep(&theirs.2, true).await;
    assert!(!keeps(&ours, 3).await && keeps(&theirs, 3).await);

    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let body = json!({ "keep_exif": true });
    let refused = test.call(Method::PATCH, "/api/v1/organisation", Some(&reviewer.cookie), Some(&body)).await;
    assert_eq!(refused.code(), "permission.denied");
    assert_eq!(reviewer.get(&test, "/api/v1/organisation").await.good().json()["keep_exif"], json!(false));
}

#[tokio::test]
async fn what_can_not_be_decoded_is_kept_and_said() {
    let test = TestApp::new().await;
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic and so on".to_vec();
    let page = b"<script>alert(1)</script>".to_vec();
    let (house, phone, record) = promoter(&test, &[&heic, &page]).await;
    for photo in [&heic, &page] {
        assert!(phone.bring(&test, photo, record).await.good().is_stored());
    }
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let detail = reviewer.get(&test, &format!("/api/v1/records/{record}")).await.good().json();
    assert_eq!(
        (&detail["photos"][0]["state"], &detail["photos"][1]["state"]),
        (&"no_preview".into(), &"no_preview".into())
    );
    for (photo, media_type) in [(&heic, "image/heic"), (&page, "application/octet-stream")] {
        let path = format!("/api/v1/photos/{}", hash_of(photo));
        let shown = reviewer.get(&test, &path).await.good();
        assert_eq!((&shown.body, shown.header("content-type")), (photo, Some(media_type)));
        assert!(shown.header("content-disposition").unwrap().starts_with("attachment"));
        assert_eq!(reviewer.get(&test, &format!("{path}?size=thumb")).await.code(), "photo.no_preview");
    }
}

#[tokio::test]
async fn photos_end_at_the_border_of_the_territory() {
    let test = TestApp::new().await;
    let photo = jpeg(1);
    let (house, phone, record) = promoter(&test, &[&photo]).await;
    phone.bring(&test, &photo, record).await.good();
    let path = format!("/api/v1/photos/{}", hash_of(&photo));
    for office in [HERE, THERE, ELSEWHERE] {
        for role in Role::ALL {
            let sees = if role.is_head_quarters() { office != ELSEWHERE } else { office == HERE };
            let staff = house.staff(&test, role, office).await;
            let answer = staff.get(&test, &path).await;
            assert_eq!(answer.status.is_success(), sees, "{role:?} {office}");
            if !sees {
                assert_eq!(answer.code(), "photo.not_found", "{role:?} {office}");
            }
        }
    }
    let path = format!("/sync/v1/photos/{}", hash_of(&photo));
    assert_eq!(fetch(&test, &phone, &path).await.good().body, photo);
    assert!(fetch(&test, &phone, &format!("{path}?size=thumb")).await.status.is_success());
    let mut other = Phone::of(&test, &house, Role::Promoter, THERE).await;
    assert!(other.sync(&test).await.failure.is_none());
    assert_eq!(fetch(&test, &other, &path).await.code(), "photo.not_found");
    assert_eq!(states(&test, &other, &[&photo]).await, [PhotoState::Missing], "not for them");
}

#[tokio::test]
async fn a_phone_learns_what_became_of_its_photos() {
    let test = TestApp::new().await;
    let (first, second) = (jpeg(1), jpeg(2));
    let (_, mut phone, record) = promoter(&test, &[&first, &second]).await;
    phone.bring(&test, &first, record).await.good();
    let ask = async |phone: &Phone| states(&test, phone, &[&first, &second]).await;
    assert_eq!(ask(&phone).await, [PhotoState::Stored, PhotoState::Missing]);

    test.clock.advance(1_000);
    let now = server::clock::Clock::now(&*test.clock);
    test.app.store.photos().note_photo_backup(now, now).await.unwrap();
    assert_eq!(ask(&phone).await[0], PhotoState::Stored, "an older backup may still be restored");
    test.clock.advance(30 * DAY);
    assert!(phone.sync(&test).await.failure.is_none());
    assert_eq!(ask(&phone).await[0], PhotoState::BackedUp);

    // The folder with the photos was lost.
    std::fs::remove_dir_all(test.folder().join("photos")).unwrap();
    assert_eq!(ask(&phone).await[0], PhotoState::Missing, "it is asked for again");
    assert!(phone.bring(&test, &first, record).await.good().is_stored());
    assert_eq!(ask(&phone).await[0], PhotoState::Stored);
}

#[tokio::test]
async fn nothing_that_a_record_names_is_collected() {
    let test = TestApp::new().await;
    let (named, late, never) = (jpeg(1), jpeg(2), jpeg(3));
    let (house, mut phone, record) = promoter(&test, &[&named]).await;
    for photo in [&named, &late, &never] {
        phone.bring(&test, photo, record).await.good();
    }
    let stray = test.folder().join("photos").join("stray");
    std::fs::write(&stray, "of somebody else").unwrap();
    assert_eq!(collect::collect(&test.app, false).await.unwrap().photos, 0, "the grace has not ended");
    // The change that names the second photo was made long ago and is held for a decision.
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    reviewer.decide(&test, &record.to_string(), serde_json::json!({ "state": "approved" })).await.good();
    phone.attach(&late, record);
    assert!(phone.sync(&test).await.failure.is_none());
    test.clock.advance(31 * DAY);
    let all = collect::collect(&test.app, false).await.unwrap();
    assert_eq!(all.photos, 0, "the record has a change that is not published, so all that was brought for it stays");
    assert!(stray.exists(), "only our own names are looked at");
}

#[tokio::test]
async fn what_nothing_needs_goes_after_the_grace() {
    let test = TestApp::new().await;
    let (named, never) = (jpeg(1), jpeg(2));
    let (_, phone, record) = promoter(&test, &[&named]).await;
    for photo in [&named, &never] {
        phone.bring(&test, photo, record).await.good();
    }
    test.clock.advance(31 * DAY);
    let dry = collect::collect(&test.app, true).await.unwrap();
    assert_eq!(dry.photos, 1);
    let done = collect::collect(&test.app, false).await.unwrap();
    assert_eq!((done.photos, done.lost), (1, 0));
    assert_eq!(collect::collect(&test.app, false).await.unwrap().photos, 0);
    let left = test.app.store.photos();
    let organisation = test.app.store.record_line(record).await.unwrap().organisation;
    let here = left.photos(organisation, &[hash_of(&named), hash_of(&never)]).await.unwrap();
    assert_eq!(here.iter().map(|photo| photo.hash).collect::<Vec<_>>(), [hash_of(&named)]);
}

#[tokio::test]
async fn a_phone_that_was_cut_off_hands_in_what_it_has_and_sees_nothing() {
    let test = TestApp::new().await;
    let photo = jpeg(1);
    let (_, phone, record) = promoter(&test, &[&photo]).await;
    let device = phone.engine.identity().unwrap().device;
    test.app.store.revoke_device(device, server::clock::Clock::now(&*test.clock)).await.unwrap();
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
    let path = format!("/sync/v1/photos/{}", hash_of(&photo));
    assert_eq!(fetch(&test, &phone, &path).await.code(), "device.revoked");
    let delete = test.call(Method::DELETE, "/sync/v1/photos", None, None).await;
    assert_eq!(delete.code(), "request.method");
}

#[tokio::test]
async fn photos_are_looked_through_as_far_as_one_sees() {
    let test = TestApp::new().await;
    let photos = [jpeg(1), jpeg(2), jpeg(3)];
    let (house, mut phone, record) = promoter(&test, &photos.each_ref().map(Vec::as_slice)).await;
    for photo in &photos {
        assert!(phone.bring(&test, photo, record).await.good().is_stored());
        test.clock.advance(1_000);
    }
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let page = async |who: &Staff, query: &str| {
        let body = who.get(&test, &format!("/api/v1/photos{query}")).await.good().json();
        let items = body["items"].as_array().unwrap().clone();
        let hashes: Vec<Value> = items.iter().map(|item| item["hash"].clone()).collect();
        (hashes, items, body["next"].as_str().map(str::to_owned))
    };
    let newest: Vec<Value> = photos.iter().rev().map(|photo| json!(hash_of(photo).to_string())).collect();
    let (first, items, next) = page(&reviewer, "?limit=2").await;
    assert_eq!(first, newest[..2]);
    assert_eq!((&items[0]["preview"], &items[0]["records"][0]["id"]), (&json!(true), &json!(record.to_string())));
    let (second, _, end) = page(&reviewer, &format!("?limit=2&after={}", next.unwrap())).await;
    assert_eq!((second, end), (newest[2..].to_vec(), None));
    for (role, office, seen) in [
        (Role::Secretary, HERE, 3),
        (Role::Secretary, THERE, 0),
        (Role::Promoter, HERE, 3),
        (Role::HqAdmin, ELSEWHERE, 0),
    ] {
        let who = house.staff(&test, role, office).await;
        assert_eq!(page(&who, "").await.0.len(), seen, "{role:?} in {office}");
    }
    assert_eq!(reviewer.get(&test, "/api/v1/photos?after=x").await.code(), "request.cursor");
    for office in reviewer.list(&test, "/api/v1/offices").await {
        let found = page(&reviewer, &format!("?office={}", office["id"].as_str().unwrap())).await.0.len();
        assert_eq!(found, if office["name"] == HERE { 3 } else { 0 });
    }

    // A picture of a plan may be in every record of the town.
    for n in 0..7 {
        let other = phone.register(&format!("客户{n}"));
        phone.attach(&photos[2], other);
    }
    assert_eq!(phone.sync(&test).await.failure, None);
    let (_, items, _) = page(&reviewer, "?limit=1").await;
    let titles: Vec<&str> =
        items[0]["records"].as_array().unwrap().iter().map(|line| line["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["客户6", "客户5", "客户4", "客户3", "客户2", "客户1"]);
    assert_eq!(items[0]["others"], 2);
    // All of them are a list.
    let photo = hash_of(&photos[2]);
    for (role, office, all) in [(Role::Reviewer, HERE, 8), (Role::Secretary, THERE, 0), (Role::HqAdmin, ELSEWHERE, 0)] {
        let who = house.staff(&test, role, office).await;
        let naming = who.list(&test, &format!("/api/v1/records?photo={photo}")).await;
        assert_eq!(naming.len(), all, "{role:?} in {office}");
    }
}

#[tokio::test]
async fn a_page_without_photos_says_where_to_go_on() {
    let test = TestApp::new().await;
    let own = jpeg(1);
    let (house, phone, record) = promoter(&test, &[&own]).await;
    assert!(phone.bring(&test, &own, record).await.good().is_stored());
    // Then came so many that no record in the territory names, that the server does not look through all at once.
    let device = phone.engine.identity().unwrap().device;
    let organisation = test.app.store.record_line(record).await.unwrap().organisation;
    let photos = test.app.store.photos();
    let known = photos.photos(organisation, &[hash_of(&own)]).await.unwrap().remove(0);
    let now = server::clock::Clock::now(&*test.clock);
    let upload = Upload {
        id: uuid::Uuid::from_u128(1),
        organisation,
        person: house.person(Role::Promoter, HERE),
        device,
        record,
        hash: known.hash,
        length: known.bytes + 1,
        durable: 0,
        created_at: now,
        expires_at: now,
        completed_at: None,
    };
    photos.begin_upload(&upload, false, 9).await.unwrap();
    for n in 0..600_u32 {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        let object = format!("o/{n}");
        let other = Photo { hash: PhotoHash(hash), object, stored_at: now.plus(1_000), ..known.clone() };
        photos.finish_upload(upload.id, &other).await.unwrap();
    }
    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    let first = secretary.get(&test, "/api/v1/photos").await.good().json();
    assert_eq!(first["items"], json!([]));
    let next = first["next"].as_str().expect("others follow");
    // The last one that was looked at is none of theirs: what says where to go on does not say which it was, or when it
    // came.
    let told = URL_SAFE_NO_PAD.decode(next).unwrap();
    let (hash, came) = ([0_u8; 28], now.plus(1_000).0.to_be_bytes());
    assert!(!told.windows(28).any(|part| part == hash) && !told.windows(8).any(|part| part == came), "{told:?}");
    let manager = house.staff(&test, Role::OfficeManager, HERE).await;
    let borrowed = manager.get(&test, &format!("/api/v1/photos?after={next}")).await;
    assert_eq!(borrowed.code(), "request.cursor");
    let second = secretary.get(&test, &format!("/api/v1/photos?after={next}")).await.good().json();
    assert_eq!(second["items"][0]["hash"], json!(hash_of(&own).to_string()));
    assert_eq!((second["items"].as_array().unwrap().len(), &second["next"]), (1, &Value::Null));
    // A file passes over them by itself.
    let file = secretary.get(&test, "/api/v1/photos/export?form=csv").await.good();
    assert_eq!(String::from_utf8(file.body).unwrap().lines().count(), 2);
}
