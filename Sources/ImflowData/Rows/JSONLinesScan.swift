internal import ImflowExecution
internal import ImflowJSON

/// Finds the lines of a JSON Lines file in one pass, makes sure that each holds one JSON value, and keeps nothing of them
/// but where they are. Lines of white space alone are no rows.
struct JSONLinesScan: RowScan {
    private(set) var runs: RowRuns
    /// Of a line that goes on in the next piece.
    private var head: [UInt8] = []
    private var start: Int64?
    private var line = 1

    init(runs: RowRuns) { self.runs = runs }

    mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, at offset: Int64) throws(RowMistake) -> Bool {
        var rest = bytes[...]
        while let end = rest.firstLineFeed {
            if start == nil { start = offset + Int64(rest.startIndex) }
            head.append(contentsOf: rest[..<end])
            guard try endLine(at: offset + Int64(end)) else { return false }
            line += 1
            rest = rest[(end + 1)...]
        }
        if !rest.isEmpty, start == nil { start = offset + Int64(rest.startIndex) }
        head.append(contentsOf: rest)
        try checkLength()
        return true
    }

    mutating func finish(at end: Int64) throws(RowMistake) -> Bool { try endLine(at: end) }

    private mutating func endLine(at end: Int64) throws(RowMistake) -> Bool {
        defer {
            head.removeAll(keepingCapacity: true)
            start = nil
        }
        try checkLength()
        guard let start, head.contains(where: { !Self.isSpace($0) }) else { return true }
        do throws(JSONError) {
            var nothing = JSONCheck()
            try JSONReader.read(head, into: &nothing)
        } catch {
            throw RowMistake(line: line, text: "this is not one JSON value: \(error)")
        }
        return try runs.add(start..<end, line: line)
    }

    private func checkLength() throws(RowMistake) {
        guard head.count > Int(runs.maximumBytes) else { return }
        throw RowMistake(line: line, text: "the line has more than \(runs.shownMaximum)")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
}

/// Reads a JSON text to see that it is one.
private struct JSONCheck: JSONVisitor {
    func beginObject(at offset: Int) {}
    func endObject(at end: Int) {}
    func beginArray(at offset: Int) {}
    func endArray(at end: Int) {}
    func key(_ text: String, range: Range<Int>) {}
    func scalar(_ value: JSONValue, range: Range<Int>) {}
}
