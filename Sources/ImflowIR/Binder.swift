package import ImflowDiagnostics
package import ImflowJSON
package import ImflowSyntax

/// Makes a typed file of a located tree. Goes on where something is wrong: one mistake, one finding.
package enum Binder {
    /// Reads a `model.yaml`. `path` and `folder` are absolute. Nil: the text is no mapping at all.
    package static func manifest(
        _ tree: SyntaxTree, path: String, folder: String, folderName: String
    ) -> (manifest: Manifest?, diagnostics: [Diagnostic]) {
        guard let root = tree.root else { return (nil, []) }
        var reader = FieldReader()
        guard let fields = reader.fields(of: root, KeyTable.manifest) else { return (nil, reader.findings.diagnostics) }
        let manifest = Manifest(
            fields, path: path, folder: folder, folderName: folderName, isWhole: tree.isComplete)
        if fields.text("name") == nil, !fields.wasRead("name") {
            // Where reading stopped early the name may stand behind the stop.
            // Nor is a name written where one may have been meant: `nmae: detector`.
            let isMisspelt = reader.findings.diagnostics.contains { finding in
                finding.code == .unknownKey && finding.help?.contains("`name`") == true
            }
            reader.add(missingName(folderName, at: root.span.firstLine, root: tree.isComplete && !isMisspelt ? root : nil))
        }
        return (manifest, reader.findings.diagnostics)
    }

    private static func missingName(_ folderName: String, at span: Span, root: SyntaxNode?) -> Diagnostic {
        func fix(_ name: String, _ applicability: FixIt.Applicability) -> [FixIt] {
            guard let edit = root?.inserting(first: "name", name) else { return [] }
            return [FixIt("add `name: \(name)`", applicability, edits: [edit])]
        }
        if NameForm.isName(folderName) {
            return Diagnostic(
                .missingName, "no `name`: the folder's name `\(folderName)` is taken", at: span,
                fixes: fix(folderName, .safe))
        }
        let near = NameForm.nearestName(to: folderName)
        return Diagnostic(
            .badID, "no `name`, and the folder's name \"\(printable(folderName))\" is no name", at: span,
            notes: ["a name has lower-case letters, digits, `.`, `_` and `-`, a letter or digit first"],
            help: "add `name: \(near ?? "my-model")`", fixes: near.map { fix($0, .needsReview) } ?? [])
    }

    /// Reads a `job.json` or its like in YAML. Nil: the text is no mapping at all.
    package static func job(_ tree: SyntaxTree, folder: String) -> (job: Job?, diagnostics: [Diagnostic]) {
        guard let root = tree.root else { return (nil, []) }
        var reader = FieldReader()
        guard let fields = reader.fields(of: root, KeyTable.job) else { return (nil, reader.findings.diagnostics) }
        let strategy = splitStrategy(fields, root, &reader)
        var job = Job(fields, folder: folder, splitStrategy: strategy)
        job.isWhole = tree.isComplete
        return (job, reader.findings.diagnostics)
    }

    private static func splitStrategy(
        _ fields: Fields, _ root: SyntaxNode, _ reader: inout FieldReader
    ) -> Located<SplitStrategy>? {
        guard let value = fields.json("input")?.value[SplitStrategy.key],
            let input = root.mergedMembers.first(where: { $0.key.scalarText == "input" })?.value,
            let span = input.mergedMembers.last(where: { $0.key.scalarText == SplitStrategy.key })?.value.span
        else { return nil }
        let (strategy, diagnostics) = splitStrategy(value, at: span)
        for diagnostic in diagnostics { reader.add(diagnostic) }
        return strategy
    }

    /// Reads the value of an input's member `split_strategy`, which stands at `span`. Nil: it is bad.
    package static func splitStrategy(
        _ value: JSONValue, at span: Span
    ) -> (strategy: Located<SplitStrategy>?, diagnostics: [Diagnostic]) {
        guard let text = value.stringValue else {
            let message = "`\(SplitStrategy.key)` takes a string, not \(value.kindName)"
            return (nil, [Diagnostic(.wrongType, message, at: span.firstLine)])
        }
        do throws(QuantityError) {
            return (Located(try SplitStrategy(parsing: text), at: span), [])
        } catch {
            return (nil, [Diagnostic(.badSplitStrategy, error.message, at: span, help: error.help)])
        }
    }

    /// Whether the text reads as a job rather than as a model: it has keys that only jobs have, and none that only
    /// models have.
    package static func looksLikeJob(_ tree: SyntaxTree) -> Bool {
        let names = (tree.root?.members ?? []).compactMap(\.key.scalarText)
        let isModel = names.contains { KeyTable.manifest[$0] != nil && KeyTable.job[$0] == nil }
        return !isModel && names.contains { KeyTable.job[$0] != nil && KeyTable.manifest[$0] == nil }
    }
}
