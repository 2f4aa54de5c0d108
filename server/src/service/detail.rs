//! One record with everything that is known about it.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};
use sync_core::document::Document;
use sync_core::history::{FieldChange, history};
use sync_core::id::{ActorId, ChangeHash, DeviceId, PersonId, PhotoHash, RecordId};
use sync_core::record::view::AnyView;
use sync_core::time::UnixMillis;
use sync_core::wire::exchange::Author;

use super::flags;
use crate::error::{ServiceError, codes};
use crate::evidence::{Evidence, Grade, Timing};
use crate::flag::Flag;
use crate::flag::rules::Raised;
use crate::scope;
use crate::state::App;
use crate::store::photos::Photo;
use crate::store::{ChangeOrigin, Person, RecordLine};

/// A record as head quarters and offices see it.
#[derive(Clone, Debug)]
pub struct RecordDetail {
    /// Its line in lists.
    pub line: RecordLine,
    /// The merged values, conflicts and entries.
    pub view: AnyView,
    /// Who the actors in the view are.
    pub authors: Vec<Author>,
    /// What every change did to every field, in feed order.
    pub history: Vec<HistoryLine>,
    /// What became of its photos, in the order of the record.
    pub photos: Vec<PhotoLine>,
    /// Its flags as they are now, with what speaks for each.
    pub flags: Vec<FlagLine>,
}

/// A flag with what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlagLine {
    /// Its name.
    pub flag: &'static str,
    /// Numbers and words. Where another record has to do with it, `record` says which: `null` outside the territory. Where
    /// many have, `others` names those inside of it.
    pub evidence: Map<String, Value>,
}

/// The other records by which a flag is explained: all of a hasty minute, else the one with which it is raised.
fn named(raised: &Raised) -> impl Iterator<Item = RecordId> {
    let also: &[RecordId] = if raised.flag == Flag::HastyRecords { &raised.also } else { &[] };
    raised.other.into_iter().chain(also.iter().copied())
}

/// The flags of a record. Others' records outside the territory do not exist, so they have no name here either.
async fn flags_of(app: &App, who: &Person, line: &RecordLine, view: &AnyView) -> Result<Vec<FlagLine>, ServiceError> {
    let raised = flags::evidence(app, line.organisation, view).await?;
    let others: Vec<RecordId> = raised.iter().flat_map(named).collect();
    let places = if others.is_empty() { Vec::new() } else { app.store.places(line.organisation, &others).await? };
    let visible: HashSet<RecordId> =
        places.iter().filter(|place| scope::holds(who, place)).map(|place| place.record).collect();
    let line_of = |raised: Raised| {
        let mut evidence = raised.evidence;
        if let Some(other) = raised.other {
            let shown = visible.contains(&other).then(|| Value::String(other.to_string()));
            evidence.insert("record".to_owned(), shown.unwrap_or(Value::Null));
        }
        if raised.flag == Flag::HastyRecords {
            let shown = raised.also.iter().filter(|other| visible.contains(other)).map(ToString::to_string);
            evidence.insert("others".to_owned(), shown.collect());
        }
        FlagLine { flag: raised.flag.as_str(), evidence }
    };
    Ok(raised.into_iter().map(line_of).collect())
}

/// What became of a photo that a record names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhotoLine {
    /// Which one.
    pub hash: PhotoHash,
    /// What became of it.
    pub state: PhotoStanding,
    /// What it is, by its bytes; `None` if it is not here.
    pub media_type: Option<String>,
    /// How many bytes are stored.
    pub bytes: Option<u64>,
}

/// What became of a photo that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhotoStanding {
    /// It is here, with a small picture.
    Uploaded,
    /// It is here; it can't be decoded, so there is no small picture.
    NoPreview,
    /// It is still on the phone, or on its way.
    Missing,
}

/// What became of the photos that a record names.
async fn photos_of(app: &App, line: &RecordLine, view: &AnyView) -> Result<Vec<PhotoLine>, ServiceError> {
    let named: Vec<PhotoHash> = view.frame().photos.iter().map(|photo| photo.entry.hash).collect();
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let here = app.store.photos().photos(line.organisation, &named).await?;
    let by_hash: HashMap<PhotoHash, &Photo> = here.iter().map(|photo| (photo.hash, photo)).collect();
    let line_of = |hash: PhotoHash| {
        let photo = by_hash.get(&hash);
        PhotoLine {
            hash,
            state: photo.map_or(PhotoStanding::Missing, |photo| {
                if photo.preview { PhotoStanding::Uploaded } else { PhotoStanding::NoPreview }
            }),
            media_type: photo.map(|photo| photo.media_type.clone()),
            bytes: photo.map(|photo| photo.object_bytes),
        }
    };
    Ok(named.into_iter().map(line_of).collect())
}

/// A line of a record's history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HistoryLine {
    /// What was done.
    #[serde(flatten)]
    pub change: FieldChange,
    /// By whom, as the server knows it.
    pub person: PersonId,
    /// What that person is called.
    pub person_name: String,
    /// On which device; `None` if at the console.
    pub device: Option<DeviceId>,
    /// What that device is called.
    pub device_label: Option<String>,
    /// Which line of that device's journal.
    pub n: Option<u64>,
    /// When the server received it.
    pub received_at: UnixMillis,
    /// What speaks for who wrote it.
    pub evidence: Evidence,
    /// How sure it is when it was written.
    pub grade: Grade,
    /// When it was written at the latest, by the server's clock.
    pub not_after: UnixMillis,
    /// When its journal's line was written, by that device's wall clock.
    pub written_at: Option<UnixMillis>,
    /// How wrong that device's clock was when it last exchanged; positive if it was fast.
    pub skew_ms: Option<i64>,
}

/// Reads one record.
///
/// # Errors
/// [`codes::RECORD_NOT_FOUND`] if there is none in the territory.
pub async fn detail(app: &App, who: &Person, id: RecordId) -> Result<RecordDetail, ServiceError> {
    let line = app.store.record_line(id).await.map_err(|error| error.missing(codes::RECORD_NOT_FOUND))?;
    if !scope::sees(who, &line) {
        return Err(codes::RECORD_NOT_FOUND.into());
    }
    let origins = app.store.origins(id).await?;
    let mut document =
        Document::load(origins.iter().map(|origin| origin.raw.as_slice())).map_err(ServiceError::internal)?;
    let view = document.any_view().map_err(ServiceError::internal)?;
    let lines = history(origins.iter().map(|origin| origin.raw.as_slice()));
    let mut actors: Vec<ActorId> = lines.iter().map(|line| line.author).collect();
    actors.sort_unstable();
    actors.dedup();
    let authors = app.store.authors(&actors).await?;
    let by_hash: HashMap<ChangeHash, &ChangeOrigin> = origins.iter().map(|origin| (origin.hash, origin)).collect();
    let history = lines
        .into_iter()
        .filter_map(|change| {
            let origin = by_hash.get(&change.change)?;
            let Timing { grade, not_after } = Timing::of(origin);
            Some(HistoryLine {
                person: origin.person,
                person_name: origin.person_name.clone(),
                device: origin.device,
                device_label: origin.device_label.clone(),
                n: origin.n,
                received_at: origin.received_at,
                evidence: Evidence::of(origin),
                grade,
                not_after,
                written_at: origin.written_at,
                skew_ms: origin.skew_ms,
                change,
            })
        })
        .collect();
    let photos = photos_of(app, &line, &view).await?;
    let flags = flags_of(app, who, &line, &view).await?;
    Ok(RecordDetail { line, view, authors, history, photos, flags })
}
