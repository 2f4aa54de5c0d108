//! Lists as tables for people's own programs: what stands in which column, in their language.

pub mod lists;
pub mod names;
pub mod sheet;
pub mod words;

use futures_util::stream::{self, BoxStream, StreamExt as _};

use crate::error::ServiceError;

pub use names::Names;

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A number.
    Number(u64),
    /// A time by the clock of the office that it is about: `2026-03-05 18:20:07`.
    Moment(jiff::civil::DateTime),
}

impl Cell {
    /// Words; nothing if there are none.
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    /// What is there, or nothing.
    pub fn maybe(text: Option<&str>) -> Self {
        text.map_or(Self::Empty, Self::text)
    }

    /// A number.
    pub fn number(number: impl Into<u64>) -> Self {
        Self::Number(number.into())
    }
}

/// What stands in the columns of a table, one after the other.
pub type Row = Vec<Cell>;

/// A list as a table.
pub struct Table {
    /// The names of its columns, in order; their headings are in [`words`].
    pub columns: &'static [&'static str],
    /// How many rows it has, where that is known before they are read.
    pub length: Option<u64>,
    /// Its rows, as they are read.
    pub rows: BoxStream<'static, Result<Vec<Row>, ServiceError>>,
}

impl Table {
    /// A table whose rows are there already.
    pub fn of(columns: &'static [&'static str], rows: Vec<Row>) -> Self {
        let length = Some(rows.len() as u64);
        Self { columns, length, rows: stream::once(std::future::ready(Ok(rows))).boxed() }
    }
}
