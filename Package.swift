// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "imflow",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "imflow", targets: ["imflow"]),
        .executable(name: "imflow-simulate", targets: ["ImflowSimulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    ],
    targets: [
        // C libraries of the system, and the shims that keep their headers out of Swift.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CVipsShim"),
        .target(name: "CSndFileShim"),
        .target(name: "CCurlShim", dependencies: ["CLibCurl", "CLibSSL"]),
        .target(name: "CSpawnShim"),

        // Compiler: pure; text in, values out.
        .target(name: "ImflowJSON", dependencies: [.product(name: "OrderedCollections", package: "swift-collections")]),
        .target(name: "ImflowSchema", dependencies: ["ImflowJSON"]),
        .target(name: "ImflowDiagnostics", dependencies: ["ImflowJSON"]),
        .target(name: "ImflowSyntax", dependencies: ["CLibYAML", "ImflowJSON", "ImflowDiagnostics"]),
        .target(name: "ImflowPlan", dependencies: ["ImflowJSON"]),
        .target(name: "ImflowIR", dependencies: ["ImflowSyntax", "ImflowDiagnostics", "ImflowPlan"]),
        .target(name: "ImflowChecks", dependencies: ["ImflowIR", "ImflowDiagnostics", "ImflowSchema"]),
        .target(name: "ImflowCompiler", dependencies: ["ImflowChecks", "ImflowIR", "ImflowSyntax", "ImflowPlan"]),
        .target(name: "ImflowLanguageServer", dependencies: ["ImflowCompiler", "ImflowJSON"]),

        // Runtime.
        .target(name: "ImflowExecution", dependencies: ["ImflowPlan", "ImflowJSON"]),
        .target(name: "ImflowEngine", dependencies: ["ImflowExecution", "ImflowPlan", "ImflowJSON"]),
        .target(name: "ImflowTrace", dependencies: ["ImflowExecution", "ImflowJSON"]),
        .target(
            name: "ImflowStore",
            dependencies: ["ImflowEngine", .product(name: "GRDB", package: "GRDB.swift")]),
        .target(name: "ImflowContent", dependencies: ["ImflowExecution", "ImflowJSON", "CLibCrypto"]),
        .target(name: "ImflowHTTP", dependencies: ["ImflowPlan", "CCurlShim"]),
        .target(
            name: "ImflowData",
            dependencies: ["ImflowContent", "ImflowExecution", "ImflowHTTP", "ImflowJSON", "ImflowPlan", "CVipsShim", "CSndFileShim"]),
        .target(
            name: "ImflowInvocation",
            dependencies: [
                "ImflowContent", "ImflowExecution", "ImflowHTTP", "ImflowJSON", "ImflowPlan", "ImflowSchema",
            ]),
        .target(
            name: "ImflowProcess",
            dependencies: ["ImflowInvocation", "ImflowContent", "ImflowExecution", "ImflowPlan", "CSpawnShim"]),
        .target(
            name: "ImflowDocker",
            dependencies: [
                "ImflowInvocation", "ImflowContent", "ImflowExecution", "ImflowHTTP", "ImflowJSON", "ImflowPlan", "CSpawnShim",
            ]),

        .target(name: "ImflowJobAPI", dependencies: ["ImflowHTTP", "ImflowJSON"]),

        // Edges.
        .executableTarget(
            name: "imflow",
            dependencies: [
                "ImflowCompiler", "ImflowLanguageServer", "ImflowEngine", "ImflowStore", "ImflowTrace", "ImflowData", "ImflowProcess",
                "ImflowDocker", "ImflowJobAPI", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // Tests.
        .target(
            name: "ImflowTestKit",
            dependencies: [
                "ImflowEngine", "ImflowInvocation", "ImflowData", "ImflowContent", "ImflowExecution", "ImflowHTTP",
                "ImflowJSON", "ImflowPlan",
            ],
            path: "Tests/ImflowTestKit"),
        .target(
            name: "ImflowFuzzKit",
            dependencies: [
                "ImflowCompiler", "ImflowIR", "ImflowSyntax", "ImflowSchema", "ImflowDiagnostics", "ImflowPlan", "ImflowJSON",
            ],
            path: "Tests/ImflowFuzzKit"),
        .target(
            name: "ImflowSimulation", dependencies: ["ImflowEngine", "ImflowExecution", "ImflowPlan", "ImflowJSON"],
            path: "Tests/ImflowSimulation"),
        .executableTarget(name: "ImflowSimulate", dependencies: ["ImflowSimulation"], path: "Tests/ImflowSimulate"),
        .testTarget(name: "ImflowJSONTests", dependencies: ["ImflowJSON"]),
        .testTarget(name: "ImflowSchemaTests", dependencies: ["ImflowSchema"]),
        .testTarget(name: "ImflowSyntaxTests", dependencies: ["ImflowSyntax"]),
        .testTarget(name: "ImflowCompilerTests", dependencies: ["ImflowCompiler", "ImflowSchema", "ImflowFuzzKit"]),
        .testTarget(name: "ImflowLanguageServerTests", dependencies: ["ImflowLanguageServer"]),
        .testTarget(
            name: "ImflowEngineTests",
            dependencies: [
                "ImflowEngine", "ImflowStore", "ImflowData", "ImflowSimulation", "ImflowSimulate",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"]),
        .testTarget(name: "ImflowTraceTests", dependencies: ["ImflowTrace"]),
        .testTarget(name: "ImflowContentTests", dependencies: ["ImflowContent"]),
        .testTarget(name: "ImflowJobAPITests", dependencies: ["ImflowJobAPI"]),
        .testTarget(name: "ImflowHTTPTests", dependencies: ["ImflowHTTP"]),
        .testTarget(name: "ImflowDataTests", dependencies: ["ImflowData"]),
        .testTarget(
            name: "ImflowExecutorTests",
            dependencies: ["imflow", "ImflowProcess", "ImflowDocker", "ImflowData", "ImflowTestKit"]),
        .testTarget(name: "CommandLineTests", dependencies: ["imflow", "ImflowExecution", "ImflowJSON"]),
    ],
    swiftLanguageModes: [.v6]
)

// `Tools/fuzz` asks for what libFuzzer is linked to: a library, because libFuzzer brings the entry point.
if Context.environment["IMFLOW_FUZZ"] != nil {
    package.targets.append(.target(name: "ImflowFuzz", dependencies: ["ImflowFuzzKit"], path: "Tests/ImflowFuzz"))
    package.products.append(.library(name: "ImflowFuzz", type: .static, targets: ["ImflowFuzz"]))
}

for target in package.targets where target.type == .regular || target.type == .executable || target.type == .test {
    let isC = target.name.hasPrefix("C") && target.name.hasSuffix("Shim")
    if isC {
        target.cSettings = [.treatAllWarnings(as: .error)]
    } else {
        target.swiftSettings = [
            .treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ]
    }
}

// `IMFLOW_ONLY=ImflowSyntaxTests swift test` builds those targets and what they need, and nothing else:
// daily work on a leaf takes seconds.
if let only = Context.environment["IMFLOW_ONLY"] {
    var wanted = Set(only.split(separator: ",").map(String.init))
    var pending = Array(wanted)
    while let name = pending.popLast() {
        for dependency in package.targets.first(where: { $0.name == name })?.dependencies ?? [] {
            guard case .byNameItem(let target, _) = dependency, wanted.insert(target).inserted else { continue }
            pending.append(target)
        }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products.removeAll { !wanted.contains($0.name) }
}
