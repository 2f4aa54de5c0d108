//! Panics unwind. A false change that makes Automerge panic costs one record, and one call of an app, because the panic
//! is caught; where panics abort, nothing is caught and the process is gone.

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// What Cargo is told with: profiles in manifests, flags in its configuration.
fn is_for_cargo(path: &str) -> bool {
    path.ends_with("Cargo.toml") || path.ends_with(".cargo/config.toml")
}

fn complaints(files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| is_for_cargo(&file.path)) {
        let lines = file.text.lines().map(|line| line.replace(' ', "")).enumerate();
        let aborting =
            lines.filter(|(_, line)| !line.starts_with('#') && line.contains("panic=") && line.contains("abort"));
        complaints.extend(aborting.map(|(index, _)| format!("{}:{}: panics have to unwind", file.path, index + 1)));
    }
    complaints
}

#[test]
fn panics_unwind() {
    assert_kept("profiles in which panics abort", &complaints(&tree::text_files()));
}

#[test]
fn an_aborting_profile_is_found() {
    let of = |path: &str, text: &str| complaints(&[TextFile::new(path, text)]).len();
    assert_eq!(of("Cargo.toml", "[profile.mobile]\npanic = \"abort\"\n"), 1);
    assert_eq!(of(".cargo/config.toml", "rustflags = [\"-Cpanic=abort\"]\n"), 1);
    assert_eq!(of("Cargo.toml", "# panic = \"abort\" would end the app\n[profile.mobile]\nlto = \"fat\"\n"), 0);
    assert_eq!(of("docs/ADR.md", "panic = \"abort\""), 0);
}
