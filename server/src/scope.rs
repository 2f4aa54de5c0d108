//! Who sees and does what: the one place where territory is decided.
//!
//! Everything is denied that is not allowed here. What lies outside somebody's territory does not exist for them,
//! so a refusal reads "not found", never "forbidden".

use sync_core::id::{OfficeId, OrganisationId};
use sync_core::wire::enrol::Role;

use crate::service::events::Topic;
use crate::store::{Person, RecordLine, RecordPlace, Scope};

/// Something that needs leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Decide about a record.
    Review,
    /// Correct the facts of a record at the console.
    EditFacts,
    /// Say to whom a record belongs.
    Reassign,
    /// See changes that were set aside.
    SeeQuarantine,
    /// Replay or discard changes that were quarantined.
    DecideQuarantine,
    /// See amendments of records in one's territory.
    SeeAmendments,
    /// Accept or reject amendments; of which records, [`may_decide_amendment`] says.
    DecideAmendments,
    /// See devices and their backlog.
    SeeDevices,
    /// Cut phones off, and have them wiped.
    CutOff,
    /// Have phones enrolled.
    Invite,
    /// See boards and statements of offices' days.
    SeeDays,
    /// Close days, and seal what came late.
    CloseDays,
    /// Note arrivals, and say who receives customers.
    Receive,
    /// Read the audit trail.
    Audit,
    /// See how the server is.
    SeeSystem,
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
    holds(person, &record.place())
}

/// Whether somebody sees the record that is in this place.
pub fn holds(person: &Person, place: &RecordPlace) -> bool {
    person.organisation == place.organisation
        && match records_of(person) {
            Scope::Person(id) => place.owner == id,
            Scope::Team(id) => place.team == Some(id),
            Scope::Office(id) => place.office == id,
            Scope::Organisation(id) => place.organisation == id,
        }
}

/// Whether a person lies in somebody's territory. Everybody lies in their own.
pub fn sees_person(who: &Person, person: &Person) -> bool {
    let in_territory = match records_of(who) {
        Scope::Organisation(organisation) => person.organisation == organisation,
        Scope::Office(office) => person.office == Some(office),
        Scope::Team(team) => person.team == Some(team),
        Scope::Person(own) => person.id == own,
    };
    in_territory || person.id == who.id
}

/// Whether somebody is told that something of a sort changed in an office of their organisation. What changed in no office
/// is for head quarters alone, but for the directory: names and settings are everybody's.
pub fn hears(person: &Person, topic: Topic, office: Option<OfficeId>) -> bool {
    let sees = match topic {
        Topic::Records | Topic::Photos => true,
        Topic::Days => may_do(person, Action::SeeDays),
        Topic::Quarantine => may_do(person, Action::SeeQuarantine) || may_do(person, Action::SeeAmendments),
        Topic::Devices => may_do(person, Action::SeeDevices),
        Topic::Directory => true,
        Topic::Audit => may_do(person, Action::Audit),
    };
    let here = match office {
        Some(office) => person.office == Some(office),
        None => topic == Topic::Directory,
    };
    sees && (person.role.is_head_quarters() || here)
}

/// Whether somebody may do something that is not about one record.
pub fn may_do(person: &Person, action: Action) -> bool {
    use Role::{Auditor, HqAdmin, OfficeManager, Reviewer, Secretary, Supervisor};
    match action {
        Action::Review | Action::EditFacts => matches!(person.role, Reviewer | HqAdmin),
        Action::Reassign => matches!(person.role, Secretary | OfficeManager | HqAdmin),
        Action::SeeQuarantine => matches!(person.role, Reviewer | HqAdmin | Auditor),
        Action::DecideQuarantine => matches!(person.role, Reviewer | HqAdmin),
        Action::SeeAmendments => matches!(person.role, Secretary | OfficeManager | Reviewer | HqAdmin | Auditor),
        Action::DecideAmendments => matches!(person.role, Secretary | OfficeManager | Reviewer | HqAdmin),
        Action::SeeDevices => {
            matches!(person.role, Supervisor | Secretary | OfficeManager | Reviewer | HqAdmin | Auditor)
        }
        Action::CutOff | Action::CloseDays | Action::Receive | Action::Invite => {
            matches!(person.role, Secretary | OfficeManager | HqAdmin)
        }
        Action::SeeDays => matches!(person.role, Secretary | OfficeManager | Reviewer | HqAdmin | Auditor),
        Action::Audit | Action::SeeSystem => matches!(person.role, HqAdmin | Auditor),
        Action::Administer => person.role == HqAdmin,
    }
}

/// Whether somebody may cut off and wipe the phones of a person: head quarters all of its organisation, an office its
/// own.
pub fn may_cut_off(person: &Person, owner: &Person) -> bool {
    may_do(person, Action::CutOff) && sees_person(person, owner)
}

/// Whether somebody may have phones of a person enrolled: head quarters' administrators for all of the organisation, an
/// office for its own people.
pub fn may_invite(person: &Person, owner: &Person) -> bool {
    may_do(person, Action::Invite) && sees_person(person, owner)
}

/// Whether somebody may do something to a record that they see.
pub fn may(person: &Person, action: Action, record: &RecordLine) -> bool {
    sees(person, record) && may_do(person, action)
}

/// Whether somebody sees the amendments of a record; `None` if nothing of it is published, so that only head quarters
/// can say to whom it belongs.
pub fn sees_amendments(person: &Person, organisation: OrganisationId, record: Option<&RecordLine>) -> bool {
    may_do(person, Action::SeeAmendments)
        && match record {
            Some(record) => sees(person, record),
            None => person.organisation == organisation && person.role.is_head_quarters(),
        }
}

/// Whether somebody who sees the amendments of a record may decide about them: head quarters always, the office as
/// long as head quarters has not closed the record.
pub fn may_decide_amendment(person: &Person, record: Option<&RecordLine>) -> bool {
    may_do(person, Action::DecideAmendments)
        && (person.role.is_head_quarters() || record.is_some_and(|record| !record.row.review.is_closed()))
}
