//! The organisation of a run: offices, teams, who works there, and who sees which record. Who sees what is said here
//! once more, in the plainest words, so that the server's own rule is not what it is held against.

use serde_json::Value;
use server::service::admin::{NewPerson, Order, perform};
use server::state::App;
use sync_core::id::{OfficeId, PersonId, TeamId};
use sync_core::wire::enrol::Role;

use super::backend::{odd, refused};
use super::luck::Luck;
use crate::failure::Failure;

/// Somebody with a phone.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// What they do.
    pub role: Role,
    /// Where.
    pub office: OfficeId,
    /// In which team.
    pub team: Option<TeamId>,
    /// The code for their phone.
    pub code: String,
}

impl Member {
    /// Whether they see what `maker` wrote down.
    pub fn sees_what_is_of(&self, maker: &Self) -> bool {
        match self.role {
            Role::Supervisor => self.team.is_some() && self.team == maker.team,
            Role::Secretary | Role::OfficeManager => self.office == maker.office,
            _ => self.person == maker.person,
        }
    }
}

/// The organisation.
#[derive(Clone, Debug)]
pub struct House {
    /// Those with phones, by phone.
    pub members: Vec<Member>,
    /// Who decides at head quarters.
    pub reviewer: PersonId,
}

impl House {
    /// Founds it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn found(app: &App, offices: usize, phones: usize, luck: &mut Luck) -> Result<Self, Failure> {
        order(app, Order::CreateOrganisation { name: "远方".to_owned() }).await?;
        order(app, Order::CreateProject { organisation: None, name: "滨江".to_owned() }).await?;
        let mut places = Vec::new();
        for number in 0..offices {
            let name = format!("分所{number}");
            let time_zone = "Asia/Shanghai".to_owned();
            let made = order(app, Order::CreateOffice { organisation: None, name: name.clone(), time_zone }).await?;
            let office: OfficeId = id(&made)?;
            for letter in ["甲", "乙"] {
                let team =
                    Order::CreateTeam { organisation: None, office: name.clone(), name: format!("{name}{letter}") };
                let team: TeamId = id(&order(app, team).await?)?;
                places.push((office, team));
            }
        }
        // Few teams, so that people meet: the first two of the first office, then one of another.
        let crowded = [places.first(), places.first(), places.get(2)];
        let mut members = Vec::new();
        for number in 0..phones {
            let role = match number {
                0 | 4 => Role::Promoter,
                1 => Role::Supervisor,
                _ if luck.in_thousand(200) => Role::Secretary,
                _ if luck.in_thousand(250) => Role::Supervisor,
                _ => Role::Promoter,
            };
            let place = if number < 2 { places.first() } else { luck.pick(&crowded).copied().flatten() };
            let Some((office, team)) = place.copied() else {
                return Err(Failure::Unexpected("there is no office".to_owned()));
            };
            let team = (role != Role::Secretary).then_some(team);
            let person = NewPerson {
                name: format!("人{number}"),
                role,
                office: Some(office.to_string()),
                team: team.map(|team| team.to_string()),
                login: None,
                password: None,
            };
            let person: PersonId = id(&order(app, Order::CreatePerson { organisation: None, person }).await?)?;
            let issued = order(app, Order::IssueCode { organisation: None, person: person.to_string() }).await?;
            let code = issued["code"].as_str().unwrap_or_default().to_owned();
            members.push(Member { person, role, office, team, code });
        }
        let reviewer = NewPerson {
            name: "总部".to_owned(),
            role: Role::Reviewer,
            office: None,
            team: None,
            login: None,
            password: None,
        };
        let reviewer = id(&order(app, Order::CreatePerson { organisation: None, person: reviewer }).await?)?;
        Ok(Self { members, reviewer })
    }
}

async fn order(app: &App, order: Order) -> Result<Value, Failure> {
    perform(app, order).await.map_err(refused("an order"))
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(made: &Value) -> Result<T, Failure> {
    made["id"].as_str().unwrap_or_default().parse().map_err(odd("an id"))
}
