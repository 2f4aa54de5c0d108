//! What the answers to orders look like: one line of JSON for each thing.

use serde::Serialize;
use sync_core::id::{DeviceId, Link, OfficeId, OrganisationId, PersonId, ProjectId, TeamId};
use sync_core::time::UnixMillis;
use sync_core::wire::enrol::Role;

use crate::store::{Device, EnrolmentCode, Office, Organisation, Person, Project, Team};

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Line {
    Organisation {
        id: OrganisationId,
        name: String,
        keep_exif: bool,
    },
    Office {
        id: OfficeId,
        name: String,
        time_zone: String,
    },
    Team {
        id: TeamId,
        name: String,
        office: OfficeId,
    },
    Project {
        id: ProjectId,
        name: String,
    },
    Person {
        id: PersonId,
        name: String,
        role: Role,
        office: Option<OfficeId>,
        team: Option<TeamId>,
        login: Option<String>,
        active: bool,
        /// Only when it was made just now.
        #[serde(skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    Code {
        /// Only when it was issued just now.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        hint: String,
        person: PersonId,
        expires_at: UnixMillis,
        used_at: Option<UnixMillis>,
        device: Option<DeviceId>,
    },
    Device {
        id: DeviceId,
        person: PersonId,
        person_name: String,
        label: String,
        app: String,
        enrolled_at: UnixMillis,
        revoked_at: Option<UnixMillis>,
        forked_at: Option<UnixMillis>,
        replaces: Option<DeviceId>,
        /// How many lines of its journal are here.
        journal_n: u64,
        /// Where its journal ends: the link of the last of them.
        journal_link: Link,
        deposited_at: Option<UnixMillis>,
        wipe_ordered_at: Option<UnixMillis>,
        wipe_at_once: bool,
        wiped_at: Option<UnixMillis>,
        last_exchange_at: Option<UnixMillis>,
        skew_ms: Option<i64>,
        unsent_changes: u32,
    },
}

impl Line {
    pub(super) fn person(person: Person, password: Option<String>) -> Self {
        let Person { id, name, role, office, team, login, active, .. } = person;
        Self::Person { id, name, role, office, team, login, active, password }
    }

    pub(super) fn code(stored: EnrolmentCode, code: Option<String>) -> Self {
        let EnrolmentCode { hint, person, expires_at, used_at, device, .. } = stored;
        Self::Code { code, hint, person, expires_at, used_at, device }
    }
}

impl From<Organisation> for Line {
    fn from(Organisation { id, name, keep_exif, .. }: Organisation) -> Self {
        Self::Organisation { id, name, keep_exif }
    }
}

impl From<Office> for Line {
    fn from(Office { id, name, time_zone, .. }: Office) -> Self {
        Self::Office { id, name, time_zone }
    }
}

impl From<Team> for Line {
    fn from(Team { id, name, office, .. }: Team) -> Self {
        Self::Team { id, name, office }
    }
}

impl From<Project> for Line {
    fn from(Project { id, name, .. }: Project) -> Self {
        Self::Project { id, name }
    }
}

impl From<Person> for Line {
    fn from(person: Person) -> Self {
        Self::person(person, None)
    }
}

impl From<EnrolmentCode> for Line {
    fn from(stored: EnrolmentCode) -> Self {
        Self::code(stored, None)
    }
}

impl From<Device> for Line {
    fn from(device: Device) -> Self {
        Self::Device {
            id: device.id,
            person: device.person.id,
            person_name: device.person.name,
            label: device.label,
            app: device.app,
            enrolled_at: device.enrolled_at,
            revoked_at: device.revoked_at,
            forked_at: device.forked_at,
            replaces: device.replaces,
            journal_n: device.head.n,
            journal_link: device.head.link,
            deposited_at: device.deposited_at,
            wipe_ordered_at: device.wipe_ordered_at,
            wipe_at_once: device.wipe_at_once,
            wiped_at: device.wiped_at,
            last_exchange_at: device.last_exchange_at,
            skew_ms: device.skew_ms,
            unsent_changes: device.backlog.changes,
        }
    }
}
