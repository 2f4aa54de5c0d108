//! Trains the dictionary with which servers keep changes small: what all records have in common, and no word of anybody's.

use std::fs;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use server::store::{FeedItem, FeedQuery, Scope};
use sync_core::chunk::{contents, read_change};

use super::company::{Company, Post};
use super::ground::{Ground, odd};
use super::mill;
use crate::database::Database;
use crate::failure::Failure;

/// Companies from which it learns: their identifiers are nothing that all records have in common.
const COMPANIES: u64 = 8;
/// Records of each.
const RECORDS: u32 = 500;
/// Larger ones gain next to nothing.
const BYTES: usize = 16 * 1024;

/// Writes a fresh dictionary to a file.
///
/// # Errors
/// When no records can be made, or the file can't be written.
pub fn train(file: &Path, seed: u64) -> Result<(), Failure> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut samples = Vec::new();
    for company in 0..COMPANIES {
        for FeedItem { record, changes, .. } in records(seed + company)? {
            for change in changes {
                let frame = read_change(&change.raw).map_err(odd)?;
                let mut contents = contents(&change.raw).map_err(odd)?.to_vec();
                replace_words(&mut contents, &mut rng);
                replace_everywhere(&mut contents, record.0.as_bytes(), &mut rng);
                replace_everywhere(&mut contents, &frame.actor.0, &mut rng);
                frame.deps.iter().for_each(|dep| replace_everywhere(&mut contents, &dep.0, &mut rng));
                samples.push(contents);
            }
        }
    }
    let dictionary = zstd::dict::from_samples(&samples, BYTES).map_err(Failure::system("can't train a dictionary"))?;
    fs::write(file, dictionary).map_err(Failure::system(format!("can't write {}", file.display())))
}

/// The records of a fresh company.
fn records(seed: u64) -> Result<Vec<FeedItem>, Failure> {
    let ground = Ground::fresh(Database::Sqlite)?;
    mill::fill(&ground, Post::FirstTeam, RECORDS, seed)?;
    ground.inside(async |app| {
        let company = Company::of(app).await?;
        let office = company.offices().first().and_then(|id| id.parse().ok()).ok_or_else(|| odd("no office"))?;
        let query = FeedQuery {
            scope: Scope::Office(office),
            after: 0,
            since: 0,
            departed_after: 0,
            except: None,
            limit_records: RECORDS,
            limit_bytes: u32::MAX,
        };
        Ok(app.store.feed(&query).await.map_err(odd)?.items)
    })
}

/// Puts another Chinese character in the place of each, so that nothing is learnt from what this workload happens to say.
fn replace_words(contents: &mut [u8], rng: &mut ChaCha8Rng) {
    let mut at = 0;
    while let Some(place) = contents.get_mut(at..at + 3) {
        if matches!(*place, [0xe4..=0xe9, 0x80..=0xbf, 0x80..=0xbf]) {
            let other = char::from_u32(rng.random_range(0x4e00..0x9fa5)).unwrap_or('一');
            other.encode_utf8(place);
            at += 3;
        } else {
            at += 1;
        }
    }
}

/// Puts random bytes in the place of a name, wherever it stands.
fn replace_everywhere(contents: &mut [u8], name: &[u8], rng: &mut ChaCha8Rng) {
    let places = contents.windows(name.len()).enumerate().filter(|(_, place)| *place == name).map(|(at, _)| at);
    for at in places.collect::<Vec<_>>() {
        rng.fill(&mut contents[at..at + name.len()]);
    }
}
