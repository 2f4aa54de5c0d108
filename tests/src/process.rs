//! What the operating system knows of a process.

use std::fs;

use crate::failure::Failure;

/// In how many parts the kernel tells a second of processor time: `USER_HZ`, which is 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Memory that is in RAM now, in megabytes.
///
/// # Errors
/// When the system does not tell.
pub fn resident_mb(process: u32) -> Result<f64, Failure> {
    memory(process, "VmRSS:")
}

/// The most memory that was ever in RAM, in megabytes.
///
/// # Errors
/// When the system does not tell.
pub fn peak_mb(process: u32) -> Result<f64, Failure> {
    memory(process, "VmHWM:")
}

fn memory(process: u32, line: &str) -> Result<f64, Failure> {
    let status = read(&format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let kib = found.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.map(|kib| kib * 1_024.0 / 1_000_000.0).ok_or_else(silent)
}

/// Processor time that a process has used so far, in seconds.
///
/// # Errors
/// When the system does not tell.
pub fn cpu_s(process: u32) -> Result<f64, Failure> {
    let [own, system, ..] = times(process)?;
    Ok(own + system)
}

/// The same of a process, of its children, and of those of them that have ended.
///
/// # Errors
/// When the system does not tell.
pub fn family_cpu_s(process: u32) -> Result<f64, Failure> {
    let children = read(&format!("/proc/{process}/task/{process}/children"))?;
    let mut all: f64 = times(process)?.iter().sum();
    for child in children.split_ascii_whitespace().filter_map(|number| number.parse().ok()) {
        // One that ended meanwhile is in its parent's sum the next time.
        all += cpu_s(child).unwrap_or(0.0);
    }
    Ok(all)
}

/// Own time in user and system mode, and that of children that have ended.
fn times(process: u32) -> Result<[f64; 4], Failure> {
    let stat = read(&format!("/proc/{process}/stat"))?;
    // The name in parentheses may hold spaces; the fields after it are numbered from 3.
    let after_name = stat.rsplit_once(')').ok_or_else(silent)?.1;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let tick = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok()).ok_or_else(silent);
    Ok([tick(14)?, tick(15)?, tick(16)?, tick(17)?].map(|ticks| ticks / TICKS_PER_SECOND))
}

fn read(path: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::system(format!("can't read {path}")))
}

fn silent() -> Failure {
    Failure::Unexpected("the system does not tell what a process uses".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let this = std::process::id();
        assert!(peak_mb(this).unwrap() >= resident_mb(this).unwrap() * 0.5);
        assert!(peak_mb(this).unwrap() > 1.0);
        assert!(family_cpu_s(this).unwrap() >= cpu_s(this).unwrap());
    }
}
