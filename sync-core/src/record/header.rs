//! What is written once, when a record is made.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::scalar::{FieldValue, Scalar};
use crate::id::{DeviceId, OfficeId, PersonId, ProjectId, RecordId, TeamId};
use crate::place::Place;
use crate::time::{BootId, ClockReading, UnixMillis};

/// The version of the document layout that this code writes. See [`crate::document::schema`].
pub const SCHEMA: u32 = 1;

/// The common header of all records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Which record.
    pub id: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// The version of the layout in which it was made.
    pub schema: u32,
    /// The promoter who made it.
    pub owner: PersonId,
    /// The regional office to which the owner belonged.
    pub office: OfficeId,
    /// The team in which the owner was.
    pub team: Option<TeamId>,
    /// The development it is about.
    pub project: Option<ProjectId>,
    /// What the device's clocks said.
    pub captured: ClockReading,
    /// Minutes east of UTC on the device, which decides the business day.
    pub utc_offset_minutes: i16,
    /// Where the device was.
    pub place: Option<Place>,
    /// On which device.
    pub device: DeviceId,
    /// Name and version of the app.
    pub app: String,
}

impl Header {
    /// The business day to which the record belongs.
    pub fn day(&self) -> jiff::civil::Date {
        self.captured.wall.day(self.utc_offset_minutes)
    }

    pub(crate) fn cells(&self) -> Vec<(&'static str, Scalar)> {
        let mut cells = vec![
            ("id", self.id.to_scalar()),
            ("kind", Scalar::Text(self.kind.as_str().to_owned())),
            ("schema", self.schema.to_scalar()),
            ("owner", self.owner.to_scalar()),
            ("office", self.office.to_scalar()),
            ("wall", self.captured.wall.to_scalar()),
            ("mono_ms", Scalar::Int(self.captured.mono_ms.cast_signed())),
            ("boot", self.captured.boot.to_scalar()),
            ("utc_offset", Scalar::Int(i64::from(self.utc_offset_minutes))),
            ("device", self.device.to_scalar()),
            ("app", self.app.to_scalar()),
        ];
        cells.extend(self.team.map(|team| ("team", team.to_scalar())));
        cells.extend(self.project.map(|project| ("project", project.to_scalar())));
        cells.extend(self.place.map(|place| ("place", place.to_scalar())));
        cells
    }

    /// Reads a header; the name of the first field that is missing or wrong otherwise.
    pub(crate) fn read(cell: impl Fn(&str) -> Option<Scalar>) -> Result<Self, &'static str> {
        fn field<T: FieldValue>(cell: &dyn Fn(&str) -> Option<Scalar>, name: &'static str) -> Result<T, &'static str> {
            cell(name).as_ref().and_then(T::from_scalar).ok_or(name)
        }
        let kind: String = field(&cell, "kind")?;
        let mono: i64 = field(&cell, "mono_ms")?;
        let offset: i64 = field(&cell, "utc_offset")?;
        Ok(Self {
            id: field(&cell, "id")?,
            kind: kind.parse().map_err(|_| "kind")?,
            schema: field(&cell, "schema")?,
            owner: field(&cell, "owner")?,
            office: field(&cell, "office")?,
            team: field(&cell, "team").ok(),
            project: field(&cell, "project").ok(),
            captured: ClockReading {
                wall: field::<UnixMillis>(&cell, "wall")?,
                mono_ms: mono.cast_unsigned(),
                boot: field::<BootId>(&cell, "boot")?,
            },
            utc_offset_minutes: i16::try_from(offset).map_err(|_| "utc_offset")?,
            place: field(&cell, "place").ok(),
            device: field(&cell, "device")?,
            app: field(&cell, "app")?,
        })
    }
}
