/// Why no value is in two sets.
package struct SchemaConflict: Equatable, Sendable {
    /// What one side says.
    package struct Claim: Equatable, Sendable {
        package var side: SchemaPart.Side
        /// A noun phrase for the value: “a string”, “a list of at most 2 items”.
        package var phrase: String
        /// Which schema says it, and where in that schema: a JSON pointer. Nil: no schema does.
        package var source: Int?
        package var pointer: String
    }

    /// Where in the value: names of members, and positions.
    package var path: [String]
    package var given: Claim
    package var taken: Claim

    init(_ one: Claim, _ other: Claim) {
        path = []
        (given, taken) = one.side == .taken && other.side == .given ? (other, one) : (one, other)
    }

    /// Whether it is between the sides, and not within one of them.
    var isMutual: Bool { given.side != taken.side }

    /// The conflict as seen from outside of the member or item `step`.
    func inside(_ step: String) -> SchemaConflict {
        var out = self
        out.path.insert(step, at: 0)
        return out
    }
}
