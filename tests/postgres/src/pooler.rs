//! PgBouncer in front of a cluster, in transaction mode: what many installations have in between.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::program::{self, Error};

const PROGRAM: &str = "/usr/sbin/pgbouncer";
const PORT: u16 = 6432;
const PATIENCE: Duration = Duration::from_secs(20);

/// A running PgBouncer; ends with this value.
#[derive(Debug)]
pub struct Pooler {
    folder: PathBuf,
    process: Child,
}

impl Pooler {
    /// Starts it in front of a cluster, with so many connections for each database behind it.
    ///
    /// # Errors
    /// When PgBouncer is missing or does not start.
    pub fn before(cluster: &Cluster, connections: u32) -> Result<Self, Error> {
        if !std::path::Path::new(PROGRAM).is_file() {
            return Err(Error::NoPooler);
        }
        let folder = cluster.folder().join(format!("pooler-{}", std::process::id()));
        program::make_folder(&folder)?;
        let settings = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={} user=postgres\n\
             [pgbouncer]\nlisten_port={PORT}\nunix_socket_dir={}\nauth_type=any\npool_mode=transaction\n\
             default_pool_size={connections}\nignore_startup_parameters=extra_float_digits\n",
            cluster.folder().display(),
            folder.display()
        );
        let failed = |source| Error::Io { what: settings.display().to_string(), source };
        std::fs::File::create(&settings).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)?;
        let mut command: Command = program::command(PROGRAM.as_ref());
        let process = command.arg("--quiet").arg(&settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.map_err(|source| Error::Io { what: PROGRAM.to_owned(), source })?;
        let mut pooler = Self { folder, process };
        pooler.wait(cluster)?;
        Ok(pooler)
    }

    /// Asks until it answers.
    fn wait(&mut self, cluster: &Cluster) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let mut asking = cluster.program("psql");
            asking.args(["-X", "-q", "-A", "-t", "-d", &self.url("postgres"), "-c", "select 1"]);
            match program::run(&mut asking) {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Where a database is, for those who come through it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost:{PORT}/{database}?host={}", self.folder.display())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
