//! Rows that several rooms read.

use sqlx::Row as _;
use sync_core::id::{ActorId, DeviceId, OfficeId, OrganisationId, PersonId, TeamId};
use sync_core::journal::Head;
use sync_core::time::{BootId, ClockReading, UnixMillis};
use sync_core::wire::exchange::Backlog;
use uuid::Uuid;

use super::DbRow;
use crate::store::shared::failure::corrupt;
use crate::store::shared::stored::{count, key, link, small, word};
use crate::store::{Device, DeviceReminder, Person, StoreError};

/// How many columns [`person_at`] reads.
const PERSON_COLUMNS: usize = 11;

/// The person whose columns, as `person_columns!` names them, begin at `first`.
pub(super) fn person_at(row: &DbRow, first: usize) -> Result<Person, StoreError> {
    Ok(Person {
        id: PersonId(row.try_get(first)?),
        organisation: OrganisationId(row.try_get(first + 1)?),
        name: row.try_get(first + 2)?,
        role: word(row.try_get(first + 3)?, "role")?,
        office: row.try_get::<Option<Uuid>, _>(first + 4)?.map(OfficeId),
        team: row.try_get::<Option<Uuid>, _>(first + 5)?.map(TeamId),
        login: row.try_get(first + 6)?,
        active: row.try_get(first + 7)?,
        profile_version: small(row.try_get(first + 8)?)?,
        scope_version: small(row.try_get(first + 9)?)?,
        created_at: UnixMillis(row.try_get(first + 10)?),
    })
}

/// The device of a row with the columns that `device_columns!` names.
pub(super) fn device_of(row: &DbRow) -> Result<Device, StoreError> {
    let at = |offset: usize| PERSON_COLUMNS + offset;
    let millis = |offset: usize| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(at(offset))?.map(UnixMillis));
    Ok(Device {
        person: person_at(row, 0)?,
        id: DeviceId(row.try_get(at(0))?),
        key: key(row.try_get(at(1))?)?,
        label: row.try_get(at(2))?,
        app: row.try_get(at(3))?,
        enrolled_at: UnixMillis(row.try_get(at(4))?),
        revoked_at: millis(5)?,
        head: Head { n: count(row.try_get(at(6))?)?, link: link(row.try_get(at(7))?)? },
        last_exchange_at: millis(8)?,
        skew_ms: row.try_get(at(9))?,
        backlog: Backlog {
            records: small(row.try_get(at(10))?)?,
            changes: small(row.try_get(at(11))?)?,
            oldest: millis(12)?,
            photos: small(row.try_get(at(13))?)?,
            bytes: count(row.try_get(at(14))?)?,
        },
        forked_at: millis(15)?,
        replaces: row.try_get::<Option<Uuid>, _>(at(16))?.map(DeviceId),
        deposited_at: millis(17)?,
        wipe_ordered_at: millis(18)?,
        wipe_at_once: row.try_get(at(19))?,
        wiped_at: millis(20)?,
        reminder: match (row.try_get::<Option<String>, _>(at(21))?, millis(22)?) {
            (Some(day), Some(asked_at)) => Some(DeviceReminder {
                day: day.parse().map_err(|_| corrupt("day"))?,
                at: asked_at,
                by: PersonId(row.try_get(at(23))?),
                reached_at: millis(24)?,
            }),
            _ => None,
        },
        left: match (row.try_get::<Option<String>, _>(at(25))?, row.try_get::<Option<Uuid>, _>(at(26))?) {
            (Some(day), Some(office)) => Some((OfficeId(office), day.parse().map_err(|_| corrupt("to_day"))?)),
            _ => None,
        },
    })
}

/// The actor in a column.
pub(super) fn actor_at(row: &DbRow, column: usize) -> Result<ActorId, StoreError> {
    ActorId::from_slice(row.try_get(column)?).ok_or_else(|| corrupt("actor"))
}

/// A reading whose wall clock stands in a column, and behind it the monotonic one and the boot.
pub(super) fn clock_at(row: &DbRow, wall: usize) -> Result<ClockReading, StoreError> {
    let mono_ms = row.try_get::<i64, _>(wall + 1)?.cast_unsigned();
    let boot = BootId(row.try_get::<i64, _>(wall + 2)?.cast_unsigned());
    Ok(ClockReading { wall: UnixMillis(row.try_get(wall)?), mono_ms, boot })
}
