//! The target functions of `tests/src/fuzz.rs` without the rest of that package, which knows the server and would take
//! long to build with libFuzzer's counters in it.

#[path = "../../tests/src/fuzz.rs"]
pub mod fuzz;
#[path = "../../tests/src/hostile.rs"]
pub mod hostile;
