//! The code on the systems of phones, without their SDKs: what the Rust compiler alone can tell.

use std::fs;

use crate::binaries::built;
use crate::process::{Failure, Invocation};
use crate::purity;

/// iPhones.
const IOS: &str = "aarch64-apple-ios";
/// How the first bytes of an object file for them read: Mach-O of 64 bits for ARM64.
const MACH_O_ARM64: [u8; 8] = [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0x00, 0x00, 0x01];

/// Checks core and client for Android and iOS, and builds the core's static library for iOS.
pub(crate) fn check() -> Result<(), Failure> {
    for target in [purity::PHONE, IOS] {
        purity::install(target)?;
        check_for(target).run()?;
    }
    let report = static_library().read()?;
    let library = built(&report)?.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "a"));
    let library = library.ok_or(Failure::NoBinary { name: "libsync_core.a", package: "sync-core" })?;
    let bytes = fs::read(&library)?;
    if !bytes.windows(MACH_O_ARM64.len()).any(|window| window == MACH_O_ARM64) {
        return Err(Failure::NoBinary { name: "libsync_core.a for iOS", package: "sync-core" });
    }
    eprintln!("built {} ({} bytes)", library.display(), bytes.len());
    Ok(())
}

/// Core and client as the compiler sees them. The client's C (SQLite and the cryptography of TLS) would need the SDK's
/// headers; checking links nothing, so a compiler that says yes to everything stands in for the SDK's, and any folder for
/// the SDK.
fn check_for(target: &str) -> Invocation {
    let (cc, ar) = match target {
        IOS => ("CC_aarch64_apple_ios", "AR_aarch64_apple_ios"),
        _ => ("CC_aarch64_linux_android", "AR_aarch64_linux_android"),
    };
    Invocation::cargo(["check", "-p", "sync-core", "-p", "client", "--locked", "--target", target])
        .variable(cc, "true")
        .variable(ar, "true")
        .variable("SDKROOT", super::root())
}

/// Unoptimised: what counts is that it is made.
fn static_library() -> Invocation {
    Invocation::cargo(["rustc", "-p", "sync-core", "--locked", "--target", IOS, "--crate-type", "staticlib"]).args([
        "--config",
        r#"profile.dev.package."*".opt-level=0"#,
        "--message-format=json-render-diagnostics",
    ])
}
