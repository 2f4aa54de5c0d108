//! The generator, at exactly the version that the library was compiled with: the two check each other's sums.

fn main() {
    uniffi::uniffi_bindgen_main();
}
