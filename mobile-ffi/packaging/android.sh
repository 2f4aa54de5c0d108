#!/usr/bin/env bash
# The libraries and Kotlin of an Android module. Needs an NDK, cargo-ndk and the three targets; NOT RUN where this was
# written. Result: target/android, ready to be a Gradle library module (android { namespace = "daybook" }) with
#     implementation("net.java.dev.jna:jna:5.17.0@aar")
#     implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.8.1")
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=target/android/src/main
cargo ndk --platform 26 -t arm64-v8a -t armeabi-v7a -t x86_64 -o "$out/jniLibs" \
    build --locked -p mobile-ffi --profile mobile --features vendored
# Generated from a debug build: the shipped one has no symbols to read.
cargo xtask bindings kotlin
mkdir -p "$out/kotlin"
cp -r target/bindings/kotlin/daybook "$out/kotlin/"
printf '<manifest xmlns:android="http://schemas.android.com/apk/res/android" />\n' >"$out/AndroidManifest.xml"
