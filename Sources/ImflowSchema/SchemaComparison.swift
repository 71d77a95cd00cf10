import ImflowJSON

/// Whether two sets of values surely have none in common. Sound: it finds no conflict where one value lies in both; and
/// bounded: what it does not find within its bounds it takes for possible.
package struct SchemaComparison {
    private static let maximumDepth = 24
    /// Schemas that are looked at, and values compared.
    private static let maximumSteps = 5000
    /// Items of a list are compared at so many positions.
    private static let maximumPositions = 8
    private static let workLimit = 20_000

    private var steps = 0

    /// Why no value of `given` is in `taken`; nil: some may be.
    package static func conflict(given: ValueSet, taken: ValueSet) -> SchemaConflict? {
        var comparison = SchemaComparison()
        guard let found = comparison.conflict([given, taken], depth: 0), found.isMutual else { return nil }
        return found
    }

    /// Why no value lies in all of the sets.
    private mutating func conflict(_ sets: [ValueSet], depth: Int) -> SchemaConflict? {
        if sets.count < 2 { return nil }
        return conflict(SchemaFacts(sets), depth: depth)
    }

    private mutating func conflict(_ facts: SchemaFacts, depth: Int) -> SchemaConflict? {
        steps += 1 + facts.partCount
        guard steps <= Self.maximumSteps, depth <= Self.maximumDepth else { return nil }
        if let nothing = facts.nothing {
            let side: SchemaPart.Side = nothing.side == .given ? .taken : .given
            return SchemaConflict(nothing.claim("nothing"), Self.kindClaim(facts, side) ?? nothing.claim("nothing"))
        }
        if facts.kinds.isEmpty { return Self.kindConflict(facts) }
        if !facts.values.isEmpty { return Self.valueConflict(facts) }
        var found: SchemaConflict?
        for kind in [ValueKinds.null, .boolean, .number, .string, .array, .object] where facts.kinds.contains(kind) {
            guard let conflict = conflict(facts, kind, depth) else { return alternativesConflict(facts, depth) }
            found = Self.better(found, conflict)
        }
        return found
    }

    private static func better(_ old: SchemaConflict?, _ new: SchemaConflict) -> SchemaConflict {
        guard let old, old.isMutual || !new.isMutual else { return new }
        return old
    }

    /// Each branch of some group is impossible.
    private mutating func alternativesConflict(_ facts: SchemaFacts, _ depth: Int) -> SchemaConflict? {
        groups: for (group, branches) in facts.alternatives.enumerated() {
            var found: SchemaConflict?
            for branch in branches {
                guard let conflict = conflict(facts.choosing(branch, of: group), depth: depth + 1) else {
                    continue groups
                }
                found = Self.better(found, conflict)
            }
            if let found { return found }
        }
        return nil
    }

    private mutating func conflict(_ facts: SchemaFacts, _ kind: ValueKinds, _ depth: Int) -> SchemaConflict? {
        switch kind {
        case .number: Self.numberConflict(facts)
        case .string: Self.lengthConflict(facts)
        case .array: listConflict(facts, depth)
        case .object: objectConflict(facts, depth)
        default: nil
        }
    }

    private mutating func listConflict(_ facts: SchemaFacts, _ depth: Int) -> SchemaConflict? {
        let least = facts.minimumItems?.value ?? 0
        if let minimum = facts.minimumItems, let maximum = facts.maximumItems, minimum.value > maximum.value {
            return SchemaConflict(
                minimum.witness.claim("a list of at least \(Self.count(minimum.value, "item"))"),
                maximum.witness.claim("a list of at most \(Self.count(maximum.value, "item"))"))
        }
        for position in 0..<min(least, Self.maximumPositions) {
            let sets = facts.items.compactMap { $0.at(position) }
            if let found = conflict(sets, depth: depth + 1) { return found.inside(String(position)) }
        }
        for (set, _) in facts.contains {
            let every = facts.items.compactMap { items -> ValueSet? in
                if case .every(let set) = items { set } else { nil }
            }
            if let found = conflict([set] + every, depth: depth + 1) { return found.inside("0") }
        }
        return nil
    }

    private mutating func objectConflict(_ facts: SchemaFacts, _ depth: Int) -> SchemaConflict? {
        if let minimum = facts.minimumMembers, let maximum = facts.maximumMembers, minimum.value > maximum.value {
            return SchemaConflict(
                minimum.witness.claim("an object of at least \(Self.count(minimum.value, "member"))"),
                maximum.witness.claim("an object of at most \(Self.count(maximum.value, "member"))"))
        }
        var seen: Set<String> = []
        for (name, witness) in facts.required where seen.insert(name).inserted {
            if let found = Self.nameConflict(facts, name, witness) { return found }
            switch facts.member(name) {
            case .forbidden(let other):
                return SchemaConflict(
                    witness.claim("an object with `\(name)`"), other.claim("an object without `\(name)`"))
            case .allowed(let sets):
                if let found = conflict(sets, depth: depth + 1) { return found.inside(name) }
            }
        }
        if let maximum = facts.maximumMembers, seen.count > maximum.value, let (_, witness) = facts.required.first {
            return SchemaConflict(
                witness.claim("an object of at least \(Self.count(seen.count, "member"))"),
                maximum.witness.claim("an object of at most \(Self.count(maximum.value, "member"))"))
        }
        return nil
    }

    /// `propertyNames` does not allow a name that is required.
    private static func nameConflict(
        _ facts: SchemaFacts, _ name: String, _ witness: SchemaFacts.Witness
    ) -> SchemaConflict? {
        guard let part = facts.names.first(where: { $0.excludes(.string(name), workLimit: workLimit) }) else {
            return nil
        }
        return SchemaConflict(
            witness.claim("an object with `\(name)`"),
            SchemaFacts.Witness(part: part, keyword: "").claim("an object without `\(name)`"))
    }

    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
