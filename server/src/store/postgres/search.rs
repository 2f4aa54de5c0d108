//! Full-text search with vectors of words. They are made here and not by PostgreSQL's parser, whose idea of a word
//! depends on the locale of the database; so both databases find the same.

use std::collections::HashSet;

use sqlx::Row as _;
use sync_core::index::phrases;

use super::{Conn, Db};
use crate::store::StoreError;
use crate::store::shared::pairs::wanted;
use crate::store::shared::{bulk_statements, statements};

/// PostgreSQL takes words of up to 2046 bytes. Whoever writes or types a longer one means its beginning.
const LONGEST_WORD: usize = 2_000;
/// A vector may have a megabyte, places of words included. What a record says beyond this is not found.
const LONGEST_TERMS: usize = 400_000;

statements! {
    HITS_UP_TO = "select count(*) from (select 1 from record_search where terms @@ cast($1 as tsquery) limit $2) hits";
}

bulk_statements! {
    INDEXED[1] = "select no from record_search where no in ({list})";
    INDEX[2] = "insert into record_search (no, terms) select cast(made.no as bigint), cast(made.terms as tsvector) \
        from (values {rows}) made (no, terms) on conflict (no) do update set terms = excluded.terms";
}

/// Makes records findable by these words, and by these only.
pub(super) async fn index(conn: &mut Conn, terms: &[(i64, &str)]) -> Result<(), StoreError> {
    super::run::each_row(conn, INDEX, terms, |query, (no, terms)| query.bind(*no).bind(vector(terms))).await?;
    Ok(())
}

/// Those of the records that a search can find at all.
pub(super) async fn indexed(conn: &mut Conn, numbers: &[i64]) -> Result<HashSet<i64>, StoreError> {
    let rows = super::run::each_of(conn, INDEXED, numbers).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// The condition on a record `r` that a search finds it, where few are found: they are gathered first, so that nobody
/// walks through all records and asks for each whether it is one of them.
pub(super) fn matching(placeholder: &str) -> String {
    format!("r.no = any (array (select s.no from record_search s where s.terms @@ cast({placeholder} as tsquery)))")
}

/// The same for one record, where few are looked at and many are found.
pub(super) fn found(placeholder: &str, no: &str) -> String {
    format!("(select s.terms @@ cast({placeholder} as tsquery) from record_search s where s.no = {no})")
}

/// How a list is walked through for hits: each record is asked. To gather all hits first would take a visit to each of
/// them, because the index does not tell which words stand side by side.
pub(super) fn among_many(placeholder: &str) -> String {
    found(placeholder, "r.no")
}

/// What somebody typed, in the language of `tsquery`: all phrases must be found. `None` if there is nothing to look for.
pub(super) fn expression(typed: &str) -> Option<String> {
    let phrases: Vec<String> = phrases(typed)
        .iter()
        .map(wanted)
        .map(|(words, prefix)| {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("({}{})", words.join(" <-> "), if prefix { ":*" } else { "" })
        })
        .collect();
    (!phrases.is_empty()).then(|| phrases.join(" & "))
}

/// How many records a search finds, counted no further than `limit`.
pub(super) async fn hits_up_to(conn: &mut Conn, expression: &str, limit: i64) -> Result<i64, StoreError> {
    let (hits,) = sqlx::query_as::<Db, (i64,)>(HITS_UP_TO).bind(expression).bind(limit).fetch_one(conn).await?;
    Ok(hits)
}

/// Terms with their places, as a text that PostgreSQL reads as a vector.
fn vector(terms: &str) -> String {
    let mut vector = String::with_capacity(terms.len() * 2);
    let mut bytes = 0;
    for (place, term) in (1..).zip(terms.split_ascii_whitespace()) {
        bytes += term.len().min(LONGEST_WORD);
        if bytes > LONGEST_TERMS {
            break;
        }
        vector.push_str(&format!("{}:{place} ", quoted(term)));
    }
    vector
}

/// A term as a word between quotes. Terms consist of letters and digits, so nothing in them can end the quotation.
fn quoted(term: &str) -> String {
    let end = (0..=term.len().min(LONGEST_WORD)).rev().find(|end| term.is_char_boundary(*end)).unwrap_or(0);
    format!("'{}'", &term[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_places() {
        assert_eq!(vector("张 伟 hotel"), "'张':1 '伟':2 'hotel':3 ");
        assert_eq!(vector(""), "");
        assert_eq!(expression("张伟 hot").unwrap(), "('张伟') & ('hot':*)");
        assert_eq!(expression(" -- "), None);
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let word = "é".repeat(3_000);
        assert_eq!(quoted(&word).len(), LONGEST_WORD + 2);
        let many = format!("{word} ").repeat(400);
        assert!(vector(&many).len() < 500_000);
    }
}
