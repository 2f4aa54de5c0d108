//! Lists as files.

use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use serde_json::json;
use sync_core::wire::enrol::Role;

use crate::days;
use crate::support::house::{HERE, THERE};
use crate::support::photographer::{hash_of, jpeg};
use crate::support::{House, Phone, Staff, TestApp};

/// The rows of a table, each with its cells: none of these tests writes a comma.
async fn table(test: &TestApp, who: &Staff, path: &str) -> Vec<Vec<String>> {
    let answer = who.get(test, path).await.good();
    let rows = answer.headers.get("daybook-rows").map(|rows| rows.to_str().unwrap().parse::<usize>().unwrap());
    let text = String::from_utf8(answer.body).unwrap();
    let lines = text.trim_start_matches('\u{feff}').lines();
    let table: Vec<Vec<String>> = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert_eq!(rows.unwrap_or(table.len() - 1), table.len() - 1, "{path}: as many as were said");
    table
}

#[tokio::test]
async fn a_list_is_exported_as_it_is_filtered_and_in_its_territory() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    for (office, name) in [(HERE, "=张伟"), (THERE, "李四")] {
        let mut phone = Phone::of(&test, &house, Role::Promoter, office).await;
        phone.register(name);
        for n in 0..250 {
            phone.register(&format!("客户{n}"));
        }
        assert_eq!(phone.sync(&test).await.failure, None);
    }
    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    let csv = secretary.get(&test, "/api/v1/records/export?form=csv").await.good();
    assert_eq!(csv.headers["daybook-rows"], "251");
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.starts_with("\u{feff}编号,类型,名称,"), "{}", &text[..40]);
    assert_eq!(text.lines().count(), 252, "a heading, and every page of the office");
    assert!(text.contains(",'=张伟,") && text.contains(",待审,") && !text.contains("李四"));
    let reviewer = house.staff(&test, Role::Reviewer, HERE).await;
    let english = "/api/v1/records/export?form=csv&language=en&kind=lead&text=%E6%9D%8E%E5%9B%9B";
    let text = String::from_utf8(reviewer.get(&test, english).await.good().body).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("Business day") && text.contains(",Lead,李四,"), "{text}");

    let xlsx = reviewer.get(&test, "/api/v1/records/export?form=xlsx").await.good();
    let mut book = Xlsx::new(Cursor::new(xlsx.body)).unwrap();
    let name = book.sheet_names()[0].clone();
    let sheet = book.worksheet_range(&name).unwrap();
    let cell = |row: usize, column: usize| sheet.get((row, column)).map(ToString::to_string).unwrap_or_default();
    assert_eq!((sheet.height(), cell(0, 0), cell(0, 2)), (503, "编号".to_owned(), "名称".to_owned()));
    let names: Vec<String> = (1..503).map(|row| cell(row, 2)).collect();
    assert!(names.contains(&"=张伟".to_owned()) && names.contains(&"李四".to_owned()), "text stays text");
    assert!(cell(1, 0).parse::<sync_core::id::RecordId>().is_ok());
    let counted = reviewer.get(&test, "/api/v1/records/export?form=xlsx&progress=true").await.good();
    assert_eq!(
        (counted.header("daybook-rows"), counted.header("content-type")),
        (Some("502"), Some("application/octet-stream"))
    );
    let end = counted.body.windows(2).position(|pair| pair == b"\n\n").unwrap();
    assert!(counted.body[..end].ends_with(b"502"), "all rows, before the file");
    let mut same = Xlsx::new(Cursor::new(counted.body[end + 2..].to_vec())).unwrap();
    assert_eq!(same.worksheet_range(&name).unwrap().height(), 503);
    for wrong in ["", "?form=pdf", "?form=csv&language=fr", "?form=csv&flag=nonsense"] {
        let refused = reviewer.get(&test, &format!("/api/v1/records/export{wrong}")).await;
        assert_eq!(refused.code(), "request.malformed", "{wrong}");
    }
    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let newest = auditor.list(&test, "/api/v1/audit?limit=1").await.remove(0);
    assert_eq!(newest["act"], "GET /api/v1/records/export");
    assert_eq!(newest["detail"], "form=xlsx&progress=true");
}

