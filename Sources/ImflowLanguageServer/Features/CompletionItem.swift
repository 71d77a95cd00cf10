import ImflowCompiler
import ImflowJSON

extension LanguageServer {
    /// LSP 3.17, "CompletionItemKind".
    enum ItemKind: Int64 {
        case variable = 6
        case module = 9
        case property = 10
        case value = 12
        case reference = 18
    }

    /// A `CompletionItem` that puts `text` in the place of the word at the cursor, written as its notation asks for.
    /// - Parameters:
    ///   - order: its place in the list.
    ///   - isBare: whether the text is a boolean or a number, which quotes would make a string.
    ///   - opensBlock: whether a key's value begins on the next line.
    func item(
        _ text: String, _ kind: ItemKind, _ detail: String?, _ documentation: String?, _ order: Int,
        _ context: CursorContext, _ place: Place, isBare: Bool = false, opensBlock: Bool = false
    ) -> JSONValue {
        var written = Self.written(text, context, place, isBare: isBare)
        let filter = written
        if context.isKey { written += ending(context, place, opensBlock) }
        let digits = String(order)
        var item: JSONObject = [
            "label": .string(text), "kind": .int(kind.rawValue),
            "sortText": .string(String(repeating: "0", count: max(0, 5 - digits.count)) + digits),
            "filterText": .string(filter), "textEdit": Self.edit(context.token, written, place.positions),
        ]
        if let detail { item["detail"] = .string(detail) }
        if let documentation {
            item["documentation"] = ["kind": "markdown", "value": .string(documentation)]
        }
        return .object(item)
    }

    /// The text in the quotes that it needs, or that stand there.
    private static func written(
        _ text: String, _ context: CursorContext, _ place: Place, isBare: Bool
    ) -> String {
        if isBare { return text }
        if context.notation == .json { return JSONValue.string(text).text }
        let quote = context.isQuoted ? place.source.bytes[context.token.lowerBound] : nil
        return ScalarText.written(text, quote: quote)
    }

    /// What follows a key: nothing where a `:` stands already.
    private func ending(_ context: CursorContext, _ place: Place, _ opensBlock: Bool) -> String {
        let rest = place.source.bytes[context.token.upperBound...]
        if rest.first(where: { !Mark.isBlank($0) }) == Mark.colon { return "" }
        return opensBlock && context.notation == .block ? ":" : ": "
    }
}
