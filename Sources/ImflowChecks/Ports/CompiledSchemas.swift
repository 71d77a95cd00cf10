import ImflowIR
import ImflowJSON
package import ImflowSchema
import Synchronization

/// A manifest's schemas, each compiled when an edge first asks for it, and once.
package final class CompiledSchemas: Sendable {
    private struct Known {
        // Of two optionals the outer one says whether it was compiled.
        var input: SchemaValidator??
        var output: SchemaValidator??
    }

    private let inputSchema: JSONValue?
    private let outputSchema: JSONValue?
    private let known = Mutex(Known())

    init(_ manifest: Manifest) {
        inputSchema = manifest.inputSchema?.value
        outputSchema = manifest.outputSchema?.value
    }

    /// Nil: there is none, or it is not valid, and a rule says so.
    package var input: SchemaValidator? {
        known.withLock { known in
            if let input = known.input { return input }
            let input = inputSchema.flatMap { try? SchemaValidator($0) }
            known.input = .some(input)
            return input
        }
    }

    /// Nil: there is none, or it is not valid, and a rule says so.
    package var output: SchemaValidator? {
        known.withLock { known in
            if let output = known.output { return output }
            let output = outputSchema.flatMap { try? SchemaValidator($0) }
            known.output = .some(output)
            return output
        }
    }
}
