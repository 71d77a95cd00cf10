package import ImflowJSON
import ImflowPlan

/// What a call's result depends on, as one hash: calls with the same key may share a result (SPEC section 5). Made of named
/// fields, each the digest of one thing the model sees, so that two keys can be compared. Jobs, stages, tasks, attempts,
/// tokens, times and the limits under which a call is made are not in it; nor is which shard asks, for that is the sub-job's
/// name: what is asked stands in the units. Pure.
package struct CacheKey: Sendable, Equatable {
    /// Counted up whenever the same call gets other fields.
    package static let schema = "imflow.cache-key/v1"
    /// An input with more members, or with longer names, is one field.
    package static let memberLimit = 32
    package static let memberNameLimit = 128

    /// Digests by name: `protocol`, `command`, `hooks`, `input_schema`, `output_schema`, `form`, `units`, `env NAME`,
    /// `input.MEMBER` (or `input`), and what the place where the model runs adds of the model's content.
    package let fields: [String: ContentHash]
    /// SHA-256 of the RFC 8785 bytes of ``schema`` and ``fields``.
    package let hash: ContentHash

    /// - Parameters:
    ///   - digest: SHA-256 of a value's RFC 8785 bytes.
    package init(fields: [String: ContentHash], digest: (JSONValue) -> ContentHash) {
        self.fields = fields
        var members = JSONObject()
        for (name, hash) in fields { members[name] = .string(hash.description) }
        hash = digest(["schema": .string(Self.schema), "fields": .object(members)])
    }

    /// The key of an order that calls a model.
    /// - Parameters:
    ///   - environment: what the model's variables are, by name: text, with a digest where a value is not to be seen.
    ///   - content: the digests of what the model is made of, by the fields' names.
    ///   - digest: SHA-256 of a value's RFC 8785 bytes.
    package init(
        of order: WorkOrder, work: CallWork, call: StagedCall, environment: [String: JSONValue],
        content: [String: ContentHash], digest: (JSONValue) -> ContentHash
    ) {
        var fields = content
        for (name, value) in Self.stage(work) { fields[name] = digest(value) }
        for (name, value) in environment { fields["env \(name)"] = digest(value) }
        fields.merge(Self.input(work, call, digest)) { _, own in own }
        self.init(fields: fields, digest: digest)
    }

    /// What of the lowered stage the model or the judgement of its answer depends on.
    private static func stage(_ work: CallWork) -> [String: JSONValue] {
        let model = work.model
        func argv(_ words: [String]?) -> JSONValue { words.map { .array($0.map { .string($0) }) } ?? .null }
        let hooks = model.hooks
        return [
            "protocol": [
                "protocol": .string(model.callProtocol.rawValue),
                "path": model.callProtocol.isHTTP ? .string(model.path) : .null,
            ],
            "command": argv(model.command),
            "hooks": ["init": argv(hooks.start), "warmup": argv(hooks.warmup), "health": argv(hooks.health)],
            "input_schema": model.inputSchema ?? .null,
            "output_schema": model.outputSchema ?? .null,
        ]
    }

    private static func input(
        _ work: CallWork, _ call: StagedCall, _ digest: (JSONValue) -> ContentHash
    ) -> [String: ContentHash] {
        var fields: [String: ContentHash] = [:]
        switch work.input {
        case .whole: fields["form"] = digest("whole")
        case .reduce: fields["form"] = digest("reduce")
        case .shard:
            fields["form"] = digest("units")
            fields["units"] = digest(.array(call.units.map { asked($0.unit) }))
        }
        var names: Set<String> = []
        for unit in call.units { names.formUnion(unit.input.keys) }
        guard names.count <= memberLimit, names.allSatisfy({ $0.utf8.count <= memberNameLimit }) else {
            fields["input"] = call.inputHash
            return fields
        }
        for name in names { fields["input.\(name)"] = digest(values(of: name, in: call.units)) }
        return fields
    }

    /// A unit without what it lays over the input, which stands there.
    private static func asked(_ unit: Unit) -> JSONValue {
        Unit(geometry: unit.geometry, set: [:], tile: unit.tile, tileFile: unit.tileFile, cut: unit.cut).json
    }

    /// One value where all units have the same, else one for each.
    private static func values(of name: String, in units: [StagedUnit]) -> JSONValue {
        if let first = units.first?.input[name], units.allSatisfy({ $0.input[name] == first }) {
            return ["all": first]
        }
        return ["each": .array(units.map { unit in unit.input[name].map { [$0] } ?? [] })]
    }

    /// The names of the fields in which two keys differ, sorted.
    package static func difference(
        _ one: [String: ContentHash], _ other: [String: ContentHash]
    ) -> [String] {
        Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted()
    }
}
