import ImflowDiagnostics
import ImflowSyntax

/// One name in a comment `# imflow: ignore[CODE or slug, …] reason`. A comment beside a value is about its own line, a
/// comment that stands alone about the first line below it that is no comment.
struct InlineIgnore {
    /// The code's id or slug; empty when the comment names none.
    var name: String
    /// Where the name stands.
    var span: Span
    /// The whole comment.
    var comment: Span
    /// Whether the comment has no other name.
    var isOnlyName: Bool
    /// The 1-based line that it is about.
    var line: Int

    /// Names of one file that are heeded, and lines that a comment may stand above its own.
    private static let maximumCount = 500
    private static let maximumDistance = 100

    /// All in a file, up to a bound. JSON has no comments.
    static func all(in tree: SyntaxTree) -> [InlineIgnore] {
        let comments = tree.comments(startingWith: "imflow:", limit: maximumCount)
        let all = comments.flatMap { comment -> [InlineIgnore] in
            guard let names = names(in: comment) else { return [] }
            let line = line(of: comment)
            return names.map { span in
                let isNamed = span != comment
                let name = isNamed ? String(decoding: span.source.bytes[span.range], as: UTF8.self) : ""
                return InlineIgnore(
                    name: name, span: span, comment: comment, isOnlyName: names.count == 1, line: line)
            }
        }
        return Array(all.prefix(maximumCount))
    }

    /// Whether it is about a finding.
    func covers(_ diagnostic: Diagnostic) -> Bool {
        let place = diagnostic.primary.span
        return diagnostic.code.isIgnorable && place.source.name == span.source.name && place.start.line == line
            && (name == diagnostic.code.id || name == diagnostic.code.slug)
    }

    /// The places of the names; the whole comment when there is none; nil when the comment says something else.
    private static func names(in comment: Span) -> [Span]? {
        let bytes = comment.source.bytes[comment.range]
        var rest = bytes.dropFirst().drop(while: isBlank).dropFirst("imflow:".utf8.count).drop(while: isBlank)
        guard rest.starts(with: "ignore".utf8) else { return nil }
        rest = rest.dropFirst("ignore".utf8.count)
        if let next = rest.first, next != UInt8(ascii: "["), !isBlank(next) { return nil }
        rest = rest.drop(while: isBlank)
        guard rest.first == UInt8(ascii: "["), let end = rest.firstIndex(of: UInt8(ascii: "]")) else {
            return [comment]
        }
        let spans = rest[..<end].dropFirst().split(separator: UInt8(ascii: ",")).compactMap { part -> Span? in
            let start = part.drop(while: isBlank)
            guard let last = start.lastIndex(where: { !isBlank($0) }) else { return nil }
            return Span(comment.source, start.startIndex..<last + 1)
        }
        return spans.isEmpty ? [comment] : spans
    }

    private static func line(of comment: Span) -> Int {
        let source = comment.source
        var line = comment.start.line
        let before = source.bytes[source.lineRange(line).lowerBound..<comment.range.lowerBound]
        guard before.allSatisfy(isBlank) else { return line }
        let last = line + maximumDistance
        repeat { line += 1 } while line < last && isComment(source, line)
        return line
    }

    private static func isComment(_ source: Source, _ line: Int) -> Bool {
        source.bytes[source.lineRange(line)].drop(while: isBlank).first == UInt8(ascii: "#")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
