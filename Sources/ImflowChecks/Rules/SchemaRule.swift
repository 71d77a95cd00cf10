package import ImflowDiagnostics
package import ImflowIR
import ImflowJSON
import ImflowSchema

/// A model's schemas are valid draft-07, and mean what they seem to.
package struct SchemaRule: Rule {
    package static let codes: [DiagnosticCode] = [
        .badSchema, .unknownKeyword, .keywordUnused, .valueBreaksSchema, .inputNotObject,
    ]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        guard let model = scope.model else { return }
        let manifest = model.manifest
        let input = manifest.inputSchema.flatMap { schema in
            // Of a plain schema of objects there is nothing to say.
            schema.value["type"] == "object" && SchemaReview.isPlain(schema.value) ? nil : SchemaReview(schema.value)
        }
        check(input, manifest.inputSchema, manifest.inputSchemaPlaces, &findings)
        let output = manifest.outputSchema.flatMap { SchemaReview.isPlain($0.value) ? nil : SchemaReview($0.value) }
        check(output, manifest.outputSchema, manifest.outputSchemaPlaces, &findings)
        if let validator = input?.validator { checkObject(validator, manifest, &findings) }
    }

    /// Every model is given an object of members, whatever binds them.
    private func checkObject(_ validator: SchemaValidator, _ manifest: Manifest, _ findings: inout FindingList) {
        let taken = ValueSet.schema(SchemaPart(validator, .taken, source: 0))
        guard let conflict = SchemaComparison.conflict(given: .kind(.object), taken: taken) else { return }
        let place = manifest.inputSchemaPlaces.span(at: conflict.taken.pointer) ?? manifest.place
        findings.add(
            Diagnostic(
                .inputNotObject, "this takes \(conflict.taken.phrase), and a model's input is always an object",
                at: place.firstLine, help: "describe the members: `type: object`, and each under `properties`"))
    }

    private func check(
        _ review: SchemaReview?, _ schema: Located<JSONValue>?, _ places: ValuePlaces, _ findings: inout FindingList
    ) {
        guard let review, let schema else { return }
        var found: [(pointer: String, isName: Bool, make: (Span) -> Diagnostic)] = []
        for problem in review.problems {
            found.append((problem.pointer, problem.isName, { Diagnostic(.badSchema, problem.sentence, at: $0) }))
        }
        for remark in review.remarks {
            if let make = finding(remark) { found.append((remark.pointer, remark.isName, make)) }
        }
        let spans = places.spans(at: found.map { ($0.pointer, $0.isName) })
        for (entry, span) in zip(found, spans) { findings.add(entry.make((span ?? schema.span).firstLine)) }
    }

    /// Nil for keywords of other drafts and tools, which are near none of draft-07's.
    private func finding(_ remark: SchemaRemark) -> ((Span) -> Diagnostic)? {
        switch remark.kind {
        case .withoutEffect: { Diagnostic(.keywordUnused, remark.sentence, at: $0) }
        case .mismatch: { Diagnostic(.valueBreaksSchema, remark.sentence, at: $0) }
        case .unknownKeyword(let name, let known):
            nearest(name, in: known).map { near in { Self.unknown(name, near, at: $0) } }
        }
    }

    private static func unknown(_ name: String, _ near: String, at span: Span) -> Diagnostic {
        let first = span.source.bytes[span.range].first.map { Unicode.Scalar($0) }
        let quote = first == "\"" || first == "'" ? first.map(String.init) ?? "" : ""
        return Diagnostic(
            .unknownKeyword, "`\(name)` is no keyword of JSON Schema draft-07, and asks nothing", at: span,
            help: "did you mean `\(near)`?",
            fixes: [
                FixIt(
                    "replace it by `\(near)`", .needsReview,
                    edits: [FixIt.Edit(span, replacement: quote + near + quote)])
            ])
    }
}
