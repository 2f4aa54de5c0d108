//! `daybook admin`: the flags of each order. What the orders do is in [`crate::service::admin`].

mod set_aside;
mod strays;

use std::io::BufRead as _;

use clap::{Args, Subcommand};
use serde_json::Value;
use sync_core::id::{DeviceId, RecordId};
use sync_core::wire::enrol::Role;

use super::{Failure, show, socket};
use crate::config::Config;
use crate::serve;
use crate::service::admin::{Goal, NewPerson, Order, PersonMove, perform};
use set_aside::{AmendmentOrder, QuarantineOrder};
use strays::StrayOrder;

#[derive(Args)]
pub(super) struct AdminCommand {
    #[command(subcommand)]
    noun: Noun,
    /// Prints the answer as one line of JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Noun {
    /// Companies.
    #[command(subcommand)]
    Organisation(OrganisationOrder),
    /// Regional offices.
    #[command(subcommand)]
    Office(OfficeOrder),
    /// Teams inside offices.
    #[command(subcommand)]
    Team(TeamOrder),
    /// Developments that promoters sell.
    #[command(subcommand)]
    Project(ProjectOrder),
    /// Promoters and staff.
    #[command(subcommand)]
    Person(PersonOrder),
    /// One-time codes with which phones enrol.
    #[command(subcommand)]
    Code(CodeOrder),
    /// What promoters wrote.
    #[command(subcommand)]
    Record(RecordOrder),
    /// Enrolled phones.
    #[command(subcommand)]
    Device(DeviceOrder),
    /// Changes that were set aside.
    #[command(subcommand)]
    Quarantine(QuarantineOrder),
    /// Changes that phones brought back after the server had lost them.
    #[command(subcommand)]
    Stray(StrayOrder),
    /// Held changes that somebody accepts or rejects.
    #[command(subcommand)]
    Amendment(AmendmentOrder),
}

#[derive(Args)]
struct In {
    /// The organisation's id or name; not needed while there is only one.
    #[arg(long)]
    organisation: Option<String>,
}

#[derive(Subcommand)]
enum OrganisationOrder {
    /// Founds an organisation.
    Create {
        /// What it is called.
        #[arg(long)]
        name: String,
    },
    /// Changes what it decides for itself, from this moment on.
    Change {
        #[command(flatten)]
        within: In,
        /// Whether photos keep what cameras write into them: the place, the time, the phone. What is stored already
        /// stays as it is.
        #[arg(long)]
        keep_exif: Option<bool>,
    },
    /// Lists all.
    List,
}

#[derive(Subcommand)]
enum OfficeOrder {
    /// Opens an office.
    Create {
        #[command(flatten)]
        within: In,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// Its IANA time zone, which decides its business day.
        #[arg(long, default_value = "Asia/Shanghai")]
        time_zone: String,
    },
    /// Lists all.
    List(In),
}

#[derive(Subcommand)]
enum TeamOrder {
    /// Forms a team.
    Create {
        #[command(flatten)]
        within: In,
        /// Its office: id or name.
        #[arg(long)]
        office: String,
        /// What it is called.
        #[arg(long)]
        name: String,
    },
    /// Lists all.
    List(In),
}

#[derive(Subcommand)]
enum ProjectOrder {
    /// Adds a development.
    Create {
        #[command(flatten)]
        within: In,
        /// What it is called.
        #[arg(long)]
        name: String,
    },
    /// Lists all.
    List(In),
}

