//! Photos together, the newest first, as far as somebody's territory reaches; and those that are not here.

use std::collections::HashMap;

use sync_core::id::{OfficeId, PhotoHash, RecordId};
use sync_core::time::UnixMillis;

use crate::error::ServiceError;
use crate::scope;
use crate::state::App;
use crate::store::photos::{NamingQuery, Photo};
use crate::store::{Person, RecordLine};

/// Photos of a page at most.
pub const LONGEST_PAGE: u32 = 60;
/// Records of a photo that are shown: some pictures, of a plan or a letterhead, are in thousands.
pub const MOST_RECORDS: u32 = 6;
/// So many photos are looked at for one page at most: where a territory is small, a page may have few or none although
/// others follow.
const LOOKED_AT: u32 = 10 * LONGEST_PAGE;

/// Where a page goes on: after the photo that was stored then.
pub type PhotoKey = (UnixMillis, PhotoHash);

/// A photo, and the records of somebody's territory that name it.
#[derive(Clone, Debug)]
pub struct Named {
    /// The photo.
    pub photo: Photo,
    /// The newest of the records, at least one and at most [`MOST_RECORDS`].
    pub records: Vec<RecordLine>,
    /// So many more name it.
    pub others: u32,
}

/// A page of the photos in somebody's territory, the newest first, and where the next one begins; only of records of an
/// office, if one is named. A page may be empty although others follow.
///
/// # Errors
/// When the database does not answer.
pub async fn newest(
    app: &App,
    who: &Person,
    office: Option<OfficeId>,
    mut before: Option<PhotoKey>,
    limit: u32,
) -> Result<(Vec<Named>, Option<PhotoKey>), ServiceError> {
    let limit = limit.clamp(1, LONGEST_PAGE);
    let wanted = wanted(who, office);
    let mut page = Vec::new();
    for _ in 0..LOOKED_AT / LONGEST_PAGE {
        let photos = app.store.photos().newest_photos(who.organisation, before, LONGEST_PAGE).await?;
        let whole = photos.len() == LONGEST_PAGE as usize;
        let hashes: Vec<PhotoHash> = photos.iter().map(|photo| photo.hash).collect();
        let mut named = named(app, who, &hashes, &wanted).await?;
        for photo in photos {
            if page.len() == limit as usize {
                return Ok((page, before));
            }
            before = Some((photo.stored_at, photo.hash));
            if let Some((records, others)) = named.remove(&photo.hash) {
                page.push(Named { photo, records, others });
            }
        }
        if !whole {
            return Ok((page, None));
        }
    }
    Ok((page, before))
}

/// A photo that is not here, and the records of somebody's territory that name it.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Its name.
    pub hash: PhotoHash,
    /// The newest of the records, at least one and at most [`MOST_RECORDS`].
    pub records: Vec<RecordLine>,
    /// So many more name it.
    pub others: u32,
}

/// The photos that records in somebody's territory name and that are not here, as far as one look reaches, and after
/// which one the next look goes on. They have no time to be sorted by: they are still on phones, on their way, or lost.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(
    app: &App,
    who: &Person,
    office: Option<OfficeId>,
    after: Option<PhotoHash>,
) -> Result<(Vec<Missing>, Option<PhotoHash>), ServiceError> {
    let looked_at = app.store.photos().named_photos(who.organisation, after, LOOKED_AT).await?;
    let next = looked_at.last().filter(|_| looked_at.len() == LOOKED_AT as usize).map(|(hash, _)| *hash);
    let gone: Vec<PhotoHash> = looked_at.into_iter().filter(|(_, here)| !here).map(|(hash, _)| hash).collect();
    let mut named = named(app, who, &gone, &wanted(who, office)).await?;
    let missing = |hash| named.remove(&hash).map(|(records, others)| Missing { hash, records, others });
    Ok((gone.into_iter().filter_map(missing).collect(), next))
}

fn wanted(who: &Person, office: Option<OfficeId>) -> NamingQuery {
    NamingQuery { organisation: who.organisation, scope: scope::records_of(who), office, most: MOST_RECORDS }
}

/// For each photo that is named at all, the newest records that name it and how many others do.
async fn named(
    app: &App,
    who: &Person,
    hashes: &[PhotoHash],
    wanted: &NamingQuery,
) -> Result<HashMap<PhotoHash, (Vec<RecordLine>, u32)>, ServiceError> {
    let naming = app.store.photos().naming(hashes, wanted).await?;
    let mut ids: Vec<RecordId> = naming.iter().map(|naming| naming.record).collect();
    ids.sort_unstable();
    ids.dedup();
    let lines = app.store.record_lines(&ids).await?.into_iter();
    // One may have gone elsewhere since it was found.
    let lines: HashMap<RecordId, RecordLine> =
        lines.filter(|line| scope::sees(who, line)).map(|line| (line.row.id, line)).collect();
    let mut named: HashMap<PhotoHash, (Vec<RecordLine>, u32)> = HashMap::new();
    for naming in naming {
        if let Some(line) = lines.get(&naming.record) {
            let (records, others) = named.entry(naming.hash).or_insert((Vec::new(), naming.all));
            records.push(line.clone());
            *others = others.saturating_sub(1);
        }
    }
    Ok(named)
}
