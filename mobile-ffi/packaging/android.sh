#!/usr/bin/env bash
# The Android module `target/android`: build file, manifest, Kotlin, and a library for each kind of processor. Needs an
# NDK, cargo-ndk and the three targets; NOT RUN where this was written. An app's settings.gradle.kts takes it in with
#     include(":daybook")
#     project(":daybook").projectDir = file("path/to/target/android")
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=target/android
mkdir -p "$out/src/main/kotlin"
cp mobile-ffi/packaging/android/{build.gradle.kts,consumer-rules.pro} "$out/"
cp mobile-ffi/packaging/android/AndroidManifest.xml "$out/src/main/"
# Of OpenSSL only what is called.
export OPENSSL_SRC_PERL=$PWD/mobile-ffi/packaging/perl-for-openssl
cargo ndk --platform 26 -t arm64-v8a -t armeabi-v7a -t x86_64 -o "$out/src/main/jniLibs" \
    build --locked -p mobile-ffi --profile mobile --features vendored
# Generated from a debug build: the shipped one has no symbols to read.
cargo xtask bindings kotlin
cp -r target/bindings/kotlin/daybook "$out/src/main/kotlin/"
