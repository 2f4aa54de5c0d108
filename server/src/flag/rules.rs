//! The flags that a record raises by itself.

use sync_core::place::Place;
use sync_core::record::view::AnyView;

use super::Flag;

/// How far from the outlet a check-in may lie, in metres; systems in use allow 100 to 500.
const GEOFENCE_M: f64 = 500.0;
/// The least time that a question takes, in milliseconds.
const QUESTION_MS: i64 = 2_000;

/// The flags that a record raises by itself, as a bit set.
pub fn raise(view: &AnyView) -> u64 {
    let mock = |place: Option<Place>| matches!(place, Some(Place::Fix { mock: true, .. }));
    let mut bits = if mock(view.frame().header.place) { Flag::MockLocation.bit() } else { 0 };
    match view {
        AnyView::Visit(view) => {
            if mock(view.facts.check_in_place) || mock(view.facts.check_out_place) {
                bits |= Flag::MockLocation.bit();
            }
            if view.facts.inside_geofence(GEOFENCE_M) == Some(false) {
                bits |= Flag::OutsideGeofence.bit();
            }
        }
        AnyView::Survey(view) => {
            if let (Some(from), Some(to)) = (view.facts.started_at, view.facts.ended_at) {
                let questions = i64::try_from(view.facts.answers.len()).unwrap_or(i64::MAX);
                if to.since(from) < QUESTION_MS.saturating_mul(questions) {
                    bits |= Flag::HastySurvey.bit();
                }
            }
        }
        AnyView::Lead(view) => {
            if view.facts.consent != Some(true) {
                bits |= Flag::MissingConsent.bit();
            }
        }
    }
    bits
}
