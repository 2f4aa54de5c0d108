//! Pages that follow what changes, and people who have the same record open.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use server::service::admin::{Order, perform};
use server::service::events;
use sync_core::wire::enrol::Role;
use tokio::time::Instant;

use crate::days;
use crate::support::house::{ELSEWHERE, HERE, THERE};
use crate::support::photographer::jpeg;
use crate::support::{House, Phone, Staff, TestApp};

/// A page that follows.
struct Page {
    body: Body,
    unread: String,
}

impl Page {
    async fn open(test: &TestApp, staff: &Staff) -> Self {
        let request = Request::get("/api/v1/events").header("cookie", &staff.cookie).body(Body::empty()).unwrap();
        let response = test.open(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut page = Self { body: response.into_body(), unread: String::new() };
        assert_eq!(page.next().await, Some(("ready".to_owned(), json!({}))));
        page
    }

    /// The next event with its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let read = field("event").zip(field("data"));
                let read = read.map(|(event, data)| (event.to_owned(), serde_json::from_str(data).unwrap()));
                self.unread = rest.to_owned();
                match read {
                    Some(read) => return Some(read),
                    // A comment that keeps the line open.
                    None => continue,
                }
            }
            let frame = self.body.frame().await?.unwrap();
            self.unread.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// What the first change says that mentions a topic.
    async fn hear(&mut self, topic: &str) -> Value {
        let [said] = self.hear_all([topic]).await;
        said
    }

    /// What the first changes say that mention these topics, whether together or one after the other.
    async fn hear_all<const N: usize>(&mut self, topics: [&str; N]) -> [Value; N] {
        let mut heard = topics.map(|_| Value::Null);
        while heard.contains(&Value::Null) {
            let (event, data) = self.next().await.unwrap();
            assert_eq!(event, "changed");
            for (topic, said) in topics.iter().zip(&mut heard) {
                if said.is_null() {
                    *said = data.get(topic).cloned().unwrap_or_default();
                }
            }
        }
        heard
    }
}

async fn office(test: &TestApp, house: &House, name: &str) -> String {
    let offices = house.staff(test, Role::HqAdmin, HERE).await.list(test, "/api/v1/offices").await;
    offices.iter().find(|office| office["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_phone_is_heard_of_as_soon_as_it_is_enrolled() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    let mut page = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    Phone::of(&test, &house, Role::Promoter, HERE).await;
    let named = json!({ "name": "锦江壹号" });
    test.call(Method::POST, "/api/v1/projects", Some(&chief.cookie), Some(&named)).await.good();
    let mut devices = false;
    loop {
        let (_, said) = page.next().await.unwrap();
        devices |= said.get("devices").is_some();
        if said.get("directory").is_some() {
            break;
        }
    }
    assert!(devices, "it has not exchanged anything yet");
}

#[tokio::test]
async fn the_former_office_hears_of_the_phone_of_somebody_who_moved() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let (here, there) = (office(&test, &house, HERE).await, office(&test, &house, THERE).await);
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    assert_eq!(phone.sync(&test).await.failure, None);
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    let path = format!("/api/v1/people/{}", house.person(Role::Promoter, HERE));
    let mut former = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    test.call(Method::PATCH, &path, Some(&chief.cookie), Some(&json!({ "office": there }))).await.good();
    // With it comes what has not been told of before.
    former.hear("directory").await;

    let mut present = Page::open(&test, &house.staff(&test, Role::Secretary, THERE).await).await;
    phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(present.hear_all(["devices", "days"]).await, [json!([there]), json!([there])]);
    loop {
        let (_, said) = former.next().await.unwrap();
        assert!(said.get("devices").is_none(), "the phone is another office's now: {said}");
        if said["days"] == json!([here]) {
            break;
        }
    }

    // Later nobody waits for it there.
    test.clock.advance(96 * 3_600_000);
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    let mut former = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    let mut present = Page::open(&test, &house.staff(&test, Role::Secretary, THERE).await).await;
    phone.register("李四");
    assert_eq!(phone.sync(&test).await.failure, None);
    present.hear("days").await;
    let named = json!({ "name": "锦江壹号" });
    test.call(Method::POST, "/api/v1/projects", Some(&chief.cookie), Some(&named)).await.good();
    let (_, first) = former.next().await.unwrap();
    assert!(first.get("directory").is_some() && first.get("days").is_none(), "{first}");
}

#[tokio::test]
async fn whoever_may_see_it_hears_of_a_phone_s_record_and_nobody_else() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let (here, there) = (office(&test, &house, HERE).await, office(&test, &house, THERE).await);
    let mut reviewer = Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    let mut secretary = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    let mut promoter = Page::open(&test, &house.staff(&test, Role::Promoter, HERE).await).await;
    let mut other = Page::open(&test, &house.staff(&test, Role::Secretary, THERE).await).await;
    let mut stranger = Page::open(&test, &house.staff(&test, Role::HqAdmin, ELSEWHERE).await).await;

    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    for page in [&mut reviewer, &mut secretary] {
        assert_eq!(page.hear_all(["devices", "records"]).await, [json!([here]), json!([here])]);
    }
    assert_eq!(promoter.hear("records").await, json!([here]));

    // What the others hear first is their own.
    let mut theirs = Phone::of(&test, &house, Role::Promoter, THERE).await;
    theirs.register("李四");
    assert_eq!(theirs.sync(&test).await.failure, None);
    let (_, first) = other.next().await.unwrap();
    assert!(!first.to_string().contains(&here) && first.to_string().contains(&there), "{first}");
    let mut foreign = Phone::of(&test, &house, Role::Promoter, ELSEWHERE).await;
    foreign.register("王五");
    assert_eq!(foreign.sync(&test).await.failure, None);
    let (_, first) = stranger.next().await.unwrap();
    assert!(!first.to_string().contains(&here) && !first.to_string().contains(&there), "{first}");
}

