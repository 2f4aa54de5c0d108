//! Where the server keeps its data.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use super::{CONNECTIONS_TO_DATABASE, FOLDER, LISTEN_URL, Layers, PREPARED, SILENCE, URL, parse};

/// Where the server keeps its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// The server's own folder, and that of the embedded database; created at first start.
    pub folder: PathBuf,
    /// The PostgreSQL database; `None` for the embedded one.
    pub url: Option<DatabaseUrl>,
    /// The same database for listening, where a pooler stands in between; `None` for `url`.
    pub listen_url: Option<DatabaseUrl>,
    /// How many connections to PostgreSQL the server opens at most.
    pub connections: u32,
    /// Whether statements stay prepared in connections.
    pub prepared: bool,
    /// How long PostgreSQL may leave a question without an answer before it is looked whether new connections get one.
    pub silence: Duration,
}

impl Database {
    pub(super) fn read(layers: &mut Layers) -> Option<Self> {
        let folder = layers.read(FOLDER, parse::folder);
        let url = layers.read(URL, DatabaseUrl::parse_or_nothing);
        let listen_url = layers.read(LISTEN_URL, DatabaseUrl::parse_or_nothing);
        let connections = layers.read(CONNECTIONS_TO_DATABASE, |text| parse::number(text, 5..=1_000));
        let prepared = layers.read(PREPARED, parse::yes_or_no);
        let silence = layers.read(SILENCE, |text| parse::number(text, 1..=600));
        Some(Self {
            folder: folder?,
            url: url?,
            listen_url: listen_url?,
            connections: u32::try_from(connections?).ok()?,
            prepared: prepared?,
            silence: Duration::from_secs(silence?),
        })
    }

    /// Where a running server takes orders from `daybook admin`.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("daybook.sock")
    }
}

/// The address of a PostgreSQL database. It may hold a password, and does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads an address; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text.starts_with("postgres://") || text.starts_with("postgresql://");
        (is_ours && PgConnectOptions::from_str(text).is_ok()).then(|| Self(text.to_owned()))
    }

    fn parse_or_nothing(text: &str) -> Option<Option<Self>> {
        if text.is_empty() { Some(None) } else { Self::parse(text).map(Some) }
    }

    /// How to connect.
    pub fn options(&self) -> PgConnectOptions {
        // It was read once before.
        PgConnectOptions::from_str(&self.0).unwrap_or_default()
    }

    /// The address for programs of PostgreSQL, perhaps of another database beside it, and the password apart.
    pub fn for_programs(&self, database: Option<&str>) -> (String, Option<String>) {
        let (mut place, mut password) = (self.0.clone(), None);
        if let Ok(mut url) = Url::parse(&self.0) {
            password = url.password().map(|coded| percent_decode_str(coded).decode_utf8_lossy().into_owned());
            let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            pairs.retain(|(name, value)| {
                let is_password = name == "password";
                if is_password {
                    password = Some(value.clone());
                }
                // These are for sqlx alone.
                !is_password && name != "statement-cache-capacity"
            });
            pairs.extend(database.map(|name| ("dbname".to_owned(), name.to_owned())));
            // Without a host it can't be set; then there is none either.
            let _ = url.set_password(None);
            url.set_query(None);
            // PostgreSQL's programs know no plus for a space.
            let coded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect();
            place = if query.is_empty() { url.to_string() } else { format!("{url}?{}", query.join("&")) };
        }
        (place, password)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address as it may be shown, also one that can't be read.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let mut shown = format!("{scheme}://");
    match place.rsplit_once('@') {
        Some((who, place)) => {
            let name = who.split_once(':').map_or(who, |(name, _)| name);
            shown.push_str(&format!("{name}{}@{place}", if name == who { "" } else { ":***" }));
        }
        None => shown.push_str(place),
    }
    if let Some(query) = query {
        let hide = |pair: &str| if pair.starts_with("password=") { "password=***".to_owned() } else { pair.to_owned() };
        shown.push_str(&format!("?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://daybook:p@ss:w@db/daybook", "postgres://daybook:***@db/daybook"),
            ("postgres://daybook@db:5433/daybook", "postgres://daybook@db:5433/daybook"),
            ("postgres://db/x?host=/run&password=secret", "postgres://db/x?host=/run&password=***"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(url), shown);
        }
        let url = DatabaseUrl::parse("postgres://daybook:secret@db/daybook").unwrap();
        assert_eq!(format!("{url:?} {url}").matches("secret").count(), 0);
    }

    #[test]
    fn programs_get_the_password_apart() {
        let url = DatabaseUrl::parse("postgres://daybook:a%20b@db/daybook?host=/run/x").unwrap();
        let (place, password) = url.for_programs(Some("other"));
        assert_eq!(place, "postgres://daybook@db/daybook?host=%2Frun%2Fx&dbname=other");
        assert_eq!(password.as_deref(), Some("a b"));
        let url = DatabaseUrl::parse("postgres://db/daybook?password=secret").unwrap();
        assert_eq!(url.for_programs(None), ("postgres://db/daybook".to_owned(), Some("secret".to_owned())));
    }

    #[test]
    fn only_postgresql_has_an_address() {
        assert_eq!(DatabaseUrl::parse("mysql://db/daybook"), None);
        assert_eq!(DatabaseUrl::parse("daybook.db"), None);
    }
}
