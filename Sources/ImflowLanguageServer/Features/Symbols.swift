import ImflowChecks
import ImflowCompiler
import ImflowIR
import ImflowJSON
import ImflowSyntax

/// The outline of a document.
extension LanguageServer {
    /// LSP 3.17, "SymbolKind".
    private enum OutlineKind: Int64 {
        case module = 2
        case property = 7
        case function = 12
        case array = 18
    }

    /// A list of `DocumentSymbol`, or of `SymbolInformation` for clients that know no other; of the last state that could
    /// be read to its end.
    mutating func documentSymbols(_ document: Document) -> JSONValue {
        let current = analysis(document.uri)
        guard let document = documents[document.uri], let analysis = document.lastGood ?? current,
            let root = analysis.tree.root
        else { return [] }
        let positions = TextPositions(analysis.tree.source, client.encoding, isIndexed: true)
        let outline = Outline(keys: document.keys, analysis: analysis, positions: positions)
        let symbols = outline.symbols(of: root, [])
        return .array(client.nestsSymbols ? symbols : flat(symbols, in: nil, document.uri))
    }

    private func flat(_ symbols: [JSONValue], in container: String?, _ uri: String) -> [JSONValue] {
        symbols.flatMap { symbol -> [JSONValue] in
            var flat: JSONObject = [
                "name": symbol["name"] ?? "", "kind": symbol["kind"] ?? .null,
                "location": ["uri": .string(uri), "range": symbol["range"] ?? .null],
            ]
            if let container { flat["containerName"] = .string(container) }
            let children = symbol["children"]?.arrayValue ?? []
            return [.object(flat)] + self.flat(children, in: symbol["name"]?.stringValue, uri)
        }
    }

    private struct Outline {
        let keys: FileKeys
        let analysis: Document.Analysis
        let positions: TextPositions

        private static let maximumDetail = 80
        /// Keys of one mapping, and stages, that an outline has.
        private static let maximumWidth = 5000

        /// The keys of a mapping, those of its blocks below them.
        func symbols(of node: SyntaxNode, _ path: [CursorContext.Step]) -> [JSONValue] {
            node.members.prefix(Self.maximumWidth).compactMap { key, value in
                guard let name = key.scalarText, !name.isEmpty else { return nil }
                let own = path + [.key(name)]
                let range = key.span.range.lowerBound..<max(key.span.range.upperBound, value.span.range.upperBound)
                var children: [JSONValue] = []
                var kind = OutlineKind.property
                switch keys.type(at: own) {
                case .block, .gpu, .toggle:
                    children = value.kind == .mapping && isBelow(value, range) ? symbols(of: value, own) : []
                    if value.kind == .mapping { kind = .module }
                case .blocks:
                    children = isBelow(value, range) ? stages(value, own) : []
                    kind = .array
                default: break
                }
                let detail = value.scalarText.map { String($0.prefix(Self.maximumDetail)) }
                return symbol(name, kind, detail, range, key.span.range, children)
            }
        }

        /// What an alias stands for is outlined where it is written.
        private func isBelow(_ value: SyntaxNode, _ range: Range<Int>) -> Bool {
            value.members.allSatisfy { range.contains($0.key.span.range.lowerBound) }
                && value.items.allSatisfy { range.contains($0.span.range.lowerBound) }
        }

        private func stages(_ list: SyntaxNode, _ path: [CursorContext.Step]) -> [JSONValue] {
            let stages = Dictionary(
                StageGraph(analysis.file.stages).stages.map { ($0.declaration.span.range.lowerBound, $0) },
                uniquingKeysWith: { first, _ in first })
            return list.items.prefix(Self.maximumWidth).enumerated().map { index, item in
                let stage = stages[item.span.range.lowerBound]
                let range = item.span.range
                let name = stage?.declaration.name?.span.range ?? stage?.declaration.model?.span.range
                let selection = name.flatMap { range.contains($0.lowerBound) ? $0 : nil }
                return symbol(
                    stage?.name ?? "stage \(index + 1)", .function, stage?.declaration.model?.value.description, range,
                    selection ?? range.lowerBound..<range.lowerBound, symbols(of: item, path + [.item(index)]))
            }
        }

        private func symbol(
            _ name: String, _ kind: OutlineKind, _ detail: String?, _ range: Range<Int>, _ selection: Range<Int>,
            _ children: [JSONValue]
        ) -> JSONValue {
            var symbol: JSONObject = [
                "name": .string(name), "kind": .int(kind.rawValue), "range": positions.json(range),
                "selectionRange": positions.json(selection),
            ]
            if let detail { symbol["detail"] = .string(detail) }
            if !children.isEmpty { symbol["children"] = .array(children) }
            return .object(symbol)
        }
    }
}
