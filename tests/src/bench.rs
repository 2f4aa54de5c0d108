//! Measurements of a server: the real `daybook serve` in a process of its own, the load from the real engine of phones in
//! this one.
//!
//! A [`ground`] is a database with a server on it; a [`company`] works there; its phones are [`handset`]s, which write the
//! [`workload`]. [`mill`] fills a database with what came in over months.

pub mod company;
pub mod console;
pub mod dictionary;
pub mod edit;
pub mod ground;
pub mod handset;
pub mod idle;
pub mod mill;
pub mod pull;
pub mod query;
pub mod restart;
pub mod storm;
pub mod workload;

use serde_json::{Map, Value};

use crate::database::Database;
use crate::failure::Failure;
use crate::figures::median;
use crate::progress::say;

/// What all measurements have in common.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Where the server keeps its data.
    pub database: Database,
    /// Records that lie there beforehand.
    pub stored: u32,
    /// How often each figure is measured; the median counts.
    pub rounds: u32,
    /// Everything random grows from it.
    pub seed: u64,
}

/// Measures again and again; each figure's median.
///
/// # Errors
/// As a round.
pub(crate) fn medians<T: serde::Serialize>(
    setting: &Setting,
    mut round: impl FnMut(u32) -> Result<T, Failure>,
) -> Result<Value, Failure> {
    let mut all = Vec::new();
    for number in 1..=setting.rounds {
        let figures = round(number)?;
        let figures = serde_json::to_value(&figures).map_err(|error| Failure::Unexpected(error.to_string()))?;
        say(&format!("round {number}: {figures}"));
        all.push(figures);
    }
    Ok(median_of(&all))
}

/// Medians of numbers, figure by figure; of everything else the first.
fn median_of(all: &[Value]) -> Value {
    let Some(first) = all.first() else { return Value::Null };
    match first {
        Value::Object(fields) => {
            let of = |name: &String| all.iter().map(|round| round[name].clone()).collect::<Vec<_>>();
            Value::Object(fields.keys().map(|name| (name.clone(), median_of(&of(name)))).collect::<Map<_, _>>())
        }
        Value::Number(number) if number.is_f64() => {
            let middle = median(all.iter().filter_map(Value::as_f64).collect());
            // Nobody measures more than four digits.
            let digits = 10f64.powf(4.0 - middle.abs().max(1.0).log10().ceil());
            Value::from((middle * digits).round() / digits)
        }
        Value::Number(_) => {
            let mut numbers: Vec<u64> = all.iter().filter_map(Value::as_u64).collect();
            numbers.sort_unstable();
            Value::from(numbers.get(numbers.len() / 2).copied())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn medians_are_taken_figure_by_figure() {
        let round =
            |n: u32| json!({ "records": 8_000, "seconds": f64::from(n), "p95_ms": { "list": 10.0 - f64::from(n) } });
        let median = median_of(&[round(3), round(1), round(2)]);
        assert_eq!(median, json!({ "records": 8_000, "seconds": 2.0, "p95_ms": { "list": 8.0 } }));
    }
}
