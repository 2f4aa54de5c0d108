// swift-tools-version:5.9
// Daybook as a Swift package. `ios.sh` puts the XCFramework and the Swift beside it. Not run where this was written.
import PackageDescription

let package = Package(
    name: "Daybook",
    platforms: [.iOS(.v15)],
    products: [.library(name: "Daybook", targets: ["Daybook"])],
    targets: [
        .binaryTarget(name: "DaybookFFI", path: "Daybook.xcframework"),
        .target(
            name: "Daybook",
            dependencies: ["DaybookFFI"],
            // The store's encryption is the system's own.
            linkerSettings: [.linkedFramework("Security"), .linkedFramework("CoreFoundation")]
        ),
    ]
)
