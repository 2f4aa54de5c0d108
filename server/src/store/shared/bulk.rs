//! Statements that take many rows at once.
//!
//! A call costs a visit to the connection's thread, so a row at a time is several times dearer than a batch. The
//! numbers of rows are powers of two: few different texts, which the connection keeps prepared.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{LazyLock, PoisonError, RwLock};

use sqlx::AssertSqlSafe;

/// A statement for so many rows.
type Sized = (&'static str, usize, Placeholders);

/// The statements that were put together.
static TEXTS: LazyLock<RwLock<HashMap<Sized, &'static str>>> = LazyLock::new(RwLock::default);
/// At most so many rows in one statement.
const MOST_ROWS: usize = 64;
/// At most so many elements in one list.
const LONGEST_LIST: usize = 512;

/// How a database likes its placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::store) enum Placeholders {
    /// `?`: SQLite looks up a numbered one by walking through all of them, which for a thousand is slower than the
    /// statement itself.
    Positional,
    /// `$1`: PostgreSQL knows no others.
    Numbered,
}

/// A statement with `{rows}`, which becomes `(?, ?), (?, ?)`, or `{list}`, which becomes `?, ?, ?`.
/// It has no other placeholders.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Bulk {
    template: &'static str,
    columns: usize,
}

impl Bulk {
    /// A statement with so many columns in each row; one for a list.
    pub(in crate::store) const fn new(template: &'static str, columns: usize) -> Self {
        Self { template, columns }
    }

    /// The statement for so many rows.
    pub(in crate::store) fn text(&self, rows: usize, placeholders: Placeholders) -> String {
        let list = |first: usize, length: usize| match placeholders {
            Placeholders::Positional => vec!["?"; length].join(", "),
            Placeholders::Numbered => (first..first + length).map(|n| format!("${n}")).collect::<Vec<_>>().join(", "),
        };
        if self.template.contains("{list}") {
            return self.template.replace("{list}", &list(1, rows));
        }
        let row = |row: usize| format!("({})", list(1 + row * self.columns, self.columns));
        self.template.replace("{rows}", &(0..rows).map(row).collect::<Vec<_>>().join(", "))
    }

    /// The statement for so many rows, which is put together once: there are a few hundred of them, and connections keep
    /// them prepared. Only placeholders were put into the constant text, hence it is safe.
    pub(in crate::store) fn sql(&self, rows: usize, placeholders: Placeholders) -> AssertSqlSafe<&'static str> {
        let key = (self.template, rows, placeholders);
        if let Some(text) = TEXTS.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return AssertSqlSafe(text);
        }
        let mut texts = TEXTS.write().unwrap_or_else(PoisonError::into_inner);
        AssertSqlSafe(texts.entry(key).or_insert_with(|| self.text(rows, placeholders).leak()))
    }
}

/// Cuts rows into stretches whose lengths are powers of two.
pub(in crate::store) fn stretches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = match rows.len() {
            0 => return None,
            left if left >= MOST_ROWS => MOST_ROWS,
            left => 1 << left.ilog2(),
        };
        let (stretch, rest) = rows.split_at(length);
        rows = rest;
        Some(stretch)
    })
}

/// Of rows with the same key only the last: PostgreSQL does not write a row twice in one statement.
pub(in crate::store) fn last_of_each<T: Copy, K: Eq + Hash>(rows: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::with_capacity(rows.len());
    let mut last: Vec<T> = rows.iter().rev().filter(|row| seen.insert(key(row))).copied().collect();
    last.reverse();
    last
}

/// Cuts a list into pieces and fills each up to a power of two by repeating its last element, which changes nothing
/// about what the list contains.
pub(in crate::store) fn lists<T: Copy>(elements: &[T]) -> impl Iterator<Item = Vec<T>> {
    elements.chunks(LONGEST_LIST).map(|piece| {
        let mut list = piece.to_vec();
        if let Some(&last) = piece.last() {
            list.resize(piece.len().next_power_of_two(), last);
        }
        list
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_grow_with_their_rows() {
        let rows = Bulk::new("insert into t values {rows}", 2);
        assert_eq!(rows.text(2, Placeholders::Positional), "insert into t values (?, ?), (?, ?)");
        let list = Bulk::new("select 1 where a in ({list})", 1);
        assert_eq!(list.text(3, Placeholders::Positional), "select 1 where a in (?, ?, ?)");
        assert_eq!(rows.text(2, Placeholders::Numbered), "insert into t values ($1, $2), ($3, $4)");
        assert_eq!(list.text(3, Placeholders::Numbered), "select 1 where a in ($1, $2, $3)");
    }

    #[test]
    fn nothing_is_lost_between_stretches() {
        for length in [0, 1, 5, 63, 64, 65, 200] {
            let rows: Vec<_> = (0..length).collect();
            let cut: Vec<_> = stretches(&rows).collect();
            assert!(cut.iter().all(|stretch| stretch.len().is_power_of_two() && stretch.len() <= MOST_ROWS));
            assert_eq!(cut.concat(), rows);
        }
    }

    #[test]
    fn the_last_of_equal_rows_is_written() {
        let rows = [(1, 'a'), (2, 'b'), (1, 'c'), (3, 'd')];
        assert_eq!(last_of_each(&rows, |(key, _)| *key), [(2, 'b'), (1, 'c'), (3, 'd')]);
    }

    #[test]
    fn lists_repeat_only_what_they_contain() {
        assert_eq!(lists(&[1, 2, 3]).collect::<Vec<_>>(), [vec![1, 2, 3, 3]]);
        assert_eq!(lists::<u8>(&[]).count(), 0);
        let long: Vec<_> = (0..LONGEST_LIST + 1).collect();
        assert_eq!(lists(&long).map(|list| list.len()).collect::<Vec<_>>(), [LONGEST_LIST, 1]);
    }
}
