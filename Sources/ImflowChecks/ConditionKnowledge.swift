import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan

/// What the files tell of the values that a stage's condition sees.
struct ConditionKnowledge {
    let expansion: Expansion
    let workspace: Workspace
    /// Of the pipeline that is checked; nil: a job is.
    let inputSchema: Located<JSONValue>?

    init?(_ scope: Scope) {
        guard let expansion = scope.expansion else { return nil }
        self.expansion = expansion
        workspace = scope.workspace
        inputSchema = scope.model?.manifest.inputSchema
    }

    /// Whether no value can make the stage's condition true.
    func isNeverTrue(_ index: Int) -> Bool {
        expansion.stages[index].asked.map { isNeverTrue($0, at: index) } ?? false
    }

    /// Whether no value that stage `index` can see makes `condition` true.
    func isNeverTrue(_ condition: Condition, at index: Int) -> Bool {
        ConditionSearch { knowledge(of: $0, at: index) }.isNeverTrue(condition)
    }

    /// Where what is known of the names in a condition is written, each with words for it.
    func labels(_ names: [String], at index: Int) -> [Label] {
        let stage = expansion.stages[index]
        return names.compactMap { name in
            if stage.literal[name] != nil, let input = stage.declaration.input {
                return Label(input.keySpan, "`\(name)` is a literal of this stage")
            }
            return schema(of: name, at: index).map { Label($0.keySpan, "what `\(name)` may be") }
        }
    }

    private func knowledge(of path: [String], at index: Int) -> ConditionSearch.Knowledge {
        guard let name = path.first else { return .anything }
        if let literal = expansion.stages[index].literal[name] {
            var value = literal
            for part in path.dropFirst() {
                if case .array = value { return .anything }
                value = value[part] ?? .null
            }
            return .oneOf([value])
        }
        guard path.count == 1, let schema = schema(of: name, at: index)?.value["properties"]?[name] else {
            return .anything
        }
        if let values = schema["enum"]?.arrayValue { return .oneOf(values + [.null]) }
        if let value = schema["const"] { return .oneOf([value, .null]) }
        if let type = schema["type"]?.stringValue { return .types([type]) }
        if let types = schema["type"]?.arrayValue { return .types(Set(types.compactMap(\.stringValue))) }
        return .anything
    }

    /// The schema that surely describes the value that stage `index` sees under `name`, as one of its properties.
    private func schema(of name: String, at index: Int) -> Located<JSONValue>? {
        let stage = expansion.stages[index]
        let sure = expansion.sureSources(of: index)
        var search = expansion.sources(of: index)
        while let source = search.next() {
            let giver = expansion.stages[source]
            let isGiven = giver.publication.names.contains(name)
            if !isGiven {
                if giver.publication.isClosed { continue }
                return nil
            }
            guard giver.outputKey == nil, giver.isCall, giver.policies.onFailure?.value ?? .fail == .fail,
                source == stage.earlier || (giver.condition == nil && giver.entry == nil),
                sure?.contains(source) != false, giver.multiNode?.splits != true,
                let path = giver.modelPath, let schema = workspace.models[path]?.manifest.outputSchema,
                schema.value["required"]?.arrayValue?.contains(.string(name)) == true
            else { return nil }
            return schema
        }
        guard !search.isCut, stage.jobInput, let inputSchema, inputSchema.value["properties"]?[name] != nil else { return nil }
        return inputSchema
    }
}
