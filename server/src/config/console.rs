//! What the pages for staff are told.

use super::{Layers, TILES, TILES_ATTRIBUTION, TILES_DATUM};

/// What the pages for staff are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// Map tiles; `None` for a plain plan in place of a map.
    pub tiles: Option<Tiles>,
}

/// Where maps come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// The address of a tile, with `{z}`, `{x}` and `{y}`.
    pub address: String,
    /// Its scheme, host and port, which the content security policy lets through.
    pub origin: String,
    /// Whom to name for them.
    pub attribution: String,
    /// The coordinate system in which they are drawn.
    pub datum: TilesDatum,
}

/// The coordinate system in which tiles are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TilesDatum {
    /// What the world uses.
    Wgs84,
    /// What Chinese map services use.
    Gcj02,
}

impl Console {
    pub(super) fn read(layers: &mut Layers) -> Option<Self> {
        let place = layers.read(TILES, |text| if text.is_empty() { Some(None) } else { tiles(text).map(Some) });
        let attribution = layers.read(TILES_ATTRIBUTION, |text| Some(text.to_owned()));
        let datum = layers.read(TILES_DATUM, |text| match text {
            "wgs84" => Some(TilesDatum::Wgs84),
            "gcj02" => Some(TilesDatum::Gcj02),
            _ => None,
        });
        let (place, attribution, datum) = (place?, attribution?, datum?);
        let tiles = place.map(|(address, origin)| Tiles { address, origin, attribution, datum });
        Some(Self { tiles })
    }
}

/// The address of tiles, and its origin. The origin stands in a header, so it may hold nothing but a host and a port.
fn tiles(text: &str) -> Option<(String, String)> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
    let has_all = ["{z}", "{x}", "{y}"].iter().all(|part| path.contains(part));
    let known = matches!(scheme, "https" | "http");
    (known && is_host && has_all).then(|| (text.to_owned(), format!("{scheme}://{host}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_have_an_origin_and_three_numbers() {
        let address = "https://tiles.example.com:8443/base/{z}/{x}/{y}.png?key=1";
        assert_eq!(tiles(address), Some((address.to_owned(), "https://tiles.example.com:8443".to_owned())));
        for text in [
            "tiles.example.com/{z}/{x}/{y}.png",
            "ftp://tiles.example.com/{z}/{x}/{y}.png",
            "https://tiles.example.com/{z}/{x}.png",
            "https://tiles.example.com; script-src */{z}/{x}/{y}.png",
            "https:///{z}/{x}/{y}.png",
        ] {
            assert_eq!(tiles(text), None, "{text}");
        }
    }
}
