import ImflowJSON

/// What a value must be to lie in several sets at once, gathered keyword by keyword.
struct SchemaFacts: Sendable {
    /// Who says something. The words are made when they are needed.
    struct Witness: Sendable {
        var part: SchemaPart?
        var keyword: String
        /// Where there is no schema.
        var source: Int?
        var isTaken = false

        var side: SchemaPart.Side { part?.side ?? (isTaken ? .taken : .given) }

        func claim(_ phrase: String) -> SchemaConflict.Claim {
            let pointer = part.map { keyword.isEmpty ? $0.pointer : $0.pointer + "/" + keyword } ?? ""
            return SchemaConflict.Claim(side: side, phrase: phrase, source: part?.source ?? source, pointer: pointer)
        }
    }

    /// A limit, the tightest met, and who sets it.
    struct Limit<Value: Sendable>: Sendable {
        var value: Value
        var isExclusive = false
        var witness: Witness
    }

    enum Items: Sendable {
        case every(ValueSet)
        case tuple([ValueSet], additional: ValueSet?)

        /// What the item at `position` must be.
        func at(_ position: Int) -> ValueSet? {
            switch self {
            case .every(let set): set
            case .tuple(let sets, let additional): position < sets.count ? sets[position] : additional
            }
        }
    }

    enum Members: Sendable {
        case rules(MemberRules, SchemaPart)
        case known([String: ValueSet.Member], isClosed: Bool, Witness)
    }

    /// So many schemas are looked at for the facts of one value, and unions so deep.
    private static let maximumParts = 300
    private static let maximumDepth = 6
    /// Schemas within `allOf` within each other deeper than this are not followed: stacks are small.
    private static let maximumNesting = 60

    private(set) var sets: [ValueSet] = []
    private(set) var kinds = ValueKinds.all
    private(set) var kindClaims: [(kinds: ValueKinds, isInteger: Bool, witness: Witness)] = []
    private(set) var integer: Witness?
    private(set) var values: [(values: [JSONValue], witness: Witness)] = []
    private(set) var minimum: Limit<JSONValue>?
    private(set) var maximum: Limit<JSONValue>?
    private(set) var minimumLength: Limit<Int>?
    private(set) var maximumLength: Limit<Int>?
    private(set) var minimumItems: Limit<Int>?
    private(set) var maximumItems: Limit<Int>?
    private(set) var items: [Items] = []
    private(set) var contains: [(set: ValueSet, witness: Witness)] = []
    private(set) var required: [(name: String, witness: Witness)] = []
    private(set) var minimumMembers: Limit<Int>?
    private(set) var maximumMembers: Limit<Int>?
    private(set) var members: [Members] = []
    private(set) var names: [SchemaPart] = []
    /// Of each group one branch must hold.
    private(set) var alternatives: [[ValueSet]] = []
    private(set) var nothing: Witness?
    /// How many schemas were looked at.
    private(set) var partCount = 0
    private var nesting = 0
    private let depth: Int

    init(_ sets: [ValueSet]) {
        depth = 0
        for set in sets { add(set) }
    }

    private init(inside outer: SchemaFacts) {
        depth = outer.depth + 1
        partCount = outer.partCount
        nesting = outer.nesting
    }

    /// Adds that the value lies in `set`, too.
    mutating func add(_ set: ValueSet) {
        sets.append(set)
        gather(set, nil)
    }

    /// These facts with one of the alternatives chosen.
    func choosing(_ branch: ValueSet, of group: Int) -> SchemaFacts {
        var facts = self
        facts.alternatives.remove(at: group)
        facts.add(branch)
        return facts
    }

    private mutating func gather(_ set: ValueSet, _ source: Int?) {
        let given = Witness(part: nil, keyword: "", source: source)
        switch set {
        case .anything: break
        case .schema(let part): gather(part)
        case .value(let value): values.append(([value], given))
        case .kind(let type): restrict([type], given)
        case .wanted(let type, let own):
            restrict([type], Witness(part: nil, keyword: "", source: own, isTaken: true))
        case .list(let list, let least, let most):
            restrict([.array], given)
            items.append(.every(list.given(by: source)))
            if least > 0 { Self.raise(&minimumItems, least, given) }
            if let most { Self.lower(&maximumItems, most, given) }
        case .object(let known, let isClosed):
            restrict([.object], given)
            members.append(.known(known, isClosed: isClosed, given))
            for (name, member) in known where member.isSure { required.append((name, given)) }
        case .union(let sets): gather(oneOf: sets.map { $0.given(by: source) }, given)
        case .all(let sets): for set in sets { gather(set, source) }
        case .given(let set, let own): gather(set, own)
        }
    }

    private mutating func gather(_ part: SchemaPart) {
        partCount += 1
        nesting += 1
        defer { nesting -= 1 }
        // Of what is not looked at nothing is said: it may be anything.
        guard partCount <= Self.maximumParts, nesting <= Self.maximumNesting else { return }
        switch part.rule {
        case .everything, .reference: break
        case .nothing: nothing = nothing ?? Witness(part: part, keyword: "")
        case .assertions(let assertions):
            for assertion in assertions { gather(assertion, Witness(part: part, keyword: assertion.keyword), part) }
        }
    }

    /// A choice of which at least one branch holds: of what kinds the value can be is known at once.
    private mutating func gather(oneOf branches: [ValueSet], _ witness: Witness) {
        if branches.isEmpty { return }
        alternatives.append(branches)
        guard depth < Self.maximumDepth else { return }
        var kinds = ValueKinds()
        var isInteger = true
        for branch in branches {
            var facts = SchemaFacts(inside: self)
            facts.gather(branch, nil)
            partCount = facts.partCount
            kinds.formUnion(facts.possibleKinds)
            if facts.possibleKinds.contains(.number) { isInteger = isInteger && facts.integer != nil }
        }
        restrict(kinds, isInteger: isInteger && kinds.contains(.number), witness)
    }

