package import ImflowJSON
package import ImflowPlan

/// What a manifest says of a model's input and result, held against what the model's server says.
package struct PortComparison: Sendable {
    /// Which of the manifest's schemas.
    package enum Side: String, Sendable {
        case input
        case output
    }

    package struct Difference: Sendable {
        package enum Kind: String, Sendable {
            /// The server says it, and the manifest says nothing of it.
            case undeclared
            /// Both say something else, and a value may fit both.
            case different
            /// What fits the one never fits the other: calls fail.
            case conflict
        }

        package let side: Side
        /// Nil: the whole is meant.
        package let member: String?
        package let kind: Kind
        /// Without its subject, which is the member or the whole.
        package let sentence: String
    }

    /// In the order of the manifest's members, then of the server's.
    package private(set) var differences: [Difference] = []
    /// What the manifest could say instead (draft-07), where something differs; nil: nothing does.
    package private(set) var input: JSONValue?
    package private(set) var output: JSONValue?

    /// Whether calls that fit the manifest can succeed, as far as can be known.
    package var agrees: Bool { !differences.contains { $0.kind == .conflict } }

    package init(of model: ModelPlan, with ports: ModelPorts) {
        if let server = ports.input {
            let side = PortSide(
                side: .input, manifest: model.inputSchema, server: server, forms: ports.inputForms, besides: ports.besides)
            differences += side.differences
            input = side.suggestion
        }
        if let server = ports.output {
            let side = PortSide(
                side: .output, manifest: model.outputSchema, server: server, forms: ports.outputForms, besides: [])
            differences += side.differences
            output = side.suggestion
        }
    }
}
