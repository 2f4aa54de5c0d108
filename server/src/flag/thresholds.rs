//! From when on a flag is raised: what an organisation decides for itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident: $usual:literal, $range:expr;)+) => {
        /// From when on flags are raised.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default)]
        pub struct Thresholds { $($(#[$doc])* pub $name: u32,)+ }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $usual,)+ }
            }
        }

        impl Thresholds {
            /// The same with what changes.
            ///
            /// # Errors
            /// A sentence about a number that is out of its range.
            pub fn with(self, change: ThresholdChange) -> Result<Self, String> {
                let mut changed = self;
                $(if let Some(value) = change.$name {
                    let range = $range;
                    if !range.contains(&value) {
                        let name = stringify!($name);
                        return Err(format!("{name}: {} to {}", range.start(), range.end()));
                    }
                    changed.$name = value;
                })+
                Ok(changed)
            }
        }

        /// What changes about thresholds; what is left out stays.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct ThresholdChange { $($(#[$doc])* pub $name: Option<u32>,)+ }
    };
}

thresholds! {
    /// How far from the outlet a check-in may lie, in metres beside its own accuracy; systems in use allow 100 to 500.
    geofence_m: 500, 50..=10_000_u32;
    /// The least time that a question of a survey takes, in milliseconds.
    question_ms: 2_000, 100..=60_000_u32;
    /// How far a phone's wall clock may move against its monotonic one between two lines of its journal, in seconds.
    clock_jump_s: 120, 30..=86_400_u32;
    /// The fastest that somebody travels between two records, in kilometres an hour.
    travel_km_h: 160, 20..=2_000_u32;
    /// The most records that somebody makes within a minute.
    records_a_minute: 10, 1..=1_000_u32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_stays_and_what_is_out_of_range_is_told() {
        let usual = Thresholds::default();
        let change = ThresholdChange { geofence_m: Some(200), ..ThresholdChange::default() };
        assert_eq!(usual.with(change), Ok(Thresholds { geofence_m: 200, ..usual }));
        let wrong = ThresholdChange { travel_km_h: Some(5), ..ThresholdChange::default() };
        assert_eq!(usual.with(wrong), Err("travel_km_h: 20 to 2000".to_owned()));
    }

    #[test]
    fn stored_thresholds_of_before_get_the_usual_ones_that_came_since() {
        let read: Thresholds = serde_json::from_str(r#"{"geofence_m": 300, "of_later": 1}"#).unwrap();
        assert_eq!(read, Thresholds { geofence_m: 300, ..Thresholds::default() });
    }
}
