import Synchronization

/// A text that is compiled: a file's bytes, or standard input's.
package final class Source: Sendable {
    /// As shown to people: the path as given, or `<stdin>`.
    package let name: String
    /// The text as it was read; it need not be valid UTF-8.
    package let bytes: [UInt8]
    /// Made when it is first asked for: of a text without findings nobody asks.
    private let lines = Mutex<[Int]?>(nil)

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The byte offset at which each line starts; the first is 0. LF, CRLF and lone CR end a line.
    package var lineStarts: [Int] {
        lines.withLock { lines in
            if let lines { return lines }
            let starts = Self.lineStarts(bytes)
            lines = starts
            return starts
        }
    }

    private static func lineStarts(_ bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBufferPointer { buffer in
            var starts = [0]
            for index in buffer.indices where buffer[index] == 0x0A || buffer[index] == 0x0D {
                let isCRLF = buffer[index] == 0x0D && index + 1 < buffer.count && buffer[index + 1] == 0x0A
                if !isCRLF { starts.append(index + 1) }
            }
            return starts
        }
    }

    /// The byte range of a 1-based line, without its line break; a byte order mark stands before line 1.
    package func lineRange(_ line: Int) -> Range<Int> {
        let lineStarts = self.lineStarts
        guard lineStarts.indices.contains(line - 1) else { return bytes.count..<bytes.count }
        let start = line == 1 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : lineStarts[line - 1]
        var end = line < lineStarts.count ? lineStarts[line] : bytes.count
        if end > start, bytes[end - 1] == 0x0A { end -= 1 }
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }

    /// The first line break of the text; a line feed when it has none, or begins with a lone carriage return.
    package var lineBreak: [UInt8] {
        let lineStarts = self.lineStarts
        guard lineStarts.count > 1, lineStarts[1] >= 2 else { return [0x0A] }
        return bytes[lineStarts[1] - 2] == 0x0D && bytes[lineStarts[1] - 1] == 0x0A ? [0x0D, 0x0A] : [0x0A]
    }

    /// The 1-based line of a byte offset, in logarithmic time however long the line is.
    package func line(of offset: Int) -> Int {
        let lineStarts = self.lineStarts
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low + 1
    }

    /// The 1-based line of a byte offset, and the 1-based column in Unicode scalars.
    package func position(of offset: Int) -> (line: Int, column: Int) {
        let lineStarts = self.lineStarts
        let low = line(of: offset) - 1
        var start = lineStarts[low]
        if low == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = Swift.min(3, offset) }
        let end = Swift.min(Swift.max(offset, start), bytes.count)
        let column = bytes.withUnsafeBufferPointer { $0[start..<end].count { $0 & 0xC0 != 0x80 } + 1 }
        return (low + 1, column)
    }
}

/// A half-open UTF-8 byte range of a source.
package struct Span: Sendable, Equatable, CustomStringConvertible {
    /// The text it is a part of.
    package let source: Source
    /// Byte offsets in ``Source/bytes``.
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
