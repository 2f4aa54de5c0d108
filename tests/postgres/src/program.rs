//! Debian's programs, run as somebody who may run them.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian puts each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The user that the package makes. PostgreSQL refuses to run as root.
const USER: &str = "postgres";

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The programs are not installed.
    #[error("PostgreSQL is missing; install it with\n    apt-get install --yes postgresql")]
    Missing,
    /// The pooler is not installed.
    #[error("PgBouncer is missing; install it with\n    apt-get install --yes pgbouncer")]
    NoPooler,
    /// A program was not content.
    #[error("`{line}` failed: {said}")]
    Failed {
        /// The command.
        line: String,
        /// What it said.
        said: String,
    },
    /// A file or a program can't be used.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system says.
        source: std::io::Error,
    },
}

/// The folder with the programs of the newest version.
pub(crate) fn folder() -> Result<PathBuf, Error> {
    let versions = std::fs::read_dir(VERSIONS).map_err(|_| Error::Missing)?;
    let number = |path: &PathBuf| path.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<u32>().ok());
    let newest = versions
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(number);
    Ok(newest.ok_or(Error::Missing)?.join("bin"))
}

/// Whether this process is root's, so that others have to be asked to run the programs.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A command as the user that may run PostgreSQL.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // A folder that this user may not enter is no place to start from, and nobody's settings are ours.
    command.current_dir("/").stdin(Stdio::null());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end; answers what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<String, Error> {
    let line = format!("{command:?}");
    let output = command.output().map_err(|source| Error::Io { what: line.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(Error::Failed { line, said: String::from_utf8_lossy(&said).into_owned() })
}

/// Makes a folder that belongs to the user that runs PostgreSQL.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Error> {
    let mut command = Command::new("install");
    command.args(["--directory", "--mode=0755"]);
    if is_root() {
        command.args(["--owner", USER, "--group", USER]);
    }
    run(command.arg(folder)).map(drop)
}
