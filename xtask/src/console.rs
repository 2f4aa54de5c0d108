//! `cargo xtask console`: the pages for offices and head quarters in `web/`, built, checked and tried in a browser.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use clap::Subcommand;

use crate::{
    binaries::{Daybook, Profile},
    process::{Failure, Invocation},
};

/// The oldest Node.js with which the console is built, as its major and minor number.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// What to do with the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum Order {
    /// Builds it into `web/dist`, from where the server's build takes it.
    Build,
    /// Types and rules without a browser, and whether it can be built.
    Check,
    /// Everything in Chromium, with the demonstration's data.
    Test,
}

/// Does it.
pub(crate) fn run(order: Order) -> Result<(), Failure> {
    require_node()?;
    install()?;
    match order {
        Order::Build => build(),
        Order::Check => {
            npm(["run", "check"]).run()?;
            npm(["test"]).run()?;
            build()
        }
        Order::Test => {
            require_chromium()?;
            build()?;
            let programs = Daybook::build_as_tested()?;
            programs.try_console(npm(["run", "browser"]))?.run()
        }
    }
}

/// Opens every page in Chromium against a release build with a million records, or as `args` of `bench query` say.
pub(crate) fn measure(args: &[OsString]) -> Result<(), Failure> {
    require_node()?;
    require_chromium()?;
    install()?;
    build()?;
    let programs = Daybook::build(Profile::Release, "bench")?;
    programs.measure_console(npm(["run", "--silent", "measure"]), args)?.run()
}

/// Builds the console where Node.js is there and something has changed since; elsewhere the server says that it has
/// none.
pub(crate) fn build_if_possible() -> Result<(), Failure> {
    if is_up_to_date(&folder()) || node_version().is_none_or(|version| version < OLDEST_NODE) {
        return Ok(());
    }
    install()?;
    build()
}

fn build() -> Result<(), Failure> {
    if is_up_to_date(&folder()) { Ok(()) } else { npm(["run", "build"]).run() }
}

/// Installs what the lock file names, if that has changed since.
fn install() -> Result<(), Failure> {
    let web = folder();
    // npm writes this file last.
    let installed = modified(&web.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&web.join("package-lock.json")) {
        return Ok(());
    }
    npm(["ci", "--no-audit", "--no-fund"]).run()
}

fn npm<const N: usize>(args: [&str; N]) -> Invocation {
    Invocation::new("npm").args(args).folder(folder())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../web")
}

fn require_node() -> Result<(), Failure> {
    match node_version() {
        Some(version) if version >= OLDEST_NODE => Ok(()),
        _ => Err(Failure::Missing {
            what: "Node.js 20.19 or later with npm",
            install: "apt-get install nodejs npm".to_owned(),
        }),
    }
}

/// The browser tests look in the same places (`web/browser/house.ts`).
fn require_chromium() -> Result<(), Failure> {
    let chromium = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    if chromium.exists() {
        return Ok(());
    }
    let what = "Chromium, in /usr/bin or where CHROMIUM says";
    Err(Failure::Missing { what, install: "apt-get install chromium fonts-noto-cjk".to_owned() })
}

fn node_version() -> Option<(u32, u32)> {
    let said = Invocation::new("node").args(["--version"]).read().ok()?;
    read_version(&String::from_utf8(said).ok()?)
}

/// `v20.20.2` as major and minor number.
fn read_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Whether nothing that the console is made of is younger than the built one.
fn is_up_to_date(web: &Path) -> bool {
    let Some(built) = modified(&web.join("dist/index.html")) else {
        return false;
    };
    let sources = ["src", "public", "build", "index.html", "package-lock.json", "package.json", "vite.config.ts"];
    let sources = sources.map(|source| web.join(source)).into_iter();
    // The types come from the server's interface.
    let mut all = sources.chain([web.join("../server/tests/http/openapi.json")]);
    all.all(|source| youngest(&source).is_none_or(|changed| changed <= built))
}

/// When the youngest file below a path was changed; what is generated does not count.
fn youngest(path: &Path) -> Option<SystemTime> {
    if path.ends_with("src/api/schema.d.ts") {
        return None;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return modified(path);
    };
    entries.flatten().filter_map(|entry| youngest(&entry.path())).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(read_version("v20.20.2\n"), Some((20, 20)));
        assert!(read_version("v20.9.0") < Some(OLDEST_NODE));
        assert!(read_version("v24.0.0") > Some(OLDEST_NODE));
        assert_eq!(read_version("twenty"), None);
    }

    #[test]
    fn a_console_that_was_never_built_is_not_up_to_date() {
        assert!(!is_up_to_date(Path::new("/nowhere")));
    }
}
