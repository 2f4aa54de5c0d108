//! What a record says that flags are raised by: measured once, from its merged values, without a threshold.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use sync_core::id::{DeviceId, OrganisationId};
use sync_core::place::{Place, distance_m};
use sync_core::record::view::AnyView;
use sync_core::time::{ClockReading, UnixMillis};

use super::rules::Jump;

/// Degrees in a unit of [`Point`]: about a centimetre.
const UNIT: f64 = 1e7;

/// A point on Earth in ten-millionths of a degree, as it stands in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// North.
    pub lat: i32,
    /// East.
    pub lon: i32,
}

impl Point {
    /// Where a fix is. Chinese map services' coordinates are some hundred metres off, which is nothing to a journey.
    #[expect(clippy::cast_possible_truncation, reason = "degrees are checked when a place is read")]
    pub fn of(place: Place) -> Option<Self> {
        let unit = |degrees: f64| (degrees * UNIT).round() as i32;
        match place {
            Place::Fix { lat, lon, .. } => Some(Self { lat: unit(lat), lon: unit(lon) }),
            Place::None(_) => None,
        }
    }

    /// Metres to another point.
    pub fn distance_m(self, other: Self) -> f64 {
        let degrees = |point: Self| (f64::from(point.lat) / UNIT, f64::from(point.lon) / UNIT);
        distance_m(degrees(self), degrees(other))
    }
}

/// What a record says by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sighting {
    /// When it was made, by the phone's clock.
    pub at: UnixMillis,
    /// Where.
    pub point: Option<Point>,
    /// On which phone.
    pub device: Option<DeviceId>,
    /// Which of its places the phone called made up.
    pub mock: Vec<&'static str>,
    /// How many metres the check-in was from the outlet, and how accurate that is.
    pub from_outlet: Option<(f64, f64)>,
    /// How long a survey took, in milliseconds, and how many questions were answered.
    pub survey: Option<(i64, usize)>,
    /// Whether it is a lead without consent.
    pub without_consent: bool,
    /// Where the journal's clocks disagree, as far as it is not stored yet.
    pub jumps: Vec<Jump>,
    /// A line that is not stored yet, and whose predecessor is.
    pub opening: Option<Opening>,
    /// The full phone numbers of a lead, as [`phone_key`] has them.
    pub phones: Vec<i64>,
}

/// The first line of what a phone has sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Whose.
    pub device: DeviceId,
    /// Which.
    pub n: u64,
    /// When it was written.
    pub clock: ClockReading,
}

impl Sighting {
    /// Measures a record of an organisation.
    pub fn of(organisation: OrganisationId, view: &AnyView) -> Self {
        let header = &view.frame().header;
        let mut seen = Self {
            at: header.captured.wall,
            point: header.place.and_then(Point::of),
            device: Some(header.device),
            ..Self::default()
        };
        let mut places = vec![("captured", header.place)];
        match view {
            AnyView::Visit(view) => {
                let facts = &view.facts;
                places.extend([("check_in", facts.check_in_place), ("check_out", facts.check_out_place)]);
                let accuracy = match facts.check_in_place {
                    Some(Place::Fix { accuracy_m, .. }) => f64::from(accuracy_m.unwrap_or(0.0)),
                    _ => 0.0,
                };
                seen.from_outlet = facts.distance_from_outlet_m().map(|metres| (metres, accuracy));
                seen.point = seen.point.or(facts.check_in_place.and_then(Point::of));
            }
            AnyView::Survey(view) => {
                let ends = view.facts.started_at.zip(view.facts.ended_at);
                seen.survey = ends.map(|(from, to)| (to.since(from), view.facts.answers.len()));
            }
            AnyView::Lead(view) => {
                seen.without_consent = view.facts.consent != Some(true);
                let full = view.facts.phones.keys().filter(|phone| phone.is_full());
                let keys: HashSet<i64> = full.map(|phone| phone_key(organisation, phone.as_str())).collect();
                seen.phones = keys.into_iter().collect();
                seen.phones.sort_unstable();
            }
        }
        let made_up = |place: &Option<Place>| matches!(place, Some(Place::Fix { mock: true, .. }));
        seen.mock = places.iter().filter(|(_, place)| made_up(place)).map(|(name, _)| *name).collect();
        seen
    }
}

/// A full phone number as it is compared: 64 bits of a hash, so that no column holds it a second time, and with the
/// organisation, so that two companies on one server never meet.
pub fn phone_key(organisation: OrganisationId, e164: &str) -> i64 {
    let digest = Sha256::new().chain_update(organisation.as_bytes()).chain_update(e164).finalize();
    let mut key = [0; 8];
    key.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_as_far_apart_as_their_places() {
        let place = |lat, lon| Place::wgs84(lat, lon, 5.0).unwrap();
        let (chengdu, guilin) = (place(30.65712, 104.06588), place(25.27361, 110.29002));
        let exact = chengdu.distance_m(&guilin).unwrap();
        let stored = Point::of(chengdu).unwrap().distance_m(Point::of(guilin).unwrap());
        assert!((exact - 855_000.0).abs() < 5_000.0 && (exact - stored).abs() < 0.1, "{exact} {stored}");
    }

    #[test]
    fn numbers_of_two_companies_never_meet() {
        let [a, b] = [OrganisationId::from([1; 16]), OrganisationId::from([2; 16])];
        assert_eq!(phone_key(a, "+8613312343333"), phone_key(a, "+8613312343333"));
        assert_ne!(phone_key(a, "+8613312343333"), phone_key(b, "+8613312343333"));
        assert_ne!(phone_key(a, "+8613312343333"), phone_key(a, "+8613312343334"));
    }
}
