//! What surveys came to, as far as somebody's territory reaches.

use std::collections::HashMap;

use sync_core::document::Document;
use sync_core::id::RecordId;
use sync_core::record::Kind;
use sync_core::record::survey::SurveyFacts;
use tokio::task::spawn_blocking;

use super::records::{LONGEST_PAGE, Page, PageKey, count, list};
use crate::error::ServiceError;
use crate::state::App;
use crate::store::{PendingRecord, Person, RecordFilter, RecordLine};
use crate::survey::{Figure, FormFigures, Tally};

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

/// How far the newest surveys of a list were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadTo {
    /// So many of them.
    pub read: u32,
    /// The last one.
    pub last: PageKey,
}

/// A page of the surveys that a figure counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// How many there are altogether; only the first page says so, for which all are read.
    pub total: Option<u64>,
    /// The surveys, the newest first.
    pub lines: Vec<RecordLine>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<ReadTo>,
}

/// Counts the answers of the newest surveys that a filter finds. One whose changes can't be read is left out.
///
/// # Errors
/// When the database does not answer; so for all of this module.
pub async fn figures(app: &App, who: &Person, filter: RecordFilter) -> Result<Figures, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let found = count(app, who, &filter).await?;
    let (read, tally) = newest(app, who, &filter, None, Tally::default()).await?;
    Ok(Figures { found, read: read.into(), forms: tally.figures() })
}

/// A page of the surveys that a figure counts, of those that [`figures`] reads with the same filter.
pub async fn behind(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    figure: Figure,
    after: Option<ReadTo>,
    limit: u32,
) -> Result<Behind, ServiceError> {
    let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
    let limit = limit.clamp(1, LONGEST_PAGE) as usize;
    let sieve = Sieve { figure, limit, counts_all: after.is_none(), counted: 0, lines: Vec::new() };
    let (_, Sieve { counts_all, counted, lines, .. }) = newest(app, who, &filter, after, sieve).await?;
    let total = counts_all.then_some(counted as u64);
    let next = lines.last().filter(|_| counted > lines.len()).map(|(read_to, _)| *read_to);
    Ok(Behind { total, lines: lines.into_iter().map(|(_, line)| line).collect(), next })
}

/// What surveys are read for.
trait Reader: Send + 'static {
    /// Reads one, and how far all were read then.
    fn read(&mut self, to: ReadTo, line: RecordLine, facts: &SurveyFacts);
    /// Whether the others count for nothing.
    fn has_enough(&self) -> bool;
}

impl Reader for Tally {
    fn read(&mut self, _: ReadTo, _: RecordLine, facts: &SurveyFacts) {
        self.add(facts);
    }

    fn has_enough(&self) -> bool {
        false
    }
}

/// Keeps the first of the surveys that a figure counts.
struct Sieve {
    figure: Figure,
    limit: usize,
    /// Whether it counts all of them, or stops at the first one that it does not keep.
    counts_all: bool,
    counted: usize,
    lines: Vec<(ReadTo, RecordLine)>,
}

impl Reader for Sieve {
    fn read(&mut self, to: ReadTo, line: RecordLine, facts: &SurveyFacts) {
        if self.figure.counts(facts) {
            self.counted += 1;
            if self.lines.len() < self.limit {
                self.lines.push((to, line));
            }
        }
    }

    fn has_enough(&self) -> bool {
        !self.counts_all && self.counted > self.lines.len()
    }
}

/// Goes through the newest surveys that a filter finds, and says how many there were. While some are looked at, the next
/// ones are fetched.
async fn newest<R: Reader>(
    app: &App,
    who: &Person,
    filter: &RecordFilter,
    from: Option<ReadTo>,
    reader: R,
) -> Result<(u32, R), ServiceError> {
    let (mut read, mut after) = from.map_or((0, None), |from| (from.read, Some(from.last)));
    let mut looking = spawn_blocking(|| reader);
    while read < MOST {
        let Page { items, next } = list(app, who, filter.clone(), after, LONGEST_PAGE.min(MOST - read)).await?;
        let ids: Vec<RecordId> = items.iter().map(|line| line.row.id).collect();
        let records = app.store.records(&ids).await?;
        let mut reader = looking.await.map_err(ServiceError::internal)?;
        if reader.has_enough() {
            return Ok((read, reader));
        }
        looking = spawn_blocking(move || {
            let records: HashMap<RecordId, &PendingRecord> = records.iter().map(|record| (record.id, record)).collect();
            for (line, read) in items.into_iter().zip(read + 1..) {
                if let Some(facts) = records.get(&line.row.id).and_then(|record| facts_of(record)) {
                    let last = (line.row.captured, line.row.id);
                    reader.read(ReadTo { read, last }, line, &facts);
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
