package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan
import ImflowSchema

/// What a stage gives can be what the next one takes. Silent where only a run can tell.
package struct SchemaConflictRule: Rule {
    package static let codes: [DiagnosticCode] = [.schemaConflict]

    /// More conflicts in one graph are not looked for: for each, the texts of two files are read again.
    private static let maximumFindings = 50

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard scope.graph != nil || scope.job != nil, Self.hasSchemas(scope), var ports = PortValues(scope) else { return }
        let before = findings.diagnostics.count
        for index in ports.expansion.stages.indices {
            if findings.diagnostics.count - before >= Self.maximumFindings { return }
            checkInput(of: index, &ports, &findings)
            checkReducer(of: index, &ports, &findings)
        }
    }

    /// Without two schemas nothing can be compared, unless a split or a merge stands for one.
    private static func hasSchemas(_ scope: Scope) -> Bool {
        scope.workspace.models.values.contains { $0.manifest.inputSchema != nil }
            || scope.expansion?.stages.contains { $0.multiNode?.splits == true } == true
    }

    private func checkInput(of index: Int, _ ports: inout PortValues, _ findings: inout FindingList) {
        let stage = ports.expansion.stages[index]
        guard let model = ports.taker(index) else { return }
        let block = stage.isCall ? stage.multiNode : nil
        let mode = block?.splits == true ? block?.splitMode?.value : nil
        let taken = ports.taken(by: model)
        if taken == nil, mode == nil { return }
        let (members, isClosed) = ports.bound(index)
        var given = ValueSet.object(members, isClosed: isClosed)
        if let block, let mode {
            let source = ports.add(.split(block.splitMode?.span ?? block.span.firstLine))
            // Of a value that is written as such the parts are, too.
            let unit = UnitInput(members, isClosed: isClosed, block, mode) { ports.literalSource($0) ?? source }
            given = unit.values
            if let (key, values) = unit.split, let found = Self.unsplittable(values, mode, source: source) {
                report(found, [key] + found.path, stage, "the split by `\(mode.rawValue)`", ports, &findings)
                return
            }
        }
        guard let taken, let found = SchemaComparison.conflict(given: given, taken: taken) else { return }
        report(found, found.path, stage, "`\(model.manifest.name)`", ports, &findings)
    }

    /// A member that a mode cannot cut.
    private static func unsplittable(_ values: ValueSet, _ mode: SplitMode, source: Int) -> SchemaConflict? {
        SchemaComparison.conflict(given: values, taken: .wanted(mode == .batch ? .array : .string, source: source))
    }

    /// A reducer gets `{"partials": the units' results, "units": their geometry}`.
    private func checkReducer(of index: Int, _ ports: inout PortValues, _ findings: inout FindingList) {
        let stage = ports.expansion.stages[index]
        guard let block = stage.multiNode, block.splits, let reducer = block.reducer, let path = stage.reducer,
            let model = ports.workspace.models[path], let taken = ports.taken(by: model)
        else { return }
        let source = ports.add(.merge(reducer.span, "the call of the reducer"))
        let given = ValueSet.object(
            [
                "partials": ValueSet.Member(.list(ports.unitResult(of: index)), isSure: true),
                "units": ValueSet.Member(.list(.kind(.object)), isSure: true),
            ], isClosed: true)
        guard let found = SchemaComparison.conflict(given: .given(given, source: source), taken: taken) else { return }
        var finding = finding(found, found.path, "`\(model.manifest.name)`", ports)
        finding.primary.span = reducer.span
        finding.notes = ["a reducer is given `partials`, the results of the units, and `units`, their places"]
        findings.add(finding)
    }

    private func report(
        _ conflict: SchemaConflict, _ path: [String], _ stage: ExpandedStage, _ taker: String, _ ports: PortValues,
        _ findings: inout FindingList
    ) {
        // Of values that are written as such another rule tells.
        guard let source = conflict.given.source, ports.sources.indices.contains(source) else { return }
        if case .literal = ports.sources[source] { return }
        var finding = finding(conflict, path, taker, ports)
        finding.primary.span = stage.inputKey?.span ?? stage.place
        if case .merge(_, let name) = ports.sources[source] { finding.notes = ["\(name) makes it \(conflict.given.phrase)"] }
        findings.add(finding)
    }

    private func finding(
        _ conflict: SchemaConflict, _ path: [String], _ taker: String, _ ports: PortValues
    ) -> Diagnostic {
        let (given, taken) = (conflict.given, conflict.taken)
        let headline =
            path.isEmpty
            ? "\(taker) takes \(taken.phrase), and is given \(given.phrase)"
            : "`\(Self.shown(path))` is \(given.phrase), and \(taker) takes \(taken.phrase)"
        var labels: [Label] = []
        for (claim, verb) in [(given, "gives"), (taken, "takes")] {
            guard let source = claim.source, ports.sources.indices.contains(source),
                let place = ports.sources[source].place(claim.pointer)
            else { continue }
            labels.append(Label(place, "\(verb) \(claim.phrase)"))
        }
        let span = labels.first?.span ?? ports.expansion.stages[0].place
        return Diagnostic(
            .schemaConflict, headline, at: span, secondary: labels,
            help: "bind another value, or put a stage between that turns the one into the other")
    }

    /// `words[0].box`
    private static func shown(_ path: [String]) -> String {
        var out = ""
        for step in path.prefix(12) {
            if Int(step) != nil, !out.isEmpty { out += "[\(step)]" } else { out += out.isEmpty ? step : "." + step }
        }
        return out
    }
}
