internal import ImflowExecution
internal import ImflowJSON
internal import ImflowPlan

/// `mean`, `sum`, `max`, `min`: element by element over numbers, lists of one length and objects of the same members,
/// at any depth. Sums run in unit order, integers exactly as long as they fit 64 bits. No units: `sum` is 0, the others
/// null.
struct NumberMerge {
    enum Operation: String { case mean, sum, max, min }
    let operation: Operation

    func merge(_ results: [UnitResult]) throws(Failure) -> JSONValue {
        guard !results.isEmpty else { return operation == .sum ? 0 : .null }
        return try combine(results, path: [])
    }

    /// All units' values at one path.
    private func combine(_ items: [UnitResult], path: [String]) throws(Failure) -> JSONValue {
        switch items[0].result {
        case .int, .number: return try number(items, path)
        case .array(let first):
            for item in items where item.result.arrayValue?.count != first.count {
                throw mismatch(items[0], item, path)
            }
            var out: [JSONValue] = []
            for index in first.indices {
                let column = items.map { UnitResult(unit: $0.unit, result: $0.result.arrayValue?[index] ?? .null) }
                out.append(try combine(column, path: path + [String(index)]))
            }
            return .array(out)
        case .object(let first):
            for item in items where item.result.objectValue.map({ Set($0.keys) == Set(first.keys) }) != true {
                throw mismatch(items[0], item, path)
            }
            var out = JSONObject()
            for key in first.keys {
                let column = items.map { UnitResult(unit: $0.unit, result: $0.result[key] ?? .null) }
                out[key] = try combine(column, path: path + [key])
            }
            return .object(out)
        case let other:
            throw Failure(
                .app,
                "\(operation.rawValue) works on numbers, but \(items[0].name) has \(other.kindName)\(Self.place(path))")
        }
    }

    private func number(_ items: [UnitResult], _ path: [String]) throws(Failure) -> JSONValue {
        var values: [Double] = []
        for item in items {
            guard let value = item.result.doubleValue else { throw mismatch(items[0], item, path) }
            values.append(value)
        }
        switch operation {
        case .max, .min: return extreme(items.map(\.result))
        case .sum, .mean:
            let sum = Self.sum(items.map(\.result), values)
            let result = operation == .sum ? sum : .number((sum.doubleValue ?? 0) / Double(values.count))
            guard result.doubleValue?.isFinite == true else {
                throw Failure(
                    .app, "\(operation.rawValue): the numbers\(Self.place(path)) add up to more than a number holds")
            }
            return result
        }
    }

    private static func sum(_ items: [JSONValue], _ values: [Double]) -> JSONValue {
        var exact: Int64 = 0
        for item in items {
            guard case .int(let value) = item, case (let next, false) = exact.addingReportingOverflow(value) else {
                return .number(values.reduce(0, +))
            }
            exact = next
        }
        return .int(exact)
    }

    /// The first of the largest or smallest, as it was written.
    private func extreme(_ items: [JSONValue]) -> JSONValue {
        items.dropFirst().reduce(items[0]) { best, item in
            let isBetter = operation == .max ? Self.isLess(best, item) : Self.isLess(item, best)
            return isBetter ? item : best
        }
    }

    private static func isLess(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .int(let left) = left, case .int(let right) = right { return left < right }
        return (left.doubleValue ?? 0) < (right.doubleValue ?? 0)
    }

    private func mismatch(_ first: UnitResult, _ other: UnitResult, _ path: [String]) -> Failure {
        Failure(
            .app,
            "\(operation.rawValue): \(first.name) and \(other.name) have different shapes\(Self.place(path)):"
                + " \(Self.shape(first.result)) and \(Self.shape(other.result))")
    }

    private static func place(_ path: [String]) -> String { path.isEmpty ? "" : " at `\(JSONPointer.text(path))`" }

    private static func shape(_ value: JSONValue) -> String {
        switch value {
        case .array(let items): "a list of \(items.count)"
        case .object(let members): "an object of \(members.count) members"
        default: value.kindName
        }
    }
}
