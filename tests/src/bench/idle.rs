//! An evening on which nothing has happened: every phone asks once.

use std::time::Instant;

use serde::Serialize;
use serde_json::Value;

use super::company::{Company, Post};
use super::handset::{Handset, Used};
use super::{Setting, medians, mill, storm};
use crate::failure::Failure;
use crate::process::cpu_s;

/// So many phones are on the network at the same moment.
const AT_ONCE: usize = 32;

#[derive(Debug, Serialize)]
struct Round {
    phones: usize,
    exchanges_per_phone: f64,
    bytes_per_phone: f64,
    seconds: f64,
    server_cpu_s: f64,
}

/// Lets every phone ask, again and again; medians.
///
/// # Errors
/// When a phone does not get through.
pub fn measure(setting: &Setting, phones: usize) -> Result<Value, Failure> {
    let ground = mill::ground(setting)?;
    let codes = ground.inside(async |app| Company::of(app).await?.hire(app, Post::Anywhere, phones).await)?;
    let mut server = ground.serve()?;
    let folder = super::ground::Ground::phones_folder()?;
    let crowd = storm::enrol(&server, folder.path(), &codes)?;
    let ask_all = || {
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let asking: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| ask(&crowd, &next))).collect();
            asking.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(panicked())))
        })
    };
    ask_all()?;
    let used = || crowd.iter().map(Handset::used).sum::<Used>();
    let figures = medians(setting, |_| {
        let (before, cpu_before) = (used(), cpu_s(server.process())?);
        let begun = Instant::now();
        ask_all()?;
        let seconds = begun.elapsed().as_secs_f64();
        let used = used() - before;
        Ok(Round {
            phones,
            exchanges_per_phone: used.exchanges as f64 / phones as f64,
            bytes_per_phone: used.bytes as f64 / phones as f64,
            seconds,
            server_cpu_s: cpu_s(server.process())? - cpu_before,
        })
    })?;
    server.stop()?;
    Ok(figures)
}

/// Takes one phone after another that nobody has taken.
fn ask(crowd: &[Handset], next: &std::sync::atomic::AtomicUsize) -> Result<(), Failure> {
    while let Some(phone) = crowd.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
        phone.sync_through()?;
    }
    Ok(())
}

fn panicked() -> Failure {
    Failure::Unexpected("a thread panicked".to_owned())
}
