//! Lists of records as files, in somebody's territory, while they are read from the database.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use super::records::{LONGEST_PAGE, Page, PageKey, list};
use crate::error::{ServiceError, codes};
use crate::export::sheet::{MOST_ROWS, Spreadsheet, csv_heading, csv_rows};
use crate::export::words::Language;
use crate::export::{COLUMNS, Cell, Names};
use crate::state::App;
use crate::store::{Person, RecordFilter};

/// Pieces that wait for a reader; a slow one makes the export wait, and not the memory grow.
const WAITING: usize = 4;

type Rows = Vec<[Cell; COLUMNS.len()]>;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Csv,
    /// A spreadsheet.
    Xlsx,
}

/// The bytes of a file. One that ends with a failure is not whole.
pub type FileStream = BoxStream<'static, Result<Bytes, ServiceError>>;

/// All records of a list, newest first.
///
/// # Errors
/// When the database does not answer. Once the stream has begun, it ends with the failure.
pub async fn export(
    app: &App,
    who: &Person,
    filter: RecordFilter,
    form: Form,
    language: Language,
) -> Result<FileStream, ServiceError> {
    let names = names(app, who).await?;
    let rows = rows(app.clone(), who.clone(), filter, names, language);
    Ok(match form {
        Form::Csv => {
            let heading = stream::once(std::future::ready(Ok(Bytes::from(csv_heading(language)))));
            heading.chain(rows.map(|rows| rows.map(|rows| Bytes::from(csv_rows(&rows))))).boxed()
        }
        Form::Xlsx => spreadsheet(rows, language),
    })
}

async fn names(app: &App, who: &Person) -> Result<Names, ServiceError> {
    let organisation = who.organisation;
    let people = app.store.people(organisation).await?.into_iter().map(|person| (person.id, person.name)).collect();
    let zone = |name: &str| TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let offices = app.store.offices(organisation).await?;
    let offices: HashMap<_, _> =
        offices.into_iter().map(|office| (office.id, (office.name, zone(&office.time_zone)))).collect();
    let teams = app.store.teams(organisation).await?.into_iter().map(|team| (team.id, team.name)).collect();
    let projects = app.store.projects(organisation).await?;
    let projects = projects.into_iter().map(|project| (project.id, project.name)).collect();
    Ok(Names { people, offices, teams, projects })
}

/// The rows of a list, page by page.
fn rows(
    app: App,
    who: Person,
    filter: RecordFilter,
    names: Names,
    language: Language,
) -> BoxStream<'static, Result<Rows, ServiceError>> {
    let state = (app, who, filter, names, Some(None::<PageKey>));
    stream::try_unfold(state, move |(app, who, filter, names, after)| async move {
        let Some(after) = after else {
            return Ok(None);
        };
        let Page { items, next } = list(&app, &who, filter.clone(), after, LONGEST_PAGE).await?;
        let rows: Rows = items.iter().map(|line| names.row(line, language)).collect();
        Ok(Some((rows, (app, who, filter, names, next.map(Some)))))
    })
    .boxed()
}

/// A spreadsheet is a compressed archive: nothing of it can be sent before its last row is written.
fn spreadsheet(mut rows: BoxStream<'static, Result<Rows, ServiceError>>, language: Language) -> FileStream {
    let (pieces, finished) = mpsc::channel::<Result<Bytes, ServiceError>>(WAITING);
    let (pages, mut written) = mpsc::channel::<Rows>(WAITING);
    let reader = pieces.clone();
    tokio::spawn(async move {
        while let Some(page) = rows.next().await {
            let sent = match page {
                // Whoever writes may have given up, and said why.
                Ok(page) => pages.send(page).await.is_ok(),
                Err(error) => {
                    let _ = reader.send(Err(error)).await;
                    false
                }
            };
            if !sent {
                return;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let failed = |error: &dyn std::fmt::Display| {
            let _ = pieces.blocking_send(Err(ServiceError::internal(error.to_string())));
        };
        let mut sheet = match Spreadsheet::begin(language) {
            Ok(sheet) => sheet,
            Err(error) => return failed(&error),
        };
        while let Some(page) = written.blocking_recv() {
            match sheet.add(&page) {
                Ok(true) => {}
                Ok(false) => {
                    let detail = format!("a spreadsheet has at most {MOST_ROWS} rows: filter, or take CSV");
                    let _ = pieces.blocking_send(Err(ServiceError::from(codes::MALFORMED_REQUEST).detail(detail)));
                    return;
                }
                Err(error) => return failed(&error),
            }
            // Nobody waits for it any more.
            if pieces.is_closed() {
                return;
            }
        }
        if let Err(error) = sheet.finish(|piece| pieces.blocking_send(Ok(Bytes::from(piece))).is_ok()) {
            failed(&error);
        }
    });
    stream::unfold(finished, |mut finished| async move { finished.recv().await.map(|piece| (piece, finished)) }).boxed()
}
