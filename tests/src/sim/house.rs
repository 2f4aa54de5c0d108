//! The organisation of a run: offices, teams, who works there, and who sees which record. Who sees what is said here
//! once more, in the plainest words, so that the server's own rule is not what it is held against.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use server::error::ServiceError;
use server::service::admin::{NewPerson, Order, perform};
use server::state::App;
use sync_core::id::{DeviceId, OfficeId, PersonId, RecordId, TeamId};
use sync_core::wire::enrol::Role;

use super::backend::{odd, refused};
use super::handset::Handset;
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

/// To whom a record belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who owns it.
    pub owner: PersonId,
    /// Which team.
    pub team: Option<TeamId>,
    /// Which office.
    pub office: OfficeId,
}

impl Member {
    /// Whether they see a record that belongs there.
    pub fn sees(&self, place: &Place) -> bool {
        match self.role {
            Role::Supervisor => self.team.is_some() && self.team == place.team,
            Role::Secretary | Role::OfficeManager => self.office == place.office,
            _ => self.person == place.owner,
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
    /// Who moves people and records, and cuts phones off.
    pub admin: PersonId,
    /// Somebody who means no good, in the first team.
    pub intruder: Member,
    /// The teams with people in them, each with its office.
    pub teams: Vec<(OfficeId, TeamId)>,
    /// To whom each record belongs now.
    pub places: BTreeMap<RecordId, Place>,
    /// The phones that were cut off.
    pub cut_off: BTreeSet<DeviceId>,
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
            members.push(engage(app, &format!("人{number}"), role, office, team).await?);
        }
        let Some((office, team)) = places.first().copied() else {
            return Err(Failure::Unexpected("there is no office".to_owned()));
        };
        let intruder = engage(app, "外人", Role::Promoter, office, Some(team)).await?;
        let mut staff = Vec::new();
        for (name, role) in [("总部", Role::Reviewer), ("总管", Role::HqAdmin)] {
            let person =
                NewPerson { name: name.to_owned(), role, office: None, team: None, login: None, password: None };
            staff.push(id(&order(app, Order::CreatePerson { organisation: None, person }).await?)?);
        }
        let teams = [places.first(), places.get(2)].into_iter().flatten().copied().collect();
        let (places, cut_off) = (BTreeMap::new(), BTreeSet::new());
        Ok(Self { members, reviewer: staff[0], admin: staff[1], intruder, teams, places, cut_off })
    }

    /// Whether somebody with this phone may see a record now.
    pub fn sees(&self, phone: usize, record: RecordId) -> bool {
        self.members.get(phone).zip(self.places.get(&record)).is_some_and(|(member, place)| member.sees(place))
    }

    /// A record was made on a phone: it belongs where the phone believes its person to be.
    pub fn place(&mut self, record: RecordId, made: bool, phone: &Handset) {
        let profile = phone.engine.identity().map(|identity| &identity.profile);
        if let (true, Some(profile)) = (made, profile) {
            let place = Place { owner: profile.person, team: profile.team, office: profile.office };
            self.places.insert(record, place);
        }
    }

    /// Issues another code for the person with this phone.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn issue_code(&mut self, app: &App, phone: usize) -> Result<String, ServiceError> {
        let person = self.members[phone].person.to_string();
        let issued = perform(app, Order::IssueCode { organisation: None, person }).await?;
        Ok(issued["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Lets so many phones more be somebody's; whose they are is seen when they become twins.
    pub fn make_room_for_twins(&mut self, twins: usize) {
        let first = self.members.first().cloned();
        self.members.extend(first.into_iter().cycle().take(twins));
    }
}

/// Takes somebody on, with a code for their phone.
async fn engage(app: &App, name: &str, role: Role, office: OfficeId, team: Option<TeamId>) -> Result<Member, Failure> {
    let person = NewPerson {
        name: name.to_owned(),
        role,
        office: Some(office.to_string()),
        team: team.map(|team| team.to_string()),
        login: None,
        password: None,
    };
    let person: PersonId = id(&order(app, Order::CreatePerson { organisation: None, person }).await?)?;
    let issued = order(app, Order::IssueCode { organisation: None, person: person.to_string() }).await?;
    let code = issued["code"].as_str().unwrap_or_default().to_owned();
    Ok(Member { person, role, office, team, code })
}

async fn order(app: &App, order: Order) -> Result<Value, Failure> {
    perform(app, order).await.map_err(refused("an order"))
}

fn id<T: std::str::FromStr<Err: std::fmt::Display>>(made: &Value) -> Result<T, Failure> {
    made["id"].as_str().unwrap_or_default().parse().map_err(odd("an id"))
}
