internal import ImflowExecution
internal import ImflowJSON

extension NumberMerge {
    /// Why `value` cannot be the first result.
    func notNumbers(_ value: JSONValue, _ unit: Int, _ path: [String]) -> Failure {
        let (path, kind) = Self.noNumber(in: value, path) ?? (path, value.kindName)
        return Failure(.app, "\(operation.rawValue) works on numbers, but unit \(unit) has \(kind)\(Self.text(path))")
    }

    private static func noNumber(in value: JSONValue, _ path: [String]) -> (path: [String], kind: String)? {
        switch value {
        case .int, .number: return nil
        case .array(let items):
            for (index, item) in items.enumerated() {
                if let found = noNumber(in: item, path + [String(index)]) { return found }
            }
            return nil
        case .object(let members):
            for (key, member) in members { if let found = noNumber(in: member, path + [key]) { return found } }
            return nil
        default: return (path, value.kindName)
        }
    }

    /// Where `value`, a unit's result, is not like those before it.
    func mismatch(_ shape: NumberShape, _ value: JSONValue, _ unit: Int) -> Failure {
        let (path, left, right) = Self.difference(shape.zero ?? .null, value, []) ?? ([], .null, value)
        return Failure(
            .app,
            "\(operation.rawValue): unit \(firstUnit) and unit \(unit) have different shapes\(Self.text(path)):"
                + " \(Self.kind(left)) and \(Self.kind(right))")
    }

    private static func difference(
        _ left: JSONValue, _ right: JSONValue, _ path: [String]
    ) -> (path: [String], left: JSONValue, right: JSONValue)? {
        switch (left, right) {
        case (.int, .int), (.int, .number), (.number, .int), (.number, .number): return nil
        case (.array(let items), .array(let others)) where items.count == others.count:
            for index in items.indices {
                if let found = difference(items[index], others[index], path + [String(index)]) { return found }
            }
            return nil
        case (.object(let members), .object(let others)) where Set(members.keys) == Set(others.keys):
            for (key, member) in members {
                if let found = difference(member, others[key] ?? .null, path + [key]) { return found }
            }
            return nil
        default: return (path, left, right)
        }
    }

    /// Where the number stands that is the `index`th of `value`.
    static func place(of index: Int, in value: JSONValue) -> [String]? {
        var left = index
        return place(after: &left, in: value, [])
    }

    private static func place(after left: inout Int, in value: JSONValue, _ path: [String]) -> [String]? {
        switch value {
        case .array(let items):
            for (index, item) in items.enumerated() {
                if let found = place(after: &left, in: item, path + [String(index)]) { return found }
            }
            return nil
        case .object(let members):
            for (key, member) in members { if let found = place(after: &left, in: member, path + [key]) { return found } }
            return nil
        default:
            left -= 1
            return left < 0 ? path : nil
        }
    }

    static func text(_ path: [String]) -> String { path.isEmpty ? "" : " at `\(JSONPointer.text(path))`" }

    private static func kind(_ value: JSONValue) -> String {
        switch value {
        case .array(let items): "a list of \(items.count)"
        case .object(let members): "an object of \(members.count) members"
        default: value.kindName
        }
    }
}
