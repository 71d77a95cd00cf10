import ImflowDiagnostics
import ImflowSyntax

/// What stands between the scalars of a YAML text and is no part of its tree: comments, anchors and tags, in order.
struct Trivia {
    /// A comment, from its `#` to its last character that is no blank.
    struct Comment {
        var start: Int
        var text: [UInt8]
        /// The 1-based line.
        var line: Int
        /// Bytes before it in its line.
        var column: Int
        /// Whether nothing but blanks stands before it in its line.
        var isOwnLine: Bool
        /// Whether the line above it is blank.
        var isAfterBlankLine: Bool
        /// Blanks right before it.
        var gap: Int

        /// Whether it is for imflow, and about the line that it stands at.
        var isDirective: Bool {
            text.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }.starts(with: "imflow:".utf8)
        }
    }

    /// `&anchor` or `!tag`.
    struct Property {
        var start: Int
        var text: [UInt8]
        var isAnchor: Bool { text.first == UInt8(ascii: "&") }
    }

    private(set) var comments: [Comment] = []
    private(set) var properties: [Property] = []
    /// Where a `?` begins a key; nil: none does.
    private(set) var explicitKey: Int?
    /// Where `---` begins; nil: it is not there.
    private(set) var documentStart: Int?
    /// Lines below blank ones that belong to the text of a block scalar.
    private(set) var linesBehindKeptBreaks: Set<Int> = []

    private let source: Source
    private let blankLines: [Bool]

    init(_ tree: SyntaxTree) {
        source = tree.source
        blankLines = tree.source.blankLines
        var position = source.lineRange(1).lowerBound
        for record in tree.records where record.kind == .scalar || record.kind == .alias {
            read(position..<max(position, Int(record.start)))
            position = max(position, Int(record.end))
            if record.style == .literal || record.style == .folded { noteKeptBreaks(record) }
        }
        read(position..<source.bytes.count)
    }

    private mutating func read(_ gap: Range<Int>) {
        let bytes = source.bytes
        var position = gap.lowerBound
        while position < gap.upperBound {
            switch bytes[position] {
            case UInt8(ascii: "#"): position = readComment(at: position)
            case UInt8(ascii: "&"), UInt8(ascii: "!"): position = readProperty(at: position, before: gap.upperBound)
            case UInt8(ascii: "%") where isLineStart(position):
                position = source.lineRange(source.line(of: position)).upperBound
            case UInt8(ascii: "?"):
                explicitKey = explicitKey ?? position
                position += 1
            case UInt8(ascii: "-") where isLineStart(position) && bytes[position...].starts(with: "---".utf8):
                documentStart = documentStart ?? position
                position += 3
            default: position += 1
            }
        }
    }

    /// Whether a blank line stands above a line and is no part of a text.
    func isBehindBlankLine(_ line: Int) -> Bool {
        isBlank(line: line - 1) && !linesBehindKeptBreaks.contains(line)
    }

    private mutating func noteKeptBreaks(_ record: SyntaxTree.Record) {
        let header = source.bytes[Int(record.start)..<Int(record.end)].dropFirst()
            .prefix { "0123456789+-".utf8.contains($0) }
        guard header.contains(UInt8(ascii: "+")) else { return }
        var line = source.line(of: max(0, Int(record.end) - 1)) + 1
        while isBlank(line: line) { line += 1 }
        linesBehindKeptBreaks.insert(line)
    }

    private func isBlank(line: Int) -> Bool { line >= 1 && line <= blankLines.count && blankLines[line - 1] }

    private mutating func readComment(at start: Int) -> Int {
        let line = source.line(of: start)
        let range = source.lineRange(line)
        let before = source.bytes[range.lowerBound..<start]
        let gap = before.reversed().prefix { Self.isBlank($0) }.count
        let end = source.bytes[start..<range.upperBound].lastIndex { !Self.isBlank($0) } ?? start
        let isOwnLine = gap == before.count
        comments.append(
            Comment(
                start: start, text: Array(source.bytes[start...end]), line: line, column: before.count,
                isOwnLine: isOwnLine, isAfterBlankLine: isOwnLine && isBehindBlankLine(line), gap: gap))
        return range.upperBound
    }

    private mutating func readProperty(at start: Int, before limit: Int) -> Int {
        let rest = source.bytes[start..<limit]
        let end: Int
        if rest.starts(with: "!<".utf8) {
            end = rest.firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 } ?? limit
        } else {
            end = rest.firstIndex { Self.isBlank($0) || $0 == 0x0A || $0 == 0x0D || ",[]{}".utf8.contains($0) } ?? limit
        }
        properties.append(Property(start: start, text: Array(source.bytes[start..<end])))
        return max(end, start + 1)
    }

    private func isLineStart(_ offset: Int) -> Bool {
        source.lineRange(source.line(of: offset)).lowerBound == offset
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension Source {
    /// Of each line, whether it holds nothing but blanks.
    fileprivate var blankLines: [Bool] {
        (1...lineStarts.count).map { line in bytes[lineRange(line)].allSatisfy { $0 == 0x20 || $0 == 0x09 } }
    }

    /// Bytes before an offset in its line.
    func byteColumn(of offset: Int) -> Int { max(0, offset - lineRange(line(of: offset)).lowerBound) }
}
