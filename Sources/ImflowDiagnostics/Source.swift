/// A text that is compiled: a file's bytes, or standard input's.
package final class Source: Sendable {
    /// As shown to people: the path as given, or `<stdin>`.
    package let name: String
    package let bytes: [UInt8]
    /// The byte offset at which each line starts; the first is 0. LF, CRLF and lone CR end a line.
    package let lineStarts: [Int]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        var starts = [0]
        for index in bytes.indices {
            if bytes[index] == 0x0A || (bytes[index] == 0x0D && !(index + 1 < bytes.count && bytes[index + 1] == 0x0A)) {
                starts.append(index + 1)
            }
        }
        lineStarts = starts
    }

    /// The 1-based line of a byte offset, and the 1-based column in Unicode scalars.
    package func position(of offset: Int) -> (line: Int, column: Int) {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        var start = lineStarts[low]
        if low == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = Swift.min(3, offset) }
        let column = bytes[start..<Swift.min(Swift.max(offset, start), bytes.count)].count { $0 & 0xC0 != 0x80 } + 1
        return (low + 1, column)
    }
}

/// A half-open UTF-8 byte range of a source.
package struct Span: Sendable, Equatable, CustomStringConvertible {
    package let source: Source
    package var range: Range<Int>

    package init(_ source: Source, _ range: Range<Int>) {
        self.source = source
        self.range = range
    }

    package static func == (left: Span, right: Span) -> Bool {
        left.source === right.source && left.range == right.range
    }

    /// `file:line:column` of the start.
    package var description: String {
        let (line, column) = source.position(of: range.lowerBound)
        return "\(source.name):\(line):\(column)"
    }
}