#[tokio::test]
async fn what_people_do_is_heard() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let here = office(&test, &house, HERE).await;
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let mut page = Page::open(&test, &house.staff(&test, Role::Auditor, HERE).await).await;
    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    days::close(&test, &secretary, &here, days::DAY).await.good();
    assert_eq!(page.hear("days").await, json!([here]));
    let keep = json!({ "keep_exif": true });
    test.call(Method::PATCH, "/api/v1/organisation", Some(&admin.cookie), Some(&keep)).await.good();
    assert_eq!(page.hear("directory").await, json!([]));
    let phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let device = phone.engine.identity().unwrap().device;
    let revoke = format!("/api/v1/devices/{device}/revoke");
    test.call(Method::POST, &revoke, Some(&admin.cookie), None).await.good();
    assert_eq!(page.hear("devices").await, json!([here]));
}

#[tokio::test]
async fn a_page_ends_with_its_session_its_time_and_the_server() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let leaving = house.staff(&test, Role::Reviewer, HERE).await;
    let mut left = Page::open(&test, &leaving).await;
    let mut stays = Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    test.call(Method::DELETE, "/api/v1/session", Some(&leaving.cookie), None).await.good();
    assert_eq!(left.next().await, None);

    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let mut ended = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    let path = format!("/api/v1/people/{}/sessions", house.person(Role::Secretary, HERE));
    test.call(Method::DELETE, &path, Some(&admin.cookie), None).await.good();
    assert_eq!(ended.next().await, None);

    let mut expires = Page::open(&test, &house.staff(&test, Role::Auditor, HERE).await).await;
    test.clock.advance(12 * 3_600_000);
    test.app.events.tell([events::News::Missed]);
    assert_eq!(expires.next().await, None);
    assert_eq!(stays.next().await, None);

    let mut last = Page::open(&test, &house.staff(&test, Role::Auditor, HERE).await).await;
    test.app.events.stop();
    assert_eq!(last.next().await, None);
}

