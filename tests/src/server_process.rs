//! A real `daybook serve` in a process of its own: started, killed, started again, stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;

/// Names the server that the programs of this package drive.
pub const SERVER_VARIABLE: &str = "DAYBOOK_BIN";

/// How long a server may take to start: recovery after a kill included.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// How long a server may take to finish what is under way.
const STOP_PATIENCE: Duration = Duration::from_secs(60);
/// Lines of the log that a failure shows.
const LOG_TAIL: usize = 20;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Addresses {
    /// For phones and consoles, with host and port.
    pub http: String,
    /// For Prometheus.
    pub metrics: Option<String>,
}

/// The program `daybook`: named by `DAYBOOK_BIN`, or built beside the present program.
///
/// # Errors
/// When there is neither.
pub fn server_program() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os(SERVER_VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    let present = std::env::current_exe().map_err(Failure::system("can't find this program"))?;
    // Programs stand in the profile's folder, tests one level below.
    let name = format!("daybook{}", std::env::consts::EXE_SUFFIX);
    let found = present.ancestors().skip(1).take(2).map(|folder| folder.join(&name)).find(|path| path.is_file());
    found.ok_or(Failure::NoServer)
}

/// Settings of a server as its environment has them: variables with their values.
pub type Settings = Vec<(String, String)>;

/// A running server.
#[derive(Debug)]
pub struct ServerProcess {
    program: PathBuf,
    folder: PathBuf,
    settings: Settings,
    front: Option<String>,
    child: Child,
    log: Receiver<String>,
    addresses: Addresses,
}

impl ServerProcess {
    /// Starts a server on a free port. Its database and log stand in `folder`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path, folder: &Path) -> Result<Self, Failure> {
        Self::start_with(program, folder, Settings::default())
    }

    /// As [`Self::start`], with settings as in the environment.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_with(program: &Path, folder: &Path, settings: Settings) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(Failure::system(format!("can't make {}", folder.display())))?;
        let (child, log, addresses) = start(program, folder, &settings, 0)?;
        let (program, folder) = (program.to_owned(), folder.to_owned());
        Ok(Self { program, folder, settings, front: None, child, log, addresses })
    }

    /// Runs another command of the program on the data in `folder`, and waits for its end.
    ///
    /// # Errors
    /// When it fails.
    pub fn run_once(program: &Path, folder: &Path, settings: &Settings, command: &str) -> Result<(), Failure> {
        let mut run = daybook(program, settings);
        let output = run.arg(command).arg("--data-dir").arg(data_folder(folder)).stdin(Stdio::null()).output();
        let output = output.map_err(Failure::system(format!("can't start {}", program.display())))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Failure::Admin { line: command.to_owned(), said })
    }

    /// As [`Self::run_once`], but ends it by SIGKILL as soon as it says so.
    ///
    /// # Errors
    /// When it ends before it says so.
    pub fn kill_once(
        program: &Path,
        folder: &Path,
        settings: &Settings,
        command: &str,
        what: &str,
    ) -> Result<(), Failure> {
        let failed = || Failure::system(format!("can't run {}", program.display()));
        let mut run = daybook(program, settings);
        run.arg(command).arg("--data-dir").arg(data_folder(folder));
        let spawned = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.map_err(failed())?;
        let mut said =
            child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).lines().map_while(Result::ok));
        let came = said.any(|said| said.contains(what));
        child.kill().and_then(|()| child.wait()).map_err(failed())?;
        if came { Ok(()) } else { Err(Failure::Unexpected(format!("{command} never said {what:?}"))) }
    }

    /// Has phones and consoles come in through what stands in front of it.
    pub fn stand_behind(&mut self, front: String) {
        self.front = Some(front);
    }

    /// The address for phones and consoles.
    pub fn base_url(&self) -> String {
        self.front.clone().unwrap_or_else(|| format!("http://{}", self.addresses.http))
    }

    /// Which process it is.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still the process that was started.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The folder of its database.
    pub fn data_folder(&self) -> PathBuf {
        data_folder(&self.folder)
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Ends it as a power cut would: SIGKILL, in the middle of whatever it does.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn kill(&mut self) -> Result<(), Failure> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.map(drop).map_err(Failure::system("can't kill the server"))
    }

    /// Starts it again in the same folder, on the same port, with other settings.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again_with(&mut self, settings: Settings) -> Result<(), Failure> {
        self.settings = settings;
        self.start_again()
    }

    /// Starts it again in the same folder, on the same port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<(), Failure> {
        let port = self.addresses.http.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0);
        let (child, log, addresses) = start(&self.program, &self.folder, &self.settings, port)?;
        (self.child, self.log, self.addresses) = (child, log, addresses);
        Ok(())
    }

    /// Asks it to finish and waits until it has.
    ///
    /// # Errors
    /// When it does not end, or ends with an error.
    pub fn stop(&mut self) -> Result<(), Failure> {
        let asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status();
        asked.map_err(Failure::system("can't ask the server to stop"))?;
        let status = self.end()?;
        if status.success() { Ok(()) } else { Err(self.failure(&format!("stopped with {status}"))) }
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// When it does not.
    pub fn end(&mut self) -> Result<ExitStatus, Failure> {
        let deadline = Instant::now() + STOP_PATIENCE;
        // Its log ends when it does.
        loop {
            match self.log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => return Err(self.failure("did not stop in time")),
            }
        }
        self.child.wait().map_err(Failure::system("can't wait for the server"))
    }

    /// The last lines of its log.
    pub fn last_words(&self) -> String {
        log_tail(&self.folder)
    }

    /// Gives an order with `daybook admin ... --json` while the server runs.
    ///
    /// # Errors
    /// When it is refused, or the answer is no JSON.
    pub fn admin(&self, order: &[&str]) -> Result<Value, Failure> {
        let failed = |said: String| Failure::Admin { line: order.join(" "), said };
        let output = daybook(&self.program, &self.settings)
            .arg("admin")
            .args(order)
            .arg("--json")
            .arg("--data-dir")
            .arg(data_folder(&self.folder))
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(format!("no JSON: {error}")))
    }

    fn failure(&self, what: &str) -> Failure {
        Failure::Server { what: what.to_owned(), log: log_tail(&self.folder) }
    }
}

