//! Real towns, where outlets stand and visits happen (GeoNames, CC BY 4.0).

use rand::{Rng, RngExt};
use serde::Deserialize;
use sync_core::place::{NoFix, Place, PlaceError};

/// Metres on a meridian for one degree.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// A town or city.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Town {
    /// Degrees north, WGS-84.
    pub lat: f64,
    /// Degrees east, WGS-84.
    pub lon: f64,
    /// The name in Latin letters.
    pub name: String,
    /// The province as GeoNames calls it.
    pub province: String,
}

/// How far from its centre the round through a town leads.
const ROUND_M: f64 = 600.0;
/// How far from where somebody looks for them outlets stand, each way.
const STREET_M: f64 = 200.0;
/// How far from the outlet a phone in front of it believes to be, each way.
const FIX_M: f64 = 40.0;

impl Town {
    /// A street on a round through the town that ends where it began; `turn` says how far around, from 0 to 1. No two
    /// places of a round are two kilometres apart, which flags would call a journey.
    #[must_use]
    pub fn street(&self, turn: f64) -> Self {
        let (east, north) = (turn * std::f64::consts::TAU).sin_cos();
        let (lat, lon) = moved((self.lat, self.lon), north * ROUND_M, east * ROUND_M);
        Self { lat, lon, ..self.clone() }
    }

    /// Where an outlet in this street stands.
    ///
    /// # Errors
    /// When the town's coordinates are out of range.
    pub fn outlet(&self, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
        near((self.lat, self.lon), STREET_M, rng)
    }
}

/// Where a phone in front of an outlet believes to be. One in ten has no fix, for the usual reasons.
///
/// # Errors
/// When the outlet's coordinates are out of range.
pub fn in_front_of(outlet: Place, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
    match (rng.random_range(0..30), outlet) {
        (0, _) => Ok(Place::None(NoFix::Timeout)),
        (1, _) => Ok(Place::None(NoFix::Unavailable)),
        (2, _) => Ok(Place::None(NoFix::Denied)),
        (_, Place::Fix { lat, lon, .. }) => near((lat, lon), FIX_M, rng),
        (_, none) => Ok(none),
    }
}

/// So many metres north of a place, with the same accuracy.
#[must_use]
pub fn north_of(place: Place, metres: f64) -> Place {
    match place {
        Place::Fix { lat, lon, accuracy_m, datum, mock } => {
            let (lat, lon) = moved((lat, lon), metres, 0.0);
            Place::Fix { lat, lon, accuracy_m, datum, mock }
        }
        none => none,
    }
}

fn near(centre: (f64, f64), metres: f64, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
    let mut off = || rng.random_range(-metres..metres);
    let (lat, lon) = moved(centre, off(), off());
    Place::wgs84(lat, lon, f32::from(rng.random_range(4..60u8)))
}

/// A point so many metres north and east of another.
fn moved((lat, lon): (f64, f64), north_m: f64, east_m: f64) -> (f64, f64) {
    (lat + north_m / METRES_PER_DEGREE, lon + east_m / METRES_PER_DEGREE / lat.to_radians().cos())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn a_round_goes_from_street_to_street_and_phones_are_where_the_outlets_are() {
        let town = Town { lat: 30.657, lon: 104.066, name: "Chengdu".to_owned(), province: "Sichuan".to_owned() };
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let stops = 30;
        let outlets: Vec<Place> =
            (0..stops).map(|stop| town.street(f64::from(stop) / f64::from(stops)).outlet(rng).unwrap()).collect();
        for (before, after) in outlets.iter().zip(&outlets[1..]) {
            assert!(before.distance_m(after).unwrap() < 800.0);
        }
        for (a, b) in outlets.iter().flat_map(|a| outlets.iter().map(move |b| (a, b))) {
            assert!(a.distance_m(b).unwrap() < 2_000.0 - 4.0 * FIX_M);
        }
        for outlet in outlets {
            let metres = in_front_of(outlet, rng).unwrap().distance_m(&outlet);
            assert!(metres.is_none_or(|metres| metres < 2.0 * FIX_M), "{metres:?}");
        }
        assert!(
            (north_of(Place::wgs84(30.0, 104.0, 5.0).unwrap(), 3_000.0)
                .distance_m(&Place::wgs84(30.0, 104.0, 5.0).unwrap())
                .unwrap()
                - 3_000.0)
                .abs()
                < 5.0
        );
    }
}
