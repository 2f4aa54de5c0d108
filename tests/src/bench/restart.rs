//! A server that was killed comes back, and read tables are made anew: from what is there, and from nothing.

use std::time::Instant;

use serde_json::{Value, json};

use super::ground::Ground;
use super::{Setting, mill};
use crate::failure::Failure;
use crate::figures::median;
use crate::progress::{Stretch, say};

/// Kills, starts, and rebuilds; medians.
///
/// # Errors
/// When the server does not come back.
pub fn measure(setting: &Setting) -> Result<Value, Failure> {
    let ground = mill::ground(setting)?;
    let mut server = ground.serve()?;
    let mut ready_ms = Vec::new();
    for number in 1..=setting.rounds {
        server.kill()?;
        let begun = Instant::now();
        server.start_again()?;
        ready(&server.base_url())?;
        let took = begun.elapsed().as_secs_f64() * 1_000.0;
        say(&format!("round {number}: ready after {took:.0} ms"));
        ready_ms.push(took);
    }
    server.stop()?;
    let rebuilt = rebuild(&ground, setting, "make the read tables anew", || Ok(()))?;
    let from_nothing = rebuild(&ground, setting, "make the read tables from nothing", || ground.lose_read_tables())?;
    Ok(json!({
        "records": setting.stored,
        "ready_ms": median(ready_ms).round(),
        "rebuild_records_per_s": rebuilt.round(),
        "rebuild_from_nothing_records_per_s": from_nothing.round(),
    }))
}

/// Rebuilds again and again, each time after something; the median of records in a second.
fn rebuild(
    ground: &Ground,
    setting: &Setting,
    title: &str,
    before: impl Fn() -> Result<(), Failure>,
) -> Result<f64, Failure> {
    let stretch = Stretch::begin(title, setting.rounds as usize);
    let mut rates = Vec::new();
    for _ in 0..setting.rounds {
        before()?;
        let begun = Instant::now();
        ground.order("rebuild")?;
        rates.push(f64::from(setting.stored) / begun.elapsed().as_secs_f64());
        stretch.step();
    }
    stretch.end(&format!("{rates:.0?} records/s"));
    Ok(median(rates))
}

/// The server listens once it has started; asks it whether it also works.
fn ready(base: &str) -> Result<(), Failure> {
    let answer = ureq::get(format!("{base}/readyz")).call();
    answer.map(drop).map_err(|error| Failure::Unexpected(format!("the server is not ready: {error}")))
}
