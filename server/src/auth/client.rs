//! With what somebody signs in, in a few words that tell one's own sessions apart and identify nobody.

use std::net::IpAddr;

/// Browsers, the more particular ones first: most claim to be several others.
const BROWSERS: &[(&str, &str)] = &[
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Systems, the more particular ones first.
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("OpenHarmony", "HarmonyOS"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Which browser on which system: words from small fixed sets, never what the browser itself sent.
pub fn describe(user_agent: Option<&str>) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let named = |agent: &str| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
        user_agent.and_then(named)
    };
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(word), None) | (None, Some(word)) => word.to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

/// On which kind of network.
pub fn network(address: Option<IpAddr>) -> &'static str {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(_)) => "ipv4",
        Some(IpAddr::V6(_)) => "ipv6",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_and_quoted_never() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 \
            Safari/537.36";
        for (agent, expected) in [
            (chrome, "Chrome · Windows"),
            (&format!("{chrome} Edg/131.0.0.0"), "Edge · Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox · Linux"),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1",
                "Safari · iPadOS",
            ),
            ("curl/8.5 (张伟的电脑)", "unknown"),
        ] {
            assert_eq!(describe(Some(agent)), expected);
        }
        assert_eq!(describe(None), "unknown");
    }

    #[test]
    fn an_address_is_of_a_kind() {
        for (address, kind) in [("203.0.113.9", "ipv4"), ("::ffff:203.0.113.9", "ipv4"), ("2001:db8::1", "ipv6")] {
            assert_eq!(network(address.parse().ok()), kind);
        }
        assert_eq!(network(None), "unknown");
    }
}
