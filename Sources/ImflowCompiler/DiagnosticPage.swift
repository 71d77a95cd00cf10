package import ImflowDiagnostics

/// What `imflow explain` says of a code: a page of `Grammar/diagnostics`.
package struct DiagnosticPage: Sendable {
    /// The code's permanent number.
    package let number: Int
    /// The code's readable name, `unknown-key`.
    package let slug: String
    /// What a finding with this code is by default.
    package let severity: Severity
    /// What it finds, in one line.
    package let summary: String
    /// The whole page, Markdown, without a line feed at its end.
    package let text: String

    /// `IMF0101`
    package var id: String { DiagnosticCode(number, slug, severity).id }

    /// The page of a code; nil: there is none.
    package static func of(_ code: DiagnosticCode) -> DiagnosticPage? { all.first { $0.number == code.number } }

    /// The page of a code as people write it: `IMF0101`, `imf101`, `0101`, `101` or `unknown-key`. nil: there is none.
    package static func named(_ text: String) -> DiagnosticPage? {
        if let number = number(text) { return all.first { $0.number == number } }
        return all.first { $0.slug == text.lowercased() }
    }

    /// The slugs or codes that `text` may have meant, at most six: the nearest by spelling, else those with
    /// a word in common. None when nothing is near.
    package static func near(_ text: String) -> [String] {
        if let number = number(text) {
            return all.sorted { abs($0.number - number) < abs($1.number - number) }.prefix(3).map(\.id)
        }
        let name = text.lowercased()
        if let near = nearest(name, in: all.map(\.slug)) { return [near] }
        let words: [Substring] = name.split(whereSeparator: { "-_ ".contains($0) }).filter { $0.count > 2 }
        let slugs = all.map(\.slug).filter { slug in
            let own: [Substring] = slug.split(separator: "-")
            return words.contains { own.contains($0) }
        }
        return Array(slugs.prefix(6))
    }

    /// The number of a code that is written with at most four digits; nil: it is written otherwise.
    private static func number(_ text: String) -> Int? {
        let digits = text.lowercased().hasPrefix("imf") ? text.dropFirst(3) : text[...]
        guard digits.utf8.count <= 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }
}
