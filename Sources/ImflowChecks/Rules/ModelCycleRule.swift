package import ImflowDiagnostics
package import ImflowIR

/// No pipeline calls itself, not even through others.
package struct ModelCycleRule: Rule {
    package static let codes: [DiagnosticCode] = [.modelCycle]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        // Of the pipelines on a cycle one reports it, so that it is told once.
        guard let model = scope.model, model.graph != nil,
            let cycle = Self.cycle(from: model.manifest.path, in: scope.workspace),
            cycle.allSatisfy({ model.manifest.path <= $0.target })
        else { return }
        findings.add(diagnostic(cycle))
    }

    private struct Edge {
        var name: String
        var target: String
        var place: Located<ModelReference>
    }

    private func diagnostic(_ cycle: [Edge]) -> Diagnostic {
        let names = (cycle.map(\.name) + cycle.prefix(1).map(\.name)).map { "`\($0)`" }
        let labels = cycle.map { Label($0.place.span, "`\($0.name)` calls `\($0.place.value.id)`") }
        return Diagnostic(
            .modelCycle,
            cycle.count == 1
                ? "\(names[0]) calls itself" : "these pipelines call one another: \(names.joined(separator: " → "))",
            at: cycle[0].place.span, label: labels[0].text, secondary: Array(labels.dropFirst().prefix(16)),
            help: "a pipeline may call only models that do not call it")
    }

    /// The cycle that `start` is on, as the calls that make it; nil when there is none.
    private static func cycle(from start: String, in workspace: Workspace) -> [Edge]? {
        // Breadth first, so that the shortest cycle is shown.
        var reached: [String: (from: String, edge: Edge)] = [:]
        var queue = [start]
        var head = 0
        while head < queue.count {
            let path = queue[head]
            head += 1
            for edge in edges(of: path, in: workspace) where reached[edge.target] == nil {
                reached[edge.target] = (path, edge)
                queue.append(edge.target)
            }
        }
        guard reached[start] != nil else { return nil }
        var cycle: [Edge] = []
        var current = start
        repeat {
            guard let step = reached[current] else { return nil }
            cycle.append(step.edge)
            current = step.from
        } while current != start
        return cycle.reversed()
    }

    private static func edges(of path: String, in workspace: Workspace) -> [Edge] {
        guard let model = workspace.models[path] else { return [] }
        return (model.graph?.stages ?? []).compactMap { stage in
            guard let reference = stage.declaration.model,
                let target = workspace.model(reference.value, model.references)
            else { return nil }
            return Edge(name: model.manifest.name, target: target.manifest.path, place: reference)
        }
    }
}
