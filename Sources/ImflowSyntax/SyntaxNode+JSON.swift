package import ImflowDiagnostics
package import ImflowJSON

/// Why a subtree has no JSON value, and where.
package struct NotJSON: Error, Sendable, Equatable {
    /// A clause about the value: `a list cannot be the key of a JSON object`.
    package var reason: String
    /// The node that cannot be converted.
    package var span: Span
}

extension SyntaxNode {
    /// The JSON value of this subtree: aliases expanded, `<<` merged, of a repeated key the last value.
    /// - Parameter limit: the most keys and values it may have.
    /// - Throws: ``NotJSON`` for `.inf` and `.nan`, keys that are no scalars, holes, and more nodes than `limit`.
    package func json(limit: Int = 1_000_000) throws(NotJSON) -> JSONValue {
        var left = limit
        return try json(left: &left)
    }

    /// The JSON value of this subtree, or nil where ``json(limit:)`` throws.
    package func jsonValue(limit: Int = 1_000_000) -> JSONValue? { try? json(limit: limit) }

    private func json(left: inout Int) throws(NotJSON) -> JSONValue {
        left -= 1
        guard left >= 0 else { throw NotJSON(reason: "the value has too many parts", span: span) }
        switch kind {
        case .scalar: return try scalarJSON()
        case .sequence:
            var values: [JSONValue] = []
            for item in items { values.append(try item.json(left: &left)) }
            return .array(values)
        case .mapping:
            let members = mergedMembers
            var object = JSONObject(minimumCapacity: members.count)
            for (key, value) in members {
                left -= 1
                guard let name = key.scalarText else {
                    throw NotJSON(reason: "only a scalar can be the key of a JSON object", span: key.span)
                }
                object[name] = try value.json(left: &left)
            }
            return .object(object)
        case .alias, .hole: throw NotJSON(reason: "the value could not be read", span: span)
        }
    }

    private func scalarJSON() throws(NotJSON) -> JSONValue {
        switch coreValue {
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .string(let value): return .string(value)
        case .float(let value):
            guard value.isFinite else {
                throw NotJSON(reason: "JSON has no infinite or undefined numbers", span: span)
            }
            return .number(value)
        case .null, nil: return .null
        }
    }
}
