//! One field of one record is corrected and synced.

use serde::Serialize;
use serde_json::Value;
use sync_core::record::visit::{VisitEdit, VisitFacts};

use super::company::{Company, Post};
use super::ground::Ground;
use super::workload::{Desk as _, Workload};
use super::{Setting, medians, mill, storm};
use crate::failure::Failure;

/// Records on the phone.
const RECORDS: u32 = 40;

#[derive(Debug, Serialize)]
struct Round {
    exchanges: u64,
    bytes: u64,
}

/// Corrects and syncs; medians.
///
/// # Errors
/// When the phone does not get through.
pub fn measure(setting: &Setting) -> Result<Value, Failure> {
    let ground = mill::ground(setting)?;
    let codes = ground.inside(async |app| Company::of(app).await?.hire(app, Post::Anywhere, 1).await)?;
    let mut server = ground.serve()?;
    let folder = Ground::phones_folder()?;
    let mut crowd = storm::enrol(&server, folder.path(), &codes)?;
    let Some(phone) = crowd.first_mut() else { return Err(Failure::Unexpected("no phone".to_owned())) };
    let clock = std::sync::Arc::clone(&phone.clock);
    let written = Workload::new(setting.seed)?.write(phone, &clock, 0..RECORDS)?;
    clock.run();
    phone.sync_through()?;
    phone.hear_of_publication()?;
    // The first record of the workload is a visit.
    let visit = written.first().copied().ok_or_else(|| Failure::Unexpected("nothing was written".to_owned()))?;
    let figures = medians(setting, |number| {
        let action = format!("第{number}次改期，电话回访");
        phone.edit::<VisitFacts>(visit, VisitEdit::NextAction(Some(action)))?;
        let before = phone.used();
        phone.sync_through()?;
        let used = phone.used() - before;
        phone.hear_of_publication()?;
        Ok(Round { exchanges: used.exchanges, bytes: used.bytes })
    })?;
    server.stop()?;
    Ok(figures)
}
