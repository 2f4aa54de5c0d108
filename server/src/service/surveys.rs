//! What surveys came to, as far as somebody's territory reaches.

use std::collections::HashMap;

use sync_core::document::Document;
use sync_core::id::RecordId;
use sync_core::record::Kind;
use sync_core::record::survey::SurveyFacts;
use tokio::task::spawn_blocking;

use super::records::{LONGEST_PAGE, Page, count, list};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{PendingRecord, Person, RecordFilter, RecordLine};
use crate::survey::{Figure, FormFigures, Tally};

/// Answers stand in the records alone, so each survey is read; of more than this only the newest are.
const MOST: usize = 1_000;

/// What surveys came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// How many the filter finds.
    pub found: u64,
    /// How many of them were read, the newest.
    pub read: u64,
    /// What those came to.
    pub forms: Vec<FormFigures>,
}

/// The surveys that a figure counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// How many.
    pub found: u64,
    /// The newest of them, at most [`LONGEST_PAGE`].
    pub lines: Vec<RecordLine>,
}

/// Counts the answers of the newest surveys that a filter finds. One whose changes can't be read is left out.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn figures(app: &App, who: &Person, filter: RecordFilter) -> Result<Figures, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let found = count(app, who, &filter).await?;
    let (read, tally) = newest(app, who, &filter, Tally::default(), |tally, _, facts| tally.add(facts)).await?;
    Ok(Figures { found, read: read as u64, forms: tally.figures() })
}

/// The surveys that a figure counts, of those that [`figures`] reads with the same filter.
pub async fn behind(app: &App, who: &Person, filter: RecordFilter, figure: Figure) -> Result<Behind, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let sift = |(figure, behind): &mut (Figure, Behind), line, facts: &SurveyFacts| {
        if figure.counts(facts) {
            behind.found += 1;
            if behind.lines.len() < LONGEST_PAGE as usize {
                behind.lines.push(line);
            }
        }
    };
    let start = (figure, Behind { found: 0, lines: Vec::new() });
    let (_, (_, behind)) = newest(app, who, &filter, start, sift).await?;
    Ok(behind)
}

/// Goes through the newest surveys that a filter finds, and says how many there were. While some are looked at, the next
/// ones are fetched.
async fn newest<T: Send + 'static>(
    app: &App,
    who: &Person,
    filter: &RecordFilter,
    start: T,
    take: fn(&mut T, RecordLine, &SurveyFacts),
) -> Result<(usize, T), ServiceError> {
    let (mut read, mut after) = (0, None);
    let mut looking = spawn_blocking(|| start);
    while read < MOST {
        let Page { mut items, next } = list(app, who, filter.clone(), after, LONGEST_PAGE).await?;
        items.truncate(MOST - read);
        read += items.len();
        let ids: Vec<RecordId> = items.iter().map(|line| line.row.id).collect();
        let records = app.store.records(&ids).await?;
        let mut so_far = looking.await.map_err(ServiceError::internal)?;
        looking = spawn_blocking(move || {
            let records: HashMap<RecordId, &PendingRecord> = records.iter().map(|record| (record.id, record)).collect();
            for line in items {
                if let Some(facts) = records.get(&line.row.id).and_then(|record| facts_of(record)) {
                    take(&mut so_far, line, &facts);
                }
            }
            so_far
        });
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok((read, looking.await.map_err(ServiceError::internal)?))
}

fn facts_of(record: &PendingRecord) -> Option<SurveyFacts> {
    let mut document = Document::load(record.published.iter().map(|change| change.raw.as_slice())).ok()?;
    document.view::<SurveyFacts>().ok().map(|view| view.facts)
}
