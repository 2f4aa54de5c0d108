//! The settings: one struct for each concern, read once at start. docs/CONFIGURATION.md explains every key.
//!
//! Each setting comes from the last of these that names it: its default, the configuration file, the environment, a
//! flag. All mistakes are reported together, each with its key, where it came from and what is expected.

pub mod admission;
mod console;
mod database;
mod layers;
mod parse;
mod photos;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use admission::Admission;
pub use console::{Console, Tiles, TilesDatum};
pub use database::{Database, DatabaseUrl};
pub use layers::{ConfigError, Layers, Mistake, Source};
pub use photos::{Bucket, PhotoPlace, Photos};

/// One setting that can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in the file: `section.name`.
    pub key: &'static str,
    /// What it is if nobody says anything.
    pub default: &'static str,
    /// What its value has to look like.
    pub expects: &'static str,
}

impl Setting {
    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("DAYBOOK_{}", self.key.replace('.', "_").to_uppercase())
    }
}

macro_rules! settings {
    ($($constant:ident = $key:literal, $default:literal, $expects:literal;)+) => {
        $(const $constant: Setting = Setting { key: $key, default: $default, expects: $expects };)+
        /// All settings, in the order of docs/CONFIGURATION.md.
        pub const SETTINGS: &[Setting] = &[$($constant),+];
    };
}