#[derive(Subcommand)]
enum PersonOrder {
    /// Adds somebody.
    Create {
        #[command(flatten)]
        within: In,
        /// What they are called.
        #[arg(long)]
        name: String,
        /// promoter, supervisor, secretary, office_manager, reviewer, hq_admin or auditor.
        #[arg(long)]
        role: Role,
        /// Their office: id or name. Not needed with a team, nor at head quarters.
        #[arg(long)]
        office: Option<String>,
        /// Their team: id or name.
        #[arg(long)]
        team: Option<String>,
        /// With which name they sign in at the console.
        #[arg(long)]
        login: Option<String>,
        /// Reads their password from standard input instead of making one.
        #[arg(long, requires = "login")]
        password_stdin: bool,
    },
    /// Gives somebody another role, team or office. What they wrote stays where it is; see `hand-over`.
    Change {
        #[command(flatten)]
        within: In,
        /// Whom: id, login or name.
        person: String,
        /// What they do from now on.
        #[arg(long)]
        role: Option<Role>,
        /// Their new office: id or name. They leave their team.
        #[arg(long)]
        office: Option<String>,
        /// Their new team: id or name. Brings its office.
        #[arg(long, conflicts_with = "no_team")]
        team: Option<String>,
        /// Takes them out of their team.
        #[arg(long)]
        no_team: bool,
    },
    /// Makes somebody a password, tells it once and ends their sessions.
    ResetPassword {
        #[command(flatten)]
        within: In,
        /// Whom: id, login or name.
        person: String,
    },
    /// Ends somebody's work here: no signing in, and their phones can only deposit what they have.
    Dismiss {
        #[command(flatten)]
        within: In,
        /// Whom: id, login or name.
        person: String,
    },
    /// Takes somebody back.
    Recall {
        #[command(flatten)]
        within: In,
        /// Whom: id, login or name.
        person: String,
    },
    /// Gives everything that a person has open to somebody else.
    HandOver {
        #[command(flatten)]
        within: In,
        /// In whose name: id, login or name. What they may do decides.
        #[arg(long)]
        by: String,
        /// Whose: id, login or name.
        #[arg(long)]
        from: String,
        /// To whom: id, login or name.
        #[arg(long)]
        to: String,
    },
    /// Lists all.
    List(In),
}

#[derive(Subcommand)]
enum RecordOrder {
    /// Gives records to another promoter, team or office.
    Reassign {
        #[command(flatten)]
        within: In,
        /// In whose name: id, login or name. What they may do decides.
        #[arg(long)]
        by: String,
        /// The new owner: id, login or name. Brings their office and team.
        #[arg(long)]
        owner: Option<String>,
        /// The new team: id or name. Brings its office.
        #[arg(long)]
        team: Option<String>,
        /// The new office: id or name.
        #[arg(long)]
        office: Option<String>,
        /// Which records, at most 200.
        #[arg(required = true)]
        records: Vec<RecordId>,
    },
}

#[derive(Subcommand)]
enum CodeOrder {
    /// Issues a code and shows it, once.
    Issue {
        #[command(flatten)]
        within: In,
        /// For whom: id, login or name.
        #[arg(long)]
        person: String,
    },
    /// Lists all, without the codes themselves.
    List(In),
}

#[derive(Subcommand)]
enum DeviceOrder {
    /// Lists all, with what they reported last.
    List(In),
    /// Has a phone compare what it holds with its next exchange.
    Compare {
        /// Which one.
        device: DeviceId,
    },
    /// Cuts a phone off at once. It can still hand in what it has, which is quarantined.
    Revoke {
        /// Which one.
        device: DeviceId,
    },
    /// Cuts a phone off and has it forget everything, once it has handed in what it has and a verified backup of the
    /// server holds all of it.
    Wipe {
        /// Which one.
        #[arg(long)]
        device: DeviceId,
        /// Does not wait for the backup. A server that is restored afterwards may lack what only that phone had.
        #[arg(long)]
        at_once: bool,
    },
}

/// Carries out what the command line says.
pub(super) async fn run(config: Config, command: AdminCommand) -> Result<(), Failure> {
    let answer = order(config, command.noun.order()?).await?;
    show::answer(&answer, command.json);
    Ok(())
}

