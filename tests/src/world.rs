//! One organisation with its offices, teams, people and phones, set up on a real server through its own commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use sync_core::id::{OfficeId, PersonId, ProjectId, TeamId};
use sync_core::time::UnixMillis;

use crate::clock::DayClock;
use crate::failure::Failure;
use crate::people::Invented;
use crate::phone::Phone;
use crate::pulse::Pulse;
use crate::server_process::ServerProcess;

/// The offices, each with the province whose towns its promoters walk.
const OFFICES: [(&str, &str, &str); OFFICES_IN_ALL as usize] =
    [("成都分所", "Sichuan", "chengdu"), ("重庆分所", "Chongqing Shi", "chongqing"), ("昆明分所", "Yunnan", "kunming")];
/// How many there are; a promoter and the one so many later belong to the same office.
pub(crate) const OFFICES_IN_ALL: u32 = 3;
/// Teams of an office.
const TEAMS: [&str; 2] = ["一组", "二组"];
/// Teams altogether, each with a supervisor if it has promoters.
pub const TEAMS_IN_ALL: usize = OFFICES.len() * TEAMS.len();
/// Every so many-th phone has a wrong clock, by one of these minutes.
const SKEWED_PHONE: usize = 5;
const SKEWS_MINUTES: [i64; 4] = [37, -185, 24 * 60, -3];

/// A regional office.
#[derive(Clone, Debug)]
pub struct Office {
    /// Which one.
    pub id: OfficeId,
    /// What it is called.
    pub name: String,
    /// In which province its promoters walk.
    pub province: String,
}

/// Somebody who signs in at the console.
#[derive(Clone, Debug)]
pub struct Login {
    /// What they do, as the server calls it.
    pub role: &'static str,
    /// With which name they sign in.
    pub login: String,
    /// Their password, as the server made it.
    pub password: String,
}

/// A promoter or supervisor with a phone.
pub struct Member {
    /// The phone and its person.
    pub phone: Phone,
    /// Which office, by position in [`World::offices`].
    pub office: usize,
    /// Which team.
    pub team: TeamId,
}

/// One organisation.
pub struct World {
    /// Its offices.
    pub offices: Vec<Office>,
    /// Its promoters.
    pub promoters: Vec<Member>,
    /// Its supervisors, one for each team.
    pub supervisors: Vec<Member>,
    /// Its staff.
    pub staff: Vec<Login>,
    /// What it sells.
    pub project: ProjectId,
    /// Where the stores of phones lie.
    pub phones_folder: PathBuf,
}

impl World {
    /// Sets everything up: `promoters` with a phone each, spread over six teams in three offices, a supervisor with
    /// a phone in each team that has promoters, secretaries and head quarters. `progress` is told of each phone.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn set_up(
        server: &ServerProcess,
        folder: &Path,
        promoters: usize,
        seed: u64,
        start: UnixMillis,
        pulse: &Arc<Pulse>,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Self, Failure> {
        let phones = folder.join("phones");
        fs::create_dir_all(&phones).map_err(Failure::system("can't make the phones' folder"))?;
        server.admin(&["organisation", "create", "--name", "西南渠道公司"])?;
        let project = server.admin(&["project", "create", "--name", "锦江壹号"])?;
        let mut world = Self {
            offices: Vec::new(),
            promoters: Vec::new(),
            supervisors: Vec::new(),
            staff: Vec::new(),
            project: id_in(&project)?,
            phones_folder: phones.clone(),
        };
        for (name, province, short) in OFFICES {
            let id: OfficeId = id_in(&server.admin(&["office", "create", "--name", name])?)?;
            world.offices.push(Office { id, name: name.to_owned(), province: province.to_owned() });
            let secretary = staff(server, "secretary", &format!("secretary.{short}"), Some(name))?;
            world.staff.push(secretary);
        }
        for (role, login) in [("reviewer", "reviewer"), ("hq_admin", "headquarters"), ("auditor", "auditor")] {
            world.staff.push(staff(server, role, login, None)?);
        }
        // Teams of different offices take turns, so that few promoters are spread as widely as many.
        let mut teams = Vec::new();
        for name in TEAMS {
            for (office, (office_name, ..)) in OFFICES.iter().enumerate() {
                let team = format!("{office_name}{name}");
                let made = server.admin(&["team", "create", "--office", office_name, "--name", &team])?;
                teams.push((office, id_in::<TeamId>(&made)?));
            }
        }
        let enrolment = Enrolment { server, phones: &phones, seed, start, pulse, progress };
        for number in 0..promoters {
            let (office, team) = teams[number % teams.len()];
            world.promoters.push(enrolment.enrol("promoter", number, office, team)?);
        }
        for (number, (office, team)) in teams.into_iter().take(promoters).enumerate() {
            world.supervisors.push(enrolment.enrol("supervisor", promoters + number, office, team)?);
        }
        Ok(world)
    }

