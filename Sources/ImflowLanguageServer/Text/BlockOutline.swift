import ImflowDiagnostics

/// The keys and items of a YAML text by their lines and indentation alone, so that a text that does not parse yet has
/// them too. Linear in the text.
struct BlockOutline {
    struct Entry {
        enum Kind: Equatable {
            case key(String)
            /// A `-`; which one of its list.
            case item(Int)
        }

        var kind: Kind
        /// The column of the key's first character or of the `-`, in bytes.
        var indent: Int
        /// Index of the entry that it stands under.
        var parent: Int?
        /// The key without quotes, or the `-`.
        var word: Range<Int>
        /// The key with quotes.
        var token: Range<Int>
        /// What stands behind it in the line, less comment and blanks; of a value in brackets all its lines.
        var value: Range<Int>
        /// Just past the last line of its text block; nil: it has none.
        var textEnd: Int?
    }

    /// Where a line stands, for those that have no key.
    private(set) var entries: [Entry] = []
    private let bytes: [UInt8]
    private let lines: TextPositions
    private var open: [Int] = []
    private var counts: [Int: Int] = [:]

    init(_ source: Source) {
        bytes = source.bytes
        lines = TextPositions(source, .utf8)
        var line = 0
        while line < source.lineStarts.count {
            let next = read(line)
            line = max(next, line + 1)
        }
    }

    /// The steps from the root to the value of an entry.
    func path(_ index: Int?) -> [CursorContext.Step] {
        var steps: [CursorContext.Step] = []
        var current = index
        while let index = current {
            switch entries[index].kind {
            case .key(let name): steps.append(.key(name))
            case .item(let item): steps.append(.item(item))
            }
            current = entries[index].parent
        }
        return steps.reversed()
    }

    /// The names of the keys right under an entry.
    func keys(under parent: Int?, besides: Int? = nil) -> Set<String> {
        var names: Set<String> = []
        for (index, entry) in entries.enumerated() where entry.parent == parent && index != besides {
            if case .key(let name) = entry.kind { names.insert(name) }
        }
        return names
    }

    // MARK: - Reading

