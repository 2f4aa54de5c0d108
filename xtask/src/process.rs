//! Commands as values: shown, run, and repeated by hand in exactly the same words.

use std::{
    env,
    ffi::OsString,
    fmt, io,
    path::PathBuf,
    process::{Command, ExitCode, ExitStatus, Stdio},
};

/// Why an `xtask` command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The program is missing or may not be run.
    #[error("can't start `{line}`: {source}")]
    NotStarted {
        /// The command as one would type it.
        line: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The program ran and was not content.
    #[error("`{line}` failed: {status}")]
    Failed {
        /// The command as one would type it.
        line: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A build succeeded without making the program that was to be run.
    #[error("the build made no binary `{name}`; package `{package}` has to declare one")]
    NoBinary {
        /// The binary's name.
        name: &'static str,
        /// The workspace package that should have it.
        package: &'static str,
    },
    /// Cargo's own messages, or files of a build, could not be read or written.
    #[error("can't read what the build made: {0}")]
    BuildReport(#[from] io::Error),
    /// Something is not installed.
    #[error("{what} is missing; install it with\n    {install}")]
    Missing {
        /// What.
        what: &'static str,
        /// The line that installs it.
        install: String,
    },
    /// What apps can call is not what was agreed.
    #[error(
        "mobile-ffi/daybook.api, line {line}: {before:?} became {after:?}; if that is meant, run\n    \
         cargo xtask bindings accept"
    )]
    Drift {
        /// Where.
        line: usize,
        /// What was agreed.
        before: String,
        /// What is.
        after: String,
    },
    /// What is shipped has grown too much.
    #[error("the library has {bytes} bytes, at most {most} are allowed")]
    TooLarge {
        /// How many it has.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// A step of `cargo xtask ci` failed; the report is already on the screen.
    #[error("CI stopped at step `{step}`")]
    Ci {
        /// Title of the step.
        step: &'static str,
    },
}

impl Failure {
    /// The failed program's own exit code where it has one, so that a script sees the same number with and
    /// without xtask in between.
    pub(crate) fn exit_code(&self) -> ExitCode {
        let code = match self {
            Self::Failed { status, .. } => status.code().and_then(|code| u8::try_from(code).ok()),
            _ => None,
        };
        ExitCode::from(code.unwrap_or(1))
    }
}

/// One command line with the variables that it needs on top of ours.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    program: OsString,
    args: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    folder: Option<PathBuf>,
}

impl Invocation {
    /// A program with no arguments yet.
    pub(crate) fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new(), variables: Vec::new(), folder: None }
    }

    /// `cargo` with these arguments. Through the name, not through the `CARGO` variable, so that what is shown
    /// can be typed; rustup has already fixed the toolchain for everything below us.
    pub(crate) fn cargo<I: IntoIterator<Item: Into<OsString>>>(args: I) -> Self {
        Self::new("cargo").args(args)
    }

    /// Appends arguments.
    pub(crate) fn args<I: IntoIterator<Item: Into<OsString>>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Runs it in another folder.
    pub(crate) fn folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Runs it to its end on our standard streams.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let status = self.command().status().map_err(|source| self.not_started(source))?;
        self.judge(status)
    }

    /// Whether it starts and succeeds; what it prints is nobody's business.
    pub(crate) fn succeeds(&self) -> bool {
        let mut command = self.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Runs it to its end and gives what it wrote to standard output; its standard error is ours.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut command = self.command();
        command.stderr(Stdio::inherit());
        let output = command.output().map_err(|source| self.not_started(source))?;
        self.judge(output.status)?;
        Ok(output.stdout)
    }

    /// Replaces this process, so that signals and the exit code are the program's own: Ctrl-C and SIGTERM have
    /// to reach a server that shuts down gracefully.
    #[cfg(unix)]
    pub(crate) fn become_it(&self) -> Result<(), Failure> {
        use std::os::unix::process::CommandExt;
        Err(self.not_started(self.command().exec()))
    }

    /// Runs it to its end: this system can't replace a process.
    #[cfg(not(unix))]
    pub(crate) fn become_it(&self) -> Result<(), Failure> {
        self.run()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        // What cargo tells this program about itself. Build scripts look at it, and would run again, with all that
        // stands on them, whenever somebody changes between `cargo` and `cargo xtask`.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() { Ok(()) } else { Err(Failure::Failed { line: self.to_string(), status }) }
    }

    fn not_started(&self, source: io::Error) -> Failure {
        Failure::NotStarted { line: self.to_string(), source }
    }
}

/// As a line for a POSIX shell.
impl fmt::Display for Invocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(formatter, "{name}={} ", quoted(&value.to_string_lossy()))?;
        }
        formatter.write_str(&quoted(&self.program.to_string_lossy()))?;
        for arg in &self.args {
            write!(formatter, " {}", quoted(&arg.to_string_lossy()))?;
        }
        Ok(())
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_one_would_type_it() {
        let doc = Invocation::cargo(["doc", "--no-deps"]).variable("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(doc.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");

        let awkward = Invocation::new("echo").args(["", "it's", "a\"b"]);
        assert_eq!(awkward.to_string(), r#"echo '' 'it'\''s' 'a"b'"#);
    }

    #[test]
    fn a_missing_program_is_named() {
        let failure = Invocation::new("daybook-no-such-program").run().unwrap_err();
        assert!(failure.to_string().contains("daybook-no-such-program"), "{failure}");
    }

    #[cfg(unix)]
    #[test]
    fn cargo_is_called_as_from_a_shell() {
        assert!(env::var_os("CARGO_PKG_NAME").is_some(), "cargo tells a test about its package");
        let said = Invocation::new("env").variable("DAYBOOK_TEST", "1").read().unwrap();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("DAYBOOK_TEST=1"));
        assert!(!said.contains("CARGO_PKG_") && !said.contains("CARGO_MANIFEST_"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn the_exit_code_of_the_program_is_ours() {
        let failure = Invocation::new("sh").args(["-c", "exit 42"]).run().unwrap_err();
        assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(42)));
    }
}
