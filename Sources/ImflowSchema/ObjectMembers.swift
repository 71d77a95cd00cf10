/// The members of the objects in a set, for one who asks for many.
package struct ObjectMembers: Sendable {
    private enum Source: Sendable {
        case facts(SchemaFacts, kinds: ValueKinds, required: Set<String>)
        case union([ObjectMembers])
    }

    private let source: Source

    package init(_ set: ValueSet) {
        switch set {
        case .union(let sets): source = .union(sets.map { ObjectMembers($0) })
        case .given(.union(let sets), let number): source = .union(sets.map { ObjectMembers($0.given(by: number)) })
        default:
            let facts = SchemaFacts([set])
            source = .facts(facts, kinds: facts.possibleKinds, required: Set(facts.required.map(\.name)))
        }
    }

    /// What the member may be; nil when no value in the set is an object that has it.
    package subscript(name: String) -> ValueSet.Member? {
        switch source {
        case .union(let parts):
            let found = parts.map { $0[name] }
            let present = found.compactMap(\.self)
            if present.isEmpty { return nil }
            return ValueSet.Member(
                .either(present.map(\.values)), isSure: found.allSatisfy { $0?.isSure == true })
        case .facts(let facts, let kinds, let required):
            guard kinds.contains(.object), case .allowed(let sets) = facts.member(name) else { return nil }
            return ValueSet.Member(.every(sets), isSure: kinds == .object && required.contains(name))
        }
    }
}