settings! {
    LISTEN = "http.listen", "127.0.0.1:8080", "an address with a port such as 0.0.0.0:8080";
    METRICS_LISTEN = "http.metrics_listen", "off", "an address with a port such as 127.0.0.1:9464, or off";
    SECURE_COOKIES = "http.secure_cookies", "true", "true; false only while http.listen is a loopback address";
    TRUSTED_ORIGINS = "http.trusted_origins", "", "origins such as https://console.example.com";
    TRUSTED_PROXIES = "http.trusted_proxies", "", "addresses such as 127.0.0.1 or 10.0.0.7";
    CONNECTIONS = "http.connections", "4096", "a number from 16 to 1000000";
    ADDRESS_CONNECTIONS = "http.address_connections", "1024", "a number from 1 to http.connections";
    FOLDER = "database.folder", "daybook-data", "a folder that the server may write to";
    URL = "database.url", "", "an address such as postgres://daybook@db.example.com/daybook, or nothing";
    LISTEN_URL = "database.listen_url", "", "the same database without a pooler in between, or nothing";
    CONNECTIONS_TO_DATABASE = "database.connections", "16", "connections from 5 to 1000";
    SILENCE = "database.silence_seconds", "15", "seconds from 1 to 600";
    PREPARED = "database.prepared", "true", "true or false";
    SESSION_MINUTES = "auth.session_minutes", "720", "minutes from 5 to 43200";
    TOKEN_MINUTES = "auth.token_minutes", "15", "minutes from 1 to 60";
    CODE_HOURS = "auth.code_hours", "168", "hours from 1 to 2160";
    BODY_BYTES = "limits.body_bytes", "8388608", "bytes from 65536 to 67108864";
    INFLATED_BYTES = "limits.inflated_bytes", "67108864", "bytes from limits.body_bytes to 268435456";
    JSON_BYTES = "limits.json_bytes", "262144", "bytes from 1024 to 16777216";
    REQUEST_SECONDS = "limits.request_seconds", "120", "seconds from 1 to 600";
    IDLE_SECONDS = "limits.idle_seconds", "20", "seconds from 1 to 600";
    SLOWEST = "limits.slowest_bytes_per_second", "512", "bytes from 1 to 1048576";
    JUDGE_ON_ARRIVAL = "limits.judge_on_arrival", "true", "true or false";
    PUBLISH_WAIT_MS = "limits.publish_wait_ms", "1500", "milliseconds from 0 to 30000";
    DRAIN_SECONDS = "limits.drain_seconds", "20", "seconds from 0 to 600";
    PLACES = "admission.places", "256", "places from 1 to 65536";
    SEATS = "admission.seats", "2048", "requests from 0 to 1000000";
    WAIT_SECONDS = "admission.wait_seconds", "10", "seconds from 0 to 60";
    PULLS = "admission.pulls", "8", "requests from 1 to 1000";
    EXCHANGES = "admission.exchanges_per_second", "50", "exchanges from 1 to 100000";
    DEVICE_REQUESTS = "admission.device_requests_per_minute", "240", "requests from 1 to 1000000";
    DEVICE_BYTES = "admission.device_bytes_per_minute", "16777216", "bytes from 65536 to 1099511627776";
    DEVICE_PHOTO_BYTES = "admission.device_photo_bytes_per_minute", "67108864", "bytes from 65536 to 1099511627776";
    DEVICE_JUDGING = "admission.device_judging_ms_per_minute", "2000", "milliseconds from 10 to 60000";
    DEVICE_SET_ASIDE = "admission.device_set_aside_bytes_per_minute", "2097152", "bytes from 1024 to 1099511627776";
    ADDRESS_REQUESTS = "admission.address_requests_per_minute", "6000", "requests from 1 to 1000000";
    PUSH_LINES = "limits.push_lines", "10000", "lines from 100 to 1000000";
    CHANGE_BYTES = "limits.change_bytes", "262144", "bytes from 65536 to 4194304";
    CHANGE_OPS = "limits.change_ops", "20000", "operations from 2000 to 1000000";
    TEXT_BYTES = "limits.text_bytes", "16384", "bytes from 16384 to 1048576";
    DEPTH = "limits.depth", "4", "containers from 2 to 16";
    RECORD_CHANGES = "limits.record_changes", "5000", "changes from 100 to 100000";
    RECORD_OPS = "limits.record_ops", "100000", "operations from limits.change_ops to 10000000";
    RECORD_BYTES = "limits.record_bytes", "4194304", "bytes from limits.change_bytes to 67108864";
    WAITING_DAYS = "limits.waiting_days", "5", "days from 0 to 365";
    RESTORABLE_DAYS = "backup.restorable_days", "30", "days from 0 to 3650";
    PHOTO_STORE = "photos.store", "file", "file or s3; s3 needs photos.s3_bucket";
    PHOTO_FOLDER = "photos.folder", "", "a folder, or nothing for photos in database.folder";
    PHOTO_ENDPOINT = "photos.s3_endpoint", "", "an address such as https://s3.example.com, or nothing for Amazon's";
    PHOTO_BUCKET = "photos.s3_bucket", "", "the name of a bucket";
    PHOTO_REGION = "photos.s3_region", "us-east-1", "a region such as us-east-1";
    PHOTO_CREDENTIALS = "photos.s3_credentials_file", "", "a file with the key's id and its secret in two lines";
    PHOTO_BYTES = "photos.photo_bytes", "33554432", "bytes from 65536 to 268435456";
    PHOTO_UPLOADS = "photos.uploads_per_device", "20", "uploads from 1 to 1000";
    PHOTO_UPLOAD_DAYS = "photos.upload_days", "7", "days from 1 to 365";
    PHOTO_GRACE_DAYS = "photos.grace_days", "30", "days from 1 to 3650";
    TILES = "console.tiles", "", "an address such as https://tiles.example.com/{z}/{x}/{y}.png, or nothing";
    TILES_ATTRIBUTION = "console.tiles_attribution", "", "a text";
    TILES_DATUM = "console.tiles_datum", "wgs84", "wgs84 or gcj02";
    FORMAT = "log.format", "text", "text or json";
    FILTER = "log.filter", "info", "a filter such as info or info,server=debug";
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the server listens and how browsers may use it.
    pub http: Http,
    /// Where it keeps its data.
    pub database: Database,
    /// For how long sessions, tokens and codes are good.
    pub auth: Auth,
    /// How much it takes from one request.
    pub limits: Limits,
    /// Who is let in when everybody comes at once.
    pub admission: Admission,
    /// How backups are kept.
    pub backup: Backup,
    /// Where photos are kept, and how much of them is taken.
    pub photos: Photos,
    /// What the pages for staff are told.
    pub console: Console,
    /// What it writes down about itself.
    pub log: Log,
}

/// Where the server listens and how browsers may use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// The address for phones and browsers.
    pub listen: SocketAddr,
    /// The address for Prometheus; `None` for none.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether session cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// Other origins whose pages may call the API.
    pub trusted_origins: Vec<String>,
    /// Whose word about the address of a request's sender is taken.
    pub trusted_proxies: Vec<IpAddr>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub address_connections: usize,
}

