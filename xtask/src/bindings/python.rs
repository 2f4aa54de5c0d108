//! The Python suites.

use std::fs;

use super::library::Library;
use super::ours;
use crate::binaries::Daybook;
use crate::process::{Failure, Invocation};

const SUITES: [&str; 4] = ["test_daybook.py", "test_photos.py", "test_rough_times.py", "test_kills.py"];

/// Runs them against real servers.
pub(super) fn test(library: &Library) -> Result<(), Failure> {
    let generated = library.generate("python")?;
    // The generated module loads the library that lies beside it.
    let name = library.file.file_name().unwrap_or_default();
    fs::copy(&library.file, generated.join(name))?;
    let server = Daybook::build_as_tested()?;
    for suite in SUITES {
        let suite = Invocation::new("python3")
            .args([ours("tests/python").join(suite)])
            .variable("PYTHONPATH", &generated)
            .variable("PYTHONDONTWRITEBYTECODE", "1");
        server.drive(suite)?.run()?;
    }
    Ok(())
}
