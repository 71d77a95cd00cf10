package import ImflowJSON

/// Whether schemas have a value in common.
package enum SchemaOverlap {
    /// Whether no value fits one of `given` and one of `taken`. Sound and bounded as ``SchemaComparison`` is: what is not
    /// found within its bounds is taken for possible, and so is what is no valid schema.
    /// - Parameters:
    ///   - given: one schema or several, of which a value fits one.
    ///   - taken: as `given`.
    package static func isNone(given: [JSONValue], taken: [JSONValue]) -> Bool {
        given.allSatisfy { one in
            taken.allSatisfy { other in
                guard let mine = try? SchemaValidator(one), let theirs = try? SchemaValidator(other) else { return false }
                let given = ValueSet.schema(SchemaPart(mine, .given, source: 0))
                let taken = ValueSet.schema(SchemaPart(theirs, .taken, source: 1))
                return SchemaComparison.conflict(given: given, taken: taken) != nil
            }
        }
    }
}
