//! `daybook admin`: the flags of each order. What the orders do is in [`crate::service::admin`].

use std::io::BufRead as _;

use clap::{Args, Subcommand};
use serde_json::Value;
use sync_core::id::DeviceId;
use sync_core::wire::enrol::Role;

use super::{Failure, show, socket};
use crate::config::Config;
use crate::serve;
use crate::service::admin::{Aside, NewPerson, Order, perform};

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
    /// Enrolled phones.
    #[command(subcommand)]
    Device(DeviceOrder),
    /// Changes that were set aside.
    #[command(subcommand)]
    Quarantine(QuarantineOrder),
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
    /// Lists all.
    List(In),
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
    /// Cuts a phone off at once.
    Revoke {
        /// Which one.
        device: DeviceId,
    },
}

#[derive(Subcommand)]
enum QuarantineOrder {
    /// Lists changes that were set aside, newest first.
    List {
        #[command(flatten)]
        within: In,
        /// Why they were set aside.
        #[arg(long, value_enum, default_value = "quarantined")]
        state: Aside,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
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
            Self::Code(CodeOrder::Issue { within: In { organisation }, person }) => {
                Order::IssueCode { organisation, person }
            }
            Self::Code(CodeOrder::List(In { organisation })) => Order::ListCodes { organisation },
            Self::Device(DeviceOrder::List(In { organisation })) => Order::ListDevices { organisation },
            Self::Device(DeviceOrder::Revoke { device }) => Order::RevokeDevice { device },
            Self::Quarantine(QuarantineOrder::List { within: In { organisation }, state, limit }) => {
                Order::ListQuarantine { organisation, state, limit }
            }
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
            Self::List(In { organisation }) => Ok(Order::ListPeople { organisation }),
        }
    }
}

/// The first line of standard input: an argument would be seen by everybody on the machine.
fn password() -> Result<String, Failure> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|source| Failure::Io { what: "the password can't be read from standard input".to_owned(), source })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