    /// The kinds that are left, with what `enum` and `const` leave of them.
    var possibleKinds: ValueKinds {
        if nothing != nil { return [] }
        return values.reduce(kinds) { kinds, list in
            kinds.intersection(list.values.reduce(into: ValueKinds()) { $0.formUnion(ValueKinds(of: $1)) })
        }
    }

    private mutating func restrict(_ types: [SchemaType], _ witness: Witness) {
        let kinds = types.reduce(into: ValueKinds()) { $0.formUnion(ValueKinds($1)) }
        restrict(kinds, isInteger: types.contains(.integer) && !types.contains(.number), witness)
    }

    private mutating func restrict(_ kinds: ValueKinds, isInteger: Bool, _ witness: Witness) {
        self.kinds.formIntersection(kinds)
        if isInteger { integer = integer ?? witness }
        kindClaims.append((kinds, isInteger, witness))
    }

    private static func raise(_ limit: inout Limit<Int>?, _ value: Int, _ witness: Witness) {
        if limit.map({ value > $0.value }) ?? true { limit = Limit(value: value, witness: witness) }
    }

    private static func lower(_ limit: inout Limit<Int>?, _ value: Int, _ witness: Witness) {
        if limit.map({ value < $0.value }) ?? true { limit = Limit(value: value, witness: witness) }
    }

    private mutating func gather(_ assertion: SchemaAssertion, _ witness: Witness, _ part: SchemaPart) {
        switch assertion.kind {
        case .types(let types): restrict(types, witness)
        case .oneOfValues(let list): gather(values: list, witness)
        case .value(let value): gather(values: [value], witness)
        case .maximum(let value, let exclusive): gather(maximum: value, exclusive, witness)
        case .minimum(let value, let exclusive): gather(minimum: value, exclusive, witness)
        // A string as long as the shortest URL may be the URL of a file, in whose place another one comes.
        case .maximumLength(let limit):
            if !part.isStaged || limit < FileText.shortest { Self.lower(&maximumLength, limit, witness) }
        case .minimumLength(let limit): if !part.isStaged { Self.raise(&minimumLength, limit, witness) }
        case .items(let node): items.append(.every(.schema(part.at(node))))
        case .tuple(let nodes, let additional):
            let rest = additional.map { ValueSet.schema(part.at($0)) }
            items.append(.tuple(nodes.map { .schema(part.at($0)) }, additional: rest))
        case .contains(let node): contains.append((.schema(part.at(node)), witness))
        case .maximumItems(let limit): Self.lower(&maximumItems, limit, witness)
        case .minimumItems(let limit): Self.raise(&minimumItems, limit, witness)
        case .maximumMembers(let limit): Self.lower(&maximumMembers, limit, witness)
        case .minimumMembers(let limit): Self.raise(&minimumMembers, limit, witness)
        case .required(let names): for name in names { required.append((name, witness)) }
        case .members(let rules): members.append(.rules(rules, part))
        case .names(let node): names.append(part.at(node))
        case .all(let nodes): for node in nodes { gather(part.at(node)) }
        case .any(let nodes), .one(let nodes): gather(oneOf: nodes.map { .schema(part.at($0)) }, witness)
        case .not(let node): exclude(part.at(node), witness)
        case .condition(let condition, let then, let otherwise):
            guard let otherwise else { break }
            let first = [condition] + (then.map { [$0] } ?? [])
            gather(oneOf: [.all(first.map { .schema(part.at($0)) }), .schema(part.at(otherwise))], witness)
        case .multiple, .pattern, .uniqueItems, .dependencies: break
        }
    }

    private mutating func gather(values: [JSONValue], _ witness: Witness) {
        if witness.part?.isStaged == true, values.contains(where: FileText.mayBe(in:)) {
            let kinds = values.reduce(into: ValueKinds()) { $0.formUnion(ValueKinds(of: $1)) }
            restrict(kinds, isInteger: false, witness)
        } else {
            self.values.append((values, witness))
        }
    }

    private mutating func gather(maximum value: JSONValue, _ exclusive: Bool, _ witness: Witness) {
        if let old = maximum {
            let order = ExactNumber.order(value, old.value)
            guard order < 0 || order == 0 && exclusive && !old.isExclusive else { return }
        }
        maximum = Limit(value: value, isExclusive: exclusive, witness: witness)
    }

    private mutating func gather(minimum value: JSONValue, _ exclusive: Bool, _ witness: Witness) {
        if let old = minimum {
            let order = ExactNumber.order(value, old.value)
            guard order > 0 || order == 0 && exclusive && !old.isExclusive else { return }
        }
        minimum = Limit(value: value, isExclusive: exclusive, witness: witness)
    }

    /// `not`: understood where it excludes everything, or whole kinds.
    private mutating func exclude(_ part: SchemaPart, _ witness: Witness) {
        switch part.rule {
        case .everything: nothing = nothing ?? witness
        case .assertions(let assertions):
            guard assertions.count <= 1 else { return }
            guard let only = assertions.first else {
                nothing = nothing ?? witness
                return
            }
            guard case .types(let types) = only.kind else { return }
            let excluded = types.reduce(into: ValueKinds()) { if $1 != .integer { $0.formUnion(ValueKinds($1)) } }
            restrict(ValueKinds.all.subtracting(excluded), isInteger: false, witness)
        case .nothing, .reference: break
        }
    }
}
