/// Finds its way in JSON, and in YAML between brackets, as far as it is written: a text that does not parse yet has
/// keys all the same.
struct FlowScanner {
    private struct Frame {
        var isMapping: Bool
        /// The key whose value comes now.
        var key: String?
        var index = 0
        /// Whether a key or value has stood since the last `,` or `:`.
        var isFilled = false
        var keys: [(name: String, start: Int)] = []
    }

    private struct Token {
        var range: Range<Int>
        /// Without quotes.
        var word: Range<Int>
    }

    /// Levels that are followed; deeper ones have no keys of ours.
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private let isJSON: Bool
    private var position: Int
    private let limit: Int
    private var frames: [Frame] = []

    private init(_ bytes: [UInt8], _ range: Range<Int>, isJSON: Bool) {
        self.bytes = bytes
        self.isJSON = isJSON
        position = range.lowerBound
        limit = range.upperBound
    }

    /// Where `offset` stands in the value that begins at `range`'s start, which stands at `base`. Nil: neither a key nor
    /// a value stands there.
    static func context(
        at offset: Int, in bytes: [UInt8], _ range: Range<Int>, base: [CursorContext.Step] = [], isJSON: Bool
    ) -> CursorContext? {
        var scanner = FlowScanner(bytes, range, isJSON: isJSON)
        guard var found = scanner.context(at: offset, base) else { return nil }
        if found.isKey { found.siblings = scanner.siblings(of: found.word) }
        return found
    }

    /// Where the value ends that begins at `range`'s start: just past its last bracket, or nil when that is missing.
    static func end(in bytes: [UInt8], _ range: Range<Int>, isJSON: Bool) -> Int? {
        var scanner = FlowScanner(bytes, range, isJSON: isJSON)
        while scanner.position < scanner.limit {
            _ = scanner.step()
            if scanner.frames.isEmpty { return scanner.position }
        }
        return nil
    }

    private mutating func context(at offset: Int, _ base: [CursorContext.Step]) -> CursorContext? {
        while true {
            skipBlanks()
            guard position < limit, position < offset || (position == offset && !isMark(bytes[position])) else { break }
            if let token = step(), offset <= token.range.upperBound {
                takeBack(token)
                return context(base, token)
            }
            if frames.isEmpty { return nil }
        }
        guard let top = frames.last, !top.isFilled else { return nil }
        return context(base, Token(range: offset..<offset, word: offset..<offset))
    }

    /// The state is again that before a scalar was read. (A copy of it for each scalar would make long mappings slow.)
    private mutating func takeBack(_ token: Token) {
        guard let top = frames.indices.last, frames[top].keys.last?.start == token.word.lowerBound else { return }
        frames[top].keys.removeLast()
    }

    private func isMark(_ byte: UInt8) -> Bool {
        Mark.isOpening(byte) || Mark.isClosing(byte) || byte == Mark.comma || byte == Mark.colon
    }

    private func context(_ base: [CursorContext.Step], _ token: Token) -> CursorContext {
        let isKey = frames.last.map { $0.isMapping && $0.key == nil } ?? false
        var path = base
        for frame in isKey ? frames.dropLast() : frames[...] {
            path.append(frame.isMapping ? .key(frame.key ?? "") : .item(frame.index))
        }
        return CursorContext(
            path: path, isKey: isKey, word: token.word, token: token.range, notation: isJSON ? .json : .flow)
    }

    /// The keys of the innermost mapping, but for that at `word`; reads on to the mapping's end.
    private mutating func siblings(of word: Range<Int>) -> Set<String> {
        let depth = frames.count
        while position < limit {
            skipBlanks()
            if frames.count == depth, position < limit, Mark.isClosing(bytes[position]) { break }
            _ = step()
        }
        let keys = frames.indices.contains(depth - 1) ? frames[depth - 1].keys : []
        return Set(keys.filter { !word.contains($0.start) && $0.start != word.lowerBound }.map(\.name))
    }

    /// Reads one bracket, mark or scalar; the scalar, if it was one.
    private mutating func step() -> Token? {
        guard position < limit else { return nil }
        let byte = bytes[position]
        let top = frames.count - 1
        if Mark.isOpening(byte), frames.count < Self.maximumDepth {
            if top >= 0 { frames[top].isFilled = true }
            frames.append(Frame(isMapping: byte == UInt8(ascii: "{")))
            position += 1
            return nil
        }
        if Mark.isClosing(byte) {
            _ = frames.popLast()
            position += 1
            return nil
        }
        if byte == Mark.comma, top >= 0 {
            frames[top].key = nil
            frames[top].index += 1
            frames[top].isFilled = false
            position += 1
            return nil
        }
        if byte == Mark.colon, top >= 0, frames[top].isMapping, frames[top].key == nil {
            frames[top].key = frames[top].isFilled ? frames[top].keys.last?.name : ""
            frames[top].isFilled = false
            position += 1
            return nil
        }
        return scalar()
    }

    private mutating func scalar() -> Token? {
        let token = bytes[position] == Mark.quote || (!isJSON && bytes[position] == Mark.apostrophe) ? quoted() : plain()
        guard let top = frames.indices.last, !token.range.isEmpty else {
            // A byte that is nothing here.
            position = max(position, token.range.lowerBound + 1)
            return token.range.isEmpty ? nil : token
        }
        if frames[top].isMapping, frames[top].key == nil {
            let name = String(decoding: bytes[token.word], as: UTF8.self)
            frames[top].keys.append((name, token.word.lowerBound))
        }
        frames[top].isFilled = true
        return token
    }

    private mutating func quoted() -> Token {
        let start = position
        let quote = bytes[start]
        position += 1
        while position < limit, bytes[position] != quote, !Mark.isBreak(bytes[position]) {
            position += quote == Mark.quote && bytes[position] == Mark.backslash ? 2 : 1
        }
        position = min(position, limit)
        let end = position
        // A quote that is missing ends with its line.
        if position < limit, bytes[position] == quote { position += 1 }
        return Token(range: start..<position, word: start + 1..<end)
    }

    private mutating func plain() -> Token {
        let start = position
        while position < limit {
            let byte = bytes[position]
            if Mark.isOpening(byte) || Mark.isClosing(byte) || byte == Mark.comma || Mark.isBreak(byte) { break }
            if byte == Mark.colon {
                let next = position + 1 < limit ? bytes[position + 1] : Mark.space
                if isJSON || Mark.isBlank(next) || Mark.isBreak(next) || next == Mark.comma { break }
            }
            if byte == Mark.hash, position > start, Mark.isBlank(bytes[position - 1]) { break }
            position += 1
        }
        var end = position
        while end > start, Mark.isBlank(bytes[end - 1]) { end -= 1 }
        return Token(range: start..<end, word: start..<end)
    }

    private mutating func skipBlanks() {
        while position < limit {
            if Mark.isBlank(bytes[position]) || Mark.isBreak(bytes[position]) {
                position += 1
            } else if !isJSON, bytes[position] == Mark.hash {
                while position < limit, !Mark.isBreak(bytes[position]) { position += 1 }
            } else {
                return
            }
        }
    }
}
