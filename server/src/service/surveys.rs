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
use crate::survey::{Figure, FormFigures, Sieve, Tally};

/// Answers stand in the records alone, so each survey is read; of more than this only the newest are.
const MOST: u32 = 1_000;

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
    /// The newest of them, newest first.
    pub lines: Vec<RecordLine>,
    /// The others. [`super::records::lines`] has their lines.
    pub rest: Vec<RecordId>,
}

/// Counts the answers of the newest surveys that a filter finds. One whose changes can't be read is left out.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn figures(app: &App, who: &Person, filter: RecordFilter) -> Result<Figures, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let found = count(app, who, &filter).await?;
    let (read, tally) = newest(app, who, &filter, Tally::default()).await?;
    Ok(Figures { found, read: read.into(), forms: tally.figures() })
}

/// The surveys that a figure counts, of those that [`figures`] reads with the same filter. All are read for that, and named:
/// nobody has to read them again to see the later ones.
pub async fn behind(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    figure: Figure,
    limit: u32,
) -> Result<Behind, ServiceError> {
    let mut lines = counted(app, who, filter, figure).await?;
    let rest = lines.split_off((limit.clamp(1, LONGEST_PAGE) as usize).min(lines.len()));
    Ok(Behind { lines, rest: rest.iter().map(|line| line.row.id).collect() })
}

/// All surveys that a figure counts, newest first.
pub(super) async fn counted(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    figure: Figure,
) -> Result<Vec<RecordLine>, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let (_, sieve) = newest(app, who, &filter, Sieve::of(figure)).await?;
    Ok(sieve.surveys())
}

/// What surveys are read for.
trait Reader: Send + 'static {
    fn read(&mut self, line: RecordLine, facts: &SurveyFacts);
}

impl Reader for Tally {
    fn read(&mut self, _: RecordLine, facts: &SurveyFacts) {
        self.add(facts);
    }
}

impl Reader for Sieve<RecordLine> {
    fn read(&mut self, line: RecordLine, facts: &SurveyFacts) {
        self.add(line, facts);
    }
}

/// Goes through the newest surveys that a filter finds, and says how many there were. While some are looked at, the next
/// ones are fetched.
async fn newest<R: Reader>(
    app: &App,
    who: &Person,
    filter: &RecordFilter,
    reader: R,
) -> Result<(u32, R), ServiceError> {
    let (mut read, mut after) = (0, None);
    let mut looking = spawn_blocking(|| reader);
    while read < MOST {
        let Page { items, next } = list(app, who, filter.clone(), after, LONGEST_PAGE.min(MOST - read)).await?;
        let ids: Vec<RecordId> = items.iter().map(|line| line.row.id).collect();
        let records = app.store.records(&ids).await?;
        let mut reader = looking.await.map_err(ServiceError::internal)?;
        looking = spawn_blocking(move || {
            let records: HashMap<RecordId, &PendingRecord> = records.iter().map(|record| (record.id, record)).collect();
            for line in items {
                if let Some(facts) = records.get(&line.row.id).and_then(|record| facts_of(record)) {
                    reader.read(line, &facts);
                }
            }
            reader
        });
        read += u32::try_from(ids.len()).unwrap_or(MOST);
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
