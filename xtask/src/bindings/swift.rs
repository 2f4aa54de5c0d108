//! The Swift, as far as it can be checked without a Swift compiler: the C header compiles, hand-written files parse.

use super::library::Library;
use super::ours;
use crate::process::{Failure, Invocation};

/// Where `.ci/run` puts the parser. One that is installed elsewhere does as well.
const TOOLS: &str = "target/tools/python";

const HAND_WRITTEN: [&str; 2] = ["examples/swift/PromotersDay.swift", "packaging/ios/Package.swift"];

/// Parses Swift; says which lines it does not understand.
const PARSER: &str = "
import sys
from tree_sitter import Language, Parser
import tree_sitter_swift
parser = Parser(Language(tree_sitter_swift.language()))
def broken(node):
    return [node] if node.is_error or node.is_missing else [found for child in node.children for found in broken(child)]
failed = False
for name in sys.argv[1:]:
    for node in broken(parser.parse(open(name, 'rb').read()).root_node):
        failed = True
        print(f'{name}:{node.start_point[0] + 1}: not Swift', file=sys.stderr)
sys.exit(failed)
";

/// Generates the Swift and checks what can be checked.
pub(super) fn check(library: &Library) -> Result<(), Failure> {
    let generated = library.generate("swift")?;
    // Swift's own C is clang's, which has words that others don't know.
    if !Invocation::new("clang").args(["--version"]).succeeds() {
        return Err(Failure::Missing { what: "clang", install: "apt-get install clang".to_owned() });
    }
    let header = generated.join("DaybookFFI.h");
    // Included and not compiled by itself, where `#pragma once` would be a warning.
    let include = ["-fsyntax-only", "-Wall", "-Werror", "-x", "c", "-include"];
    Invocation::new("clang").args(include).args([header.as_os_str(), "/dev/null".as_ref()]).run()?;
    let tools = super::root().join(TOOLS);
    let python = || Invocation::new("python3").variable("PYTHONPATH", &tools);
    if !python().args(["-c", "import tree_sitter, tree_sitter_swift"]).succeeds() {
        let install = format!("pip3 install --target {TOOLS} tree-sitter==0.25.2 tree-sitter-swift==0.7.4");
        return Err(Failure::Missing { what: "a parser for Swift", install });
    }
    python().args(["-c", PARSER]).args(HAND_WRITTEN.map(ours)).run()
}
