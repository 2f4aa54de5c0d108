//! The programs that `xtask` starts: the server `daybook`, and `demo`, `bench` and `sim` of package `e2e`.

use std::{ffi::OsString, io, path::PathBuf};

use cargo_metadata::{Artifact, Message};

use crate::{
    process::{Failure, Invocation},
    test_run,
};

/// Variable that tells `demo` and `bench` which server they drive.
const SERVER_VARIABLE: &str = "DAYBOOK_BIN";

/// How the programs are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build, and an overflow is a panic; what takes the time is optimised all the same.
    Dev,
    /// What an organisation runs, and the only one worth measuring.
    Release,
}

/// Freshly built programs.
#[derive(Debug)]
pub(crate) struct Daybook {
    executables: Vec<PathBuf>,
}

impl Daybook {
    /// Builds the server and the one program that drives it: linking each takes minutes in a release build.
    pub(crate) fn build(profile: Profile, driver: &'static str) -> Result<Self, Failure> {
        let programs = Invocation::cargo(["build", "--locked", "-p", "server", "-p", "e2e", "--bin", "daybook"]);
        let programs = programs.args(["--bin", driver]);
        Self::build_with(match profile {
            Profile::Dev => programs,
            Profile::Release => programs.args(["--release"]),
        })
    }

    /// Builds the server, the demonstration, and the phone that browser tests hold, all of the libraries that the tests of
    /// the workspace use. Another selection of packages has other features, for which cargo would compile some sixty
    /// libraries a second time; naming a test makes it count what tests alone need.
    pub(crate) fn build_as_tested() -> Result<Self, Failure> {
        let programs = test_run::plain(Invocation::cargo(["build", "--locked"]));
        Self::build_with(programs.args(["--bin", "daybook", "--bin", "demo", "--bin", "handset", "--test", "http"]))
    }

    /// Builds the server alone, as [`Self::build`] would: with other packages it has other features, and cargo would build
    /// it twice.
    pub(crate) fn build_server() -> Result<Self, Failure> {
        Self::build_with(Invocation::cargo(["build", "--locked", "-p", "server", "-p", "e2e", "--bin", "daybook"]))
    }

    /// Cargo itself tells where the programs went, so every way to move the target directory is respected. The
    /// build's chatter goes to standard error: standard output belongs to the program that follows.
    fn build_with(build: Invocation) -> Result<Self, Failure> {
        let report = build.args(["--message-format=json-render-diagnostics"]).read()?;
        Ok(Self { executables: executables(&report)? })
    }

    /// The demonstration with these arguments.
    pub(crate) fn demo(&self, args: &[OsString]) -> Result<Invocation, Failure> {
        self.driver("demo", args)
    }

    /// The measurement with these arguments.
    pub(crate) fn bench(&self, args: &[OsString]) -> Result<Invocation, Failure> {
        self.driver("bench", args)
    }

    /// The simulation with these arguments.
    pub(crate) fn sim(&self, args: &[OsString]) -> Result<Invocation, Failure> {
        self.driver("sim", args)
    }

    /// `daybook serve` with these arguments.
    pub(crate) fn serve(&self, args: &[OsString]) -> Result<Invocation, Failure> {
        Ok(Invocation::new(self.server()?).args(["serve"]).args(args))
    }

    /// A program that drives the server itself.
    pub(crate) fn drive(&self, program: Invocation) -> Result<Invocation, Failure> {
        Ok(program.variable(SERVER_VARIABLE, self.server()?))
    }

    /// Browser tests, which are told where the programs are.
    pub(crate) fn try_console(&self, tests: Invocation) -> Result<Invocation, Failure> {
        let tests = tests.variable("DAYBOOK_DEMO", self.find("demo", "e2e")?);
        self.drive(tests.variable("DAYBOOK_HANDSET", self.find("handset", "e2e")?))
    }

    /// The measurement of the console, which is told what serves and with which arguments.
    pub(crate) fn measure_console(&self, measurement: Invocation, args: &[OsString]) -> Result<Invocation, Failure> {
        let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        let measurement = measurement.variable("DAYBOOK_BENCH", self.find("bench", "e2e")?);
        self.drive(measurement.variable("DAYBOOK_BENCH_ARGUMENTS", args.join(" ")))
    }

    fn driver(&self, name: &'static str, args: &[OsString]) -> Result<Invocation, Failure> {
        let program = self.find(name, "e2e")?;
        Ok(Invocation::new(program).args(args).variable(SERVER_VARIABLE, self.server()?))
    }

    fn server(&self) -> Result<&PathBuf, Failure> {
        self.find("daybook", "server")
    }

    fn find(&self, name: &'static str, package: &'static str) -> Result<&PathBuf, Failure> {
        let is_it = |path: &&PathBuf| path.file_stem().is_some_and(|stem| stem == name);
        self.executables.iter().find(is_it).ok_or(Failure::NoBinary { name, package })
    }
}

/// The executables in cargo's report, one JSON message a line.
pub(crate) fn executables(report: &[u8]) -> io::Result<Vec<PathBuf>> {
    let artifacts = artifacts(report)?.into_iter();
    Ok(artifacts.filter_map(|artifact| artifact.executable).map(Into::into).collect())
}

/// Every file in cargo's report.
pub(crate) fn built(report: &[u8]) -> io::Result<Vec<PathBuf>> {
    Ok(artifacts(report)?.into_iter().flat_map(|artifact| artifact.filenames).map(Into::into).collect())
}

fn artifacts(report: &[u8]) -> io::Result<Vec<Artifact>> {
    let mut found = Vec::new();
    for message in Message::parse_stream(report) {
        if let Message::CompilerArtifact(artifact) = message? {
            found.push(artifact);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = concat!(
        r#"{"reason":"compiler-artifact","package_id":"path+file:///h/server#0.1.0","manifest_path":"/h/server/Cargo.toml","#,
        r#""target":{"kind":["bin"],"crate_types":["bin"],"name":"daybook","src_path":"/h/server/src/main.rs","edition":"2024"},"#,
        r#""profile":{"opt_level":"1","debuginfo":1,"debug_assertions":true,"overflow_checks":true,"test":false},"#,
        r#""features":[],"filenames":["/h/target/debug/daybook"],"executable":"/h/target/debug/daybook","fresh":true}"#,
        "\n",
        r#"{"reason":"build-finished","success":true}"#,
        "\n",
    );

    #[test]
    fn the_server_is_found_where_cargo_put_it() {
        let built = Daybook { executables: executables(REPORT.as_bytes()).unwrap() };
        let serve = built.serve(&["--port".into(), "0".into()]).unwrap();
        assert_eq!(serve.to_string(), "/h/target/debug/daybook serve --port 0");
    }

    #[test]
    fn a_driver_is_told_its_server() {
        let built = Daybook { executables: vec!["/h/daybook".into(), "/h/demo".into()] };
        let demo = built.demo(&["--once".into()]).unwrap();
        assert_eq!(demo.to_string(), "DAYBOOK_BIN=/h/daybook /h/demo --once");
    }

    #[test]
    fn a_missing_program_names_its_package() {
        let built = Daybook { executables: executables(REPORT.as_bytes()).unwrap() };
        let failure = built.bench(&[]).unwrap_err();
        assert_eq!(failure.to_string(), "the build made no binary `bench`; package `e2e` has to declare one");
    }
}
