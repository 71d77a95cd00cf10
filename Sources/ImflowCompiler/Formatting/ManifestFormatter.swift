package import ImflowDiagnostics
import ImflowIR
import ImflowSyntax

/// Lays a manifest or a job out in the one canonical way: keys in the key table's order, two spaces a level, comments
/// where they belong. What the file says never changes; formatting a second time changes nothing.
package enum ManifestFormatter {
    /// What a file is, which decides the order of its keys.
    package enum Kind: Sendable {
        case manifest, job
    }

    /// What formatting gives.
    package enum Outcome: Sendable {
        /// The whole new text; it may be the old one.
        case formatted([UInt8])
        /// The text cannot be read: these are the errors.
        case unreadable([Diagnostic])
        /// The text can be read, and stands in a way that has no other layout: a clause says why, a span where.
        case left(String, at: Span)
        /// A mistake of imflow's: the new text would say something else. The old one must stay.
        case failed(String)
    }

    /// Lays a text out. `*.json` and what ``readsAsJSON(_:)`` stay JSON.
    /// - Parameter kind: nil: by the name of `source`, then by what the text says.
    package static func format(_ source: Source, as kind: Kind? = nil) -> Outcome {
        let isJSON = readsAsJSON(source)
        let (tree, diagnostics) = read(source, isJSON)
        let errors = diagnostics.filter { $0.severity == .error }
        guard errors.isEmpty, tree.isComplete else { return .unreadable(errors) }
        guard tree.root?.kind == .mapping else {
            return .left("the file is no mapping, `key: value` on every line", at: Span(source, 0..<0))
        }
        let block = (kind ?? self.kind(of: tree)) == .job ? KeyTable.job : KeyTable.manifest
        var text: [UInt8]
        do throws(FormatProblem) {
            text = isJSON ? JSONLayout.text(of: tree, block) : try yaml(tree, block)
        } catch {
            return .left(error.message, at: error.span)
        }
        text = ended(text, as: source)
        if let difference = difference(tree, text, block, isJSON) { return .failed(difference) }
        return .formatted(text)
    }

    /// Whether a text without a name that tells is JSON: whatever is read as JSON without error.
    private static func readsAsJSON(_ source: Source) -> Bool {
        if source.name.lowercased().hasSuffix(".json") { return true }
        guard source.name == "<stdin>" else { return false }
        return !parseJSON(source).diagnostics.contains { $0.severity == .error }
    }

    private static func read(_ source: Source, _ isJSON: Bool) -> SyntaxResult {
        isJSON ? parseJSON(source) : parseYAML(source)
    }

    private static func kind(of tree: SyntaxTree) -> Kind {
        let name = PathText.last(tree.source.name)
        if FileNames.isManifest(name) { return .manifest }
        return FileNames.isJob(name) || Binder.looksLikeJob(tree) ? .job : .manifest
    }

    private static func yaml(_ tree: SyntaxTree, _ block: KeyBlock) throws(FormatProblem) -> [UInt8] {
        var builder = try FormatTreeBuilder(tree)
        var document = try builder.document()
        KeyOrder(tree, anchors: builder.anchors).sort(&document.root, block)
        document.root = YAMLLayout.lifted(document.root)
        return YAMLLayout.text(of: document)
    }

    /// With the byte order mark and the line breaks that the old text has.
    private static func ended(_ text: [UInt8], as source: Source) -> [UInt8] {
        let mark: [UInt8] = source.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? [0xEF, 0xBB, 0xBF] : []
        guard source.lineBreak == [0x0D, 0x0A] else { return mark + text }
        var out = mark
        for byte in text { byte == 0x0A ? out.append(contentsOf: [0x0D, 0x0A]) : out.append(byte) }
        return out
    }

    /// What the new text says otherwise than the old one; nil: nothing.
    private static func difference(
        _ tree: SyntaxTree, _ text: [UInt8], _ block: KeyBlock, _ isJSON: Bool
    ) -> String? {
        let (new, diagnostics) = read(Source(name: tree.source.name, bytes: text), isJSON)
        if let error = diagnostics.first(where: { $0.severity == .error }) {
            return "the new text cannot be read: \(error.headline)"
        }
        guard SameMeaning.holds(tree, new, block) else { return "the new text would mean something else" }
        if isJSON { return nil }
        let comments = { (tree: SyntaxTree) in
            Trivia(tree).comments.map(\.text).sorted { $0.lexicographicallyPrecedes($1) }
        }
        return comments(tree) == comments(new) ? nil : "a comment would be lost"
    }
}
