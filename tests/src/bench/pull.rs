//! A phone that is new in an office fetches everything that the office has.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::company::{Company, Post};
use super::ground::Ground;
use super::{Setting, medians, mill, storm};
use crate::failure::Failure;
use crate::process::cpu_s;

#[derive(Debug, Serialize)]
struct Round {
    records: u64,
    /// Until all of it is in the phone's store.
    seconds: f64,
    bytes_per_record: f64,
    exchanges: u64,
    server_cpu_s: f64,
}

/// Lets one new phone after another fetch everything; medians.
///
/// # Errors
/// When a phone does not get everything.
pub fn measure(setting: &Setting, records: u32) -> Result<Value, Failure> {
    let ground = mill::ground(setting)?;
    mill::fill(&ground, Post::FirstTeam, records, setting.seed ^ 1)?;
    let rounds = setting.rounds as usize;
    let codes = ground.inside(async |app| Company::of(app).await?.hire(app, Post::FirstOffice, rounds).await)?;
    let mut server = ground.serve()?;
    let folder = Ground::phones_folder()?;
    let crowd = storm::enrol(&server, folder.path(), &codes)?;
    let mut fresh = crowd.iter();
    let figures = medians(setting, |_| {
        let phone = fresh.next().ok_or_else(|| Failure::Unexpected("no phone is left".to_owned()))?;
        let (before, cpu_before) = (phone.used(), cpu_s(server.process())?);
        let begun = Instant::now();
        phone.sync_through()?;
        let seconds = begun.elapsed().as_secs_f64();
        let (used, got) = (phone.used() - before, phone.records()?);
        if got < u64::from(records) {
            return Err(Failure::Unexpected(format!("the phone got {got} records of {records}")));
        }
        Ok(Round {
            records: got,
            seconds,
            bytes_per_record: used.bytes as f64 / got as f64,
            exchanges: used.exchanges,
            server_cpu_s: cpu_s(server.process())? - cpu_before,
        })
    })?;
    server.stop()?;
    Ok(figures)
}
