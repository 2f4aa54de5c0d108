//! The Swift, as far as it can be checked without a Swift compiler: the C header compiles, hand-written files parse.

use super::library::Library;
use super::ours;
use crate::process::{Failure, Invocation};

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
    let compiler = ["clang", "cc"].into_iter().find(|name| Invocation::new(*name).args(["--version"]).succeeds());
    let compiler =
        compiler.ok_or(Failure::Missing { what: "a C compiler", install: "apt-get install clang".to_owned() })?;
    let header = generated.join("DaybookFFI.h");
    Invocation::new(compiler).args(["-fsyntax-only", "-Wall", "-Werror", "-x", "c"]).args([header]).run()?;
    if !Invocation::new("python3").args(["-c", "import tree_sitter, tree_sitter_swift"]).succeeds() {
        let install = "pip install tree-sitter==0.25.2 tree-sitter-swift==0.7.4".to_owned();
        return Err(Failure::Missing { what: "a parser for Swift", install });
    }
    Invocation::new("python3").args(["-c", PARSER]).args([ours("examples/swift/PromotersDay.swift")]).run()
}
