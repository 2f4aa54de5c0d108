//! What speaks for who wrote a change, and when.
//!
//! A phone's wall clock is evidence and never order. What makes a time worth something is the server's own clock, or the
//! phone's monotonic one since a line of its journal that the server had receipted before: in one run of the phone nobody
//! sets that clock, and nobody writes a line into a chain that is signed already.

use serde::Serialize;
use sync_core::time::UnixMillis;

use crate::store::ChangeOrigin;

/// What speaks for who wrote a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A line of a journal that its phone has signed.
    Journal,
    /// It was written at the server, by somebody who was signed in.
    Console,
    /// Another phone brought it back without its line, and somebody took it in.
    Adopted,
}

/// How sure it is when a change was written, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// By the server's clock.
    Server,
    /// By the phone's monotonic clock since an earlier line that the server had receipted, in the same run of the phone.
    Monotonic,
    /// By the writer's wall clock alone; it was at any rate before the server received it.
    Wall,
}

/// The last line of a journal that the server had receipted before another one, in the same run of the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// When the server received it.
    pub received_at: UnixMillis,
    /// How much later the other line was written, by the phone's monotonic clock, in milliseconds.
    pub elapsed_ms: u64,
}

/// When a change was written at the latest, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How it is known.
    pub grade: Grade,
    /// Not later than this, by the server's clock.
    pub not_after: UnixMillis,
}

impl Evidence {
    /// What speaks for a change's author.
    pub fn of(origin: &ChangeOrigin) -> Self {
        match (origin.device, origin.adopted) {
            (Some(_), _) => Self::Journal,
            (None, true) => Self::Adopted,
            (None, false) => Self::Console,
        }
    }
}

impl Timing {
    /// What speaks for a change's time. The anchor was written before it was received, so what was written so much later
    /// was so before that much after.
    pub fn of(origin: &ChangeOrigin) -> Self {
        let received = origin.received_at;
        match (Evidence::of(origin), origin.anchor) {
            (Evidence::Console, _) => Self { grade: Grade::Server, not_after: received },
            (Evidence::Journal, Some(Anchor { received_at, elapsed_ms })) => {
                let counted = received_at.plus(i64::try_from(elapsed_ms).unwrap_or(i64::MAX));
                Self { grade: Grade::Monotonic, not_after: counted.min(received) }
            }
            _ => Self { grade: Grade::Wall, not_after: received },
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::id::{ChangeHash, DeviceId, PersonId};

    use super::*;

    fn origin(from_phone: bool, adopted: bool, anchor: Option<(i64, u64)>) -> ChangeOrigin {
        ChangeOrigin {
            hash: ChangeHash([1; 32]),
            raw: Vec::new(),
            device: from_phone.then(|| DeviceId::from([2; 16])),
            n: None,
            written_at: None,
            skew_ms: None,
            adopted,
            person: PersonId::from([3; 16]),
            person_name: String::new(),
            received_at: UnixMillis(10_000),
            device_label: None,
            anchor: anchor.map(|(at, elapsed_ms)| Anchor { received_at: UnixMillis(at), elapsed_ms }),
            seq: 0,
        }
    }

    #[test]
    fn a_time_is_as_sure_as_the_clock_that_gave_it() {
        for (origin, grade, not_after) in [
            (origin(false, false, None), Grade::Server, 10_000),
            (origin(false, true, None), Grade::Wall, 10_000),
            (origin(true, false, None), Grade::Wall, 10_000),
            (origin(true, false, Some((4_000, 1_500))), Grade::Monotonic, 5_500),
            // It lay on the phone for no longer than this, whatever the clock says.
            (origin(true, false, Some((4_000, 60_000))), Grade::Monotonic, 10_000),
            (origin(true, false, Some((4_000, u64::MAX))), Grade::Monotonic, 10_000),
        ] {
            assert_eq!(Timing::of(&origin), Timing { grade, not_after: UnixMillis(not_after) });
        }
    }
}
