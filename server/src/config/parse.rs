//! The values of settings, read from text. What is expected is said beside each [`super::Setting`], so "no" is enough
//! of an answer here.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use axum::http::Uri;
use tracing_subscriber::EnvFilter;

use super::LogFormat;

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

pub(super) fn address_or_off(text: &str) -> Option<Option<SocketAddr>> {
    if text == "off" { Some(None) } else { address(text).map(Some) }
}

pub(super) fn yes_or_no(text: &str) -> Option<bool> {
    text.parse().ok()
}

pub(super) fn folder(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| PathBuf::from(text))
}

pub(super) fn number(text: &str, range: RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

/// Origins as browsers send them: scheme and host, perhaps a port, nothing after.
pub(super) fn origins(text: &str) -> Option<Vec<String>> {
    let listed = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let is_origin = |origin: &&str| {
        let known = origin.starts_with("https://") || origin.starts_with("http://");
        known && origin.is_ascii() && origin.matches('/').count() == 2 && origin.parse::<Uri>().is_ok()
    };
    listed.map(|origin| Some(origin).filter(is_origin).map(str::to_owned)).collect()
}

pub(super) fn addresses(text: &str) -> Option<Vec<IpAddr>> {
    let listed = text.split(',').map(str::trim).filter(|address| !address.is_empty());
    listed.map(|address| address.parse().ok()).collect()
}

pub(super) fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

pub(super) fn log_filter(text: &str) -> Option<String> {
    EnvFilter::try_new(text).ok().map(|_| text.to_owned())
}
