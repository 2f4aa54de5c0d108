//! Has the server built anew when what `rust-embed` takes in was changed: the console in `web/dist`, and the migrations.

use std::path::Path;

fn main() {
    let console = Path::new("../web/dist");
    // Cargo can watch only what exists, and builds anew each time otherwise. A tree that can't be written to will not
    // get a console later either.
    let _ = std::fs::create_dir_all(console);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", console.display());
    println!("cargo:rerun-if-changed=../migrations");
}
