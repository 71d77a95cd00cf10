import ImflowDiagnostics
import ImflowIR
import ImflowJSON
import ImflowPlan
import ImflowSchema

/// What values can go over the edges of a graph, as far as schemas, splits and merges tell.
struct PortValues {
    /// Of so many stages the values are looked at for one key; those farther away may give anything.
    private static let maximumSources = 32
    /// So many names of a whole context are looked at.
    private static let maximumNames = 100
    /// Looks at what a stage publishes, in all; then anything may be.
    private static let maximumLooks = 200_000

    let expansion: Expansion
    let workspace: Workspace
    /// By the number that claims name them with.
    private(set) var sources: [PortSource] = []
    /// What each stage's result can be.
    private var results: [ValueSet] = []
    /// Of each stage, whether it may be skipped, and then publishes nothing: those that need it run without.
    private(set) var mayBeAbsent: [Bool] = []
    /// The members of each stage's result, of those that were asked for.
    private var members: [Int: ObjectMembers] = [:]
    private var jobInput = ObjectMembers(.anything)
    private var looks = 0
    private var known: [Name: ValueSet.Member?] = [:]

    /// A name, and the stage that may publish it.
    private struct Name: Hashable {
        var stage: Int
        var name: String
    }

    init?(_ scope: Scope) {
        guard let expansion = scope.expansion, !expansion.isTooLarge else { return nil }
        self.expansion = expansion
        workspace = scope.workspace
        jobInput = ObjectMembers(input(of: scope))
        // In order: what a stage gets, and whether its condition holds, is told by those before it.
        for index in expansion.stages.indices {
            results.append(result(of: index))
            mayBeAbsent.append(mayBeSkipped(index))
        }
    }

    /// The model or pipeline that takes the input of stage `index`.
    func taker(_ index: Int) -> CheckedModel? {
        let stage = expansion.stages[index]
        if case .exit = stage.kind { return nil }
        return (stage.modelPath ?? stage.pipeline).flatMap { workspace.models[$0] }
    }

    /// The number of a source.
    mutating func add(_ source: PortSource) -> Int {
        sources.append(source)
        return sources.count - 1
    }

    /// The number of the source of values that are written as such; nil: they are not.
    func literalSource(_ values: ValueSet) -> Int? {
        guard case .given(_, let source) = values, case .literal = sources[source] else { return nil }
        return source
    }

    /// What `model` takes; nil: its schema says nothing, or cannot be read.
    mutating func taken(by model: CheckedModel) -> ValueSet? {
        guard let validator = model.schemas.input else { return nil }
        return .schema(SchemaPart(validator, .taken, source: add(.input(model.manifest))))
    }

    private mutating func input(of scope: Scope) -> ValueSet {
        if let model = scope.model {
            guard model.graph != nil, let validator = model.schemas.input else { return .anything }
            return .schema(SchemaPart(validator, .given, source: add(.input(model.manifest)), isStaged: true))
        }
        guard let input = scope.job?.input ?? (scope.job?.isSubmitted == true ? [:] : nil) else { return .anything }
        return literal(input)
    }

    /// What a model is handed for literal members. Strings that may name files give way to others.
    private mutating func literal(_ members: JSONObject) -> ValueSet {
        var known: [String: ValueSet.Member] = [:]
        for (name, value) in members { known[name] = ValueSet.Member(.literal(value, key: name), isSure: true) }
        return .given(.object(known, isClosed: true), source: add(.literal))
    }

    private mutating func output(_ model: CheckedModel?) -> ValueSet {
        guard let model, let validator = model.schemas.output else { return .anything }
        return .schema(SchemaPart(validator, .given, source: add(.output(model.manifest)), isStaged: true))
    }

    /// What the model of stage `index` answers for one unit.
    mutating func unitResult(of index: Int) -> ValueSet {
        output(expansion.stages[index].modelPath.flatMap { workspace.models[$0] })
    }

    private mutating func result(of index: Int) -> ValueSet {
        let stage = expansion.stages[index]
        if case .rounds(let rounds) = stage.kind {
            // What a model answers is the same in each round; of a pipeline it may depend on what it got.
            return expansion.stages[rounds[0]].isCall ? results[rounds[0]] : .either(rounds.map { results[$0] })
        }
        guard let path = stage.modelPath else {
            if case .call = stage.kind { return .anything }
            let (members, isClosed) = bound(index)
            return .object(members, isClosed: isClosed)
        }
        let own = output(workspace.models[path])
        guard let block = stage.multiNode, block.isEnabled else { return own }
        // The peers of a gang work on one input together, and one of them answers for all.
        guard block.splits else { return own }
        // Who is both has no meaning, and another rule says so.
        if block.gangs { return .anything }
        if block.reducer != nil { return output(stage.reducer.flatMap { workspace.models[$0] }) }
        let strategy = block.mergeStrategy?.value ?? MergePlan().strategy
        let place = block.mergeStrategy?.span ?? block.splitMode?.span ?? block.span.firstLine
        let source = add(.merge(place, "the merge `\(strategy.rawValue)` of `\(stage.shownName)`"))
        return .given(.merged(own, by: strategy, mayBeEmpty: block.splitMode?.value != .candidates), source: source)
    }

