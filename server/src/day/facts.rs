//! What a lead says about business days beside its own.

use rust_decimal::Decimal;
use sync_core::record::entry::Stage;
use sync_core::record::view::AnyView;

use crate::store::days::{ARRIVAL, DayFact, FactSort};

/// The facts of a record. Times count by the clock under which the record was made, like its own day.
pub fn facts(view: &AnyView) -> Vec<DayFact> {
    let AnyView::Lead(lead) = view else {
        return Vec::new();
    };
    let frame = &lead.frame;
    let offset = frame.header.utc_offset_minutes;
    let arrival = frame.office.arrived_at.map(|at| DayFact {
        entry: ARRIVAL,
        sort: FactSort::Arrival,
        day: at.day(offset),
        amount: None,
        consultant: frame.office.consultant.clone(),
    });
    let steps = frame.stages.iter().filter_map(|step| {
        Some(DayFact {
            entry: step.entry.id.0,
            sort: sort_of(&step.entry.stage)?,
            day: step.entry.at.day(offset),
            amount: step.entry.amount.as_deref().and_then(|amount| amount.trim().parse::<Decimal>().ok()),
            consultant: frame.office.consultant.clone(),
        })
    });
    arrival.into_iter().chain(steps.filter(|fact| fact.entry != ARRIVAL)).collect()
}

/// What a day counts of the stages. That a lead came is the office's to say, not the promoter's.
fn sort_of(stage: &Stage) -> Option<FactSort> {
    match stage {
        Stage::Reserved => Some(FactSort::Reserved),
        Stage::Subscribed => Some(FactSort::Subscribed),
        Stage::Signed => Some(FactSort::Signed),
        Stage::Paid => Some(FactSort::Paid),
        Stage::Mortgage => Some(FactSort::Mortgage),
        Stage::Registered | Stage::Arrived | Stage::Lost | Stage::Other(_) => None,
    }
}