/// For how long sessions, tokens and codes are good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// A session of staff.
    pub session: Duration,
    /// A token of a phone.
    pub token: Duration,
    /// An enrolment code.
    pub code: Duration,
}

/// How much the server takes from one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The body of a sync message as it arrives.
    pub body_bytes: usize,
    /// The same unpacked.
    pub inflated_bytes: usize,
    /// The body of any other request.
    pub json_bytes: usize,
    /// The whole of a request, its body included.
    pub request: Duration,
    /// A silence in the middle of a request.
    pub idle: Duration,
    /// Bodies that come more slowly than so many bytes a second are given up.
    pub slowest: u32,
    /// Whether what phones bring is judged before it is stored, and not only afterwards.
    pub judge_on_arrival: bool,
    /// How long an exchange waits for its own changes to be published, so that one round trip tells the whole story.
    pub publish_wait: Duration,
    /// How long a stopping server waits for what is under way.
    pub drain: Duration,
    /// Lines of a journal in one message.
    pub push_lines: usize,
    /// How large changes and records may be.
    pub records: sync_core::trust::Limits,
    /// How long a change may wait for those that it follows before people are shown that something is amiss.
    pub waiting: Duration,
}

/// How backups are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// How old a backup may be that is still restored. Phones keep what only younger ones hold.
    pub restorable: Duration,
}

/// What the server writes down about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// In which form.
    pub format: LogFormat,
    /// How much, in the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads the settings from their layers.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(mut layers: Layers) -> Result<Self, ConfigError> {
        let http = Http::read(&mut layers);
        let database = Database::read(&mut layers);
        let auth = Auth::read(&mut layers);
        let limits = Limits::read(&mut layers);
        let admission = Admission::read(&mut layers);
        let days = layers.read(RESTORABLE_DAYS, |text| parse::number(text, 0..=3_650));
        let photos = Photos::read(&mut layers);
        let console = Console::read(&mut layers);
        let log = Log::read(&mut layers);
        let whole = move || {
            let backup = Backup { restorable: Duration::from_secs(24 * 3_600 * days?) };
            Some(Self {
                http: http?,
                database: database?,
                auth: auth?,
                limits: limits?,
                admission: admission?,
                backup,
                photos: photos?,
                console: console?,
                log: log?,
            })
        };
        layers.finish(whole())
    }

    /// The defaults.
    ///
    /// # Errors
    /// Never: a test reads them.
    pub fn defaults() -> Result<Self, ConfigError> {
        Self::read(Layers::default())
    }
}

impl Http {
    fn read(layers: &mut Layers) -> Option<Self> {
        let listen = layers.read(LISTEN, parse::address);
        let metrics_listen = layers.read(METRICS_LISTEN, parse::address_or_off);
        let secure_cookies = layers.read(SECURE_COOKIES, parse::yes_or_no);
        let trusted_origins = layers.read(TRUSTED_ORIGINS, parse::origins);
        let trusted_proxies = layers.read(TRUSTED_PROXIES, parse::addresses);
        let connections = layers.read(CONNECTIONS, |text| parse::number(text, 16..=1_000_000));
        let address_connections = layers.read(ADDRESS_CONNECTIONS, |text| parse::number(text, 1..=1_000_000));
        let http = Self {
            listen: listen?,
            metrics_listen: metrics_listen?,
            secure_cookies: secure_cookies?,
            trusted_origins: trusted_origins?,
            trusted_proxies: trusted_proxies?,
            connections: usize::try_from(connections?).ok()?,
            address_connections: usize::try_from(address_connections?).ok()?,
        };
        if http.address_connections > http.connections {
            layers.complain(ADDRESS_CONNECTIONS);
            return None;
        }
        // A cookie without `Secure` on a public address would cross the network in the clear.
        if !http.secure_cookies && !http.listen.ip().is_loopback() {
            layers.complain(SECURE_COOKIES);
            return None;
        }
        Some(http)
    }
}

impl Auth {
    fn read(layers: &mut Layers) -> Option<Self> {
        let session = layers.read(SESSION_MINUTES, |text| parse::number(text, 5..=43_200));
        let token = layers.read(TOKEN_MINUTES, |text| parse::number(text, 1..=60));
        let code = layers.read(CODE_HOURS, |text| parse::number(text, 1..=2_160));
        Some(Self {
            session: Duration::from_secs(60 * session?),
            token: Duration::from_secs(60 * token?),
            code: Duration::from_secs(3_600 * code?),
        })
    }
}

