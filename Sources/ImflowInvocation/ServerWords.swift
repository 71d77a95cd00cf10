import ImflowHTTP
import ImflowJSON

/// What a server says of a refusal, for messages.
enum ServerWords {
    private static let limit = 1000

    /// The member `error` or `detail` of a JSON answer, else its beginning and, of several lines, the last: where a
    /// traceback says what happened.
    static func of(_ response: HTTPResponse) -> String {
        let answer = try? JSONValue.parse(response.body)
        if let words = answer?["error"]?.stringValue ?? answer?["detail"]?.stringValue {
            return "“\(cut(words))”"
        }
        if let details = answer?["detail"]?.arrayValue, !details.isEmpty {
            return details.prefix(5).map(detail).joined(separator: "; ")
        }
        let lines = response.body.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
        let beginning = Quotation.beginning(of: response.body)
        guard answer == nil, lines.count > 1, let last = lines.last else { return beginning }
        return beginning + ", ending with " + Quotation.beginning(of: last)
    }

    /// As pydantic and Cog write what is wrong with one member: `{"loc": ["body", "input", "text"], "msg": …}`.
    private static func detail(_ entry: JSONValue) -> String {
        let place = (entry["loc"]?.arrayValue ?? []).compactMap { $0.stringValue ?? $0.intValue.map(String.init) }
        let names = place.drop { $0 == "body" || $0 == "input" }.joined(separator: ".")
        let words = cut(entry["msg"]?.stringValue ?? entry.text)
        return names.isEmpty ? words : "`\(cut(names))`: \(words)"
    }

    private static func cut(_ text: String) -> String {
        let most = text.utf8.count > limit ? String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…" : text
        return Quotation.printable(Array(most.utf8), keepingLines: false)
    }
}
