//! The library as apps load it, and the generator that reads it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::binaries::{built, executables};
use crate::process::{Failure, Invocation};

/// A freshly built library.
#[derive(Debug)]
pub(super) struct Library {
    /// The shared library.
    pub(super) file: PathBuf,
    generator: PathBuf,
    /// Where generated code goes.
    out: PathBuf,
}

impl Library {
    /// Builds the library and the generator. Each alone: together the generator's features would end up in the library.
    pub(super) fn build() -> Result<Self, Failure> {
        let file = shared_library(&cdylib().read()?)?;
        let generator = ["build", "--locked", "-p", "uniffi-bindgen", "--message-format=json-render-diagnostics"];
        let report = Invocation::cargo(generator).read()?;
        let generator = executables(&report)?.into_iter().next();
        let generator = generator.ok_or(Failure::NoBinary { name: "uniffi-bindgen", package: "uniffi-bindgen" })?;
        let out = file.parent().and_then(Path::parent).unwrap_or(Path::new("target")).join("bindings");
        Ok(Self { file, generator, out })
    }

    /// Generates a language's code anew and gives the folder in which it lies.
    pub(super) fn generate(&self, language: &str) -> Result<PathBuf, Failure> {
        let out = self.out.join(language);
        fs::create_dir_all(&out)?;
        let line = Invocation::new(&self.generator)
            .args(["generate".into(), self.file.clone().into_os_string()])
            .args(["--language", language, "--no-format", "--out-dir"])
            .args([&out])
            // The library's metadata names crates; the configuration is found from the workspace.
            .folder(super::root());
        line.run()?;
        eprintln!("generated {}", out.display());
        Ok(out)
    }

    /// The folder of the shared library.
    pub(super) fn folder(&self) -> OsString {
        self.file.parent().map(|folder| folder.as_os_str().to_owned()).unwrap_or_default()
    }
}

/// Builds the library as it is shipped. It has no symbols, so nothing can be generated from it.
pub(super) fn shipped() -> Result<PathBuf, Failure> {
    let line = cdylib().args(["--profile", "mobile", "--features", "vendored"]);
    // Of OpenSSL only what is called.
    let line = line.variable("OPENSSL_SRC_PERL", super::ours("packaging/perl-for-openssl"));
    shared_library(&line.read()?)
}

fn shared_library(report: &[u8]) -> Result<PathBuf, Failure> {
    // Macros are shared libraries too.
    let is_ours = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default();
        let named = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("daybook_mobile"));
        named && ["so", "dylib", "dll"].iter().any(|known| ending == *known)
    };
    let file = built(report)?.into_iter().find(is_ours);
    file.ok_or(Failure::NoBinary { name: "daybook_mobile", package: "mobile-ffi" })
}

/// The shared library alone: all that is linked into a static one would be written to the disk a second time.
fn cdylib() -> Invocation {
    Invocation::cargo(["rustc", "--locked", "-p", "mobile-ffi", "--crate-type", "cdylib"])
        .args(["--message-format=json-render-diagnostics"])
}
