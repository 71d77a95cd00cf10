package import ImflowDiagnostics
package import ImflowIR

/// Every model that a job calls says how it runs.
package struct RunnableRule: Rule {
    package static let codes: [DiagnosticCode] = [.nothingToRun]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.job != nil, let expansion = scope.expansion else { return }
        var seen: Set<String> = []
        for stage in expansion.stages {
            for path in [stage.modelPath, stage.reducer].compactMap({ $0 }) {
                guard let manifest = scope.workspace.models[path]?.manifest, manifest.image == nil,
                    manifest.entrypoint == nil, !manifest.isPipeline, seen.insert(path).inserted
                else { continue }
                findings.add(
                    Diagnostic(
                        .nothingToRun, "`\(manifest.name)` has neither an `image` nor an `entrypoint`: nothing to run",
                        at: path == stage.reducer ? stage.multiNode?.reducer?.span ?? stage.place : stage.place,
                        secondary: [Label(manifest.place, "the model")],
                        help: "add `entrypoint: [./program]` or `image: …` to its manifest"))
            }
        }
    }
}