impl Limits {
    fn read(layers: &mut Layers) -> Option<Self> {
        let body = layers.read(BODY_BYTES, |text| parse::number(text, 1 << 16..=1 << 26));
        let inflated = layers.read(INFLATED_BYTES, |text| parse::number(text, 1..=1 << 28));
        let json = layers.read(JSON_BYTES, |text| parse::number(text, 1 << 10..=1 << 24));
        let request = layers.read(REQUEST_SECONDS, |text| parse::number(text, 1..=600));
        let idle = layers.read(IDLE_SECONDS, |text| parse::number(text, 1..=600));
        let slowest = layers.read(SLOWEST, |text| parse::number(text, 1..=1 << 20));
        let judge_on_arrival = layers.read(JUDGE_ON_ARRIVAL, parse::yes_or_no);
        let publish_wait = layers.read(PUBLISH_WAIT_MS, |text| parse::number(text, 0..=30_000));
        let drain = layers.read(DRAIN_SECONDS, |text| parse::number(text, 0..=600));
        let push_lines = layers.read(PUSH_LINES, |text| parse::number(text, 100..=1_000_000));
        let waiting = layers.read(WAITING_DAYS, |text| parse::number(text, 0..=365));
        let records = record_limits(layers);
        let limits = Self {
            body_bytes: usize::try_from(body?).ok()?,
            inflated_bytes: usize::try_from(inflated?).ok()?,
            json_bytes: usize::try_from(json?).ok()?,
            request: Duration::from_secs(request?),
            idle: Duration::from_secs(idle?),
            slowest: u32::try_from(slowest?).ok()?,
            judge_on_arrival: judge_on_arrival?,
            publish_wait: Duration::from_millis(publish_wait?),
            drain: Duration::from_secs(drain?),
            push_lines: usize::try_from(push_lines?).ok()?,
            records: records?,
            waiting: Duration::from_secs(24 * 3_600 * waiting?),
        };
        if limits.inflated_bytes < limits.body_bytes {
            layers.complain(INFLATED_BYTES);
            return None;
        }
        Some(limits)
    }
}

/// How large changes and records may be. None may be so small that honest apps meet it on an ordinary day.
fn record_limits(layers: &mut Layers) -> Option<sync_core::trust::Limits> {
    let change_bytes = layers.read(CHANGE_BYTES, |text| parse::number(text, 1 << 16..=1 << 22));
    let change_ops = layers.read(CHANGE_OPS, |text| parse::number(text, 2_000..=1_000_000));
    let text_bytes = layers.read(TEXT_BYTES, |text| parse::number(text, 1 << 14..=1 << 20));
    let depth = layers.read(DEPTH, |text| parse::number(text, 2..=16));
    let record_changes = layers.read(RECORD_CHANGES, |text| parse::number(text, 100..=100_000));
    let record_ops = layers.read(RECORD_OPS, |text| parse::number(text, 1..=10_000_000));
    let record_bytes = layers.read(RECORD_BYTES, |text| parse::number(text, 1..=1 << 26));
    let limits = sync_core::trust::Limits {
        change_bytes: usize::try_from(change_bytes?).ok()?,
        change_ops: change_ops?,
        scalar_bytes: usize::try_from(text_bytes?).ok()?,
        depth: u32::try_from(depth?).ok()?,
        record_ops: record_ops?,
        record_changes: usize::try_from(record_changes?).ok()?,
        record_bytes: usize::try_from(record_bytes?).ok()?,
    };
    // A record holds at least its first change.
    for (fits, setting) in [
        (limits.record_ops >= limits.change_ops, RECORD_OPS),
        (limits.record_bytes >= limits.change_bytes, RECORD_BYTES),
    ] {
        if !fits {
            layers.complain(setting);
            return None;
        }
    }
    Some(limits)
}

impl Log {
    fn read(layers: &mut Layers) -> Option<Self> {
        let format = layers.read(FORMAT, parse::log_format);
        let filter = layers.read(FILTER, parse::log_filter);
        Some(Self { format: format?, filter: filter? })
    }
}

#[cfg(test)]
mod tests;
