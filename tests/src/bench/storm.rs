//! The evening: all phones sync what they have written in the field, at the same moment.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::company::{Company, Post};
use super::ground::Ground;
use super::handset::{Handset, Used};
use super::workload::{CHANGES, Workload};
use super::{Setting, medians, mill};
use crate::crew::each_mut;
use crate::failure::Failure;
use crate::process::{cpu_s, peak_mb};
use crate::progress::Stretch;
use crate::server_process::ServerProcess;

/// How often the server's count of published changes is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a storm came to.
#[derive(Debug, Serialize)]
struct Round {
    records: u64,
    changes: u64,
    /// From the first exchange to the last receipt and the last publication.
    seconds: f64,
    records_per_s: f64,
    /// Everything that went through the phones' sockets until each knew that all was published.
    bytes_per_record: f64,
    exchanges: u64,
    server_peak_mb: f64,
    server_cpu_s: f64,
    /// Of PostgreSQL's own processes.
    database_cpu_s: f64,
    disk_bytes_per_record: f64,
    /// Exchanges that were put off and came again.
    put_off: u64,
}

/// Lets it happen on an empty database, or on one in which records lie already; medians.
///
/// # Errors
/// When a phone does not get through, or something is not published.
pub fn measure(setting: &Setting, phones: usize, records: u32) -> Result<Value, Failure> {
    let stored = if setting.stored > 0 { Some(mill::ground(setting)?) } else { None };
    medians(setting, |number| match &stored {
        // What a round adds is little beside what is there.
        Some(ground) => round(ground, setting, number, phones, records),
        None => round(&Ground::fresh(setting.database)?, setting, number, phones, records),
    })
}

fn round(ground: &Ground, setting: &Setting, number: u32, phones: usize, records: u32) -> Result<Round, Failure> {
    let codes = ground.inside(async |app| Company::of(app).await?.hire(app, Post::Anywhere, phones).await)?;
    // While no server runs, nothing lies in a log that has not been taken over yet.
    let disk_before = ground.disk_bytes()?;
    let mut server = ground.serve()?;
    let folder = Ground::phones_folder()?;
    let mut crowd = enrol(&server, folder.path(), &codes)?;
    let seed = setting.seed ^ u64::from(number) << 32;
    work(&mut crowd, seed, records)?;
    let all = phones as u64 * u64::from(records);

    let cpu = || Ok::<_, Failure>((cpu_s(server.process())?, ground.database_cpu_s()?));
    let used = |crowd: &[Handset]| crowd.iter().map(Handset::used).sum::<Used>();
    let (cpu_before, used_before) = (cpu()?, used(&crowd));
    let stretch = Stretch::begin("the storm", phones);
    let begun = Instant::now();
    let put_off = all_at_once(&crowd, &stretch, &|| published(&server, all * CHANGES))?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_after = cpu()?;
    stretch.end(&format!("{all} records in {seconds:.2} s"));
    everybody(&crowd, Handset::hear_of_publication)?;
    let used = used(&crowd) - used_before;
    let server_peak_mb = peak_mb(server.process())?;
    server.stop()?;
    let disk = ground.disk_bytes()?.saturating_sub(disk_before);
    Ok(Round {
        records: all,
        changes: all * CHANGES,
        seconds,
        records_per_s: all as f64 / seconds,
        bytes_per_record: used.bytes as f64 / all as f64,
        exchanges: used.exchanges,
        server_peak_mb,
        server_cpu_s: cpu_after.0 - cpu_before.0,
        database_cpu_s: cpu_after.1 - cpu_before.1,
        disk_bytes_per_record: disk as f64 / all as f64,
        put_off,
    })
}

/// Enrols a phone with each code.
pub(super) fn enrol(
    server: &ServerProcess,
    folder: &std::path::Path,
    codes: &[String],
) -> Result<Vec<Handset>, Failure> {
    let stretch = Stretch::begin("phones enrol", codes.len());
    let (address, mut codes) = (server.base_url(), (0..).zip(codes).collect::<Vec<(u64, &String)>>());
    let crowd = each_mut(&mut codes, |_, (number, code)| {
        let phone = Handset::enrol(&folder.join(format!("{number}.db")), &address, code, *number)?;
        stretch.step();
        Ok(phone)
    })?;
    stretch.end(&format!("{} phones", crowd.len()));
    Ok(crowd)
}

/// Lets each phone write its records, without a network.
pub(super) fn work(crowd: &mut [Handset], seed: u64, records: u32) -> Result<(), Failure> {
    let workload = Workload::new(seed)?;
    let stretch = Stretch::begin("a day in the field", crowd.len());
    each_mut(crowd, |number, phone| {
        let first = u32::try_from(number).unwrap_or(0) * records;
        let clock = std::sync::Arc::clone(&phone.clock);
        workload.write(phone, &clock, first..first + records)?;
        clock.run();
        stretch.step();
        Ok(())
    })?;
    stretch.end(&format!("{records} records on each phone"));
    Ok(())
}

/// Every phone syncs, until all have their receipts and the server has published everything; how often phones were put
/// off.
fn all_at_once(crowd: &[Handset], stretch: &Stretch, done: &dyn Fn() -> Result<bool, Failure>) -> Result<u64, Failure> {
    std::thread::scope(|scope| {
        let (receipts, arrived) = channel();
        for phone in crowd {
            let receipts = receipts.clone();
            scope.spawn(move || {
                let _ = receipts.send(phone.sync_through());
            });
        }
        drop(receipts);
        let mut put_off = 0;
        for receipt in arrived {
            put_off += u64::from(receipt?);
            stretch.step();
        }
        let begun = Instant::now();
        let (_never, nothing) = channel::<()>();
        while !done()? {
            if begun.elapsed() > PATIENCE || nothing.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
                return Err(Failure::Unexpected("not everything was published".to_owned()));
            }
        }
        Ok(put_off)
    })
}

/// Everybody does something at the same time.
fn everybody(crowd: &[Handset], what: impl Fn(&Handset) -> Result<(), Failure> + Sync) -> Result<(), Failure> {
    let what = &what;
    std::thread::scope(|scope| {
        let all: Vec<_> = crowd.iter().map(|phone| scope.spawn(move || what(phone))).collect();
        let panicked = |_| Failure::Unexpected("a thread panicked".to_owned());
        all.into_iter().try_for_each(|thread| thread.join().map_err(panicked)?)
    })
}

/// Whether the server has published so many changes since its start.
fn published(server: &ServerProcess, changes: u64) -> Result<bool, Failure> {
    const NAME: &str = "daybook_changes_published_total ";
    let address = server.addresses().metrics.as_ref();
    let address = address.ok_or_else(|| Failure::Unexpected("the server shows no metrics".to_owned()))?;
    let page =
        ureq::get(format!("http://{address}/metrics")).call().and_then(|mut page| page.body_mut().read_to_string());
    let page = page.map_err(|error| Failure::Unexpected(format!("the metrics: {error}")))?;
    let counted = page.lines().find_map(|line| line.strip_prefix(NAME)?.trim().parse::<u64>().ok());
    Ok(counted.unwrap_or(0) >= changes)
}