#[tokio::test]
async fn a_photo_is_heard_of_when_a_record_names_it_and_when_it_has_come() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let here = office(&test, &house, HERE).await;
    let mut secretary = Page::open(&test, &house.staff(&test, Role::Secretary, HERE).await).await;
    let mut other = Page::open(&test, &house.staff(&test, Role::Secretary, THERE).await).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let photo = jpeg(1);
    let record = phone.register("张伟");
    phone.attach(&photo, record);
    assert_eq!(phone.sync(&test).await.failure, None);
    assert_eq!(secretary.hear("photos").await, json!([here]));
    assert!(phone.bring(&test, &photo, record).await.good().is_stored());
    assert_eq!(secretary.hear("photos").await, json!([here]));

    // A record without photos changes no list of them, and no photo of another office does.
    let mut colleague = Phone::of(&test, &house, Role::Promoter, THERE).await;
    colleague.register("李四");
    assert_eq!(colleague.sync(&test).await.failure, None);
    let mut said = json!({});
    while said["records"].is_null() {
        let (_, data) = other.next().await.unwrap();
        assert!(data["photos"].is_null(), "{data}");
        said = data;
    }

    // With its record it leaves one list for another.
    let there = office(&test, &house, THERE).await;
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    let to = json!({ "owner": house.person(Role::Promoter, THERE) });
    let path = format!("/api/v1/records/{record}/assignment");
    test.call(Method::POST, &path, Some(&chief.cookie), Some(&to)).await.good();
    assert_eq!(secretary.hear("photos").await, json!([here]));
    assert_eq!(other.hear("photos").await, json!([there]));
}

#[tokio::test]
async fn a_session_has_so_many_pages_at_once() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let staff = house.staff(&test, Role::Reviewer, HERE).await;
    let mut pages = Vec::new();
    for _ in 0..6 {
        pages.push(Page::open(&test, &staff).await);
    }
    assert_eq!(staff.get(&test, "/api/v1/events").await.code(), "events.too_many");
    Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    pages.pop();
    Page::open(&test, &staff).await;
}

#[tokio::test]
async fn who_missed_something_is_told_to_ask_for_all_they_may_see() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    for (role, topics) in [
        (Role::Promoter, &["directory", "photos", "records"][..]),
        (Role::Secretary, &["days", "devices", "directory", "photos", "quarantine", "records"]),
        (Role::Auditor, &["audit", "days", "devices", "directory", "photos", "quarantine", "records"]),
    ] {
        let mut page = Page::open(&test, &house.staff(&test, role, HERE).await).await;
        test.app.events.tell([events::News::Missed]);
        let (_, data) = page.next().await.unwrap();
        let mut heard: Vec<&String> = data.as_object().unwrap().keys().collect();
        heard.sort_unstable();
        assert_eq!(heard, topics, "{role:?}");
    }
}

/// News of the organisation's records.
async fn records_changed(test: &TestApp, house: &House) -> events::News {
    let staff = house.staff(test, Role::Reviewer, HERE).await;
    let id = staff.get(test, "/api/v1/organisation").await.good().json()["id"].as_str().unwrap().parse().unwrap();
    events::News::of(events::Topic::Records, id, None)
}

// Where a clock is moved the database is the embedded one: words between servers go through PostgreSQL, whose time is real.

#[tokio::test]
async fn a_silent_line_is_kept_open_by_a_comment_every_twenty_seconds() {
    let test = TestApp::embedded().await;
    let house = House::build(&test).await;
    let mut page = Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    // From now on time passes when everybody waits for it.
    tokio::time::pause();
    // Whoever set the house up was told of; until that is over.
    while tokio::time::timeout(Duration::from_millis(600), page.next()).await.is_ok() {}
    for _ in 0..3 {
        let begun = Instant::now();
        let frame = page.body.frame().await.unwrap().unwrap();
        assert_eq!(frame.data_ref().unwrap().as_ref(), b":\n\n");
        let seconds = begun.elapsed().as_secs_f64();
        assert!((19.0..=21.0).contains(&seconds), "{seconds}");
    }
}

#[tokio::test]
async fn news_come_at_once_and_then_at_most_twice_a_second_whatever_happens() {
    let test = TestApp::embedded().await;
    let house = House::build(&test).await;
    let mut page = Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    let news = records_changed(&test, &house).await;
    tokio::time::pause();
    // Whoever set the house up was told of; that is over.
    tokio::time::advance(Duration::from_secs(1)).await;
    let begun = Instant::now();
    test.app.events.tell([news]);
    page.hear("records").await;
    assert!(begun.elapsed() < Duration::from_millis(100), "{:?}", begun.elapsed());
    // A storm: something changes every ten milliseconds for five seconds.
    let storm = async {
        for _ in 0..500 {
            test.app.events.tell([news]);
            tokio::time::advance(Duration::from_millis(10)).await;
        }
    };
    let (mut heard, mut last) = (0, Duration::ZERO);
    tokio::select! {
        () = storm => {}
        () = async { loop {
            page.hear("records").await;
            heard += 1;
            let now = begun.elapsed();
            assert!(now - last >= Duration::from_millis(450), "{last:?} {now:?}");
            last = now;
        }} => {}
    }
    assert!((9..=11).contains(&heard), "{heard}");
}

