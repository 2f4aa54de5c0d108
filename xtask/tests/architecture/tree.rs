//! The tree as the rules see it.

use std::{path::Path, process::Command};

use cargo_metadata::{Metadata, MetadataCommand};

/// A text file of the repository.
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    /// A file that a test invents.
    pub(crate) fn new(path: &str, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), text: text.into() }
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Lines with their numbers, without those that are only a comment.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

/// The workspace members as their manifests declare them, without a look at the registry.
pub(crate) fn metadata() -> Metadata {
    match MetadataCommand::new().no_deps().exec() {
        Ok(metadata) => metadata,
        Err(error) => panic!("cargo metadata: {error}"),
    }
}

/// Every text file that is tracked, or would be by `git add --all`: a rule should speak before the commit.
pub(crate) fn text_files() -> Vec<TextFile> {
    let root = metadata().workspace_root.into_std_path_buf();
    let readable = |path: String| {
        // Neither a binary file nor one that is deleted but not yet committed concerns the rules.
        let text = std::fs::read_to_string(root.join(&path)).ok()?;
        Some(TextFile { path, text })
    };
    listed_by_git(&root).into_iter().filter_map(readable).collect()
}

fn listed_by_git(root: &Path) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            names.split_terminator('\0').map(str::to_owned).collect()
        }
        Ok(output) => panic!("git ls-files: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("the rules read the list of files from git: {error}"),
    }
}

#[test]
fn the_tree_is_really_read() {
    let files = text_files();
    assert!(files.iter().any(|file| file.path == "xtask/tests/architecture/tree.rs"));
    assert!(files.iter().all(|file| !file.path.starts_with("target/")));
}

#[test]
fn comment_lines_are_not_code() {
    let file = TextFile::new("a.rs", "//! one\nlet two = 2; // two\n    /// three\n");
    assert_eq!(file.code_lines().collect::<Vec<_>>(), [(2, "let two = 2; // two")]);
}
