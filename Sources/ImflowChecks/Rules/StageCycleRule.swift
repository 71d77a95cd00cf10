package import ImflowDiagnostics
package import ImflowIR

/// No stage needs itself, not even through others.
package struct StageCycleRule: Rule {
    package static let codes: [DiagnosticCode] = [.stageCycle]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let graph = scope.graph, let cycle = graph.cycle else { return }
        let names = (cycle + cycle.prefix(1)).map { "`\(graph.stages[$0].name)`" }
        let shown = names.count <= 12 ? names : Array(names.prefix(6)) + ["…"] + names.suffix(5)
        var labels: [Label] = []
        for (position, index) in cycle.enumerated() {
            let target = cycle[(position + 1) % cycle.count]
            let own = graph.stages[index].declaration
            let lists = [own.needs, own.softNeeds].compactMap { $0?.value }
            let need = lists.joined().first { $0.value == graph.stages[target].name }
            let place = need?.span ?? graph.stages[index].declaration.span.firstLine
            labels.append(Label(place, "`\(graph.stages[index].name)` needs `\(graph.stages[target].name)`"))
        }
        guard let primary = labels.first else { return }
        findings.add(
            Diagnostic(
                .stageCycle,
                cycle.count == 1
                    ? "\(names[0]) needs itself"
                    : "these stages wait for one another: \(shown.joined(separator: " → "))",
                at: primary.span, label: primary.text, secondary: Array(labels.dropFirst().prefix(16)),
                help: "remove one of these needs"))
    }
}