impl Drop for ServerProcess {
    /// Nobody else knows of the process, so it must not outlive this.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a server that was started in `folder` keeps its data.
pub fn data_folder(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

fn log_tail(folder: &Path) -> String {
    let log = fs::read_to_string(log_file(folder)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
}

/// The program without the settings that somebody made for a server of their own.
fn daybook(program: &Path, settings: &Settings) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DAYBOOK_")) {
        command.env_remove(name);
    }
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

type Started = (Child, Receiver<String>, Addresses);

fn start(program: &Path, folder: &Path, settings: &Settings, port: u16) -> Result<Started, Failure> {
    let address_file = folder.join("addresses.json");
    // One of an earlier life would be taken for the new one.
    let _ = fs::remove_file(&address_file);
    let mut child = daybook(program, settings)
        .arg("serve")
        .arg("--data-dir")
        .arg(data_folder(folder))
        .args(["--port", &port.to_string()])
        .arg("--address-file")
        .arg(&address_file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::system(format!("can't start {}", program.display())))?;
    let file = OpenOptions::new().create(true).append(true).open(log_file(folder));
    let file = file.map_err(Failure::system("can't write the server's log"))?;
    let Some(stderr) = child.stderr.take() else {
        return Err(Failure::Unexpected("the server has no standard error".to_owned()));
    };
    let log = follow(stderr, file);
    let failure = |what: String| Failure::Server { what, log: log_tail(folder) };
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        // The server writes its addresses before the line that says that it listens.
        if let Ok(text) = fs::read(&address_file)
            && let Ok(addresses) = serde_json::from_slice(&text)
        {
            return Ok((child, log, addresses));
        }
        match log.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                return Err(failure(format!("stopped at once with {status}")));
            }
            Err(RecvTimeoutError::Timeout) => {
                let _ = child.kill();
                return Err(failure("did not start in time".to_owned()));
            }
        }
    }
}

/// Writes every line of the server's log to a file and tells that there was one.
fn follow(stderr: ChildStderr, mut file: File) -> Receiver<String> {
    let (lines, received) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // A full disk must not stop the server, which would block on a pipe that nobody reads.
            let _ = writeln!(file, "{line}");
            let _ = lines.send(line);
        }
    });
    received
}
