package import ImflowJSON

extension ValueSet {
    /// Steps of work for one look whether a value lies in a set.
    private static let workLimit = 20_000

    /// The kinds that its values may have.
    package var kinds: ValueKinds { SchemaFacts([self]).possibleKinds }

    /// What the member `name` of its values may be; nil when none of them is an object that has it.
    package func member(_ name: String) -> Member? { ObjectMembers(self)[name] }

    /// What the items of its lists may be.
    package var items: ValueSet {
        let sets = SchemaFacts([self]).items.compactMap { items -> ValueSet? in
            if case .every(let set) = items { set } else { nil }
        }
        return .every(sets)
    }

    /// Whether `value` is surely not in the set.
    package func excludes(_ value: JSONValue) -> Bool {
        switch self {
        case .anything: false
        case .schema(let part): part.excludes(value, workLimit: Self.workLimit)
        case .value(let own): own != value
        case .kind(let type), .wanted(let type, _): !type.includes(value)
        case .list(let items, let least, let most):
            value.arrayValue.map { list in
                list.count < least || list.count > most ?? Int.max || list.contains { items.excludes($0) }
            } ?? true
        case .object(let members, let isClosed):
            value.objectValue.map { Self.excludes($0, members, isClosed: isClosed) } ?? true
        case .union(let sets): sets.allSatisfy { $0.excludes(value) }
        case .all(let sets): sets.contains { $0.excludes(value) }
        case .given(let set, _): set.excludes(value)
        }
    }

    /// How `value` surely breaks the schemas that the set is made of; nothing when it may be in the set.
    package func breaches(of value: JSONValue) -> [SchemaViolation] {
        parts.flatMap { set -> [SchemaViolation] in
            if case .schema(let part) = set { part.breaches(of: value, workLimit: Self.workLimit) } else { [] }
        }
    }

    private static func excludes(_ object: JSONObject, _ members: [String: Member], isClosed: Bool) -> Bool {
        if members.contains(where: { $0.value.isSure && object[$0.key] == nil }) { return true }
        return object.contains { name, value in members[name].map { $0.values.excludes(value) } ?? isClosed }
    }
}

extension SchemaPart {
    /// How `value` surely breaks the subschema; nothing when it may lie in the set.
    func breaches(of value: JSONValue, workLimit: Int) -> [SchemaViolation] {
        // What names a file there may have been another text here.
        if isStaged, FileText.mayBe(in: value) { return [] }
        return validator.breaches(of: value, node: node, workLimit: workLimit)
    }

    func excludes(_ value: JSONValue, workLimit: Int) -> Bool { !breaches(of: value, workLimit: workLimit).isEmpty }
}

extension SchemaFacts {
    /// What is said of one member of an object.
    enum MemberFacts {
        case allowed([ValueSet])
        case forbidden(Witness)
    }

    /// Characters of a name and states of patterns are looked at so often.
    private static let patternLimit = 20_000

    func member(_ name: String) -> MemberFacts {
        var found: [ValueSet] = []
        for entry in members {
            switch entry {
            case .known(let members, let isClosed, let witness):
                if let member = members[name] {
                    found.append(member.values.given(by: witness.source))
                } else if isClosed {
                    return .forbidden(witness)
                }
            case .rules(let rules, let part):
                for node in Self.nodes(of: rules, name) {
                    if case .nothing = part.at(node).rule { return .forbidden(Witness(part: part.at(node), keyword: "")) }
                    found.append(.schema(part.at(node)))
                }
            }
        }
        return .allowed(found)
    }

    private static func nodes(of rules: MemberRules, _ name: String) -> [Int] {
        var nodes = rules.named[name].map { [$0] } ?? []
        var isKnown = !nodes.isEmpty
        for (pattern, schema) in rules.patterns {
            var steps = 0
            let matches = pattern.matches(name, limit: patternLimit, steps: &steps)
            if matches { nodes.append(schema) }
            // Whether a pattern matches that took too long nobody knows.
            if matches || steps > patternLimit { isKnown = true }
        }
        if !isKnown, let additional = rules.additional { nodes.append(additional) }
        return nodes
    }
}
