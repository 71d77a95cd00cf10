internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// Decides a stage's `when` over the values in its reach.
struct ConditionEvaluation {
    var values: JSONObject

    /// Nothing at a path is like null. Numbers are ordered by value, strings by their UTF-8 bytes; null is neither less
    /// nor more than anything; what else cannot be ordered is a failure with cause `app`.
    func holds(_ condition: Condition) throws(Failure) -> Bool {
        switch condition {
        case .truthy(let path): return Self.isTruthy(value(at: path))
        case .compare(let path, let comparison, let other): return try compare(path, comparison, other)
        case .not(let inner): return try !holds(inner)
        case .and(let left, let right): return try holds(left) ? holds(right) : false
        case .or(let left, let right): return try holds(left) ? true : holds(right)
        }
    }

    /// A path's parts are member names, or positions in lists from 0.
    private func value(at path: [String]) -> JSONValue {
        var current = JSONValue.object(values)
        for part in path {
            switch current {
            case .object(let members): current = members[part] ?? .null
            case .array(let items):
                guard let index = Int(part), items.indices.contains(index) else { return .null }
                current = items[index]
            default: return .null
            }
        }
        return current
    }

    private static func isTruthy(_ value: JSONValue) -> Bool {
        switch value {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    private func compare(
        _ path: [String], _ comparison: Condition.Comparison, _ other: JSONValue
    ) throws(Failure) -> Bool {
        let value = value(at: path)
        switch comparison {
        case .equal: return value == other
        case .notEqual: return value != other
        case .less: return try isBefore(value, other, path)
        case .greater: return try isBefore(other, value, path)
        case .lessOrEqual:
            let isLess = try isBefore(value, other, path)
            return isLess || value == other && value != .null
        case .greaterOrEqual:
            let isMore = try isBefore(other, value, path)
            return isMore || value == other && value != .null
        }
    }

    private func isBefore(_ left: JSONValue, _ right: JSONValue, _ path: [String]) throws(Failure) -> Bool {
        switch (left, right) {
        case (.int(let left), .int(let right)): return left < right
        case (.string(let left), .string(let right)): return left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.null, _), (_, .null): return false
        default:
            guard let first = left.doubleValue, let second = right.doubleValue else {
                throw Failure(
                    .app,
                    "the condition on `\(path.joined(separator: "."))` orders \(left.kindName) and \(right.kindName);"
                        + " only two numbers or two strings have one")
            }
            return first < second
        }
    }
}
