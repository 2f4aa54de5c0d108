//! Makes a plan that fails smaller, as long as it fails with the same rule: delta debugging over its entries.

use super::mutant::Mutant;
use super::plan::{Item, Plan};
use super::{Verdict, run};
use crate::failure::Failure;

/// Takes out of a failing plan whatever it fails without, in at most `runs` runs.
///
/// # Errors
/// When the simulation itself fails.
pub fn shrink(plan: &Plan, mutant: Option<Mutant>, runs: u32) -> Result<(Plan, Verdict), Failure> {
    let mut verdict = run(plan, mutant)?;
    let rule = verdict.violations.first().map(|violation| violation.rule);
    let mut plan = plan.clone();
    let mut left = runs;
    let mut size = plan.items.len().div_ceil(2);
    while size > 0 && left > 0 && rule.is_some() {
        let mut from = 0;
        let mut smaller = false;
        while from < plan.items.len() && left > 0 {
            left -= 1;
            let candidate = without(&plan, from, size);
            match run(&candidate, mutant) {
                Ok(tried) if tried.violations.first().map(|violation| violation.rule) == rule => {
                    (plan, verdict, smaller) = (candidate, tried, true);
                }
                // Without its beginning a plan may make no sense at all; then it is not smaller but different.
                Ok(_) | Err(_) => from += size,
            }
        }
        size = if smaller && size > 1 { size.min(plan.items.len()) / 2 } else { size / 2 };
    }
    Ok((plan, verdict))
}

fn without(plan: &Plan, from: usize, count: usize) -> Plan {
    let kept = |(index, _): &(usize, &Item)| *index < from || *index >= from + count;
    let items = plan.items.iter().enumerate().filter(kept).map(|(_, item)| *item).collect();
    Plan { items, ..plan.clone() }
}