    /// All phones, promoters first.
    pub fn phones(&self) -> impl Iterator<Item = &Phone> {
        self.promoters.iter().chain(&self.supervisors).map(|member| &member.phone)
    }

    /// With what the secretary of an office signs in.
    ///
    /// # Errors
    /// When there is none.
    pub fn secretary(&self, office: &Office) -> Result<&Login, Failure> {
        let logins = self.staff.iter().filter(|login| login.role == "secretary").zip(&self.offices);
        let mut found = logins.filter(|(_, of)| of.id == office.id).map(|(login, _)| login);
        found.next().ok_or_else(|| Failure::Unexpected(format!("{} has no secretary", office.name)))
    }

    /// With what somebody of this role signs in.
    ///
    /// # Errors
    /// When there is nobody.
    pub fn login(&self, role: &str) -> Result<&Login, Failure> {
        let found = self.staff.iter().find(|login| login.role == role);
        found.ok_or_else(|| Failure::Unexpected(format!("nobody is {role}")))
    }
}

/// What all enrolments have in common.
struct Enrolment<'a> {
    server: &'a ServerProcess,
    phones: &'a Path,
    seed: u64,
    start: UnixMillis,
    pulse: &'a Arc<Pulse>,
    progress: &'a (dyn Fn() + Sync),
}

impl Enrolment<'_> {
    /// Adds a person, issues a code, and redeems it on a new phone.
    fn enrol(&self, role: &str, number: usize, office: usize, team: TeamId) -> Result<Member, Failure> {
        // Colleagues are numbered from above, so that none has the name of a customer by construction.
        let invented = Invented::numbered(u32::MAX - u32::try_from(number).unwrap_or(0), self.seed);
        let name = format!("{}{:02}", invented.name, number + 1);
        let team_id = team.to_string();
        let person = self.server.admin(&["person", "create", "--name", &name, "--role", role, "--team", &team_id])?;
        let person: PersonId = id_in(&person)?;
        let code = issue_code(self.server, person)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (number as u64));
        let skew_minutes = if number % SKEWED_PHONE == SKEWED_PHONE - 1 {
            SKEWS_MINUTES[number / SKEWED_PHONE % SKEWS_MINUTES.len()]
        } else {
            0
        };
        let clock = Arc::new(DayClock::new(self.start, skew_minutes * 60_000, rng.random()));
        let file = self.phones.join(format!("{number:03}.db"));
        let phone = Phone::enrol(&name, &file, &self.server.base_url(), &code, clock, Arc::clone(self.pulse))?;
        (self.progress)();
        Ok(Member { phone, office, team })
    }
}

/// A code with which somebody's next phone is enrolled.
///
/// # Errors
/// When the server refuses.
pub fn issue_code(server: &ServerProcess, person: PersonId) -> Result<String, Failure> {
    let issued = server.admin(&["code", "issue", "--person", &person.to_string()])?;
    let code = issued["code"].as_str().map(str::to_owned);
    code.ok_or_else(|| Failure::Unexpected("no code was issued".to_owned()))
}

fn staff(server: &ServerProcess, role: &'static str, login: &str, office: Option<&str>) -> Result<Login, Failure> {
    let mut order = vec!["person", "create", "--name", login, "--role", role, "--login", login];
    order.extend(office.iter().flat_map(|office| ["--office", office]));
    let made = server.admin(&order)?;
    let password = made["password"].as_str();
    let password = password.ok_or_else(|| Failure::Unexpected(format!("{login} got no password")))?.to_owned();
    Ok(Login { role, login: login.to_owned(), password })
}

fn id_in<T: std::str::FromStr>(made: &Value) -> Result<T, Failure> {
    let id = made["id"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::Unexpected(format!("an order was answered without an identifier: {made}")))
}
