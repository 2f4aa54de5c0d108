//! What commands print: answers to standard output, everything else to standard error.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::Source;

/// A failure with its causes.
pub(super) fn failure(error: &dyn Error) {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(present) = cause {
        let said = present.to_string();
        // Some libraries repeat their cause in their own message.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = present.source();
    }
    let _ = writeln!(std::io::stderr(), "daybook: {text}");
}

/// A refusal as one sentence.
pub(super) fn refusal(code: &str, title: &str, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => format!("{title} ({detail}; {code})"),
        None => format!("{title} ({code})"),
    }
}

/// A sentence about how far something has come.
pub(super) fn progress(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The settings with their origins.
pub(super) fn settings(settings: impl Iterator<Item = (&'static str, (String, Source))>) {
    for (key, (text, source)) in settings {
        line(&format!("{key} = {text:?}  # {source}"));
    }
}

/// An answer: as one line of JSON, or for people.
pub(super) fn answer(answer: &Value, json: bool) {
    match answer {
        _ if json => line(&answer.to_string()),
        Value::Array(lines) if lines.is_empty() => line("(none)"),
        Value::Array(lines) => table(lines),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| line(&format!("{name}: {}", cell(name, Some(value)))))
        }
        other => line(&cell("", Some(other))),
    }
}

/// What a command did.
pub(super) fn report(report: &impl Serialize, json: bool) {
    // Reports are structs of numbers and texts, which always become JSON.
    answer(&serde_json::to_value(report).unwrap_or_default(), json);
}

fn table(lines: &[Value]) {
    let lines: Vec<&Map<String, Value>> = lines.iter().filter_map(Value::as_object).collect();
    let columns: BTreeSet<&str> = lines.iter().flat_map(|line| line.keys().map(String::as_str)).collect();
    let heads: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let body =
        lines.iter().map(|line| columns.iter().map(|column| cell(column, line.get(*column))).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(body).collect();
    let widths: Vec<usize> =
        (0..columns.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        line(cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

/// A value for people; fields whose name ends in `_at` are times in milliseconds.
fn cell(name: &str, value: Option<&Value>) -> String {
    let time = || {
        let millis = value.filter(|_| name.ends_with("_at"))?.as_i64()?;
        jiff::Timestamp::from_millisecond(millis).ok()
    };
    if let Some(time) = time() {
        return format!("{time:.0}");
    }
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Whoever reads may have gone away; then there is nobody to tell.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
