//! Where each setting comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{SETTINGS, Setting, database};

/// Who said what a setting is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the variable {name}"),
            Self::Flag(name) => write!(f, "the flag {name}"),
        }
    }
}

#[derive(Clone, Debug)]
struct Given {
    text: String,
    source: Source,
}

/// A setting that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// The value is not what is expected.
    #[error("{key} = {text:?}, from {origin}: expected {expects}")]
    Value {
        /// Which setting.
        key: &'static str,
        /// What was given.
        text: String,
        /// By whom.
        origin: Source,
        /// What would have been right.
        expects: &'static str,
    },
    /// There is no such setting.
    #[error("{key}, from {origin}: there is no such setting; there are {known}")]
    Unknown {
        /// The name that was given.
        key: String,
        /// By whom.
        origin: Source,
        /// The names that exist, of the section if that exists.
        known: String,
    },
    /// The configuration file can't be read.
    #[error("the configuration file {}: {reason}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// All mistakes of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub Vec<Mistake>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration can't be used:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for ConfigError {}

/// What was said about each setting, later layers over earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    given: BTreeMap<&'static str, Given>,
    mistakes: Vec<Mistake>,
}

impl Layers {
    /// Lays a configuration file over what is there.
    #[must_use]
    pub fn file(mut self, path: &Path) -> Self {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        let table = text.and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
        let source = Source::File(path.to_owned());
        match table {
            Ok(table) => {
                for (section, value) in &table {
                    match value {
                        toml::Value::Table(section_table) => {
                            for (name, value) in section_table {
                                self.give(&format!("{section}.{name}"), plain(value), source.clone());
                            }
                        }
                        _ => self.give(section, plain(value), source.clone()),
                    }
                }
            }
            Err(reason) => {
                let reason = reason.trim_end().to_owned();
                self.mistakes.push(Mistake::File { path: path.to_owned(), reason });
            }
        }
        self
    }

    /// Lays the environment over what is there: `DAYBOOK_HTTP_LISTEN` for `http.listen`.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (name, text) in variables {
            let source = Source::Environment(name.clone());
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) {
                self.given.insert(setting.key, Given { text, source });
            } else if let Some(section) = sections().find(|section| is_of(section, &name)) {
                self.mistakes.push(Mistake::Unknown { key: name, origin: source, known: names_of(Some(section)) });
            }
        }
        self
    }

    /// Lays a flag over what is there, if it was used.
    #[must_use]
    pub fn flag(mut self, flag: &'static str, key: &str, text: Option<String>) -> Self {
        if let Some(text) = text {
            self.give(key, text, Source::Flag(flag));
        }
        self
    }

    /// Lays another port over the address that is there, if the flag was used.
    #[must_use]
    pub fn port(self, flag: &'static str, port: Option<u16>) -> Self {
        let (listen, _) = self.look_up(super::LISTEN);
        // An address that is none is complained about when it is read.
        let address = listen.parse::<std::net::SocketAddr>().ok().zip(port);
        let moved = address.map(|(address, port)| std::net::SocketAddr::new(address.ip(), port).to_string());
        self.flag(flag, super::LISTEN.key, moved)
    }

    fn give(&mut self, key: &str, text: String, source: Source) {
        match SETTINGS.iter().find(|setting| setting.key == key) {
            Some(setting) => {
                self.given.insert(setting.key, Given { text, source });
            }
            None => {
                let section = sections().find(|section| key.split('.').next() == Some(section));
                self.mistakes.push(Mistake::Unknown { key: key.to_owned(), origin: source, known: names_of(section) });
            }
        }
    }

    /// What a setting is, and who said so.
    pub fn look_up(&self, setting: Setting) -> (String, Source) {
        match self.given.get(setting.key) {
            Some(given) => (given.text.clone(), given.source.clone()),
            None => (setting.default.to_owned(), Source::Default),
        }
    }

    /// The same as it may be shown: without passwords.
    pub fn show(&self, setting: Setting) -> (String, Source) {
        let (text, source) = self.look_up(setting);
        (if setting.key.ends_with("url") { database::without_password(&text) } else { text }, source)
    }

    pub(super) fn read<T>(&mut self, setting: Setting, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = parse(self.look_up(setting).0.trim());
        if value.is_none() {
            self.complain(setting);
        }
        value
    }

    pub(super) fn complain(&mut self, setting: Setting) {
        let (text, origin) = self.show(setting);
        self.mistakes.push(Mistake::Value { key: setting.key, text, origin, expects: setting.expects });
    }

    /// The value, unless something was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(ConfigError(self.mistakes)),
        }
    }
}

/// A value of the file as it would stand in the environment.
fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = None;
    let of = |setting: &'static Setting| setting.key.split('.').next();
    SETTINGS.iter().filter_map(of).filter(move |section| last.replace(*section) != Some(*section))
}

fn is_of(section: &str, variable: &str) -> bool {
    variable.starts_with(&format!("DAYBOOK_{}_", section.to_uppercase()))
}

fn names_of(section: Option<&str>) -> String {
    let in_section = |setting: &&Setting| section.is_none_or(|section| setting.key.split('.').next() == Some(section));
    SETTINGS.iter().filter(in_section).map(|setting| setting.key).collect::<Vec<_>>().join(", ")
}
