//! Full-text search by words. They are cut here and not by PostgreSQL's parser, whose idea of a word depends on the locale
//! of the database; so both databases find the same.
//!
//! They lie as a text, each between two spaces. The index makes vectors of them and knows which records have all words
//! of a search; that words of a phrase stand side by side is seen in the text.

use std::collections::HashSet;

use sqlx::Row as _;
use sync_core::index::phrases;

use super::{Conn, Db};
use crate::store::StoreError;
use crate::store::shared::pairs::wanted;
use crate::store::shared::{bulk_statements, statements};

/// PostgreSQL takes words of up to 2046 bytes. Whoever writes or types a longer one means its beginning.
const LONGEST_WORD: usize = 2_000;
/// A vector may have a megabyte. What a record says beyond this is not found.
const LONGEST_TERMS: usize = 400_000;

/// That a record `s` has the words of the expression in a placeholder: what the index answers.
macro_rules! has_words {
    ($placeholder:literal) => {
        concat!(
            "array_to_tsvector(string_to_array(btrim(s.words), ' ')) @@ cast(split_part(",
            $placeholder,
            ", E'\\n', 1) as tsquery)"
        )
    };
}

/// That they stand side by side where they should: what its text answers. A subquery, so that the patterns are taken
/// apart once and not for each record.
macro_rules! has_phrases {
    ($placeholder:literal) => {
        concat!(
            "s.words like all (cast((select string_to_array(split_part(",
            $placeholder,
            ", E'\\n', 2), E'\\t')) as text[]))"
        )
    };
}

statements! {
    HITS_UP_TO = concat!("select count(*) from (select 1 from record_search s where ", has_words!("$1"), " and ",
        has_phrases!("$1"), " limit $2) hits");
}

bulk_statements! {
    INDEXED[1] = "select no from record_search where no in ({list})";
    INDEX[2] = "insert into record_search (no, words) values {rows} on conflict (no) do update set words = excluded.words";
}

/// Makes records findable by these words, and by these only.
pub(super) async fn index(conn: &mut Conn, words: &[(i64, &str)]) -> Result<(), StoreError> {
    super::run::each_row(conn, INDEX, words, |query, (no, words)| query.bind(*no).bind(stored(words))).await?;
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
    const HITS: &str = concat!(
        "r.no = any (array (select s.no from record_search s where ",
        has_words!("{}"),
        " and ",
        has_phrases!("{}"),
        "))"
    );
    HITS.replace("{}", placeholder)
}

/// The same for one record, where few are looked at and many are found: its text is read, and no vector made.
pub(super) fn found(placeholder: &str, no: &str) -> String {
    const IS_HIT: &str = concat!("(select ", has_phrases!("{}"), " from record_search s where s.no = ");
    format!("{}{no})", IS_HIT.replace("{}", placeholder))
}

/// How a list is walked through for hits: each record is asked. To gather all hits first would take a visit to each of
/// them, because the index does not tell which words stand side by side.
pub(super) fn among_many(placeholder: &str) -> String {
    found(placeholder, "r.no")
}

/// What somebody typed: in the language of `tsquery` that all words must be there, and on the next line a pattern for
/// each phrase. `None` if there is nothing to look for.
pub(super) fn expression(typed: &str) -> Option<String> {
    let phrases: Vec<(Vec<String>, bool)> = phrases(typed).iter().map(wanted).collect();
    let query: Vec<String> = phrases
        .iter()
        .map(|(words, prefix)| {
            let words: Vec<String> = words.iter().map(|word| format!("'{}'", cut(word))).collect();
            format!("{}{}", words.join(" & "), if *prefix { ":*" } else { "" })
        })
        .collect();
    let patterns = phrases.iter().map(|(words, prefix)| {
        let words: Vec<&str> = words.iter().map(|word| cut(word)).collect();
        format!("% {}{}%", words.join(" "), if *prefix { "" } else { " " })
    });
    let patterns: Vec<String> = patterns.collect();
    (!query.is_empty()).then(|| format!("{}\n{}", query.join(" & "), patterns.join("\t")))
}

/// How many records a search finds, counted no further than `limit`.
pub(super) async fn hits_up_to(conn: &mut Conn, expression: &str, limit: i64) -> Result<i64, StoreError> {
    let (hits,) = sqlx::query_as::<Db, (i64,)>(HITS_UP_TO).bind(expression).bind(limit).fetch_one(conn).await?;
    Ok(hits)
}

/// Words as they lie. They consist of letters and digits, so they mean themselves in vectors, queries and patterns.
fn stored(words: &str) -> String {
    let mut stored = String::with_capacity(words.len() + 2);
    stored.push(' ');
    for word in words.split_ascii_whitespace().map(cut) {
        if stored.len() + word.len() > LONGEST_TERMS {
            break;
        }
        stored.push_str(word);
        stored.push(' ');
    }
    stored
}

/// The beginning of a word that is too long.
fn cut(word: &str) -> &str {
    let end = (0..=word.len().min(LONGEST_WORD)).rev().find(|end| word.is_char_boundary(*end)).unwrap_or(0);
    &word[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lie_between_spaces() {
        assert_eq!(stored("张伟 伟 hotel"), " 张伟 伟 hotel ");
        assert_eq!(stored(""), " ");
    }

    #[test]
    fn all_words_are_asked_for_and_phrases_stand_side_by_side() {
        assert_eq!(expression("张伟明 hot").unwrap(), "'张伟' & '伟明' & 'hot':*\n% 张伟 伟明 %\t% hot%");
        assert_eq!(expression("张").unwrap(), "'张':*\n% 张%");
        assert_eq!(expression(" -- "), None);
    }

    #[test]
    fn nothing_that_is_typed_means_more_than_its_letters() {
        let typed = expression("a%b_c\\d'e\tf\ng:*h&i|j!k(l)").unwrap();
        let letters = "'a' & 'b' & 'c' & 'd' & 'e' & 'f' & 'g' & 'h' & 'i' & 'j' & 'k' & 'l'";
        let (query, patterns) = typed.split_once('\n').unwrap();
        assert!(query.replace(":*", "").starts_with(&letters[..30]), "{query}");
        assert!(!patterns.contains(['_', '\\', '\'']), "{patterns}");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        let word = "é".repeat(3_000);
        assert_eq!(cut(&word).len(), LONGEST_WORD);
        let many = format!("{word} ").repeat(400);
        assert!(stored(&many).len() <= LONGEST_TERMS + 1);
    }
}