/// Gives an order to the server that runs in the folder, or carries it out in the folder if none runs.
pub(super) async fn order(config: Config, order: Order) -> Result<Value, Failure> {
    if let Some(answer) = socket::give(&config.database.socket(), &order).await? {
        return Ok(answer);
    }
    let app = serve::open(config).await?;
    let answer = perform(&app, order).await;
    app.store.close().await;
    Ok(answer?)
}

impl Noun {
    fn order(self) -> Result<Order, Failure> {
        Ok(match self {
            Self::Organisation(OrganisationOrder::Create { name }) => Order::CreateOrganisation { name },
            Self::Organisation(OrganisationOrder::List) => Order::ListOrganisations,
            Self::Organisation(OrganisationOrder::Change { within: In { organisation }, keep_exif }) => {
                Order::ChangeOrganisation { organisation, keep_exif }
            }
            Self::Office(OfficeOrder::Create { within: In { organisation }, name, time_zone }) => {
                Order::CreateOffice { organisation, name, time_zone }
            }
            Self::Office(OfficeOrder::List(In { organisation })) => Order::ListOffices { organisation },
            Self::Team(TeamOrder::Create { within: In { organisation }, office, name }) => {
                Order::CreateTeam { organisation, office, name }
            }
            Self::Team(TeamOrder::List(In { organisation })) => Order::ListTeams { organisation },
            Self::Project(ProjectOrder::Create { within: In { organisation }, name }) => {
                Order::CreateProject { organisation, name }
            }
            Self::Project(ProjectOrder::List(In { organisation })) => Order::ListProjects { organisation },
            Self::Person(order) => return order.order(),
            Self::Record(RecordOrder::Reassign { within, by, owner, team, office, records }) => {
                let to = Goal { owner, team, office };
                Order::Reassign { organisation: within.organisation, by, records, to }
            }
            Self::Code(CodeOrder::Issue { within: In { organisation }, person }) => {
                Order::IssueCode { organisation, person }
            }
            Self::Code(CodeOrder::List(In { organisation })) => Order::ListCodes { organisation },
            Self::Device(DeviceOrder::List(In { organisation })) => Order::ListDevices { organisation },
            Self::Device(DeviceOrder::Revoke { device }) => Order::RevokeDevice { device },
            Self::Device(DeviceOrder::Wipe { device, at_once }) => Order::WipeDevice { device, at_once },
            Self::Quarantine(order) => order.order(),
            Self::Stray(order) => order.order(),
            Self::Device(DeviceOrder::Compare { device }) => Order::CompareDevice { device },
            Self::Amendment(order) => order.order(),
        })
    }
}

impl PersonOrder {
    fn order(self) -> Result<Order, Failure> {
        match self {
            Self::Create { within: In { organisation }, name, role, office, team, login, password_stdin } => {
                let password = if password_stdin { Some(password()?) } else { None };
                let person = NewPerson { name, role, office, team, login, password };
                Ok(Order::CreatePerson { organisation, person })
            }
            Self::Change { within: In { organisation }, person, role, office, team, no_team } => {
                let to = PersonMove { role, office, team, no_team, active: None };
                Ok(Order::ChangePerson { organisation, person, to })
            }
            Self::ResetPassword { within: In { organisation }, person } => {
                Ok(Order::ResetPassword { organisation, person })
            }
            Self::Dismiss { within, person } => Ok(active(within, person, false)),
            Self::Recall { within, person } => Ok(active(within, person, true)),
            Self::HandOver { within: In { organisation }, by, from, to } => {
                Ok(Order::HandOver { organisation, by, from, to })
            }
            Self::List(In { organisation }) => Ok(Order::ListPeople { organisation }),
        }
    }
}

fn active(In { organisation }: In, person: String, active: bool) -> Order {
    let to = PersonMove { active: Some(active), ..PersonMove::default() };
    Order::ChangePerson { organisation, person, to }
}

/// The first line of standard input: an argument would be seen by everybody on the machine.
fn password() -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|source| Failure::Io { what: "the password can't be read from standard input".to_owned(), source })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
