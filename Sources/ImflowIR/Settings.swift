package import ImflowDiagnostics
package import ImflowSyntax

/// A `.imflow.yaml`, typed: how the files of a folder, and of those below it, are checked.
package struct Settings: Sendable {
    /// Severities for the files of some paths.
    package struct Override: Sendable {
        /// Patterns as in a `.gitignore`, relative to the folder of the settings.
        package let paths: [Located<String>]
        /// By code, in the order of the file.
        package let severity: [(key: String, value: Located<String>)]
    }

    /// By code, in the order of the file; a level is a text here.
    package let severity: [(key: String, value: Located<String>)]
    /// A later one wins.
    package let overrides: [Override]
    /// Patterns of paths that a check of a folder leaves out.
    package let exclude: [Located<String>]

    init(_ fields: Fields) {
        severity = fields.map("severity")?.value ?? []
        exclude = fields.texts("exclude")?.value ?? []
        overrides = (fields.list("overrides")?.value ?? []).map {
            Override(paths: $0.texts("paths")?.value ?? [], severity: $0.map("severity")?.value ?? [])
        }
    }
}

extension Binder {
    /// Reads a `.imflow.yaml`. Nil: the text is no mapping at all.
    package static func settings(_ tree: SyntaxTree) -> (settings: Settings?, diagnostics: [Diagnostic]) {
        guard let root = tree.root else { return (nil, []) }
        var reader = FieldReader()
        let fields = reader.fields(of: root, KeyTable.settings)
        return (fields.map(Settings.init), reader.findings.diagnostics)
    }
}
