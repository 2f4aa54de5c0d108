//! `cargo xtask fuzz`: bytes made up by libFuzzer, for as long as somebody likes. CI only replays what was found.

use std::ffi::OsString;

use clap::{Parser, ValueEnum};

use crate::process::{Failure, Invocation};

/// Runs fuzz targets. Needs `cargo install cargo-fuzz`; no nightly, because no sanitizer is used.
#[derive(Parser)]
#[command(name = "fuzz", bin_name = "cargo xtask fuzz")]
struct Fuzz {
    /// Which target; all of them, one after the other, without it.
    target: Option<Target>,
    /// For how many minutes each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
}

/// What can be fuzzed: the functions in `tests/src/fuzz.rs`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// Contents of changes, made up from nothing, through the gate.
    Gate,
    /// Honest changes that were bent, through the gate.
    Bent,
    /// Messages.
    Wire,
    /// Stretches of journals.
    Journal,
    /// The frames of changes.
    Chunk,
    /// Histories of records.
    History,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Bent => "bent",
            Self::Wire => "wire",
            Self::Journal => "journal",
            Self::Chunk => "chunk",
            Self::History => "history",
        }
    }

    /// What is found goes beside the committed corpus, which people choose.
    fn line(self, minutes: u32) -> Invocation {
        let (name, time) = (self.name(), format!("-max_total_time={}", 60 * minutes));
        let found = format!("fuzz/target/found/{name}");
        let corpus = format!("fuzz/corpus/{name}");
        Invocation::cargo(["fuzz", "run", "-s", "none", name, &found, &corpus, "--", &time, "-timeout=10"])
            .args(["-rss_limit_mb=1024", "-max_len=65536"])
    }
}

/// Runs the targets that the arguments name.
pub(crate) fn run(args: &[OsString]) -> Result<(), Failure> {
    let name = OsString::from("fuzz");
    let Fuzz { target, minutes } = Fuzz::parse_from(std::iter::once(&name).chain(args));
    let targets = target.map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    for target in targets {
        std::fs::create_dir_all(format!("fuzz/target/found/{}", target.name()))?;
        target.line(minutes).run()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_runs_on_stable_with_its_corpus() {
        let line = Target::Wire.line(2).to_string();
        assert!(line.starts_with("cargo fuzz run -s none wire fuzz/target/found/wire fuzz/corpus/wire"), "{line}");
        assert!(line.contains("-max_total_time=120"), "{line}");
    }
}
