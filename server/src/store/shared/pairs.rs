//! How the server's indexes of words know Chinese: by pairs of characters.
//!
//! A term of one character stands in every third record of a million, and a name is two of them side by side; a pair
//! stands where the name does. Each character goes into the index together with the one after it, the last of a row
//! alone. So there are as many words as terms, in the same places, and a search finds what it would find by terms.

use sync_core::index::{Phrase, is_ideograph};

fn ideograph(term: &str) -> bool {
    term.chars().next().is_some_and(is_ideograph)
}

/// The words of an index for terms between spaces.
pub(in crate::store) fn words(terms: &str) -> String {
    let mut words = String::with_capacity(terms.len() * 2);
    let mut terms = terms.split_ascii_whitespace().peekable();
    while let Some(term) = terms.next() {
        words.push_str(term);
        if ideograph(term) {
            words.push_str(terms.peek().filter(|next| ideograph(next)).unwrap_or(&""));
        }
        words.push(' ');
    }
    words.truncate(words.trim_end().len());
    words
}

/// What to look for in such an index: words that stand side by side, the last perhaps the beginning of a longer one.
pub(in crate::store) fn wanted(phrase: &Phrase) -> (Vec<String>, bool) {
    let terms = &phrase.terms;
    let mut wanted: Vec<String> = words(&terms.join(" ")).split(' ').map(str::to_owned).collect();
    match terms.as_slice() {
        // The pair before says it already.
        [.., before, last] if ideograph(before) && ideograph(last) => {
            wanted.pop();
            (wanted, false)
        }
        // Whatever comes after it.
        [.., last] if ideograph(last) => (wanted, true),
        _ => (wanted, phrase.prefix),
    }
}

#[cfg(test)]
mod tests {
    use sync_core::index::{contains, phrases, terms};

    use super::*;

    #[test]
    fn characters_go_in_pairs_and_words_alone() {
        assert_eq!(words("张 伟 明 hotel sichuan 李"), "张伟 伟明 明 hotel sichuan 李");
        assert_eq!(words(""), "");
    }

    /// Whether an index of words would find a phrase.
    fn finds(words: &str, phrase: &Phrase) -> bool {
        let (wanted, prefix) = wanted(phrase);
        let words: Vec<&str> = words.split(' ').collect();
        words.windows(wanted.len()).any(|window| {
            window.iter().zip(&wanted).enumerate().all(|(i, (found, wanted))| {
                if prefix && i + 1 == window.len() { found.starts_with(wanted.as_str()) } else { found == wanted }
            })
        })
    }

    #[test]
    fn pairs_find_what_terms_find() {
        let texts = ["张伟明 Hotel-Sichuan 13312343333", "明", "A区张伟 12号", "伟张明伟 李b"];
        let typed = [
            "张",
            "明",
            "伟明",
            "张伟明",
            "明伟",
            "张明",
            "hotel",
            "明hot",
            "a区",
            "区张",
            "李b",
            "李 b",
            "12号",
            "伟李",
        ];
        for text in texts.map(terms) {
            for phrase in typed.iter().flat_map(|typed| phrases(typed)) {
                assert_eq!(finds(&words(&text), &phrase), contains(&text, &phrase), "{phrase:?} in {text}");
            }
        }
    }
}
