//! The Kotlin, compiled and run on the JVM: npm's `kotlin-compiler`, Debian's JNA and JUnit, no Gradle.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use super::library::Library;
use super::ours;
use crate::binaries::Daybook;
use crate::process::{Failure, Invocation};

/// Calls native code. Debian's package `libjna-java`.
const JNA: &str = "/usr/share/java/jna.jar";
/// Runs tests. Debian's package `junit4`.
const JUNIT: [&str; 2] = ["/usr/share/java/junit4.jar", "/usr/share/java/hamcrest-core.jar"];
/// Named in `mobile-ffi/tests/kotlin/package.json`.
const COMPILER: &str = "tests/kotlin/node_modules/kotlin-compiler";

/// The suite, with the server and the keystore that example and measurement borrow.
const SUITE: &str = "tests/kotlin/src";
/// A heap of one size, in memory from the beginning: what the process grows by is then not Java's.
const HEAP: [&str; 3] = ["-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch"];

/// The compiled bindings.
pub(super) struct Compiled {
    jar: PathBuf,
    tools: Tools,
}

struct Tools {
    compiler: PathBuf,
}

impl Tools {
    fn find() -> Result<Self, Failure> {
        let compiler = ours(COMPILER);
        if !compiler.is_dir() {
            let install = format!("npm ci --prefix {}", ours("tests/kotlin").display());
            return Err(Failure::Missing { what: "the Kotlin compiler", install });
        }
        for jar in [JNA].iter().chain(&JUNIT) {
            if !Path::new(jar).is_file() {
                return Err(Failure::Missing { what: jar, install: "apt-get install libjna-java junit4".to_owned() });
            }
        }
        if !Invocation::new("java").args(["-version"]).succeeds() {
            return Err(Failure::Missing {
                what: "java",
                install: "apt-get install openjdk-17-jdk-headless".to_owned(),
            });
        }
        Ok(Self { compiler })
    }

    fn jar(&self, name: &str) -> PathBuf {
        self.compiler.join("lib").join(name)
    }

    /// What the bindings need, to compile and to run.
    fn class_path(&self, more: &[&Path]) -> OsString {
        let ours = more.iter().map(|path| path.to_path_buf());
        let theirs =
            ["kotlin-stdlib.jar", "kotlinx-coroutines-core-jvm.jar", "kotlin-test.jar", "kotlin-test-junit.jar"];
        let jars: Vec<PathBuf> = ours
            .chain(theirs.iter().map(|name| self.jar(name)))
            .chain([JNA].iter().chain(&JUNIT).map(PathBuf::from))
            .collect();
        std::env::join_paths(jars).unwrap_or_default()
    }

    fn compile(&self, sources: &[PathBuf], against: &[&Path], jar: &Path) -> Result<(), Failure> {
        Invocation::new("bash")
            .args([self.compiler.join("bin/kotlinc")])
            .args(["-nowarn", "-no-stdlib", "-jvm-target", "17", "-cp"])
            .args([self.class_path(against)])
            .args(sources)
            .args(["-d".as_ref(), jar.as_os_str()])
            .run()
    }
}

/// Generates and compiles the bindings, if they are not the ones that were compiled last.
pub(super) fn compile(library: &Library) -> Result<Compiled, Failure> {
    let tools = Tools::find()?;
    let generated = library.generate("kotlin")?;
    let (jar, stamp) = (generated.with_extension("jar"), generated.with_extension("compiled"));
    let source = fs::read(generated.join("daybook/daybook.kt"))?;
    if !jar.is_file() || fs::read(&stamp).ok().as_ref() != Some(&source) {
        tools.compile(&[generated], &[], &jar)?;
        fs::write(&stamp, &source)?;
    }
    Ok(Compiled { jar, tools })
}

/// Runs the suite against a real server.
pub(super) fn test(library: &Library) -> Result<(), Failure> {
    let compiled = compile(library)?;
    let jar = compiled.with(&[SUITE], "suite")?;
    compiled.run(&library.folder(), &jar, &["org.junit.runner.JUnitCore".into(), "daybook.suite.DaybookTest".into()])
}

/// Runs the example, with which what only an Android phone can run is compiled.
pub(super) fn example(library: &Library) -> Result<(), Failure> {
    let compiled = compile(library)?;
    let jar = compiled.with(&[SUITE, "examples/kotlin", "examples/android", "tests/kotlin/stand-ins"], "example")?;
    compiled.run(&library.folder(), &jar, &["daybook.example.PromotersDayKt".into()])
}

/// Runs the measurement with the library that is shipped.
pub(super) fn bench(library: &Library, shipped: &Path, args: &[OsString]) -> Result<(), Failure> {
    let compiled = compile(library)?;
    let jar = compiled.with(&[SUITE, "tests/kotlin/bench"], "bench")?;
    let main = [OsString::from("daybook.bench.BenchKt")].into_iter().chain(args.iter().cloned());
    compiled.run(shipped.parent().unwrap_or(Path::new("")).as_os_str(), &jar, &main.collect::<Vec<_>>())
}

impl Compiled {
    /// Compiles sources of ours against the bindings.
    fn with(&self, sources: &[&str], name: &str) -> Result<PathBuf, Failure> {
        let sources: Vec<PathBuf> = sources.iter().map(|folder| ours(folder)).collect();
        let jar = self.jar.with_file_name(format!("{name}.jar"));
        self.tools.compile(&sources, &[&self.jar], &jar)?;
        Ok(jar)
    }

    fn run(&self, folder: &OsStr, jar: &Path, main: &[OsString]) -> Result<(), Failure> {
        let mut libraries = OsString::from("-Djna.library.path=");
        libraries.push(folder);
        let class_path = self.tools.class_path(&[jar, &self.jar]);
        let java = Invocation::new("java").args(HEAP).args([libraries, "-cp".into(), class_path]).args(main);
        Daybook::build_as_tested()?.drive(java)?.run()
    }
}