#[tokio::test]
async fn a_page_that_never_reads_is_kept_some_dozen_words_and_then_asks_for_all() {
    let test = TestApp::embedded().await;
    let house = House::build(&test).await;
    let mut page = Page::open(&test, &house.staff(&test, Role::Reviewer, HERE).await).await;
    let news = records_changed(&test, &house).await;
    tokio::time::pause();
    for _ in 0..1_000 {
        test.app.events.tell([news]);
        tokio::time::advance(Duration::from_millis(600)).await;
    }
    let events::News::Changed { organisation, .. } = news else { panic!("{news:?}") };
    test.app.events.tell([events::News::of(events::Topic::Days, organisation, None)]);
    tokio::time::advance(Duration::from_secs(1)).await;
    let (_, first) = page.next().await.unwrap();
    assert!(first["days"].is_array(), "it missed something, so everything may have changed: {first}");
    let mut kept = 1;
    while page.next().await.unwrap().1["days"].is_null() {
        kept += 1;
    }
    assert!((2..64).contains(&kept), "{kept}");
}

#[tokio::test]
async fn two_who_have_a_record_open_see_each_other() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟").to_string();
    assert_eq!(phone.sync(&test).await.failure, None);
    let path = format!("/api/v1/records/{record}/presence");
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    let stay = async |staff: &Staff| {
        let answer = test.call(Method::PUT, &path, Some(&staff.cookie), None).await.good().json();
        let others = answer["others"].as_array().unwrap().iter();
        others.map(|other| other["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut page = Page::open(&test, &reviewer).await;
    assert_eq!(stay(&reviewer).await, [""; 0]);
    assert_eq!(stay(&admin).await, [format!("reviewer{HERE}")]);
    assert_eq!(page.hear("presence").await, json!([record]));
    assert_eq!(stay(&reviewer).await, [format!("hq_admin{HERE}")]);
    // Their own second page is nobody else.
    assert_eq!(stay(&house.staff(&test, Role::Reviewer, HERE).await).await, [format!("hq_admin{HERE}")]);
    let left = test.call(Method::DELETE, &path, Some(&admin.cookie), None).await;
    assert_eq!(left.status, StatusCode::NO_CONTENT);
    assert_eq!(page.hear("presence").await, json!([record]));
    assert_eq!(stay(&reviewer).await, [""; 0]);
    assert_eq!(stay(&admin).await, [format!("reviewer{HERE}")]);
    test.clock.advance(45_000);
    assert_eq!(stay(&admin).await, [""; 0], "who falls silent is gone");

    let stranger = house.staff(&test, Role::Reviewer, ELSEWHERE).await;
    let hidden = test.call(Method::PUT, &path, Some(&stranger.cookie), None).await;
    assert_eq!(hidden.code(), "record.not_found");
    let orders = Order::ListTrail { organisation: Some("远方".to_owned()), after: 0, limit: 1_000 };
    let trail = perform(&test.app, orders).await.unwrap().to_string();
    assert!(!trail.contains("presence"), "to look is to change nothing");
}

/// What one server's phones bring, pages of another hear; and who has a record open there is seen here.
#[tokio::test]
async fn pages_hear_of_other_servers_on_the_same_database() {
    let test = TestApp::on_postgres().await;
    let house = House::build(&test).await;
    let other = test.beside().await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟").to_string();
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let mut page = Page::open(&other, &reviewer).await;
    assert_eq!(phone.sync(&test).await.failure, None);
    page.hear("records").await;
    let path = format!("/api/v1/records/{record}/presence");
    other.call(Method::PUT, &path, Some(&reviewer.cookie), None).await.good();
    let admin = house.staff(&test, Role::HqAdmin, HERE).await;
    test.call(Method::PUT, &path, Some(&admin.cookie), None).await.good();
    assert_eq!(page.hear("presence").await, json!([record]));
    let seen = other.call(Method::PUT, &path, Some(&reviewer.cookie), None).await.good().json();
    assert_eq!(seen["others"][0]["name"], format!("hq_admin{HERE}"));
    test.call(Method::DELETE, "/api/v1/session", Some(&reviewer.cookie), None).await.good();
    while page.next().await.is_some() {}
}
