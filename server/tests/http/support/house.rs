//! An organisation with two offices, made by orders as an administrator would give them.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};
use server::auth::session::SessionToken;
use server::service::admin::{NewPerson, Order, perform};
use server::store::Session;
use sync_core::id::PersonId;
use sync_core::wire::enrol::Role;

use super::{Answer, TestApp};

/// Who is there: one person of each role in each office, and another company.
pub(crate) struct House {
    /// By role and office; those of head quarters under both offices.
    people: BTreeMap<(Role, &'static str), PersonId>,
}

pub(crate) const HERE: &str = "桂林";
pub(crate) const THERE: &str = "南宁";
/// Another company on the same server.
pub(crate) const ELSEWHERE: &str = "别家";

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Staff {
    pub(crate) cookie: String,
}

impl House {
    pub(crate) async fn build(test: &TestApp) -> Self {
        let mut people = BTreeMap::new();
        let companies = [("远方", &[HERE, THERE][..]), ("对手", &[ELSEWHERE][..])];
        for (company, offices) in companies {
            let organisation = Some(company.to_owned());
            let order = |order| async { perform(&test.app, order).await.unwrap() };
            order(Order::CreateOrganisation { name: company.to_owned() }).await;
            order(Order::CreateProject { organisation: organisation.clone(), name: "滨江".to_owned() }).await;
            for office in offices.iter().copied() {
                let (name, time_zone) = (office.to_owned(), "Asia/Shanghai".to_owned());
                order(Order::CreateOffice { organisation: organisation.clone(), name, time_zone }).await;
                let team = format!("{office}一组");
                let (name, office_name) = (team.clone(), office.to_owned());
                order(Order::CreateTeam { organisation: organisation.clone(), office: office_name, name }).await;
                for role in Role::ALL {
                    let in_field = !role.is_head_quarters();
                    let person = NewPerson {
                        name: format!("{}{office}", role.as_str()),
                        role,
                        office: in_field.then(|| office.to_owned()),
                        team: matches!(role, Role::Promoter | Role::Supervisor).then(|| team.clone()),
                        login: None,
                        password: None,
                    };
                    let made = order(Order::CreatePerson { organisation: organisation.clone(), person }).await;
                    people.insert((role, office), made["id"].as_str().unwrap().parse().unwrap());
                }
            }
        }
        Self { people }
    }

    pub(crate) fn person(&self, role: Role, office: &'static str) -> PersonId {
        self.people[&(role, office)]
    }

    /// Signs somebody in without the detour over a password.
    pub(crate) async fn staff(&self, test: &TestApp, role: Role, office: &'static str) -> Staff {
        self.signed_in(test, self.person(role, office)).await
    }

    /// Adds somebody to a team of the first office, which is formed if it is not there, and signs them in.
    pub(crate) async fn neighbour(&self, test: &TestApp, role: Role, team: &str) -> Staff {
        let organisation = Some("远方".to_owned());
        let forming =
            Order::CreateTeam { organisation: organisation.clone(), office: HERE.to_owned(), name: team.to_owned() };
        // It may be there already.
        let _ = perform(&test.app, forming).await;
        let person = NewPerson {
            name: format!("{}{team}", role.as_str()),
            role,
            office: Some(HERE.to_owned()),
            team: Some(team.to_owned()),
            login: None,
            password: None,
        };
        let made = perform(&test.app, Order::CreatePerson { organisation, person }).await.unwrap();
        self.signed_in(test, made["id"].as_str().unwrap().parse().unwrap()).await
    }

    async fn signed_in(&self, test: &TestApp, person: PersonId) -> Staff {
        let token = SessionToken::from_random(test.app.dice.bytes());
        let now = test.app.clock.now();
        let session = Session {
            token_hash: token.hash(),
            id: uuid::Uuid::from_bytes(test.app.dice.bytes()),
            person,
            created_at: now,
            expires_at: now.plus(12 * 3_600_000),
            last_seen_at: now,
            network: "unknown".to_owned(),
            client: "unknown".to_owned(),
        };
        test.app.store.create_session(&session).await.unwrap();
        Staff { cookie: format!("__Host-daybook={}", token.reveal()) }
    }

    /// A fresh enrolment code.
    pub(crate) async fn code(&self, test: &TestApp, role: Role, office: &'static str) -> String {
        let organisation = if office == ELSEWHERE { "对手" } else { "远方" };
        let person = self.person(role, office).to_string();
        let order = Order::IssueCode { organisation: Some(organisation.to_owned()), person };
        let issued = perform(&test.app, order).await.unwrap();
        issued["code"].as_str().unwrap().to_owned()
    }
}

impl Staff {
    pub(crate) async fn get(&self, test: &TestApp, path: &str) -> Answer {
        test.get(path, Some(&self.cookie)).await
    }

    pub(crate) async fn list(&self, test: &TestApp, path: &str) -> Vec<Value> {
        let answer = self.get(test, path).await.good().json();
        let items = if answer.is_array() { &answer } else { &answer["items"] };
        items.as_array().unwrap().clone()
    }

    pub(crate) async fn decide(&self, test: &TestApp, record: &str, verdict: Value) -> Answer {
        let path = format!("/api/v1/records/{record}/review");
        test.call(Method::POST, &path, Some(&self.cookie), Some(&verdict)).await
    }

    pub(crate) async fn correct(&self, test: &TestApp, record: &str, field: &str, value: Value) -> Answer {
        let path = format!("/api/v1/records/{record}/facts");
        test.call(Method::PATCH, &path, Some(&self.cookie), Some(&json!({ "facts": { field: value } }))).await
    }
}
