//! The organisation whose phones are measured.

use serde_json::Value;
use server::service::admin::{NewPerson, Order, perform};
use server::state::App;
use sync_core::wire::enrol::Role;

use super::ground::odd;
use crate::failure::Failure;

/// Regional offices.
const OFFICES: usize = 10;
/// Teams of each.
const TEAMS: usize = 2;

/// Who is hired, and where.
#[derive(Clone, Copy, Debug)]
pub enum Post {
    /// Promoters, spread over all teams.
    Anywhere,
    /// Promoters of the first office's first team.
    FirstTeam,
    /// A secretary of the first office.
    FirstOffice,
}

/// The organisation, founded if nobody has yet.
#[derive(Clone, Debug)]
pub struct Company {
    offices: Vec<String>,
    teams: Vec<String>,
    hired: usize,
}

impl Company {
    /// Finds or founds it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of(app: &App) -> Result<Self, Failure> {
        if ask(app, Order::ListOrganisations).await?.as_array().is_none_or(Vec::is_empty) {
            found(app).await?;
        }
        let offices = ids(&ask(app, Order::ListOffices { organisation: None }).await?);
        let teams = ids(&ask(app, Order::ListTeams { organisation: None }).await?);
        let hired = ids(&ask(app, Order::ListPeople { organisation: None }).await?).len();
        Ok(Self { offices, teams, hired })
    }

    /// Adds people; a code for each of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn hire(&mut self, app: &App, post: Post, count: usize) -> Result<Vec<String>, Failure> {
        let mut codes = Vec::with_capacity(count);
        for number in 0..count {
            let (role, office, team) = match post {
                Post::Anywhere => (Role::Promoter, None, self.teams.get(number % self.teams.len())),
                Post::FirstTeam => (Role::Promoter, None, self.teams.first()),
                Post::FirstOffice => (Role::Secretary, self.offices.first(), None),
            };
            let name = format!("员工{:05}", self.hired);
            self.hired += 1;
            let person =
                NewPerson { name, role, office: office.cloned(), team: team.cloned(), login: None, password: None };
            let made = ask(app, Order::CreatePerson { organisation: None, person }).await?;
            let person = text(&made, "id")?;
            codes.push(text(&ask(app, Order::IssueCode { organisation: None, person }).await?, "code")?);
        }
        Ok(codes)
    }

    /// Adds somebody of head quarters who signs in with this login; the password.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_reviewer(app: &App, login: &str) -> Result<String, Failure> {
        Self::add_staff(app, login, Role::Reviewer).await
    }

    /// Adds somebody of head quarters who does this, and signs in with this login; the password.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_staff(app: &App, login: &str, role: Role) -> Result<String, Failure> {
        let person = NewPerson {
            name: login.to_owned(),
            role,
            office: None,
            team: None,
            login: Some(login.to_owned()),
            password: None,
        };
        text(&ask(app, Order::CreatePerson { organisation: None, person }).await?, "password")
    }

    /// How many people it has.
    pub fn hired(&self) -> usize {
        self.hired
    }

    /// Its offices.
    pub fn offices(&self) -> &[String] {
        &self.offices
    }

    /// Its teams.
    pub fn teams(&self) -> &[String] {
        &self.teams
    }
}

async fn found(app: &App) -> Result<(), Failure> {
    ask(app, Order::CreateOrganisation { name: "西南渠道公司".to_owned() }).await?;
    for number in 1..=OFFICES {
        let (name, time_zone) = (format!("第{number}分所"), "Asia/Shanghai".to_owned());
        let office = ask(app, Order::CreateOffice { organisation: None, name, time_zone }).await?;
        let office = text(&office, "id")?;
        for team in 1..=TEAMS {
            let name = format!("第{number}分所{team}组");
            ask(app, Order::CreateTeam { organisation: None, office: office.clone(), name }).await?;
        }
    }
    Ok(())
}

async fn ask(app: &App, order: Order) -> Result<Value, Failure> {
    perform(app, order).await.map_err(odd)
}

fn ids(lines: &Value) -> Vec<String> {
    let all = lines.as_array().into_iter().flatten();
    all.filter_map(|line| line["id"].as_str()).map(str::to_owned).collect()
}

fn text(line: &Value, field: &str) -> Result<String, Failure> {
    line[field].as_str().map(str::to_owned).ok_or_else(|| odd(format!("an order was answered without {field}")))
}