    /// Reads one line; the line to go on with.
    private mutating func read(_ line: Int) -> Int {
        let range = lines.line(line)
        var position = range.lowerBound
        if line == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = min(3, range.upperBound) }
        let start = position
        while position < range.upperBound, bytes[position] == Mark.space { position += 1 }
        while position < range.upperBound, bytes[position] == Mark.dash, isBlankOrEnd(position + 1, range) {
            add(dashAt: position, indent: position - start, in: range)
            position += 1
            while position < range.upperBound, Mark.isBlank(bytes[position]) { position += 1 }
        }
        guard position < range.upperBound, bytes[position] != Mark.hash else { return line + 1 }
        if let (token, colon) = key(at: position, in: range) {
            let isQuoted = bytes[token.lowerBound] == Mark.quote || bytes[token.lowerBound] == Mark.apostrophe
            let word = isQuoted ? token.lowerBound + 1..<token.upperBound - 1 : token
            let name = String(decoding: bytes[word], as: UTF8.self)
            push(
                Entry(
                    kind: .key(name), indent: position - start, word: word, token: token,
                    value: value(from: colon + 1, in: range)))
        } else if let last = entries.indices.last, entries[last].value.isEmpty, isDash(entries[last], in: range) {
            entries[last].value = value(from: position, in: range)
        } else {
            return line + 1
        }
        return readBody(of: entries.count - 1, from: line)
    }

    private func isDash(_ entry: Entry, in line: Range<Int>) -> Bool {
        guard case .item = entry.kind else { return false }
        return line.contains(entry.word.lowerBound)
    }

    private func isBlankOrEnd(_ offset: Int, _ line: Range<Int>) -> Bool {
        offset >= line.upperBound || Mark.isBlank(bytes[offset])
    }

    private mutating func add(dashAt position: Int, indent: Int, in line: Range<Int>) {
        let word = position..<position + 1
        let end = min(position + 1, line.upperBound)
        push(Entry(kind: .item(0), indent: indent, word: word, token: word, value: end..<end))
    }

    private mutating func push(_ entry: Entry) {
        var entry = entry
        var isItem = false
        if case .item = entry.kind { isItem = true }
        while let top = open.last {
            let above = entries[top]
            var aboveIsItem = false
            if case .item = above.kind { aboveIsItem = true }
            // A list may begin in the column of its key.
            if above.indent < entry.indent || (above.indent == entry.indent && isItem && !aboveIsItem) { break }
            open.removeLast()
        }
        entry.parent = open.last
        if isItem {
            let index = counts[open.last ?? -1, default: 0]
            counts[open.last ?? -1] = index + 1
            entry.kind = .item(index)
        }
        open.append(entries.count)
        entries.append(entry)
    }

    /// A key and its `:`; nil: the text at `start` has none.
    private func key(at start: Int, in line: Range<Int>) -> (token: Range<Int>, colon: Int)? {
        var position = start
        let first = bytes[start]
        if first == Mark.quote || first == Mark.apostrophe {
            position += 1
            while position < line.upperBound, bytes[position] != first {
                position += first == Mark.quote && bytes[position] == Mark.backslash ? 2 : 1
            }
            guard position < line.upperBound else { return nil }
            let end = position + 1
            position = end
            while position < line.upperBound, Mark.isBlank(bytes[position]) { position += 1 }
            guard position < line.upperBound, bytes[position] == Mark.colon, isBlankOrEnd(position + 1, line) else {
                return nil
            }
            return (start..<end, position)
        }
        if Mark.isOpening(first) || Mark.isClosing(first) { return nil }
        while position < line.upperBound {
            if bytes[position] == Mark.colon, isBlankOrEnd(position + 1, line) {
                var end = position
                while end > start, Mark.isBlank(bytes[end - 1]) { end -= 1 }
                return end > start ? (start..<end, position) : nil
            }
            if bytes[position] == Mark.hash, position > start, Mark.isBlank(bytes[position - 1]) { return nil }
            position += 1
        }
        return nil
    }

    /// What stands in the line behind `start`, less blanks and comment.
    private func value(from start: Int, in line: Range<Int>) -> Range<Int> {
        var start = min(start, line.upperBound)
        while start < line.upperBound, Mark.isBlank(bytes[start]) { start += 1 }
        var end = start
        var quote: UInt8?
        while end < line.upperBound {
            let byte = bytes[end]
            if let open = quote {
                if byte == open { quote = nil }
            } else if end == start, byte == Mark.quote || byte == Mark.apostrophe {
                quote = byte
            } else if byte == Mark.hash, end == start || Mark.isBlank(bytes[end - 1]) {
                break
            }
            end += 1
        }
        while end > start, Mark.isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    /// The lines that belong to a value which begins in `line`: brackets, or a text block. The line to go on with.
    private mutating func readBody(of index: Int, from line: Int) -> Int {
        let entry = entries[index]
        guard let first = entry.value.isEmpty ? nil : bytes[entry.value.lowerBound] else { return line + 1 }
        if Mark.isOpening(first) { return readBrackets(of: index, from: line) }
        guard first == UInt8(ascii: "|") || first == UInt8(ascii: ">") else { return line + 1 }
        var next = line + 1
        while next < lines.source.lineStarts.count, isBlank(next) || indent(next) > entry.indent { next += 1 }
        entries[index].textEnd = next < lines.source.lineStarts.count ? lines.source.lineStarts[next] : bytes.count
        return next
    }

    /// A bracket that is not closed yet ends before the next line that is indented no deeper than its key.
    private mutating func readBrackets(of index: Int, from line: Int) -> Int {
        let entry = entries[index]
        var next = line + 1
        while next < lines.source.lineStarts.count, isBlank(next) || indent(next) > entry.indent || closes(next) {
            next += 1
        }
        let limit = next < lines.source.lineStarts.count ? lines.source.lineStarts[next] : bytes.count
        let end = FlowScanner.end(in: bytes, entry.value.lowerBound..<limit, isJSON: false)
        entries[index].value = entry.value.lowerBound..<(end ?? limit)
        return end.map { lines.line(of: $0) + 1 } ?? next
    }

    private func closes(_ line: Int) -> Bool {
        let range = lines.line(line)
        return bytes[range].first { !Mark.isBlank($0) }.map { Mark.isClosing($0) || $0 == Mark.comma } ?? false
    }

    private func isBlank(_ line: Int) -> Bool { bytes[lines.line(line)].allSatisfy(Mark.isBlank) }

    private func indent(_ line: Int) -> Int { bytes[lines.line(line)].prefix { $0 == Mark.space }.count }
}
