//! A cluster: its files, its processes, and the one who sees to it that both go.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::program::{self, Error};

/// Ends a cluster and removes its files once the process `$1` has ended, by whatever death. `$2` is the cluster's folder,
/// the rest is how to run `pg_ctl`.
const KEEPER: &str = r#"
owner=$1 folder=$2; shift 2
tail --pid="$owner" -s 0.2 -f /dev/null
"$@" -D "$folder/data" -m immediate stop
rm -rf "$folder" "$folder.gate"
"#;

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    settings: Vec<String>,
    /// Whether it ends with this value, and not only with its owner.
    ours: bool,
}

impl Cluster {
    /// Starts a cluster of one's own; it ends when this value is dropped, or this process ends. `settings` look like
    /// `fsync=off`.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub fn start(settings: &[&str]) -> Result<Self, Error> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("daybook-postgres-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let cluster = Self::at(&std::env::temp_dir().join(name), settings, true)?;
        cluster.found(std::process::id())?;
        Ok(cluster)
    }

    /// The cluster in a folder, started if nobody has yet; it ends when the process `owner` does.
    pub(crate) fn join(folder: &Path, owner: u32, settings: &[&str]) -> Result<Self, Error> {
        let cluster = Self::at(folder, settings, false)?;
        if !cluster.is_running() {
            cluster.found(owner)?;
        }
        Ok(cluster)
    }

    fn at(folder: &Path, settings: &[&str], ours: bool) -> Result<Self, Error> {
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Ok(Self { folder: folder.to_owned(), programs: program::folder()?, settings, ours })
    }

    fn found(&self, owner: u32) -> Result<(), Error> {
        // What is left of an earlier owner with this number, after the machine lost its power.
        program::run(Command::new("rm").arg("-rf").arg(&self.folder))?;
        program::make_folder(&self.folder)?;
        let mut initdb = self.program("initdb");
        initdb.arg("-D").arg(self.data()).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        program::run(initdb.arg("--no-sync"))?;
        self.keep(owner)?;
        self.go_on()
    }

    /// Leaves somebody behind who ends the cluster when its owner has ended.
    fn keep(&self, owner: u32) -> Result<(), Error> {
        let pg_ctl = self.program("pg_ctl");
        let mut keeper = Command::new("setsid");
        keeper.args(["sh", "-c", KEEPER, "keeper", &owner.to_string()]).arg(&self.folder);
        keeper.arg(pg_ctl.get_program()).args(pg_ctl.get_args());
        keeper.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // It is not waited for: it outlives its parent, and is the system's then.
        keeper.spawn().map(drop).map_err(|source| Error::Io { what: format!("{keeper:?}"), source })
    }

    /// Starts it, after [`Self::stop`].
    ///
    /// # Errors
    /// When it does not start.
    pub fn go_on(&self) -> Result<(), Error> {
        let mut options = format!("-c listen_addresses= -k {}", self.folder.display());
        for setting in &self.settings {
            options.push_str(&format!(" -c {setting}"));
        }
        let mut start = self.program("pg_ctl");
        start.args(["-s", "-w", "-t", "60", "-D"]).arg(self.data()).arg("-l").arg(self.log());
        // It keeps the standard streams open, and whoever waits for their end would wait for the cluster's.
        start.arg("-o").arg(options).arg("start").stdout(Stdio::null()).stderr(Stdio::null());
        let status = start.status().map_err(|source| Error::Io { what: format!("{start:?}"), source })?;
        if status.success() {
            return Ok(());
        }
        let said = std::fs::read_to_string(self.log()).unwrap_or_default();
        Err(Error::Failed { line: format!("{start:?}"), said })
    }

    /// Stops it as a power cut would.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&self) -> Result<(), Error> {
        program::run(self.program("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "-w", "stop"]))
            .map(drop)
    }

    fn is_running(&self) -> bool {
        self.data().is_dir() && program::run(self.program("pg_ctl").arg("-D").arg(self.data()).arg("status")).is_ok()
    }

    /// Puts a copy of a stopped cluster's files beside them, or such a copy in their place.
    ///
    /// # Errors
    /// When the files can't be copied.
    pub fn copy(&self, from: &Path, to: &Path) -> Result<(), Error> {
        program::run(Command::new("rm").arg("-rf").arg(to))?;
        program::run(Command::new("cp").arg("-a").arg(from).arg(to)).map(drop)
    }

    /// The folder of its files.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// One of PostgreSQL's programs, to be run as the cluster's owner.
    pub fn program(&self, name: &str) -> Command {
        program::command(&self.programs.join(name))
    }

    /// Where one of its databases is, for anybody who connects.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.display())
    }

    /// Makes a database as a copy of another, to which nobody may be connected.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn create(&self, database: &str, template: &str) -> Result<(), Error> {
        self.ask("postgres", &format!("create database {database} template {template}")).map(drop)
    }

    /// Runs a statement; answers what it finds, one row a line.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub fn ask(&self, database: &str, statement: &str) -> Result<String, Error> {
        let mut psql = self.program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.url(database), "-c", statement]);
        Ok(program::run(&mut psql)?.trim_end().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.ours {
            // The keeper tries again when this process ends.
            let _ = self.stop();
            let _ = program::run(Command::new("rm").arg("-rf").arg(&self.folder));
        }
    }
}
