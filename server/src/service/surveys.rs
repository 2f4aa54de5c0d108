//! What surveys came to, as far as somebody's territory reaches.

use std::collections::HashMap;

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sync_core::document::view_of_changes;
use sync_core::id::RecordId;
use sync_core::record::Kind;
use sync_core::record::survey::SurveyFacts;
use sync_core::record::view::AnyView;
use tokio::task::{JoinHandle, spawn_blocking};

use super::records::{LONGEST_PAGE, Page, PageKey, count, list};
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
    let mut reading = Reading::begin(app, who, filter, Tally::default());
    while reading.go_on().await?.is_some() {}
    let (read, tally) = reading.end().await?;
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
    let lines: Vec<Vec<RecordLine>> = counted(app, who, filter, figure).try_collect().await?;
    let mut lines = lines.concat();
    let rest = lines.split_off((limit.clamp(1, LONGEST_PAGE) as usize).min(lines.len()));
    Ok(Behind { lines, rest: rest.iter().map(|line| line.row.id).collect() })
}

/// All surveys that a figure counts, newest first, as they are found.
pub(super) fn counted(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    figure: Figure,
) -> BoxStream<'static, Result<Vec<RecordLine>, ServiceError>> {
    let reading = Reading::begin(app, who, filter, Sieve::of(figure));
    stream::try_unfold(Some(reading), async |reading| {
        let Some(mut reading) = reading else { return Ok(None) };
        if let Some(found) = reading.go_on().await? {
            return Ok(Some((found, Some(reading))));
        }
        let (_, sieve) = reading.end().await?;
        Ok(Some((sieve.rest(), None)))
    })
    .boxed()
}

/// What surveys are read for.
trait Reader: Send + 'static {
    fn read(&mut self, line: RecordLine, facts: &SurveyFacts);

    /// Surveys that are wanted, and were not named before.
    fn found(&mut self) -> Vec<RecordLine> {
        Vec::new()
    }
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

    fn found(&mut self) -> Vec<RecordLine> {
        self.decided()
    }
}

/// The newest surveys that a filter finds, being gone through. While some are looked at, the next ones are fetched.
struct Reading<R> {
    app: App,
    who: Person,
    filter: RecordFilter,
    /// How many there were so far.
    read: u32,
    /// Where the next page begins; `None` at the end.
    next: Option<Option<PageKey>>,
    looking: JoinHandle<R>,
}

impl<R: Reader> Reading<R> {
    fn begin(app: &App, who: &Person, filter: RecordFilter, reader: R) -> Self {
        let filter = RecordFilter { kind: Some(Kind::Survey), ..filter };
        let (app, who, looking) = (app.clone(), who.clone(), spawn_blocking(|| reader));
        Self { app, who, filter, read: 0, next: Some(None), looking }
    }

    /// Has the next surveys looked at, and says what was found in those before; `None` if there are no more.
    async fn go_on(&mut self) -> Result<Option<Vec<RecordLine>>, ServiceError> {
        let Some(after) = self.next.filter(|_| self.read < MOST) else { return Ok(None) };
        let limit = LONGEST_PAGE.min(MOST - self.read);
        let Page { items, next } = list(&self.app, &self.who, self.filter.clone(), after, limit).await?;
        let ids: Vec<RecordId> = items.iter().map(|line| line.row.id).collect();
        let records = self.app.store.records(&ids).await?;
        let mut reader = self.reader().await?;
        let found = reader.found();
        self.looking = spawn_blocking(move || {
            let records: HashMap<RecordId, &PendingRecord> = records.iter().map(|record| (record.id, record)).collect();
            for line in items {
                if let Some(facts) = records.get(&line.row.id).and_then(|record| facts_of(record)) {
                    reader.read(line, &facts);
                }
            }
            reader
        });
        self.read += u32::try_from(ids.len()).unwrap_or(MOST);
        self.next = next.map(Some);
        Ok(Some(found))
    }

    async fn reader(&mut self) -> Result<R, ServiceError> {
        (&mut self.looking).await.map_err(ServiceError::internal)
    }

    /// How many there were, and what was found in them.
    async fn end(mut self) -> Result<(u32, R), ServiceError> {
        Ok((self.read, self.reader().await?))
    }
}

fn facts_of(record: &PendingRecord) -> Option<SurveyFacts> {
    match view_of_changes(record.published.iter().map(|change| change.raw.as_slice())) {
        Ok(AnyView::Survey(view)) => Some(view.facts),
        _ => None,
    }
}
