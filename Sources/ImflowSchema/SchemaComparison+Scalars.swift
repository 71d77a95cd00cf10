import ImflowJSON

extension SchemaComparison {
    private static let workLimit = 20_000
    /// Lists of more values are not tried one by one.
    private static let maximumValues = 500

    /// Of which kinds a side lets the value be; nil: of all.
    static func kindClaim(_ facts: SchemaFacts, _ side: SchemaPart.Side) -> SchemaConflict.Claim? {
        let own = facts.kindClaims.filter { $0.witness.side == side }
        guard let narrowest = own.min(by: { $0.kinds.rawValue.nonzeroBitCount < $1.kinds.rawValue.nonzeroBitCount })
        else { return nil }
        let kinds = own.reduce(ValueKinds.all) { $0.intersection($1.kinds) }
        return narrowest.witness.claim(kinds.phrase(isInteger: own.contains(where: \.isInteger)))
    }

    static func kindConflict(_ facts: SchemaFacts) -> SchemaConflict? {
        let (given, taken) = (kindClaim(facts, .given), kindClaim(facts, .taken))
        if let given, let taken { return SchemaConflict(given, taken) }
        return (given ?? taken).map { SchemaConflict($0, $0) }
    }

    /// No value of the shortest list of values lies in all sets.
    static func valueConflict(_ facts: SchemaFacts) -> SchemaConflict? {
        guard let (values, witness) = facts.values.min(by: { $0.values.count < $1.values.count }),
            values.count <= maximumValues,
            values.allSatisfy({ value in facts.sets.contains { $0.excludes(value) } })
        else { return nil }
        let own = witness.claim(phrase(values))
        if let other = facts.values.first(where: { $0.witness.side != witness.side }) {
            return SchemaConflict(own, other.witness.claim(phrase(other.values)))
        }
        guard let first = values.first else { return SchemaConflict(own, own) }
        return SchemaConflict(own, claim(excluding: first, facts, otherThan: witness.side) ?? own)
    }

    /// What the other side says against a value.
    private static func claim(
        excluding value: JSONValue, _ facts: SchemaFacts, otherThan side: SchemaPart.Side
    ) -> SchemaConflict.Claim? {
        let other: SchemaPart.Side = side == .given ? .taken : .given
        if let claim = kindClaim(facts, other), !facts.kindClaims.allSatisfy({ claim in
            claim.witness.side != other || claim.kinds.contains(ValueKinds(of: value))
                && (!claim.isInteger || value.doubleValue == nil || SchemaType.integer.includes(value))
        }) {
            return claim
        }
        for case .schema(let part) in facts.sets.flatMap(\.parts) where part.side == other {
            guard let breach = part.breaches(of: value, workLimit: workLimit).first else { continue }
            return SchemaConflict.Claim(
                side: other, phrase: "only what its schema allows: \(breach.sentence)", source: part.source,
                pointer: breach.schemaPointer)
        }
        return kindClaim(facts, other)
    }

    static func phrase(_ values: [JSONValue]) -> String {
        let shown = values.prefix(4).map { "`\(short($0))`" }.joined(separator: ", ")
        return values.count == 1 ? shown : "one of \(shown)\(values.count > 4 ? ", …" : "")"
    }

    private static func short(_ value: JSONValue) -> String {
        let text = value.text
        return text.unicodeScalars.count > 40 ? String(text.unicodeScalars.prefix(40)) + "…" : text
    }

    static func numberConflict(_ facts: SchemaFacts) -> SchemaConflict? {
        guard let minimum = facts.minimum, let maximum = facts.maximum else { return nil }
        let order = ExactNumber.order(minimum.value, maximum.value)
        let low = "a number \(minimum.isExclusive ? "over" : "of at least") \(minimum.value.text)"
        let high = "a number \(maximum.isExclusive ? "under" : "of at most") \(maximum.value.text)"
        if order > 0 || order == 0 && (minimum.isExclusive || maximum.isExclusive) {
            return SchemaConflict(minimum.witness.claim(low), maximum.witness.claim(high))
        }
        guard let integer = facts.integer, !hasInteger(minimum, maximum) else { return nil }
        let limit = minimum.witness.side != integer.side ? (minimum.witness, low) : (maximum.witness, high)
        return SchemaConflict(integer.claim("an integer"), limit.0.claim(limit.1))
    }

    /// Whether an integer lies between the limits; true where doubles are too coarse to tell.
    private static func hasInteger(
        _ minimum: SchemaFacts.Limit<JSONValue>, _ maximum: SchemaFacts.Limit<JSONValue>
    ) -> Bool {
        guard let low = minimum.value.doubleValue, let high = maximum.value.doubleValue, abs(low) < 0x1p52,
            abs(high) < 0x1p52
        else { return true }
        var first = low.rounded(.up)
        if first == low, minimum.isExclusive { first += 1 }
        return maximum.isExclusive ? first < high : first <= high
    }

    static func lengthConflict(_ facts: SchemaFacts) -> SchemaConflict? {
        guard let minimum = facts.minimumLength, let maximum = facts.maximumLength, minimum.value > maximum.value else {
            return nil
        }
        return SchemaConflict(
            minimum.witness.claim("a string of at least \(count(minimum.value, "character"))"),
            maximum.witness.claim("a string of at most \(count(maximum.value, "character"))"))
    }
}

extension ValueSet {
    /// The sets that it is the intersection of.
    var parts: [ValueSet] {
        switch self {
        case .all(let sets): sets.flatMap(\.parts)
        case .given(let set, _): set.parts
        default: [self]
        }
    }
}
