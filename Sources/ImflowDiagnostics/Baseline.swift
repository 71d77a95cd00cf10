package import ImflowJSON

/// Findings that were there before, known by their fingerprints, so that a check tells only new ones.
package struct Baseline: Sendable {
    /// Why a text is no baseline.
    package struct Problem: Error, Sendable, Equatable {
        /// A part of a sentence: `it is not …`.
        package var message: String
    }

    private static let schema = "imflow.baseline/v1"
    private var fingerprints: Set<String>

    /// Reads what ``text(of:_:)`` wrote.
    package init(_ document: JSONValue) throws(Problem) {
        guard document["schema"]?.stringValue == Self.schema, let findings = document["findings"]?.arrayValue else {
            throw Problem(message: "it is not an \(Self.schema) document")
        }
        let names = findings.compactMap { $0["fingerprint"]?.stringValue }
        guard names.count == findings.count else { throw Problem(message: "a finding in it has no fingerprint") }
        fingerprints = Set(names)
    }

    /// The findings that are not in it. What keeps a text from being read (00xx) always is.
    package func new(in diagnostics: [Diagnostic], _ context: ReportContext) -> [Diagnostic] {
        zip(diagnostics, Fingerprint.all(of: diagnostics, context)).filter { diagnostic, fingerprint in
            !Self.holds(diagnostic) || !fingerprints.contains(fingerprint)
        }.map(\.0)
    }

    /// A baseline of these findings: one JSON document, a finding's code and file beside its fingerprint for readers.
    package static func text(of diagnostics: [Diagnostic], _ context: ReportContext) -> String {
        let findings = zip(diagnostics, Fingerprint.all(of: diagnostics, context)).compactMap { pair -> JSONValue? in
            let (diagnostic, fingerprint) = pair
            guard holds(diagnostic) else { return nil }
            return [
                "fingerprint": .string(fingerprint), "code": .string(diagnostic.code.id),
                "file": .string(context.path(of: diagnostic.primary.span.source)),
            ]
        }
        let document: JSONValue = ["schema": .string(schema), "findings": .array(findings)]
        return document.prettyText + "\n"
    }

    private static func holds(_ diagnostic: Diagnostic) -> Bool { diagnostic.code.number >= 100 }
}
