//! A server that was killed comes back, and read tables are made anew.

use std::time::Instant;

use serde_json::{Value, json};

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
    let stretch = Stretch::begin("make the read tables anew", setting.rounds as usize);
    let mut rates = Vec::new();
    for _ in 0..setting.rounds {
        let begun = Instant::now();
        ground.order("rebuild")?;
        rates.push(f64::from(setting.stored) / begun.elapsed().as_secs_f64());
        stretch.step();
    }
    stretch.end(&format!("{rates:.0?} records/s"));
    Ok(json!({
        "records": setting.stored,
        "ready_ms": median(ready_ms).round(),
        "rebuild_records_per_s": median(rates).round(),
    }))
}

/// The server listens once it has started; asks it whether it also works.
fn ready(base: &str) -> Result<(), Failure> {
    let answer = ureq::get(format!("{base}/readyz")).call();
    answer.map(drop).map_err(|error| Failure::Unexpected(format!("the server is not ready: {error}")))
}
