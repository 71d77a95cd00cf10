import ImflowIR
import ImflowJSON
import ImflowPlan
import ImflowSchema

extension ValueSet {
    /// What a merge makes of units' results. `mayBeEmpty`: there may be no units.
    static func merged(_ result: ValueSet, by strategy: MergeStrategy, mayBeEmpty: Bool) -> ValueSet {
        let kinds = result.kinds
        switch strategy {
        case .none: return .list(result)
        case .concatJSON, .topK:
            if kinds == .array { return .list(result.items) }
            return .list(kinds.contains(.array) ? .either([result, result.items]) : result)
        case .concatText, .tileStitch: return .kind(.string)
        case .jsonMerge: return .kind(.object)
        case .detections: return .list(.kind(.object))
        case .segments: return .either([.list(.kind(.object)), .kind(.object)])
        case .mean, .sum, .max, .min: return numbers(result, kinds, strategy, mayBeEmpty: mayBeEmpty)
        case .vote:
            let winner = mayBeEmpty ? ValueSet.either([result, .value(.null)]) : result
            return .object(
                [
                    "value": Member(winner, isSure: true), "count": Member(.kind(.integer), isSure: true),
                    "total": Member(.kind(.integer), isSure: true),
                    "votes": Member(.list(.kind(.object)), isSure: true),
                ], isClosed: true)
        }
    }

    /// Numbers stay numbers, lists lists, and objects objects; all else is refused at a run.
    private static func numbers(
        _ result: ValueSet, _ kinds: ValueKinds, _ strategy: MergeStrategy, mayBeEmpty: Bool
    ) -> ValueSet {
        var parts: [ValueSet] = []
        if kinds.contains(.number) { parts.append(.kind(.number)) }
        if kinds.contains(.array) { parts.append(.kind(.array)) }
        if kinds.contains(.object) { parts.append(.kind(.object)) }
        if mayBeEmpty { parts.append(strategy == .sum ? .value(0) : .value(.null)) }
        return parts.isEmpty ? .anything : .either(parts)
    }
}

extension CheckedModel {
    /// Whether its `output_schema` says that one call never answers a list.
    package var answersNoList: Bool {
        guard let validator = schemas.output else { return false }
        return !ValueSet.schema(SchemaPart(validator, .given, source: 0)).kinds.contains(.array)
    }
}

/// What a split makes of a stage's bound input.
struct UnitInput {
    /// What one unit's input can be.
    var values: ValueSet
    /// The member that is surely split, and what it is before.
    var split: (key: String, values: ValueSet)?

    /// - Parameter source: the number of the split, for a set of values.
    init(
        _ members: [String: ValueSet.Member], isClosed: Bool, _ block: MultiNode, _ mode: SplitMode,
        source: (ValueSet) -> Int
    ) {
        var members = members
        if mode == .candidates {
            members["seed"] = ValueSet.Member(
                .given(.kind(.integer), source: source(.anything)), isSure: true)
        } else if let key = block.splitKey?.value ?? (isClosed && members.count == 1 ? members.keys.first : nil) {
            if let member = members[key] {
                split = (key, member.values)
                members[key] = ValueSet.Member(
                    .given(Self.unit(member.values, block, mode), source: source(member.values)), isSure: true)
            }
        } else {
            // Any that fits may be the one that is split.
            let wanted: ValueKinds = mode == .batch ? .array : .string
            for (name, member) in members where member.values.kinds.contains(wanted) {
                let unit: ValueSet =
                    mode == .batch ? .list(member.values.items) : mode == .rows ? .list(.anything) : .kind(.string)
                members[name]?.values = .either([member.values, .given(unit, source: source(member.values))])
            }
        }
        values = .object(members, isClosed: isClosed)
    }

    private static func unit(_ values: ValueSet, _ block: MultiNode, _ mode: SplitMode) -> ValueSet {
        // Objects or lists of texts, or what the lines of a JSON Lines file hold.
        if mode == .rows { return .list(.anything, minimum: 1, maximum: block.batchSize?.value ?? 1) }
        // The text of a file that is split is a file, whose URL is a string, too.
        if mode != .batch { return .kind(.string) }
        return .list(values.items, minimum: 1, maximum: block.batchSize?.value ?? SplitPlan(mode: mode).batchSize)
    }
}
