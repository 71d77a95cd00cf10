import ImflowJSON
import ImflowPlan
import ImflowSchema

/// Looks for values that make a condition true. What it cannot find does not exist: every comparison tells apart only
/// the literals it is made with, the values between them, and the kinds of values, and one of each is tried.
struct ConditionSearch {
    /// What is known of the value at a path.
    enum Knowledge {
        case anything
        /// One of these.
        case oneOf([JSONValue])
        /// A value of one of these JSON Schema types, or nothing.
        case types(Set<String>)
        /// A value of one of these kinds.
        case present(ValueKinds)

        func allows(_ value: JSONValue) -> Bool {
            switch self {
            case .anything: true
            case .oneOf(let values): values.contains(value)
            case .present(let kinds): kinds.contains(ValueKinds(of: value))
            case .types(let types): value == .null || types.contains { value.hasType($0) }
            }
        }
    }

    /// Conditions that unfold into more alternatives, with more comparisons in one, or over more paths are left alone:
    /// the work on a file with many conditions stays bounded.
    private static let maximumAlternatives = 16
    private static let maximumAtoms = 12
    private static let maximumPaths = 12

    /// One comparison, or its negation.
    private struct Atom {
        var path: [String]
        /// Nil: whether the value is truthy.
        var comparison: (Condition.Comparison, JSONValue)?
        var holds: Bool

        /// Whether `value` makes it true. What cannot be ordered ends the stage and so makes nothing true.
        func isTrue(of value: JSONValue) -> Bool {
            guard let (comparison, literal) = comparison else { return value.isTruthy == holds }
            return value.compares(comparison, to: literal) == holds
        }
    }

    let knowledge: ([String]) -> Knowledge

    /// Whether no value in reach can make `condition` true. False also when that is not sure.
    func isNeverTrue(_ condition: Condition) -> Bool {
        guard let alternatives = alternatives(condition, isNegated: false) else { return false }
        var known: [[String]: Knowledge] = [:]
        for path in alternatives.joined().map(\.path) where known[path] == nil {
            if known.count == Self.maximumPaths { return false }
            known[path] = knowledge(path)
        }
        return alternatives.allSatisfy { !canHold($0, known) }
    }

    /// The condition as alternatives of atoms that must all hold; nil when they are too many.
    private func alternatives(_ condition: Condition, isNegated: Bool) -> [[Atom]]? {
        switch condition {
        case .truthy(let path): return [[Atom(path: path, comparison: nil, holds: !isNegated)]]
        case .compare(let path, let comparison, let literal):
            return [[Atom(path: path, comparison: (comparison, literal), holds: !isNegated)]]
        case .not(let inner): return alternatives(inner, isNegated: !isNegated)
        case .and(let left, let right), .or(let left, let right):
            guard let first = alternatives(left, isNegated: isNegated),
                let second = alternatives(right, isNegated: isNegated)
            else { return nil }
            let isOr = if case .or = condition { true } else { false }
            if isOr != isNegated {
                return first.count + second.count > Self.maximumAlternatives ? nil : first + second
            }
            guard first.count * second.count <= Self.maximumAlternatives else { return nil }
            let joined = first.flatMap { left in second.map { left + $0 } }
            return joined.contains { $0.count > Self.maximumAtoms } ? nil : joined
        }
    }

    /// Whether values can make all of `atoms` true; the values at different paths have nothing to do with one another.
    private func canHold(_ atoms: [Atom], _ knowledge: [[String]: Knowledge]) -> Bool {
        Dictionary(grouping: atoms, by: \.path).allSatisfy { path, atoms in
            let known = knowledge[path] ?? .anything
            let literals = atoms.compactMap { $0.comparison?.1 }
            return Self.candidates(literals, known).contains { value in
                known.allows(value) && atoms.allSatisfy { $0.isTrue(of: value) }
            }
        }
    }

    private static func candidates(_ literals: [JSONValue], _ known: Knowledge) -> [JSONValue] {
        if case .oneOf(let values) = known { return values }
        var values: [JSONValue] = [
            .null, .bool(false), .bool(true), .int(0), .int(1), .string(""), .string("\u{1}"), .array([]),
            .array([.null]), .object([:]), .object(["a": .null]),
        ]
        let numbers = literals.compactMap(\.doubleValue).sorted()
        for (index, number) in numbers.enumerated() {
            values += [.number(number), .number(number - 1), .number(number + 1), .number(number.nextUp)]
            values.append(.number(number.nextDown))
            if index > 0 { values.append(.number(numbers[index - 1] / 2 + number / 2)) }
        }
        // Beyond 2^53 numbers have neighbours that no double is.
        for case .int(let whole) in literals {
            if whole < .max { values.append(.int(whole + 1)) }
            if whole > .min { values.append(.int(whole - 1)) }
        }
        for text in literals.compactMap(\.stringValue) {
            values += [.string(text), .string(text + "\u{0}"), .string(text + "\u{1}")]
        }
        return values + literals
    }
}

extension JSONValue {
    fileprivate var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// Nil: the two have no order.
    fileprivate func compares(_ comparison: Condition.Comparison, to other: JSONValue) -> Bool? {
        switch comparison {
        case .equal: return self == other
        case .notEqual: return self != other
        case .less: return isBefore(other)
        case .greater: return other.isBefore(self)
        case .lessOrEqual: return isBefore(other).map { $0 || self == other && self != .null }
        case .greaterOrEqual: return other.isBefore(self).map { $0 || self == other && self != .null }
        }
    }

    private func isBefore(_ other: JSONValue) -> Bool? {
        switch (self, other) {
        case (.int(let left), .int(let right)): return left < right
        case (.string(let left), .string(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.null, _), (_, .null): return false
        default:
            guard let left = doubleValue, let right = other.doubleValue else { return nil }
            return left < right
        }
    }

    /// By JSON Schema, draft-07.
    fileprivate func hasType(_ type: String) -> Bool {
        switch (self, type) {
        case (.null, "null"), (.bool, "boolean"), (.int, "integer"), (.int, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        case (.number(let value), "integer"): value == value.rounded()
        default: false
        }
    }
}
