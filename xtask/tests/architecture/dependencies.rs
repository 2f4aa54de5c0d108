//! Who may depend on whom: docs/DEVELOPING.md has the picture, this has the teeth.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::Metadata;

use crate::{assert_kept, tree};

/// What a crate may name in its manifest, in dev- and build-dependencies too.
enum MaySee {
    Only(&'static [&'static str]),
    All,
}

/// Every crate of the workspace has a row; a row for a crate that is yet to come does no harm.
const RULES: &[(&str, MaySee)] = &[
    ("sync-core", MaySee::Only(&[])),
    ("forms", MaySee::Only(&[])),
    ("client", MaySee::Only(&["sync-core", "forms"])),
    ("server", MaySee::Only(&["sync-core", "forms", "throwaway-postgres"])),
    ("throwaway-postgres", MaySee::Only(&[])),
    ("mobile-ffi", MaySee::Only(&["client"])),
    ("uniffi-bindgen", MaySee::Only(&[])),
    ("e2e", MaySee::All),
    ("xtask", MaySee::Only(&[])),
];

/// Pairs that must not reach each other over any number of steps, whatever the rows above come to say.
const STRANGERS: &[(&str, &str)] = &[("client", "server"), ("server", "client")];

/// Workspace crates with the workspace crates that their manifests name.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(metadata: &Metadata) -> Graph {
    let members = metadata.workspace_packages();
    let names: BTreeSet<String> = members.iter().map(|package| package.name.to_string()).collect();
    let ours = |package: &cargo_metadata::Package| {
        let named = package.dependencies.iter().map(|dependency| dependency.name.clone());
        // A crate that sees itself only switches a feature on for its own tests.
        named.filter(|name| names.contains(name) && *name != *package.name).collect()
    };
    members.iter().map(|package| (package.name.to_string(), ours(package))).collect()
}

fn complaints(graph: &Graph) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, dependencies) in graph {
        match RULES.iter().find(|(known, _)| known == name) {
            None => complaints.push(format!("{name} has no row in RULES: decide what it may see")),
            Some((_, MaySee::All)) => {}
            Some((_, MaySee::Only(allowed))) => {
                for dependency in dependencies.iter().filter(|dependency| !allowed.contains(&dependency.as_str())) {
                    complaints.push(format!("{name} must not depend on {dependency}"));
                }
            }
        }
    }
    for (from, to) in STRANGERS {
        if reachable(graph, from).contains(*to) {
            complaints.push(format!("{from} reaches {to}"));
        }
    }
    complaints
}

fn reachable<'graph>(graph: &'graph Graph, from: &str) -> BTreeSet<&'graph str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = graph.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if seen.insert(name) {
            open.extend(graph.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    seen
}

#[test]
fn dependencies_point_the_right_way() {
    assert_kept("dependency direction", &complaints(&graph(&tree::metadata())));
}

#[test]
fn the_real_graph_is_seen() {
    let graph = graph(&tree::metadata());
    assert!(graph["client"].contains("sync-core"));
    assert!(graph["e2e"].contains("client"));
}

#[cfg(test)]
mod can_fail {
    use super::*;

    fn invented(edges: &[(&str, &[&str])]) -> Graph {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        edges.iter().map(|(name, to)| ((*name).to_owned(), owned(to))).collect()
    }

    #[test]
    fn the_intended_house_is_fine() {
        let graph = invented(&[
            ("sync-core", &[]),
            ("forms", &[]),
            ("client", &["sync-core", "forms"]),
            ("server", &["sync-core", "forms"]),
            ("mobile-ffi", &["client"]),
            ("e2e", &["client", "server", "sync-core", "forms", "mobile-ffi"]),
            ("xtask", &[]),
        ]);
        assert_eq!(complaints(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_core_that_sees_the_client() {
        let graph = invented(&[("sync-core", &["client"]), ("client", &[])]);
        assert_eq!(complaints(&graph), ["sync-core must not depend on client"]);
    }

    #[test]
    fn a_server_that_reaches_the_client_over_a_third() {
        let graph = invented(&[("server", &["sync-core"]), ("sync-core", &["client"]), ("client", &["sync-core"])]);
        assert_eq!(complaints(&graph), ["sync-core must not depend on client", "server reaches client"]);
    }

    #[test]
    fn a_face_that_goes_behind_its_client() {
        let graph = invented(&[("mobile-ffi", &["client", "sync-core"])]);
        assert_eq!(complaints(&graph), ["mobile-ffi must not depend on sync-core"]);
    }

    #[test]
    fn a_crate_that_nobody_decided_about() {
        let graph = invented(&[("reports", &[])]);
        assert_eq!(complaints(&graph), ["reports has no row in RULES: decide what it may see"]);
    }
}