#[tokio::test]
async fn every_list_is_taken_away_with_its_filter_and_written_down() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let record = phone.register("张伟");
    assert_eq!(phone.sync(&test).await.failure, None);
    let mut other = Phone::of(&test, &house, Role::Promoter, THERE).await;
    other.register("李四");
    assert_eq!(other.sync(&test).await.failure, None);
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    chief.decide(&test, &record.to_string(), json!({ "state": "approved" })).await.good();
    phone.rename(record, "张炜");
    assert_eq!(phone.sync(&test).await.failure, None);

    let people = table(&test, &chief, "/api/v1/people/export?form=csv&language=en&role=promoter").await;
    assert_eq!(people[0], ["Person", "Name", "Role", "Office", "Team", "Works here"]);
    assert_eq!(people.len(), 3);
    assert!(people[1..].iter().all(|row| row[2] == "Field promoter" && row[5] == "Yes"), "{people:?}");
    let nobody = table(&test, &chief, "/api/v1/people/export?form=csv&text=nobody").await;
    assert_eq!(nobody.len(), 1);

    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    let devices = table(&test, &secretary, "/api/v1/devices/export?form=csv&status=active").await;
    assert_eq!((devices.len(), devices[1][3].as_str()), (2, HERE), "of one's own office");
    assert_eq!(table(&test, &secretary, "/api/v1/devices/export?form=csv&status=wiped").await.len(), 1);
    let version = devices[1][4].replace('/', "%2F");
    for (version, found) in [(version.as_str(), 2), ("daybook%2F0", 1)] {
        let path = format!("/api/v1/devices/export?form=csv&status=active&app={version}");
        assert_eq!(table(&test, &secretary, &path).await.len(), found, "{version}");
    }

    let held = table(&test, &secretary, "/api/v1/amendments/export?form=csv").await;
    assert_eq!(held[1][..2], [record.to_string(), "张伟".to_owned()]);
    let aside = table(&test, &chief, "/api/v1/quarantine/export?form=csv&state=held").await;
    assert_eq!((aside.len(), aside[1][3].as_str(), aside[1][2].as_str()), (2, "record.closed", "待裁决"));
    assert_eq!(table(&test, &chief, "/api/v1/quarantine/export?form=csv").await.len(), 1);

    let day = days::DAY;
    let days = table(&test, &chief, &format!("/api/v1/days/export?form=csv&day={day}")).await;
    assert_eq!(days.len(), 3, "{days:?}");
    let offices = secretary.list(&test, "/api/v1/offices").await;
    let office = offices[0]["id"].as_str().unwrap();
    let board = table(&test, &secretary, &format!("/api/v1/offices/{office}/days/{day}/export?form=csv")).await;
    let line = board.iter().find(|row| !row[7].is_empty() && row[0].starts_with("promoter")).unwrap();
    assert_eq!(line[4], "1", "{board:?}");
    let path = format!("/api/v1/offices/{office}/days/{day}/export?form=csv&missing=true");
    let missing = table(&test, &secretary, &path).await;
    assert!(missing.len() < board.len(), "{missing:?}");
    assert!(missing[1..].iter().all(|row| !row[8].is_empty()), "{missing:?}");
    let teams = table(&test, &secretary, "/api/v1/teams/export?form=csv&language=en").await;
    assert_eq!((teams[0].as_slice(), teams[1][1].as_str()), (&["Team".to_owned(), "Office".to_owned()][..], HERE));
    let stages = table(&test, &secretary, "/api/v1/leads/stages/export?form=csv").await;
    let counted: u64 = stages[1..].iter().map(|row| row[1].parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 1, "{stages:?}");
    let received = table(&test, &secretary, "/api/v1/leads/received/export?form=csv&language=en").await;
    assert_eq!(received[0], ["Office", "Consultant", "Arrivals"]);
    let unfinished = table(&test, &secretary, "/api/v1/days/unfinished/export?form=csv&language=en").await;
    assert_eq!(unfinished[0], ["Business day", "Office", "Closed", "Late records", "Late arrivals and money"]);

    let auditor = house.staff(&test, Role::Auditor, HERE).await;
    let of_chief = house.person(Role::HqAdmin, HERE);
    let trail = table(&test, &auditor, &format!("/api/v1/audit/export?form=csv&person={of_chief}&language=en")).await;
    assert_eq!(trail[0][..5], ["No.", "At", "Name", "From", "Act"]);
    let acts: Vec<&str> = trail[1..].iter().map(|row| row[4].as_str()).collect();
    assert_eq!(acts.iter().filter(|act| act.ends_with("/export")).count(), 5, "{acts:?}");
    assert_eq!(acts.last(), Some(&"POST /api/v1/records/{id}/review"), "newest first, and all of them");
    let newest = auditor.list(&test, "/api/v1/audit?limit=1").await.remove(0);
    assert_eq!(newest["act"], "GET /api/v1/audit/export");

    let cases = table(&test, &chief, "/api/v1/leads/cases/export?form=csv&language=en").await;
    assert_eq!((cases.len(), cases[0][0].as_str()), (1, "Case"));
}

