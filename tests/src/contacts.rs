//! The real contacts behind every run: 41,188 of a direct-marketing campaign (UCI Bank Marketing, CC BY 4.0).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::towns::Town;

/// Names the folder with the data when it is not beside the repository.
pub const DATA_VARIABLE: &str = "DAYBOOK_DATA";

const CONTACTS_FILE: &str = "bank-marketing-contacts.csv.gz";
const TOWNS_FILE: &str = "places-southwest-china.csv";
const SAMPLE_CONTACTS: &str = include_str!("../data/contacts-sample.csv");
const SAMPLE_TOWNS: &str = include_str!("../data/places-sample.csv");

/// Why the data can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file can't be opened.
    #[error("can't open {path}: {source}; unset {DATA_VARIABLE} to use the sample")]
    Missing {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path} is not the data set that tests/data/README.md describes: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Which line, and what is wrong there.
        source: csv::Error,
    },
    /// A file holds nothing.
    #[error("{path} has no rows")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// A yes or no that the campaign did not always learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not asked or not answered.
    Unknown,
}

/// How the person was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Means {
    /// On a mobile phone.
    Cellular,
    /// On a landline.
    Telephone,
}

/// A day of the working week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
}

/// One row of the data set, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Contact {
    /// Years.
    pub age: u32,
    /// Sort of job.
    pub job: String,
    /// Marital status.
    pub marital: String,
    /// Education.
    pub education: String,
    /// Whether the person has credit in default.
    pub default: Reply,
    /// Whether the person has a housing loan.
    pub housing: Reply,
    /// Whether the person has a personal loan.
    pub loan: Reply,
    /// How the person was reached.
    #[serde(rename = "contact")]
    pub means: Means,
    /// On which day of the week.
    pub day_of_week: Weekday,
    /// How long the contact took, in seconds.
    #[serde(rename = "duration")]
    pub duration_s: u32,
    /// How many contacts the person had in this campaign.
    #[serde(rename = "campaign")]
    pub contacts: u32,
    /// Whether the person subscribed.
    #[serde(rename = "output")]
    pub subscribed: Reply,
}

/// Where the rows came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The whole data set in this folder.
    Folder(PathBuf),
    /// The sample in `tests/data`.
    Sample,
}

/// All rows and towns of a run.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Contacts in order of time.
    pub contacts: Vec<Contact>,
    /// Towns.
    pub towns: Vec<Town>,
    /// Where both came from.
    pub origin: Origin,
}

impl Sources {
    /// Reads the folder that `DAYBOOK_DATA` names, else the folder beside the repository, else the sample. An empty
    /// `DAYBOOK_DATA` asks for the sample.
    ///
    /// # Errors
    /// When the folder was named or is there, but its files can't be read.
    pub fn find() -> Result<Self, DataError> {
        match std::env::var_os(DATA_VARIABLE) {
            Some(named) if named.is_empty() => return Self::sample(),
            Some(named) => return Self::read(Path::new(&named)),
            None => {}
        }
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
        if beside.join(CONTACTS_FILE).is_file() { Self::read(&beside) } else { Self::sample() }
    }

    fn read(folder: &Path) -> Result<Self, DataError> {
        let contacts = folder.join(CONTACTS_FILE);
        let towns = folder.join(TOWNS_FILE);
        Ok(Self {
            contacts: rows(GzDecoder::new(open(&contacts)?), &contacts)?,
            towns: rows(open(&towns)?, &towns)?,
            origin: Origin::Folder(folder.canonicalize().unwrap_or_else(|_| folder.to_owned())),
        })
    }

    /// The sample that the project ships.
    ///
    /// # Errors
    /// Never, unless the sample is damaged.
    pub fn sample() -> Result<Self, DataError> {
        Ok(Self {
            contacts: rows(SAMPLE_CONTACTS.as_bytes(), Path::new("tests/data/contacts-sample.csv"))?,
            towns: rows(SAMPLE_TOWNS.as_bytes(), Path::new("tests/data/places-sample.csv"))?,
            origin: Origin::Sample,
        })
    }

    /// The contact with this number. Numbers wander over the whole course of the campaign, whatever the number
    /// of rows; beyond it they begin again.
    pub fn contact(&self, number: u32) -> &Contact {
        &self.contacts[wander(number, self.contacts.len())]
    }
}

/// A walk through `0..len` that visits everything once before it repeats, in strides of about the golden ratio.
pub(crate) fn wander(number: u32, len: usize) -> usize {
    let golden = len * 618 / 1000;
    let stride = (golden.max(1)..).find(|stride| gcd(*stride, len) == 1).unwrap_or(1);
    (number as usize % len) * stride % len
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn open(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(|source| DataError::Missing { path: path.to_owned(), source })
}

fn rows<T: DeserializeOwned>(source: impl Read, path: &Path) -> Result<Vec<T>, DataError> {
    let unreadable = |source| DataError::Unreadable { path: path.to_owned(), source };
    let rows: Vec<T> = csv::Reader::from_reader(source).deserialize().collect::<Result<_, _>>().map_err(unreadable)?;
    if rows.is_empty() { Err(DataError::Empty { path: path.to_owned() }) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_sample_is_real_and_varied() {
        let sample = Sources::sample().unwrap();
        assert_eq!(sample.contacts.len(), 120);
        assert_eq!(sample.towns.len(), 80);
        let jobs: BTreeSet<_> = sample.contacts.iter().map(|contact| &contact.job).collect();
        assert!(jobs.len() >= 10, "{jobs:?}");
        assert!(sample.contacts.iter().any(|contact| contact.subscribed == Reply::Yes));
    }

    #[test]
    fn every_row_is_met_once_before_any_comes_again() {
        for len in [1, 2, 80, 120, 2_156, 41_188] {
            let met: BTreeSet<_> = (0..len).map(|number| wander(u32::try_from(number).unwrap(), len)).collect();
            assert_eq!(met.len(), len);
        }
    }
}
