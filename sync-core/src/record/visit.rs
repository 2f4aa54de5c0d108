//! A visit 拜访: whom a promoter met, why, when, where and with what outcome.

use jiff::civil::Date;

use super::facts::record_facts;
use super::scalar::{ChannelSource, open_choices};
use crate::place::Place;
use crate::time::UnixMillis;

/// The choices of a visit, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! visit_choices {
    ($declare:ident) => {
        $declare! {
            /// What sort of visit it was.
            pub enum VisitKind {
                /// Cold visit 陌拜: nobody expected it.
                Cold = "cold",
                /// Follow-up 回访.
                FollowUp = "follow_up",
                /// Escorted visit 带看: a customer is brought to the sales site.
                Escorted = "escorted",
                /// Dealer visit 经销商拜访.
                Dealer = "dealer",
            }
        }
        $declare! {
            /// How a visit ended.
            pub enum Outcome {
                /// The person is interested.
                Interested = "interested",
                /// Nothing decided, worth another visit.
                Undecided = "undecided",
                /// Not interested.
                NotInterested = "not_interested",
                /// Nobody was there.
                Absent = "absent",
                /// A deal came of it.
                Deal = "deal",
            }
        }
    };
}
visit_choices!(open_choices);

/// The fields of a visit, for `$declare` to make types of: here, and where other languages have to know them.
#[macro_export]
macro_rules! visit_fields {
    ($declare:ident) => {
        $declare! {
            /// What a promoter notes about a visit.
            VisitFacts, VisitEdit;
            scalars {
                /// What sort of visit it was.
                VisitKind visit_kind: VisitKind,
                /// The partner 渠道伙伴 that was visited.
                Partner partner: String,
                /// The outlet or place of business.
                Outlet outlet: String,
                /// Where the outlet stands, to compare with the check-in.
                OutletPlace outlet_place: Place,
                /// The person who was met.
                Person person: String,
                /// Why the promoter went.
                Purpose purpose: String,
                /// The channel through which the contact came.
                ChannelSource channel_source: ChannelSource,
                /// When the visit began 签到.
                CheckInAt check_in_at: UnixMillis,
                /// Where the visit began.
                CheckInPlace check_in_place: Place,
                /// When the visit ended 签退.
                CheckOutAt check_out_at: UnixMillis,
                /// Where the visit ended.
                CheckOutPlace check_out_place: Place,
                /// Who came along, in words.
                Companions companions: String,
                /// How many people make up the group 组 that was brought to the site.
                GroupSize group_size: u32,
                /// How it ended.
                Outcome outcome: Outcome,
                /// What is to be done next.
                NextAction next_action: String,
                /// When it is to be done.
                NextActionOn next_action_on: Date,
                /// Products shown, in words.
                ProductsShown products_shown: String,
                /// Materials left behind, in words.
                Materials materials: String,
                /// Competitor seen, in words.
                CompetitorSeen competitor_seen: String,
            }
            texts {
                /// Notes in words; merge by character.
                Notes notes,
            }
            maps {}
        }
    };
}
visit_fields!(record_facts);

impl VisitFacts {
    /// How long the visit took in milliseconds; `None` unless both ends are known and in order.
    pub fn duration_ms(&self) -> Option<i64> {
        let millis = self.check_out_at?.since(self.check_in_at?);
        (millis >= 0).then_some(millis)
    }

    /// Metres between the outlet and the check-in; `None` unless both have a fix in the same coordinate system.
    pub fn distance_from_outlet_m(&self) -> Option<f64> {
        self.outlet_place?.distance_m(&self.check_in_place?)
    }

    /// Whether the check-in lies within `radius_m` of the outlet, giving the fix the benefit of its accuracy.
    pub fn inside_geofence(&self, radius_m: f64) -> Option<bool> {
        let accuracy = match self.check_in_place? {
            Place::Fix { accuracy_m, .. } => f64::from(accuracy_m.unwrap_or(0.0)),
            Place::None(_) => return None,
        };
        Some(self.distance_from_outlet_m()? <= radius_m + accuracy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_and_distance_are_derived() {
        let facts = VisitFacts {
            check_in_at: Some(UnixMillis(1_000)),
            check_out_at: Some(UnixMillis(61_000)),
            outlet_place: Place::wgs84(30.0, 104.0, 5.0).ok(),
            check_in_place: Place::wgs84(30.001, 104.0, 20.0).ok(),
            ..Default::default()
        };
        assert_eq!(facts.duration_ms(), Some(60_000));
        let metres = facts.distance_from_outlet_m().unwrap();
        assert!((metres - 111.2).abs() < 0.1, "{metres}");
        assert_eq!(facts.inside_geofence(100.0), Some(true));
        assert_eq!(facts.inside_geofence(80.0), Some(false));
        let backwards = VisitFacts { check_out_at: Some(UnixMillis(0)), ..facts };
        assert_eq!(backwards.duration_ms(), None);
    }
}
