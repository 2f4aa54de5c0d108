//! Trains the dictionary with which servers keep changes small: what all records have in common, and no word of anybody's.

use std::fs;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use server::store::{FeedQuery, Scope};
use sync_core::trust::chunk::read_change;

use super::company::{Company, Post};
use super::ground::{Ground, odd};
use super::mill;
use crate::database::Database;
use crate::failure::Failure;

/// Records from which it learns.
const RECORDS: u32 = 4_000;
/// Larger ones gain next to nothing.
const BYTES: usize = 16 * 1024;

/// Writes a fresh dictionary to a file.
///
/// # Errors
/// When no records can be made, or the file can't be written.
pub fn train(file: &Path, seed: u64) -> Result<(), Failure> {
    let ground = Ground::fresh(Database::Sqlite)?;
    mill::fill(&ground, Post::FirstTeam, RECORDS, seed)?;
    let mut changes = ground.inside(async |app| {
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
        let page = app.store.feed(&query).await.map_err(odd)?;
        let changes = page.items.into_iter().flat_map(|item| item.changes).map(|(_, change)| change.raw);
        Ok(changes.filter(|raw| read_change(raw).is_ok_and(|change| change.deps.is_empty())).collect::<Vec<_>>())
    })?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    changes.iter_mut().for_each(|change| replace_words(change, &mut rng));
    let dictionary = zstd::dict::from_samples(&changes, BYTES).map_err(Failure::system("can't train a dictionary"))?;
    fs::write(file, dictionary).map_err(Failure::system(format!("can't write {}", file.display())))
}

/// Puts another Chinese character in the place of each, so that nothing is learnt from what this workload happens to say.
fn replace_words(change: &mut [u8], rng: &mut ChaCha8Rng) {
    let mut at = 0;
    while let Some(place) = change.get_mut(at..at + 3) {
        if matches!(*place, [0xe4..=0xe9, 0x80..=0xbf, 0x80..=0xbf]) {
            let other = char::from_u32(rng.random_range(0x4e00..0x9fa5)).unwrap_or('一');
            other.encode_utf8(place);
            at += 3;
        } else {
            at += 1;
        }
    }
}
