package import ImflowDiagnostics
package import ImflowIR

/// What a stage publishes under an `output_key` is read by a stage behind it, or is the job's result.
package struct UnusedOutputRule: Rule {
    package static let codes: [DiagnosticCode] = [.unusedOutputKey]

    /// Of so many stages behind one that nothing reads it is asked whether they meant it.
    private static let maximumReaders = 64

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.graph != nil, let expansion = scope.expansion, !expansion.isTooLarge else { return }
        let readers = StageReaders(expansion)
        for (index, stage) in expansion.stages.enumerated() where readers.hasFollowers[index] && !readers.isRead[index]
        {
            if findings.isFull { return }
            guard stage.outputKey != nil, let key = stage.declaration.outputKey, scope.owns(key.span) else { continue }
            let wanted = expansion.stages.indices.dropFirst(index + 1).prefix(Self.maximumReaders)
                .filter { expansion.sources(of: $0).contains(index) }
                .compactMap { expansion.stages[$0].inputKey?.value }
            let near = nearest(key.value, in: wanted)
            findings.add(
                Diagnostic(
                    .unusedOutputKey, "nothing reads `\(key.value)`, which `\(stage.shownName)` publishes",
                    at: key.span,
                    help: near.map { "a stage behind it asks for `\($0)`: is that meant?" }
                        ?? "give a stage behind it `input_key: \(key.value)`, or remove the stage"))
        }
    }
}
