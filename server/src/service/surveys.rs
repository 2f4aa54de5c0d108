//! What surveys came to, as far as somebody's territory reaches.

use sync_core::document::Document;
use sync_core::id::RecordId;
use sync_core::record::Kind;
use sync_core::record::survey::SurveyFacts;

use super::records::{LONGEST_PAGE, Page, count, list};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{PendingRecord, Person, RecordFilter};
use crate::survey::{FormFigures, Tally};

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

/// Counts the answers of the newest surveys that a filter finds. One whose changes can't be read is left out.
///
/// # Errors
/// When the database does not answer.
pub async fn figures(app: &App, who: &Person, filter: RecordFilter) -> Result<Figures, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let found = count(app, who, &filter).await?;
    let (mut tally, mut read, mut after) = (Tally::default(), 0, None);
    while read < MOST {
        let Page { items, next } = list(app, who, filter.clone(), after, LONGEST_PAGE).await?;
        let ids: Vec<RecordId> = items.iter().take(MOST - read).map(|line| line.row.id).collect();
        read += ids.len();
        let records = app.store.records(&ids).await?;
        let counted = tokio::task::spawn_blocking(move || {
            records.iter().filter_map(facts_of).for_each(|facts| tally.add(&facts));
            tally
        });
        tally = counted.await.map_err(ServiceError::internal)?;
        after = next;
        if after.is_none() {
            break;
        }
    }
    Ok(Figures { found, read: read as u64, forms: tally.figures() })
}

fn facts_of(record: &PendingRecord) -> Option<SurveyFacts> {
    let mut document = Document::load(record.published.iter().map(|change| change.raw.as_slice())).ok()?;
    document.view::<SurveyFacts>().ok().map(|view| view.facts)
}
