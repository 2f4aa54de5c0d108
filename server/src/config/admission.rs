//! Who is let in when everybody comes at once.

use std::time::Duration;

use super::{
    ADDRESS_REQUESTS, DEVICE_BYTES, DEVICE_JUDGING, DEVICE_PHOTO_BYTES, DEVICE_REQUESTS, DEVICE_SET_ASIDE, EXCHANGES,
    Layers, PLACES, PULLS, SEATS, WAIT_SECONDS, parse,
};

/// Who is let in when everybody comes at once. What is given for a minute may be had five times at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Requests of phones served at once, by weight: see [`crate::admission::BYTES_PER_PLACE`].
    pub places: u32,
    /// Requests of phones that wait for a place.
    pub seats: usize,
    /// How long they wait.
    pub wait: Duration,
    /// Large pulls at once.
    pub pulls: u32,
    /// Above this rate phones are asked to come less often.
    pub exchanges_per_second: u64,
    /// Requests of one device in a minute.
    pub device_requests: u64,
    /// Bytes of one device in a minute, photos apart.
    pub device_bytes: u64,
    /// Bytes of one device's photos in a minute.
    pub device_photo_bytes: u64,
    /// Milliseconds in a minute that judging one device's changes may take.
    pub device_judging_ms: u64,
    /// Bytes in a minute that one device may send and that have to be set aside as false.
    pub device_set_aside_bytes: u64,
    /// Requests for tokens and enrolments from one address in a minute.
    pub address_requests: u64,
}

impl Admission {
    pub(super) fn read(layers: &mut Layers) -> Option<Self> {
        let places = layers.read(PLACES, |text| parse::number(text, 1..=1 << 16));
        let seats = layers.read(SEATS, |text| parse::number(text, 0..=1_000_000));
        let wait = layers.read(WAIT_SECONDS, |text| parse::number(text, 0..=60));
        let pulls = layers.read(PULLS, |text| parse::number(text, 1..=1_000));
        let exchanges_per_second = layers.read(EXCHANGES, |text| parse::number(text, 1..=100_000));
        let device_requests = layers.read(DEVICE_REQUESTS, |text| parse::number(text, 1..=1_000_000));
        let device_bytes = layers.read(DEVICE_BYTES, |text| parse::number(text, 1 << 16..=1 << 40));
        let device_photo_bytes = layers.read(DEVICE_PHOTO_BYTES, |text| parse::number(text, 1 << 16..=1 << 40));
        let device_judging_ms = layers.read(DEVICE_JUDGING, |text| parse::number(text, 10..=60_000));
        let device_set_aside_bytes = layers.read(DEVICE_SET_ASIDE, |text| parse::number(text, 1 << 10..=1 << 40));
        let address_requests = layers.read(ADDRESS_REQUESTS, |text| parse::number(text, 1..=1_000_000));
        Some(Self {
            places: u32::try_from(places?).ok()?,
            seats: usize::try_from(seats?).ok()?,
            wait: Duration::from_secs(wait?),
            pulls: u32::try_from(pulls?).ok()?,
            exchanges_per_second: exchanges_per_second?,
            device_requests: device_requests?,
            device_bytes: device_bytes?,
            device_photo_bytes: device_photo_bytes?,
            device_judging_ms: device_judging_ms?,
            device_set_aside_bytes: device_set_aside_bytes?,
            address_requests: address_requests?,
        })
    }
}
