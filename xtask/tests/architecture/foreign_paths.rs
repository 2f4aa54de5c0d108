//! The repository knows neither the machine that it was written on nor the hosts that packages came from.

use crate::{
    assert_kept,
    tree::{self, TextFile},
};

/// In pieces, so that this file does not complain about itself.
const FOLDERS: &[&str] = &[concat!("/", "work/"), concat!("/", "root/"), concat!("/", "tmp/")];

const HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("static.", "rust-lang.org"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("deb.", "debian.org"),
];

fn complaints(files: &[TextFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            let folders = FOLDERS.iter().filter(|folder| begins_a_path(line, folder));
            let hosts = HOSTS.iter().filter(|host| line.contains(**host));
            for found in folders.chain(hosts) {
                complaints.push(format!("{}:{}: `{found}`", file.path, index + 1));
            }
        }
    }
    complaints
}

/// Whether `folder` stands at the root in `line` and not inside a longer path such as `frame/work/`.
fn begins_a_path(line: &str, folder: &str) -> bool {
    let inside_a_path = |c: char| c.is_alphanumeric() || "._-~*}".contains(c);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(inside_a_path))
}

#[test]
fn no_file_names_this_machine() {
    assert_kept("paths and hosts of one machine", &complaints(&tree::text_files()));
}

#[cfg(test)]
mod can_fail {
    use super::*;

    #[test]
    fn every_folder_and_host_is_found() {
        for word in FOLDERS.iter().chain(HOSTS) {
            let file = TextFile::new("docs/RUN.md", format!("fine\nsee \"{word}x\"\n"));
            assert_eq!(complaints(&[file]), [format!("docs/RUN.md:2: `{word}`")]);
        }
    }

    #[test]
    fn the_same_names_inside_a_path_are_fine() {
        let lines: String = FOLDERS.iter().map(|folder| format!("target{folder}x ${{DIR}}{folder}x\n")).collect();
        assert_eq!(complaints(&[TextFile::new("docs/RUN.md", lines)]), Vec::<String>::new());
    }
}
