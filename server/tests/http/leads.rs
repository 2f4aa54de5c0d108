//! Leads together: how far they have come, whose customers they are, who received them; and what surveys came to.

use axum::http::Method;
use serde_json::{Value, json};
use sync_core::id::ProjectId;
use sync_core::record::entry::{Stage, StageRequest};
use sync_core::record::lead::LeadFacts;
use sync_core::record::survey::{Answer, SurveyFacts};
use sync_core::wire::enrol::Role::{Auditor, HqAdmin, Promoter, Reviewer, Secretary, Supervisor};

use super::support::house::{HERE, THERE};
use super::support::{House, Phone, TestApp};

fn lead(name: &str, phone: &str) -> LeadFacts {
    let mut facts = LeadFacts { name: Some(name.to_owned()), ..LeadFacts::default() };
    facts.phones.insert(phone.parse().unwrap(), "本人".to_owned());
    facts
}

fn titles(case: &Value) -> Vec<&str> {
    case["leads"].as_array().unwrap().iter().map(|lead| lead["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn leads_with_one_number_are_a_case_and_others_territory_is_only_counted() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut here = Phone::of(&test, &house, Promoter, HERE).await;
    let mut there = Phone::of(&test, &house, Promoter, THERE).await;
    let first = here.create(None, lead("张三", "13312343333"));
    here.create(None, lead("李四", "13312344444"));
    here.create(None, lead("隐号", "133****3333"));
    there.pass(600_000);
    there.create(None, lead("张三丰", "13312343333"));
    for phone in [&mut here, &mut there] {
        assert!(phone.sync(&test).await.failure.is_none());
    }
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    let cases = reviewer.list(&test, "/api/v1/leads/cases").await;
    assert_eq!(cases.len(), 1);
    assert_eq!((titles(&cases[0]), &cases[0]["elsewhere"]), (vec!["张三丰", "张三"], &json!(0)), "newest first");
    let page = reviewer.get(&test, "/api/v1/leads/cases?limit=1").await.good().json();
    let next = page["next"].as_str().unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let rest = reviewer.list(&test, &format!("/api/v1/leads/cases?limit=1&after={next}")).await;
    assert_eq!(rest, [json!(null); 0], "each case is on one page");

    let secretary = house.staff(&test, Secretary, HERE).await;
    let own = secretary.list(&test, "/api/v1/leads/cases").await;
    assert_eq!((titles(&own[0]), &own[0]["elsewhere"]), (vec!["张三"], &json!(1)));
    let office = house.staff(&test, HqAdmin, HERE).await.list(&test, "/api/v1/offices").await;
    let office = office.iter().find(|office| office["name"] == HERE).unwrap()["id"].as_str().unwrap().to_owned();
    let of_office = reviewer.list(&test, &format!("/api/v1/leads/cases?office={office}")).await;
    assert_eq!(titles(&of_office[0]), ["张三丰", "张三"], "the whole case, if one of it is there");
    let nowhere = "00000000-0000-0000-0000-000000000000";
    assert_eq!(reviewer.list(&test, &format!("/api/v1/leads/cases?office={nowhere}")).await, [json!(null); 0]);

    // One of them was a slip of the finger.
    let edits = [sync_core::record::lead::LeadEdit::Phone("13312343333".parse().unwrap(), None)];
    here.edit(first, &edits);
    here.sync(&test).await;
    assert_eq!(reviewer.list(&test, "/api/v1/leads/cases").await, [json!(null); 0]);
}

#[tokio::test]
async fn leads_are_counted_by_stage_and_arrivals_by_consultant_as_far_as_one_sees() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    let mut here = Phone::of(&test, &house, Promoter, HERE).await;
    let mut there = Phone::of(&test, &house, Promoter, THERE).await;
    let project = ProjectId::from([7; 16]);
    let arrived = here.register_for("到访的", project);
    here.register("没有阶段的");
    let signed = there.register("签约的");
    there.reach(signed, StageRequest { stage: Stage::Signed, reason: None, amount: None, unit: None });
    for phone in [&mut here, &mut there] {
        assert!(phone.sync(&test).await.failure.is_none());
    }
    let secretary = house.staff(&test, Secretary, HERE).await;
    let path = format!("/api/v1/records/{arrived}/arrival");
    let body = json!({ "consultant": "李静" });
    test.call(Method::POST, &path, Some(&secretary.cookie), Some(&body)).await.good();

    let reviewer = house.staff(&test, Reviewer, HERE).await;
    let received = reviewer.list(&test, "/api/v1/leads/received").await;
    assert_eq!(received.len(), 1);
    assert_eq!((&received[0]["consultant"], &received[0]["arrivals"]), (&json!("李静"), &json!(1)));
    let (own, office) = (project.to_string(), received[0]["office"].as_str().unwrap());
    for (project, count) in [(own.as_str(), 1), ("00000000-0000-0000-0000-000000000000", 0), (office, 0)] {
        let of_project = reviewer.list(&test, &format!("/api/v1/leads/received?project={project}")).await;
        assert_eq!(of_project, received[..count], "of the development {project}");
    }
    for (by, titles) in [("%E6%9D%8E%E9%9D%99", vec!["到访的"]), ("%E9%99%88%E6%99%A8", vec![]), ("", vec![])] {
        let path = format!("/api/v1/records?received_by={by}");
        let listed = reviewer.list(&test, &path).await;
        let found: Vec<&str> = listed.iter().map(|line| line["title"].as_str().unwrap()).collect();
        assert_eq!(found, titles, "received by {by}");
        let counted = reviewer.get(&test, &path.replace("records?", "records/count?")).await.good().json();
        assert_eq!(counted["count"], titles.len());
    }
    let elsewhere = house.staff(&test, Secretary, THERE).await;
    assert_eq!(elsewhere.list(&test, "/api/v1/records?received_by=%E6%9D%8E%E9%9D%99").await, [json!(null); 0]);
    assert_eq!(elsewhere.list(&test, "/api/v1/leads/received").await, [json!(null); 0]);

    let count = |stages: &[Value], stage: Value| -> u64 {
        stages.iter().filter(|line| line["stage"] == stage).map(|line| line["leads"].as_u64().unwrap()).sum()
    };
    for (role, office, all, signed) in
        [(Reviewer, HERE, 3, 1), (Secretary, HERE, 2, 0), (Supervisor, THERE, 1, 1), (Promoter, HERE, 2, 0)]
    {
        let who = house.staff(&test, role, office).await;
        let stages = who.list(&test, "/api/v1/leads/stages").await;
        let total: u64 = stages.iter().map(|line| line["leads"].as_u64().unwrap()).sum();
        assert_eq!((total, count(&stages, json!("signed"))), (all, signed), "{role:?} in {office}: {stages:?}");
        let without = who.get(&test, "/api/v1/records/count?stage=none").await.good().json();
        assert_eq!(without["count"], count(&stages, Value::Null), "{role:?} in {office}: {stages:?}");
        let nowhere = "/api/v1/leads/stages?project=00000000-0000-0000-0000-000000000000";
        assert_eq!(who.list(&test, nowhere).await, [json!(null); 0]);
    }
}

#[tokio::test]
async fn answers_of_surveys_are_counted_as_far_as_one_sees_them() {
    let test = TestApp::new().await;
    let house = House::build(&test).await;
    for (office, answer) in [(HERE, true), (HERE, false), (THERE, true)] {
        let mut phone = Phone::of(&test, &house, Promoter, office).await;
        let answers = [("loan".to_owned(), Answer::Bool(answer))].into();
        let facts = SurveyFacts { form: Some("residents".to_owned()), answers, ..SurveyFacts::default() };
        phone.create(None, facts);
        assert!(phone.sync(&test).await.failure.is_none());
    }
    let figures = async |role, path: &str| house.staff(&test, role, HERE).await.get(&test, path).await.good().json();
    let all = figures(Reviewer, "/api/v1/surveys/figures").await;
    assert_eq!((&all["found"], &all["read"], &all["forms"][0]["surveys"]), (&json!(3), &json!(3), &json!(3)));
    let loan = &all["forms"][0]["questions"][0];
    assert_eq!(loan["answers"], json!([{ "answer": true, "count": 2 }, { "answer": false, "count": 1 }]));
    assert_eq!(figures(Secretary, "/api/v1/surveys/figures").await["forms"][0]["surveys"], 2);
    let behind = "/api/v1/surveys/figures/records?survey_form=residents";
    for (figure, of_all, of_office) in [
        ("&survey_version=", 3, 2),
        ("&survey_version=&question=loan", 3, 2),
        ("&survey_version=&question=loan&answer=true", 2, 1),
        ("&survey_version=&question=loan&answer=%22true%22", 0, 0),
        ("&survey_version=&question=loan&others=true", 0, 0),
        ("&survey_version=&question=name", 0, 0),
        ("&survey_version=2", 0, 0),
    ] {
        for (role, count) in [(Reviewer, of_all), (Secretary, of_office)] {
            let found = figures(role, &format!("{behind}{figure}")).await;
            let listed = found["items"].as_array().unwrap().len();
            assert_eq!((&found["rest"], listed), (&json!([]), count), "{figure}: {found}");
        }
    }
    // Those that are not on the first page are named, and their lines are fetched by that.
    let all = figures(Reviewer, &format!("{behind}&survey_version=")).await;
    let first = figures(Reviewer, &format!("{behind}&survey_version=&limit=1")).await;
    let ids: Vec<&str> = all["items"].as_array().unwrap().iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!((&first["items"], &first["rest"]), (&json!([all["items"][0]]), &json!(ids[1..])));
    let lines = format!("/api/v1/records/lines?ids={}", [ids[2], ids[0], ids[1]].join(","));
    assert_eq!(figures(Reviewer, &lines).await, json!([all["items"][2], all["items"][0], all["items"][1]]));
    assert_eq!(figures(Secretary, &lines).await.as_array().unwrap().len(), 2, "as far as one sees");
    let reviewer = house.staff(&test, Reviewer, HERE).await;
    for malformed in [
        format!("{behind}&survey_version=&question=loan&answer=yes"),
        format!("{behind}&survey_version=&question=loan&answer=true&others=true"),
        format!("{behind}&survey_version=&others=true"),
        "/api/v1/records/lines?ids=x".to_owned(),
        format!("/api/v1/records/lines?ids={}", [ids[0]; 201].join(",")),
    ] {
        assert_eq!(reviewer.get(&test, &malformed).await.code(), "request.malformed", "{malformed}");
    }
    let figure = "survey_form=residents&survey_version=&question=loan&answer=true";
    let path = format!("/api/v1/surveys/figures/records/export?form=csv&language=en&{figure}");
    for (role, count) in [(Reviewer, 2), (Secretary, 1)] {
        let file = house.staff(&test, role, HERE).await.get(&test, &path).await.good();
        assert_eq!(file.header("daybook-rows"), None, "they are counted while the file is written");
        let file = String::from_utf8(file.body).unwrap();
        assert_eq!(file.lines().count(), 1 + count, "{role:?}: {file}");
        assert!(file.starts_with("\u{feff}Record,Kind,Title,") && file.contains(",Survey,"), "{file}");
    }
    let auditor = house.staff(&test, Auditor, HERE).await;
    let newest = auditor.list(&test, "/api/v1/audit?limit=1").await.remove(0);
    assert_eq!(newest["act"], "GET /api/v1/surveys/figures/records/export");
    let file = house.staff(&test, Reviewer, HERE).await;
    let file = file.get(&test, "/api/v1/surveys/figures/export?form=csv&language=en").await.good();
    let file = String::from_utf8(file.body).unwrap();
    let lines: Vec<&str> = file.trim_start_matches('\u{feff}').lines().collect();
    let heading = "Form,Version,Surveys filled in,Question,Answers,Answer,How often";
    assert_eq!(lines, [heading, "residents,,3,loan,3,Yes,2", "residents,,3,loan,3,No,1"]);
    let none = figures(Reviewer, "/api/v1/surveys/figures?day=2001-01-01").await;
    assert_eq!(none, json!({ "found": 0, "read": 0, "forms": [] }));
}
