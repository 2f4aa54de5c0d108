#!/usr/bin/env bash
# The Swift package `target/ios`, with an XCFramework for devices and simulators. Needs Xcode and the three targets; NOT
# RUN where this was written. Xcode takes it in with "Add Local Package".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for target in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios; do
    cargo rustc --locked -p mobile-ffi --profile mobile --target "$target" --crate-type staticlib
done
cargo xtask bindings swift
out=target/ios
rm -rf "$out" && mkdir -p "$out/Sources/Daybook" "$out/include" "$out/sim"
cp mobile-ffi/packaging/ios/Package.swift "$out/"
cp target/bindings/swift/Daybook.swift "$out/Sources/Daybook/"
cp target/bindings/swift/DaybookFFI.h "$out/include/"
cp target/bindings/swift/DaybookFFI.modulemap "$out/include/module.modulemap"
lipo -create target/{aarch64-apple-ios-sim,x86_64-apple-ios}/mobile/libdaybook_mobile.a -output "$out/sim/libdaybook_mobile.a"
xcodebuild -create-xcframework \
    -library target/aarch64-apple-ios/mobile/libdaybook_mobile.a -headers "$out/include" \
    -library "$out/sim/libdaybook_mobile.a" -headers "$out/include" \
    -output "$out/Daybook.xcframework"
