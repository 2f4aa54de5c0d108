//! Lists as files, in somebody's territory, while they are read from the database.

mod lists;

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use crate::error::{ServiceError, codes};
use crate::export::sheet::{MOST_ROWS, Spreadsheet, csv_heading, csv_rows};
use crate::export::words::Language;
use crate::export::{Names, Row, Table};
use crate::state::App;
use crate::store::Person;

pub use lists::{
    DeviceFilter, DeviceStanding, PersonFilter, amendments, answers, behind, board, cases, counted_surveys, days,
    devices, late, people, photos, quarantine, received, records, stages, strays, teams, trail, unfinished,
};

/// Pieces that wait for a reader; a slow one makes the export wait, and not the memory grow.
const WAITING: usize = 4;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Csv,
    /// A spreadsheet.
    Xlsx,
    /// A spreadsheet behind lines that say, while it is written, how many rows it has so far. The last is empty.
    CountedXlsx,
}

/// The bytes of a file. One that ends with a failure is not whole.
pub type FileStream = BoxStream<'static, Result<Bytes, ServiceError>>;

/// A table as a file. Once the stream has begun, it ends with whatever fails.
///
/// # Errors
/// [`codes::EXPORT_TOO_LONG`] for a spreadsheet with more rows than the format holds.
pub fn file(table: Table, form: Form, language: Language) -> Result<FileStream, ServiceError> {
    let Table { columns, length, rows } = table;
    Ok(match form {
        Form::Csv => {
            let heading = stream::once(std::future::ready(Ok(Bytes::from(csv_heading(columns, language)))));
            heading.chain(rows.map(|rows| rows.map(|rows| Bytes::from(csv_rows(&rows))))).boxed()
        }
        Form::Xlsx | Form::CountedXlsx if length.is_some_and(|length| length >= u64::from(MOST_ROWS)) => {
            return Err(codes::EXPORT_TOO_LONG.into());
        }
        Form::Xlsx => spreadsheet(columns, rows, language, false),
        Form::CountedXlsx => spreadsheet(columns, rows, language, true),
    })
}

/// What the identifiers in lists of somebody's organisation are called.
async fn names(app: &App, who: &Person, language: Language) -> Result<Names, ServiceError> {
    let organisation = who.organisation;
    let people = app.store.people(organisation).await?;
    let people = people.into_iter().map(|person| (person.id, (person.name, person.office))).collect();
    let zone = |name: &str| TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let offices = app.store.offices(organisation).await?;
    let common = offices.first().filter(|first| offices.iter().all(|office| office.time_zone == first.time_zone));
    let common = common.map(|office| zone(&office.time_zone));
    let offices: HashMap<_, _> =
        offices.into_iter().map(|office| (office.id, (office.name, zone(&office.time_zone)))).collect();
    let teams = app.store.teams(organisation).await?.into_iter().map(|team| (team.id, team.name)).collect();
    let projects = app.store.projects(organisation).await?;
    let projects = projects.into_iter().map(|project| (project.id, project.name)).collect();
    Ok(Names { language, people, offices, teams, projects, zone: common })
}

/// A spreadsheet is a compressed archive: nothing of it can be sent before its last row is written.
fn spreadsheet(
    columns: &'static [&'static str],
    mut rows: BoxStream<'static, Result<Vec<Row>, ServiceError>>,
    language: Language,
    counted: bool,
) -> FileStream {
    let (pieces, finished) = mpsc::channel::<Result<Bytes, ServiceError>>(WAITING);
    let (pages, mut written) = mpsc::channel::<Vec<Row>>(WAITING);
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
        let mut sheet = match Spreadsheet::begin(columns, language) {
            Ok(sheet) => sheet,
            Err(error) => return failed(&error),
        };
        let mut count = 0;
        while let Some(page) = written.blocking_recv() {
            count += page.len();
            match sheet.add(&page) {
                Ok(true) => {}
                // It grew while it was read, or nobody could count it beforehand.
                Ok(false) => {
                    let _ = pieces.blocking_send(Err(codes::EXPORT_TOO_LONG.into()));
                    return;
                }
                Err(error) => return failed(&error),
            }
            // Nobody waits for it any more.
            if pieces.is_closed() {
                return;
            }
            if counted {
                // Who reads slowly hears of some later rows instead.
                let _ = pieces.try_send(Ok(Bytes::from(format!("{count}\n"))));
            }
        }
        // The rest is known only now that all rows are there.
        if counted && pieces.blocking_send(Ok(Bytes::from(format!("{count}\n\n")))).is_err() {
            return;
        }
        if let Err(error) = sheet.finish(|piece| pieces.blocking_send(Ok(Bytes::from(piece))).is_ok()) {
            failed(&error);
        }
    });
    stream::unfold(finished, |mut finished| async move { finished.recv().await.map(|piece| (piece, finished)) }).boxed()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;

    use super::*;
    use crate::export::Cell;
    use crate::export::lists::RECORDS;

    #[test]
    fn a_spreadsheet_that_would_be_too_long_is_refused_before_it_is_begun() {
        let table = |length| Table { columns: RECORDS, length: Some(length), rows: stream::empty().boxed() };
        let most = u64::from(MOST_ROWS);
        let refused = file(table(most), Form::Xlsx, Language::English).err().unwrap();
        assert_eq!(refused.code, codes::EXPORT_TOO_LONG, "the heading takes a row");
        assert!(file(table(most), Form::Csv, Language::English).is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_spreadsheet_says_in_front_how_many_rows_it_has_so_far() {
        let pages: Vec<Result<Vec<Row>, ServiceError>> =
            (0..20_u64).map(|page| Ok(vec![vec![Cell::Number(page); RECORDS.len()]; 10])).collect();
        let table = Table { columns: RECORDS, length: Some(200), rows: stream::iter(pages).boxed() };
        let whole = file(table, Form::CountedXlsx, Language::English).unwrap();
        let whole: Vec<u8> =
            whole.try_fold(Vec::new(), async |so_far, piece| Ok([so_far, piece.to_vec()].concat())).await.unwrap();
        let end = whole.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let counts = std::str::from_utf8(&whole[..end]).unwrap().lines().map(|line| line.parse().unwrap());
        let counts: Vec<u64> = counts.collect();
        assert!(counts.is_sorted() && counts.last() == Some(&200), "{counts:?}");
        assert!(whole[end + 2..].starts_with(b"PK"), "then the archive");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_whose_rows_break_off_breaks_off() {
        let broken = || stream::iter([Ok(vec![vec![Cell::Empty; RECORDS.len()]]), Err(codes::BUSY.into())]).boxed();
        for form in [Form::Csv, Form::Xlsx, Form::CountedXlsx] {
            let table = Table { columns: RECORDS, length: Some(2), rows: broken() };
            let pieces: Vec<_> = file(table, form, Language::English).unwrap().collect().await;
            assert!(pieces.iter().any(Result::is_err), "{form:?}");
        }
    }
}
