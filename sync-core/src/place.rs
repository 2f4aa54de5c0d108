//! Where something happened, as one value: a latitude must never be merged with somebody else's longitude.
//!
//! Inside a document a place is a `geo:` URI (RFC 5870) such as `geo:30.65712,104.06588;crs=gcj02;u=12`, or
//! `nofix:indoors` when there was none.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The coordinate system of a point. Chinese map services use GCJ-02, which is some hundred metres off WGS-84.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Datum {
    /// What GPS receivers report.
    #[default]
    Wgs84,
    /// What Chinese map services report.
    Gcj02,
}

/// Why there is no position. A record without one is still a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoFix {
    /// The person did not allow it.
    Denied,
    /// No satellite in time, typically indoors.
    Timeout,
    /// The phone has no working receiver, or it is switched off.
    Unavailable,
}

/// A position with its accuracy, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// A position fix.
    Fix {
        /// Degrees north, -90 to 90.
        lat: f64,
        /// Degrees east, -180 to 180.
        lon: f64,
        /// Radius in metres within which the true position lies, if the phone said so.
        accuracy_m: Option<f32>,
        /// Coordinate system.
        datum: Datum,
        /// The phone reported that the position was made up by another app.
        mock: bool,
    },
    /// No position.
    None(NoFix),
}

/// A text that is not a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a place: expected geo:LAT,LON with LAT in -90..90 and LON in -180..180, or nofix:denied|timeout|unavailable"
)]
pub struct PlaceError;

impl Place {
    /// A WGS-84 fix with an accuracy.
    ///
    /// # Errors
    /// When a coordinate is out of range or not a number.
    pub fn wgs84(lat: f64, lon: f64, accuracy_m: f32) -> Result<Self, PlaceError> {
        Self::Fix { lat, lon, accuracy_m: Some(accuracy_m), datum: Datum::Wgs84, mock: false }.checked()
    }

    /// Metres to another place on a sphere of the Earth's mean radius (haversine formula); `None` unless both are fixes in
    /// the same coordinate system.
    pub fn distance_m(&self, other: &Self) -> Option<f64> {
        let (
            Self::Fix { lat: lat1, lon: lon1, datum: datum1, .. },
            Self::Fix { lat: lat2, lon: lon2, datum: datum2, .. },
        ) = (self, other)
        else {
            return None;
        };
        (datum1 == datum2).then(|| distance_m((*lat1, *lon1), (*lat2, *lon2)))
    }

    fn checked(self) -> Result<Self, PlaceError> {
        match self {
            Self::Fix { lat, lon, accuracy_m, .. } => {
                let accuracy_ok = accuracy_m.is_none_or(|metres| metres.is_finite() && metres >= 0.0);
                let in_range = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
                (in_range && accuracy_ok).then_some(self).ok_or(PlaceError)
            }
            Self::None(_) => Ok(self),
        }
    }
}

/// Metres between two points, each in degrees north and east.
pub fn distance_m((lat1, lon1): (f64, f64), (lat2, lon2): (f64, f64)) -> f64 {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let h = half(lat1, lat2) + lat1.to_radians().cos() * lat2.to_radians().cos() * half(lon1, lon2);
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fix { lat, lon, accuracy_m, datum, mock } => {
                // Seven decimals are about a centimetre; more is noise that costs bytes.
                let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
                write!(f, "geo:{},{}", round(*lat), round(*lon))?;
                if *datum == Datum::Gcj02 {
                    f.write_str(";crs=gcj02")?;
                }
                if let Some(metres) = accuracy_m {
                    write!(f, ";u={metres}")?;
                }
                if *mock { f.write_str(";mock=1") } else { Ok(()) }
            }
            Self::None(NoFix::Denied) => f.write_str("nofix:denied"),
            Self::None(NoFix::Timeout) => f.write_str("nofix:timeout"),
            Self::None(NoFix::Unavailable) => f.write_str("nofix:unavailable"),
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if let Some(reason) = text.strip_prefix("nofix:") {
            return match reason {
                "denied" => Ok(Self::None(NoFix::Denied)),
                "timeout" => Ok(Self::None(NoFix::Timeout)),
                "unavailable" => Ok(Self::None(NoFix::Unavailable)),
                _ => Err(PlaceError),
            };
        }
        let mut parts = text.strip_prefix("geo:").ok_or(PlaceError)?.split(';');
        let (lat, rest) = parts.next().and_then(|point| point.split_once(',')).ok_or(PlaceError)?;
        let lon = rest.split(',').next().unwrap_or(rest);
        let (mut accuracy_m, mut datum, mut mock) = (None, Datum::Wgs84, false);
        for part in parts {
            match part.split_once('=') {
                Some(("crs", "gcj02")) => datum = Datum::Gcj02,
                Some(("u", metres)) => accuracy_m = Some(metres.parse().map_err(|_| PlaceError)?),
                Some(("mock", "1")) => mock = true,
                // RFC 5870 lets a reader pass over parameters that it doesn't know.
                _ => {}
            }
        }
        let number = |text: &str| text.parse().map_err(|_| PlaceError);
        Self::Fix { lat: number(lat)?, lon: number(lon)?, accuracy_m, datum, mock }.checked()
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_out_of_range_are_refused() {
        for text in ["geo:91,0", "geo:0,181", "geo:NaN,0", "geo:1", "1,2", "nofix:", "geo:0,0;u=-1", "geo:0,0;u=inf"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError), "{text}");
        }
    }

    #[test]
    fn unknown_parameters_and_altitude_are_passed_over() {
        let place: Place = "geo:30.5,104.25,500;crs=gcj02;floor=3;mock=1".parse().unwrap();
        assert_eq!(place.to_string(), "geo:30.5,104.25;crs=gcj02;mock=1");
    }

    proptest! {
        #[test]
        fn a_place_reads_back(lat in -90.0..=90.0, lon in -180.0..=180.0, u in 0f32..5000.0, mock: bool) {
            let place = Place::Fix { lat, lon, accuracy_m: Some(u), datum: Datum::Gcj02, mock };
            let again: Place = place.to_string().parse().unwrap();
            prop_assert_eq!(again.to_string(), place.to_string());
        }
    }
}
