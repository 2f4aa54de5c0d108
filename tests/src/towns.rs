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

impl Town {
    /// Where an outlet in this town stands: up to a kilometre from its centre.
    ///
    /// # Errors
    /// When the town's coordinates are out of range.
    pub fn outlet(&self, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
        self.near(1_000.0, rng)
    }

    /// Where a phone in front of that outlet believes to be. One in ten has no fix, for the usual reasons.
    ///
    /// # Errors
    /// When the town's coordinates are out of range.
    pub fn fix(&self, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
        match rng.random_range(0..30) {
            0 => Ok(Place::None(NoFix::Timeout)),
            1 => Ok(Place::None(NoFix::Unavailable)),
            2 => Ok(Place::None(NoFix::Denied)),
            _ => self.near(1_200.0, rng),
        }
    }

    fn near(&self, metres: f64, rng: &mut dyn Rng) -> Result<Place, PlaceError> {
        let span = metres / METRES_PER_DEGREE;
        let lat = self.lat + rng.random_range(-span..span);
        let lon = self.lon + rng.random_range(-span..span) / self.lat.to_radians().cos();
        Place::wgs84(lat, lon, f32::from(rng.random_range(4..60u8)))
    }
}
