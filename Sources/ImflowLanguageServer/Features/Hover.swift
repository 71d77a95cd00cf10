import ImflowChecks
import ImflowCompiler
import ImflowDiagnostics
import ImflowIR
import ImflowJSON

/// What is known of the word under the pointer.
extension LanguageServer {
    mutating func hover(_ place: Place) throws(RPCError) -> JSONValue {
        if let (page, range) = ignoredCode(place) {
            return hover("**\(page.slug)** `\(page.id)` (\(page.severity.rawValue))\n\n\(page.summary)", range, place)
        }
        guard let context = place.analysis.context(at: place.offset) else { return .null }
        if context.isKey {
            guard let block = place.keys.block(at: context.path), let key = block[place.text(context.word)] else {
                return .null
            }
            return hover(Self.text(of: key), context.token, place)
        }
        if let symbol = place.symbol?.symbol, let text = text(of: symbol, place) {
            return hover(text, context.token, place)
        }
        guard let key = place.keys.key(at: context.path) else { return .null }
        return hover(Self.text(of: key), context.token, place)
    }

    /// What people are told of a key, Markdown.
    static func text(of key: Key) -> String {
        var parts = ["**\(key.name)**\(key.isRequired ? " (required)" : ""): \(key.type.description)", key.meaning]
        let choices = key.choiceMeanings.sorted { $0.key < $1.key }.map { "- `\($0.key)`: \($0.value)" }
        if !choices.isEmpty { parts.append(choices.joined(separator: "\n")) }
        parts.append((key.defaultValue.map { "Default: `\($0)`. " } ?? "") + "Since imflow \(key.since).")
        return parts.joined(separator: "\n\n")
    }

    private mutating func text(of symbol: Symbol, _ place: Place) -> String? {
        switch symbol {
        case .ownModel: return place.analysis.file.manifest.map(text)
        case .stage(let index):
            let stage = place.stages.stages[index]
            let model = stage.declaration.model.map { " calls `\($0.value)`" } ?? ""
            return "stage **\(stage.name)**\(model)"
        case .model(let reference):
            switch session.resolve(reference, from: PathText.parent(place.document.path)) {
            case .found(let path): return session.file(path)?.manifest.map(text)
            case .ambiguous(let places):
                let list = places.prefix(8).map { "- `\($0.path)`" }.joined(separator: "\n")
                return "\(places.count) models are named **\(reference)**:\n\n\(list)"
            case .otherVersion, .unknown: return nil
            }
        }
    }

    private func text(of manifest: Manifest) -> String {
        let version = manifest.version.map { " `\($0.value)`" } ?? ""
        let kind = manifest.isPipeline ? "pipeline" : "model"
        let summary = manifest.summary.map { "\n\n\($0.value)" } ?? ""
        let path = PathText.shown(manifest.path, from: session.currentFolder)
        return "\(kind) **\(manifest.name)**\(version)\(summary)\n\n`\(path)`"
    }

    /// The page of the code in a comment `# imflow: ignore[CODE]` here.
    private func ignoredCode(_ place: Place) -> (DiagnosticPage, Range<Int>)? {
        let line = place.positions.line(place.positions.line(of: place.offset))
        let bytes = place.source.bytes
        let isPart: (UInt8) -> Bool = {
            $0 == Mark.dash || (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0)
        }
        var start = place.offset
        var end = place.offset
        while start > line.lowerBound, isPart(bytes[start - 1]) { start -= 1 }
        while end < line.upperBound, isPart(bytes[end]) { end += 1 }
        let before = place.text(line.lowerBound..<start)
        guard let hash = before.lastIndex(of: "#"), before[hash...].contains("imflow:"),
            before[hash...].contains("ignore["), !before[hash...].contains("]"),
            let page = DiagnosticPage.named(place.text(start..<end))
        else { return nil }
        return (page, start..<end)
    }

    private func hover(_ markdown: String, _ range: Range<Int>, _ place: Place) -> JSONValue {
        let plain = markdown.filter { $0 != "*" && $0 != "`" }
        return [
            "contents": [
                "kind": client.showsMarkdown ? "markdown" : "plaintext",
                "value": .string(client.showsMarkdown ? markdown : plain),
            ],
            "range": place.positions.json(range),
        ]
    }
}
