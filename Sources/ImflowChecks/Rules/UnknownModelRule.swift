package import ImflowDiagnostics
package import ImflowIR

/// Every reference to a model names exactly one.
package struct UnknownModelRule: Rule {
    package static let codes: [DiagnosticCode] = [.unknownModel, .ambiguousModel, .versionMismatch]

    package init() {}

    package func check(_ scope: Scope, into findings: inout FindingList) {
        var references = scope.graph?.stages.compactMap(\.declaration.model) ?? []
        references += scope.multiNodes.compactMap(\.reducer)
        if let model = scope.job?.job.model { references.append(model) }
        for reference in references {
            switch scope.references[reference.value] {
            case .unknown(let near): findings.add(unknown(reference, near))
            case .ambiguous(let places): findings.add(ambiguous(reference, places))
            case .otherVersion(let places): findings.add(otherVersion(reference, places))
            case .found, nil: break
            }
        }
    }

    private func unknown(_ reference: Located<ModelReference>, _ near: [ModelPlace]) -> Diagnostic {
        let name = near.first?.name
        return Diagnostic(
            .unknownModel, "no model is named `\(reference.value.id)`", at: reference.span,
            secondary: near.map { Label($0.span, "`\($0.name)` is here") },
            notes: [
                "models are looked for in `--models`, in this file's folder and its parents up to the repository's"
                    + " root, in `models/` and `Manifests/` there, and in $IMFLOW_MODELS"
            ],
            help: name.map { _ in "did you mean \(near.map { "`\($0.name)`" }.joined(separator: " or "))?" },
            fixes: name.flatMap { replacement(reference, by: $0) }.map { [$0] } ?? [])
    }

    /// Keeps the version; nil where the reference stands elsewhere, behind an alias.
    private func replacement(_ reference: Located<ModelReference>, by id: String) -> FixIt? {
        let name = reference.value.version.map { "\(id)@\($0)" } ?? id
        let bytes = reference.span.source.bytes[reference.span.range]
        if bytes.first == UInt8(ascii: "*") { return nil }
        let quote = bytes.first == UInt8(ascii: "\"") ? "\"" : bytes.first == UInt8(ascii: "'") ? "'" : ""
        return FixIt(
            "replace it by `\(name)`", .needsReview,
            edits: [FixIt.Edit(reference.span, replacement: quote + name + quote)])
    }

    private func ambiguous(_ reference: Located<ModelReference>, _ places: [ModelPlace]) -> Diagnostic {
        let versions = Set(places.map { $0.version ?? "" })
        return Diagnostic(
            .ambiguousModel, "\(places.count) models are named `\(reference.value)`", at: reference.span,
            secondary: places.prefix(4).map { Label($0.span, "here") },
            help: versions.count == places.count
                ? "name its version: `\(reference.value.id)@\(places.first?.version ?? "1.0")`"
                : "rename one of them, or point `--models` at the folder of the one you mean")
    }

    private func otherVersion(_ reference: Located<ModelReference>, _ places: [ModelPlace]) -> Diagnostic {
        let versions = places.prefix(4).map { place in place.version.map { "`\($0)`" } ?? "no version" }
        return Diagnostic(
            .versionMismatch,
            "no model `\(reference.value.id)` has version `\(reference.value.version ?? "")`", at: reference.span,
            secondary: places.prefix(4).map {
                Label($0.span, "here it has \($0.version.map { "`\($0)`" } ?? "no version")")
            },
            help: "there is \(versions.joined(separator: ", "))")
    }
}
