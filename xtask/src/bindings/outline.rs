//! What apps can call, as an outline that people review and machines compare: the declarations of the generated
//! Kotlin, without bodies and without what is below the surface.

use std::fs;

use super::library::Library;
use super::ours;
use crate::process::Failure;

const OUTLINE: &str = "daybook.api";

/// Compares.
pub(super) fn check(library: &Library) -> Result<(), Failure> {
    let known = fs::read_to_string(ours(OUTLINE))?;
    let found = of(library)?;
    let Some((line, (before, after))) = first_difference(&known, &found) else { return Ok(()) };
    Err(Failure::Drift { line, before, after })
}

/// Writes anew.
pub(super) fn accept(library: &Library) -> Result<(), Failure> {
    Ok(fs::write(ours(OUTLINE), of(library)?)?)
}

fn of(library: &Library) -> Result<String, Failure> {
    let generated = library.generate("kotlin")?;
    Ok(outline(&fs::read_to_string(generated.join("daybook/daybook.kt"))?))
}

fn first_difference(known: &str, found: &str) -> Option<(usize, (String, String))> {
    let lines = known.lines().count().max(found.lines().count());
    let line = |text: &str, number: usize| text.lines().nth(number).unwrap_or_default().to_owned();
    (0..lines).map(|n| (n + 1, (line(known, n), line(found, n)))).find(|(_, (before, after))| before != after)
}

/// The declarations, each on its line.
fn outline(kotlin: &str) -> String {
    // The machinery comes first and ends with the first documented interface of ours.
    let mut outline = String::new();
    let mut below = false;
    for line in kotlin.lines() {
        let (indent, text) = (line.len() - line.trim_start().len(), line.trim());
        if indent == 0 && !text.is_empty() && !text.starts_with(['}', ')', '/', '*']) {
            let machinery = [
                "FfiConverter",
                "uniffi",
                "Uniffi",
                "Ffi",
                "RustBuffer",
                "ForeignBytes",
                "UByte",
                "UInt",
                "ULong",
                "Handle",
                "Disposable",
                "NoPointer",
                "NoHandle",
                "IntegrityCheck",
                "InternalException",
                "JavaLang",
            ];
            below = !["class ", "interface ", "enum ", "object ", "typealias ", "fun "]
                .iter()
                .any(|word| text.contains(word))
                || ["private ", "internal ", "@", "import ", "package "].iter().any(|start| text.starts_with(start))
                || machinery.iter().any(|word| text.contains(word));
        }
        let declares = ["class ", "interface ", "fun ", "object ", "typealias ", "enum ", "val ", "constructor("];
        let hidden = ["private ", "internal ", "override ", "@", "return", "if ", "throw"];
        let is_enum_entry = text.len() > 1
            && text.ends_with([',', ';'])
            && text.trim_end_matches([',', ';']).chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let shown = !below
            && indent <= 8
            && !text.starts_with(['*', '/'])
            && (is_enum_entry || declares.iter().any(|word| text.contains(word)))
            && !hidden.iter().any(|start| text.starts_with(start));
        if shown {
            outline.push_str(line.trim_end().trim_end_matches(['{', ' ']));
            outline.push('\n');
        }
    }
    outline
}
