//! Who sees and does what: the one place where territory is decided.
//!
//! Everything is denied that is not allowed here. What lies outside somebody's territory does not exist for them,
//! so a refusal reads "not found", never "forbidden".

use sync_core::wire::enrol::Role;

use crate::store::{Person, RecordLine, Scope};

/// Something that needs leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Decide about a record.
    Review,
    /// Correct the facts of a record at the console.
    EditFacts,
    /// See changes that were set aside.
    SeeQuarantine,
    /// See devices and their backlog.
    SeeDevices,
    /// Manage people, teams, offices and devices.
    Administer,
}

/// The records that somebody sees, on a phone and at the console alike.
pub fn records_of(person: &Person) -> Scope {
    match person.role {
        Role::Promoter => Scope::Person(person.id),
        Role::Supervisor => person.team.map_or(Scope::Person(person.id), Scope::Team),
        Role::Secretary | Role::OfficeManager => person.office.map_or(Scope::Person(person.id), Scope::Office),
        Role::Reviewer | Role::HqAdmin | Role::Auditor => Scope::Organisation(person.organisation),
    }
}

/// Whether somebody sees a record.
pub fn sees(person: &Person, record: &RecordLine) -> bool {
    person.organisation == record.organisation
        && match records_of(person) {
            Scope::Person(id) => record.row.owner == id,
            Scope::Team(id) => record.row.team == Some(id),
            Scope::Office(id) => record.row.office == id,
            Scope::Organisation(id) => record.organisation == id,
        }
}

/// Whether somebody may do something that is not about one record.
pub fn may_do(person: &Person, action: Action) -> bool {
    use Role::{Auditor, HqAdmin, OfficeManager, Reviewer, Secretary, Supervisor};
    match action {
        Action::Review | Action::EditFacts => matches!(person.role, Reviewer | HqAdmin),
        Action::SeeQuarantine => matches!(person.role, Reviewer | HqAdmin | Auditor),
        Action::SeeDevices => {
            matches!(person.role, Supervisor | Secretary | OfficeManager | Reviewer | HqAdmin | Auditor)
        }
        Action::Administer => person.role == HqAdmin,
    }
}

/// Whether somebody may do something to a record that they see.
pub fn may(person: &Person, action: Action, record: &RecordLine) -> bool {
    sees(person, record) && may_do(person, action)
}
