//! `cargo xtask bindings`: the library for apps, its Kotlin, Swift and Python, and the suites that run them.
//!
//! Generated code lands in `target/bindings/<language>` and is never committed. What is committed is
//! `mobile-ffi/daybook.api`, the outline of what apps can call, held against the generated Kotlin by `check`.

mod kotlin;
mod library;
mod outline;
pub(crate) mod phones;
mod python;
pub(crate) mod shipped;
mod swift;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use crate::process::Failure;
use library::Library;

/// What to do with the bindings.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Order {
    /// Generates and compiles the Kotlin.
    Kotlin,
    /// Generates the Swift, and checks its C header and the hand-written Swift for syntax.
    Swift,
    /// Generates the Python.
    Python,
    /// Compares what apps can call with `mobile-ffi/daybook.api`.
    Check,
    /// Writes `mobile-ffi/daybook.api` anew.
    Accept,
    /// Runs a language's suite against a real server.
    Test {
        /// Which.
        language: Tested,
    },
    /// Checks core and client for Android and iOS, and builds the core's static library for iOS.
    Phones,
    /// Builds what is shipped and tells its size.
    Size,
    /// Runs the example of a promoter's day, in Kotlin, against a real server.
    Example,
}

/// Languages in which the bindings really run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tested {
    /// On the JVM.
    Kotlin,
    /// CPython.
    Python,
}

/// Does it.
pub(crate) fn run(order: &Order) -> Result<(), Failure> {
    match order {
        Order::Kotlin => kotlin::compile(&Library::build()?).map(drop),
        Order::Swift => swift::check(&Library::build()?),
        Order::Python => Library::build()?.generate("python").map(drop),
        Order::Check => outline::check(&Library::build()?),
        Order::Accept => outline::accept(&Library::build()?),
        Order::Test { language: Tested::Python } => python::test(&Library::build()?),
        Order::Test { language: Tested::Kotlin } => kotlin::test(&Library::build()?),
        Order::Phones => phones::check(),
        Order::Size => shipped::size(),
        Order::Example => kotlin::example(&Library::build()?),
    }
}

/// The workspace's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).map(PathBuf::from).unwrap_or_default()
}

/// A file or folder of `mobile-ffi`.
fn ours(path: &str) -> PathBuf {
    root().join("mobile-ffi").join(path)
}
