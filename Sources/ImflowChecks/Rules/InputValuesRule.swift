package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowPlan
import ImflowSchema

/// Values that an author gave fit the schema of the model that gets them: the job's `input`, and the literal members of
/// stages. What is fetched or split meanwhile is judged as far as it stays what it is.
package struct InputValuesRule: Rule {
    package static let codes: [DiagnosticCode] = [.inputBreaksSchema]
    /// More findings for one member are not made.
    private static let maximumBreaches = 5
    /// More findings in one graph are not looked for: for each, the texts of two files are read again.
    private static let maximumFindings = 50
    /// So many batches of one list are tried.
    private static let maximumBatches = 1000

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let expansion = scope.expansion, !expansion.isTooLarge else { return }
        let before = findings.diagnostics.count
        for index in expansion.stages.indices {
            if findings.diagnostics.count - before >= Self.maximumFindings { return }
            let stage = expansion.stages[index]
            // Of a later round the first has told.
            if stage.prototype != index { continue }
            if case .exit = stage.kind { continue }
            guard let path = stage.modelPath ?? stage.pipeline, let model = scope.workspace.models[path],
                model.manifest.inputSchema != nil
            else { continue }
            let given = values(for: index, expansion, scope.job)
            // Making a schema ready costs more than all else that is done for a plain manifest.
            if given.isEmpty { continue }
            check(given, Taker(model, stage), scope.job, &findings)
        }
        // A pipeline that is run by itself has no stage of its own.
        if let job = scope.job, job.graph == nil, let path = job.model?.value, let model = scope.workspace.models[path],
            model.graph != nil, model.manifest.inputSchema != nil
        {
            let given = (job.input ?? [:]).map { key, value in
                Given(key: key, value: value) { job.place(ofInput: key, $0) }
            }
            check(given, Taker(model, nil), job, &findings)
        }
    }

    private func check(_ given: [Given], _ taker: Taker?, _ job: CheckedJob?, _ findings: inout FindingList) {
        guard let taker, !given.isEmpty, taker.values.kinds.contains(.object) else { return }
        var found: [Diagnostic] = []
        for value in given { found += breaches(of: value, given, taker) }
        if found.isEmpty { found = wholeBreaches(given, taker, job) }
        for finding in found { findings.add(finding) }
    }

    /// A member that is known, and where it stands.
    private struct Given {
        var key: String
        var value: JSONValue
        /// Whether nothing else may be given in its place.
        var isOnly = true
        /// Where the list begins in the author's, of a batch of it.
        var start: Int?
        /// The place of the part of the author's value at a JSON pointer.
        var find: (String) -> Span?

        func pointer(_ own: String) -> String { start.map { InputValuesRule.moved(own, by: $0) } ?? own }
        func place(_ own: String) -> Span? { find(pointer(own)) }
    }

    private struct Taker {
        let manifest: Manifest
        let values: ValueSet
        let members: ObjectMembers
        /// Nil: a pipeline that is run by itself.
        let stage: ExpandedStage?
        /// In force; nil: nothing is split.
        let block: MultiNode?

        /// Nil: its schema is not valid.
        init?(_ model: CheckedModel, _ stage: ExpandedStage?) {
            guard let validator = model.schemas.input else { return nil }
            manifest = model.manifest
            values = .schema(SchemaPart(validator, .taken, source: 0))
            members = ObjectMembers(values)
            self.stage = stage
            block = stage.flatMap { $0.isCall && $0.multiNode?.splits == true ? $0.multiNode : nil }
        }

        var mode: SplitMode? { block?.splitMode?.value }
        var splitKey: String? { block?.splitKey?.value }

        /// Whether another rule says that this member, which its mode does not fit, cannot be split. `hasOther`: some
        /// member fits.
        func cannotSplit(_ key: String, _ hasOther: Bool) -> Bool {
            stage?.needs.isEmpty == true && (splitKey == key || splitKey == nil && !hasOther)
        }
    }

    private func values(for index: Int, _ expansion: Expansion, _ job: CheckedJob?) -> [Given] {
        let stage = expansion.stages[index]
        var given = stage.literal.map { key, value in
            Given(key: key, value: value) { pointer in
                stage.declaration.inputPlaces.span(at: JSONPointerText.text(key) + pointer)
            }
        }
        guard stage.jobInput, let job, let input = job.input else { return given }
        for (key, value) in input where stage.literal[key] == nil && stage.inputKey?.value ?? key == key {
            let isOnly = !expansion.mayBePublished(key, to: index)
            given.append(Given(key: key, value: value, isOnly: isOnly) { job.place(ofInput: key, $0) })
        }
        return given
    }

    private func breaches(of given: Given, _ all: [Given], _ taker: Taker) -> [Diagnostic] {
        guard let member = taker.members[given.key] else { return [refused(given, taker)].compactMap(\.self) }
        if !given.isOnly { return [] }
        switch taker.mode {
        case nil: return breaches(of: given, member.values, taker)
        case .candidates: return given.key == "seed" ? [] : breaches(of: given, member.values, taker)
        case .batch:
            guard let items = given.value.arrayValue else {
                let isTold = taker.cannotSplit(given.key, all.contains { $0.value.arrayValue != nil })
                return isTold ? [] : breaches(of: given, member.values, taker)
            }
            let key = taker.splitKey
            guard key == given.key || key == nil && all.filter({ $0.value.arrayValue != nil }).count == 1 else {
                return key == nil ? [] : breaches(of: given, member.values, taker)
            }
            return batchBreaches(of: given, items, member.values, taker)
        case .rows:
            // What the rows are is known when they are read.
            let isSplit = given.value.stringValue != nil && taker.splitKey ?? given.key == given.key
            return isSplit ? [] : breaches(of: given, member.values, taker)
        case .tile, .audio, .lines, .sequence:
            guard given.value.stringValue != nil, taker.splitKey ?? given.key == given.key else {
                let isTold = taker.cannotSplit(given.key, all.contains { $0.value.stringValue != nil })
                return isTold ? [] : breaches(of: given, member.values, taker)
            }
            guard let conflict = SchemaComparison.conflict(given: .kind(.string), taken: member.values) else {
                return []
            }
            return [
                finding(
                    given, "", "it is split into texts, and each call gets a string where \(conflict.taken.phrase)"
                        + " is taken", conflict.taken.pointer, taker)
            ].compactMap(\.self)
        }
    }

    private func breaches(of given: Given, _ values: ValueSet, _ taker: Taker) -> [Diagnostic] {
        // One part of a value is one mistake, whatever else it breaks.
        var seen: Set<String> = []
        return values.breaches(of: given.value).filter { Self.stays($0, given) && seen.insert($0.instancePointer).inserted }
            .prefix(Self.maximumBreaches)
            .compactMap { finding(given, $0.instancePointer, $0.sentence, $0.schemaPointer, taker) }
    }

    /// Each call gets a part of the list. With `partial` some calls may fail.
    private func batchBreaches(
        of given: Given, _ items: [JSONValue], _ values: ValueSet, _ taker: Taker
    ) -> [Diagnostic] {
        if taker.stage?.policies.onFailure?.value == .partial { return [] }
        let size = max(1, taker.block?.batchSize?.value ?? SplitPlan(mode: .batch).batchSize)
        for start in stride(from: 0, to: items.count, by: size).prefix(Self.maximumBatches) {
            let batch = Given(
                key: given.key, value: .array(Array(items[start..<min(start + size, items.count)])), start: start,
                find: given.find)
            let found = breaches(of: batch, values, taker)
            if !found.isEmpty { return found }
        }
        return []
    }

    /// The pointer into the whole list of one into a part of it.
    fileprivate static func moved(_ pointer: String, by start: Int) -> String {
        let parts = pointer.split(separator: "/", maxSplits: 1)
        guard let first = parts.first, let index = Int(first) else { return "" }
        return "/\(index + start)" + (parts.count > 1 ? "/" + parts[1] : "")
    }

    private func refused(_ given: Given, _ taker: Taker) -> Diagnostic? {
        if taker.mode == .candidates, given.key == "seed" { return nil }
        guard let place = given.place("") else { return nil }
        return Diagnostic(
            .inputBreaksSchema, "`\(taker.manifest.name)` takes no `\(given.key)`", at: place.firstLine,
            secondary: [label(refusal(of: given.key, taker), taker)].compactMap(\.self),
            help: taker.stage?.inputKey == nil
                ? "a stage without `input_key` gets everything in its reach: name the one it should get"
                : nil)
    }

    /// The keyword that allows no member of that name.
    private func refusal(of key: String, _ taker: Taker) -> String {
        let given = ValueSet.object([key: ValueSet.Member(.anything, isSure: true)], isClosed: false)
        return SchemaComparison.conflict(given: given, taken: taker.values)?.taken.pointer ?? ""
    }

    /// Whether all of the stage's bound input is given by authors.
    private func isWhole(_ stage: ExpandedStage, _ job: CheckedJob?) -> Bool {
        stage.needs.isEmpty && (!stage.jobInput || job?.input != nil)
    }

    /// What the schema asks of the members together. Who has files gets other texts in their place.
    private func wholeBreaches(
        _ given: [Given], _ taker: Taker, _ job: CheckedJob?
    ) -> [Diagnostic] {
        guard taker.mode == nil, let first = given.first, taker.stage.map({ isWhole($0, job) }) ?? true else { return [] }
        let whole = JSONValue.object(JSONObject(given.map { ($0.key, $0.value) }, uniquingKeysWith: { one, _ in one }))
        let hasFiles = given.contains { FileMember.isFile($0.key) || FileMember.mayHoldFiles($0.value) }
        let counts = ["maxProperties", "minProperties", "dependencies", "propertyNames", "required"]
        return taker.values.breaches(of: whole).filter { breach in
            // What is missing at the top another rule says.
            guard breach.instancePointer.isEmpty, breach.schemaPointer != "/required" else { return false }
            return !hasFiles || counts.contains { breach.schemaPointer.hasSuffix("/" + $0) }
        }.prefix(1).compactMap { breach in
            let place = taker.stage?.declaration.input?.keySpan ?? job?.job.input?.keySpan ?? first.place("")
            guard let place else { return nil }
            return Diagnostic(
                .inputBreaksSchema, "`\(taker.manifest.name)` cannot take this input: \(breach.sentence)",
                at: place.firstLine, secondary: [label(breach.schemaPointer, taker)].compactMap(\.self))
        }
    }

    /// Whether the value that is broken is what the model gets: of a file it gets another URL.
    private static func stays(_ violation: SchemaViolation, _ given: Given) -> Bool {
        if violation.schemaPointer.hasSuffix("/type") { return true }
        let path = violation.instancePointer.split(separator: "/").map(String.init)
        var value = given.value
        var key = given.key
        for step in path {
            if let items = value.arrayValue {
                guard let index = Int(step), items.indices.contains(index) else { return false }
                value = items[index]
            } else {
                guard let member = value[step] else { return false }
                (key, value) = (step, member)
            }
        }
        if value.stringValue != nil, FileMember.isFile(key) { return false }
        return !FileMember.mayHoldFiles(value)
    }

    private func finding(
        _ given: Given, _ pointer: String, _ sentence: String, _ schemaPointer: String, _ taker: Taker
    ) -> Diagnostic? {
        guard let place = given.place(pointer) else { return nil }
        return Diagnostic(
            .inputBreaksSchema, "`\(taker.manifest.name)` cannot take this `\(given.key)\(given.pointer(pointer))`: \(sentence)",
            at: place.firstLine, secondary: [label(schemaPointer, taker)].compactMap(\.self))
    }

    private func label(_ pointer: String, _ taker: Taker) -> Label? {
        let place = PortSource.input(taker.manifest).place(pointer)
        return place.map { Label($0, "its `input_schema` says so") }
    }
}