#[tokio::test]
async fn photos_are_taken_away_with_their_records_and_who_brought_them() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let (plan, own) = (jpeg(1), jpeg(2));
    let mut phone = Phone::of(&test, &house, Role::Promoter, HERE).await;
    let first = phone.register("张伟");
    test.clock.advance(60_000);
    let second = phone.register("李四");
    for (photo, record) in [(&plan, first), (&plan, second), (&own, first)] {
        phone.attach(photo, record);
    }
    let mut other = Phone::of(&test, &house, Role::Promoter, THERE).await;
    let there = other.register("王五");
    other.attach(&plan, there);
    for phone in [&mut phone, &mut other] {
        assert_eq!(phone.sync(&test).await.failure, None);
    }
    let chief = house.staff(&test, Role::HqAdmin, HERE).await;
    let path = "/api/v1/photos/export?form=csv&language=en";
    let before = table(&test, &chief, path).await;
    assert_eq!(before.len(), 3);
    for row in &before[1..] {
        assert_eq!((row[1].as_str(), row[2].as_str(), row[15].as_str()), ("", "Not here yet", ""), "still on a phone");
    }
    let of_plan = before.iter().find(|row| row[0] == hash_of(&plan).to_string()).unwrap();
    assert_eq!((of_plan[5].as_str(), of_plan[10].as_str()), ("李四", "3"));
    for (photo, record) in [(&plan, second), (&own, first)] {
        assert!(phone.bring(&test, photo, record).await.good().is_stored());
        test.clock.advance(1_000);
    }

    let never = jpeg(3);
    phone.attach(&never, first);
    assert_eq!(phone.sync(&test).await.failure, None);
    let secretary = house.staff(&test, Role::Secretary, HERE).await;
    let photos = table(&test, &secretary, path).await;
    let headings = ["Photo", "Received at", "State", "Record", "Kind", "Title", "Captured", "Owner", "Office", "Team"];
    assert_eq!(photos[0][..10], headings);
    let hashes: Vec<&str> = photos[1..].iter().map(|row| row[0].as_str()).collect();
    let expected = [&own, &plan, &never].map(|photo| hash_of(photo).to_string());
    assert_eq!(hashes, expected, "the newest first, and what is not here last");
    let [of_own, of_plan, of_never] = &photos[1..] else { panic!("{photos:?}") };
    assert_eq!((of_own[3].as_str(), of_own[2].as_str()), (first.to_string().as_str(), "Here"));
    assert_eq!((&of_own[10], &of_own[11], &of_own[14]), (&"1".to_owned(), &String::new(), &"image/jpeg".to_owned()));
    assert_eq!((of_plan[3].clone(), of_plan[5].as_str(), of_plan[8].as_str()), (second.to_string(), "李四", HERE));
    assert_eq!((of_plan[10].as_str(), of_plan[11].clone()), ("2", first.to_string()), "of one's own office");
    assert!(of_plan[12].starts_with("promoter") && !of_plan[13].is_empty(), "{of_plan:?}");

    assert_eq!((of_never[2].as_str(), of_never[3].clone()), ("Not here yet", first.to_string()));
    let all = table(&test, &chief, path).await;
    assert_eq!(all[2][10], "3");
    let of_there = house.staff(&test, Role::Secretary, THERE).await;
    let theirs = table(&test, &of_there, path).await;
    assert_eq!((theirs.len(), theirs[1][3].clone()), (2, there.to_string()));
    assert_eq!((theirs[1][10].as_str(), theirs[1][12].as_str()), ("1", ""), "nobody there has brought it");
    let here = chief.list(&test, "/api/v1/offices").await;
    let here = here.iter().find(|office| office["name"] == HERE).unwrap()["id"].as_str().unwrap();
    assert_eq!(table(&test, &chief, &format!("{path}&office={here}")).await[2][10], "2");

    let xlsx = secretary.get(&test, "/api/v1/photos/export?form=xlsx").await.good();
    let mut book = Xlsx::new(Cursor::new(xlsx.body)).unwrap();
    let name = book.sheet_names()[0].clone();
    assert_eq!(book.worksheet_range(&name).unwrap().height(), 4);
    let strays = table(&test, &chief, "/api/v1/strays/export?form=csv&language=en").await;
    assert_eq!((strays.len(), strays[0][2].as_str()), (1, "Record"));
    assert_eq!(secretary.get(&test, "/api/v1/strays/export?form=csv").await.code(), "permission.denied");
}
