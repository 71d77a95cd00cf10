/// One source line as a terminal shows it, cut around a span when it is long, and where bytes stand in it.
struct SourceExcerpt {
    /// Lines are cut to about this many columns.
    static let width = 120
    /// Columns kept before the span in a cut line.
    private static let lead = 30
    private static let tabWidth = 4
    /// Bytes around a cut in which secrets are looked for.
    private static let margin = 4096

    private(set) var text = ""
    /// Byte offset and first column of every character shown, then of the end.
    private var columns: [(offset: Int, column: Int)] = []

    /// - Parameters:
    ///   - line: the line's byte range, without its line break.
    ///   - focus: a byte offset that must be seen.
    ///   - hidden: byte ranges that are shown as asterisks.
    init(_ source: Source, line: Range<Int>, focus: Int, hidden: [Range<Int>] = []) {
        let window = Self.window(source.bytes, line, focus: focus)
        // A secret may begin before the cut and end behind it.
        let around =
            max(
                line.lowerBound, window.lowerBound - Self.margin)..<min(
                line.upperBound, window.upperBound + Self.margin)
        let hidden = hidden + SecretToken.ranges(in: source.bytes[around])
        var column = 0
        func put(_ cell: VisibleText.Cell, at offset: Int, into text: inout String) {
            columns.append((offset, column))
            text += cell.text
            column += cell.width
        }
        var shown = ""
        if window.lowerBound > line.lowerBound {
            shown = "…"
            column = 1
        }
        var offset = window.lowerBound
        var rest = source.bytes[window].makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        var previous: Unicode.Scalar?
        var isCut = window.upperBound < line.upperBound
        reading: while offset < window.upperBound {
            if column > Self.width, offset > focus {
                isCut = true
                break reading
            }
            switch parser.parseScalar(from: &rest) {
            case .valid(let encoded):
                let isHidden = hidden.contains { $0.contains(offset) }
                let scalar = isHidden ? "*" : Unicode.UTF8.decode(encoded)
                put(Self.cell(scalar, after: previous, column: column), at: offset, into: &shown)
                previous = scalar
                offset += encoded.count
            case .error(let length):
                for index in offset..<min(offset + length, window.upperBound)
                where !hidden.contains(where: { $0.contains(index) }) {
                    let hex = String(source.bytes[index], radix: 16, uppercase: true)
                    put(VisibleText.Cell(text: "\\x\(hex)", width: 2 + hex.utf8.count), at: index, into: &shown)
                }
                previous = nil
                offset += length
            case .emptyInput: break reading
            }
        }
        columns.append((offset, column))
        text = isCut ? shown + "…" : shown
    }

    /// The columns that a byte range takes up here: at least one.
    func columns(of range: Range<Int>) -> Range<Int> {
        let start = column(at: range.lowerBound)
        return start..<max(column(at: range.upperBound), start + 1)
    }

    /// Whether the whole line is shown.
    static func fits(_ line: Range<Int>) -> Bool { line.count <= width }

    private func column(at offset: Int) -> Int {
        (columns.first { $0.offset >= offset } ?? columns.last)?.column ?? 0
    }

    private static func cell(
        _ scalar: Unicode.Scalar, after previous: Unicode.Scalar?, column: Int
    ) -> VisibleText.Cell {
        guard scalar == "\t" else { return VisibleText.cell(scalar, after: previous) }
        let width = tabWidth - column % tabWidth
        return VisibleText.Cell(text: String(repeating: " ", count: width), width: width)
    }

    /// The bytes of the line worth decoding: all of a short line, those around the focus in a long one.
    private static func window(_ bytes: [UInt8], _ line: Range<Int>, focus: Int) -> Range<Int> {
        guard !fits(line) else { return line }
        let focus = min(max(focus, line.lowerBound), line.upperBound)
        // A line whose focus is near its start begins at its start.
        var start = focus - line.lowerBound <= 2 * lead ? line.lowerBound : focus - lead
        var end = min(line.upperBound, max(start, focus) + 4 * width)
        while start > line.lowerBound, bytes[start] & 0xC0 == 0x80 { start -= 1 }
        while end < line.upperBound, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return start..<max(start, end)
    }
}