    /// The members of the bound input of stage `index`, and whether there are no others.
    mutating func bound(_ index: Int) -> (members: [String: ValueSet.Member], isClosed: Bool) {
        let stage = expansion.stages[index]
        var members: [String: ValueSet.Member] = [:]
        var isClosed = true
        if let key = stage.inputKey?.value {
            if stage.literal[key] == nil { members[key] = ValueSet.Member(keyed(key, index), isSure: true) }
        } else {
            let reach = reach(of: index)
            isClosed = reach.isClosed && reach.names.count <= Self.maximumNames
            for name in reach.names.prefix(Self.maximumNames) {
                let (sets, isSure) = published(name, to: index)
                if !sets.isEmpty { members[name] = ValueSet.Member(.either(sets), isSure: isSure) }
            }
        }
        if !stage.literal.isEmpty {
            let source = add(.literal)
            for (name, value) in stage.literal {
                members[name] = ValueSet.Member(
                    .given(.literal(value, key: name), source: source), isSure: true)
            }
        }
        return (members, isClosed)
    }

    /// The nearest stages that stage `index` can see, and whether there are others.
    private func nearest(_ index: Int) -> (stages: [Int], hasMore: Bool) {
        var search = expansion.sources(of: index)
        var found: [Int] = []
        while found.count < Self.maximumSources, let source = search.next() { found.append(source) }
        return (found, search.next() != nil || search.isCut)
    }

    /// The names that the nearest stages, and the job's input, publish to a stage.
    private func reach(of index: Int) -> Publication {
        let (nearest, hasMore) = nearest(index)
        var parts = nearest.map { expansion.stages[$0].publication }
        if hasMore { parts.append(.open) }
        if expansion.stages[index].jobInput { parts.append(expansion.input) }
        return Publication(all: parts)
    }

    /// What a stage with an `input_key` gets as that.
    private mutating func keyed(_ key: String, _ index: Int) -> ValueSet {
        var (sets, isSure) = published(key, to: index)
        if isSure { return .either(sets) }
        if case .soleValue(let upstream, _) = expansion.binding(of: index) { sets.append(sole(upstream)) }
        // A key that nothing gives is another rule's.
        return sets.isEmpty ? .anything : .either(sets)
    }

    /// What may be published as `name` to stage `index`, nearest first, and whether something surely is.
    mutating func published(_ name: String, to index: Int) -> (sets: [ValueSet], isSure: Bool) {
        let stage = expansion.stages[index]
        var sets: [ValueSet] = []
        let (nearest, hasMore) = nearest(index)
        let sure = expansion.sureSources(of: index)
        for source in nearest {
            guard let member = published(name, by: source) else { continue }
            sets.append(member.values)
            // A later round runs only after the one before it.
            let isPresent = !mayBeAbsent[source] || source == stage.earlier
            if member.isSure, isPresent, sure?.contains(source) != false { return (sets, true) }
        }
        if hasMore { sets.append(.anything) }
        if stage.jobInput, let member = jobInput[name] {
            sets.append(member.values)
            if member.isSure { return (sets, true) }
        }
        return (sets, false)
    }

    private mutating func published(_ name: String, by index: Int) -> ValueSet.Member? {
        looks += 1
        guard looks <= Self.maximumLooks else { return ValueSet.Member(.anything, isSure: false) }
        let place = Name(stage: index, name: name)
        if let member = known[place] { return member }
        let member = member(name, publishedBy: index)
        known[place] = .some(member)
        return member
    }

    private mutating func member(_ name: String, publishedBy index: Int) -> ValueSet.Member? {
        let key = expansion.stages[index].outputKey
        if let key, key != name { return nil }
        let own = members[index] ?? ObjectMembers(results[index])
        members[index] = own
        guard key != nil else { return own[name] }
        guard let member = own[name] else { return ValueSet.Member(results[index], isSure: true) }
        // A result without the member is published whole.
        return ValueSet.Member(member.isSure ? member.values : .either([member.values, results[index]]), isSure: true)
    }

    /// The only value of a stage, named or not.
    private mutating func sole(_ index: Int) -> ValueSet {
        if mayBeAbsent[index] { return .anything }
        if let key = expansion.stages[index].outputKey { return member(key, publishedBy: index)?.values ?? .anything }
        let result = results[index]
        guard result.kinds.contains(.object) else { return result }
        let publication = expansion.stages[index].publication
        guard result.kinds == .object, publication.isClosed, publication.names.count == 1 else { return .anything }
        return result.member(publication.names[0])?.values ?? .anything
    }
}

extension ValueSet {
    /// What a model is handed for `value` under `key`.
    static func literal(_ value: JSONValue, key: String) -> ValueSet {
        if FileMember.isFile(key) || FileMember.mayHoldFiles(value) {
            switch value {
            case .string: return .kind(.string)
            case .array(let items):
                return .list(
                    .either(items.map { literal($0, key: key) }), minimum: items.count, maximum: items.count)
            case .object(let members):
                let known = members.map { ($0.key, Member(literal($0.value, key: $0.key), isSure: true)) }
                return .object(Dictionary(known, uniquingKeysWith: { _, last in last }), isClosed: true)
            default: break
            }
        }
        return .value(value)
    }
}

/// Members of an input that may name files.
enum FileMember {
    static func isFile(_ key: String) -> Bool { key.hasSuffix("_url") || key.hasSuffix("_uri") }

    /// Whether any part of `value` may name a file, by its text or by the name it stands under.
    static func mayHoldFiles(_ value: JSONValue) -> Bool {
        switch value {
        case .string(let text): text.utf8.contains(UInt8(ascii: ":"))
        case .array(let items): items.contains(where: mayHoldFiles)
        case .object(let members): members.contains { isFile($0.key) || mayHoldFiles($0.value) }
        default: false
        }
    }
}
