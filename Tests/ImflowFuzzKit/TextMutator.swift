/// Changes texts the way that files go wrong: blocks of lines moved, doubled, cut and re-indented, values and keys
/// replaced by others of the language, anchors and merges, deep nests, huge scalars, and broken bytes.
package struct TextMutator {
    private var dice: Dice
    /// Texts do not grow beyond this.
    private static let maximumBytes = 60_000

    package init(_ dice: Dice) { self.dice = dice }

    /// One to four changes.
    package mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<dice.int(1...4) { bytes = step(bytes) }
        return Array(bytes.prefix(Self.maximumBytes))
    }

    /// One change that most likely leaves the text readable.
    package mutating func nudge(_ bytes: [UInt8]) -> [UInt8] {
        dice.oneIn(4) ? replaceWord(bytes) : moveLines(bytes)
    }

    /// A block of `other` in the place of one of `one`, or behind it.
    package mutating func splice(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] {
        var lines = Self.lines(one)
        let donor = Self.lines(other)
        guard let taken = block(of: donor), let place = block(of: lines) else { return one }
        let depth = Self.indent(lines[place.lowerBound])
        let part = Self.indented(Array(donor[taken]), to: depth)
        if dice.oneIn(2) {
            lines.replaceSubrange(place, with: part)
        } else {
            lines.insert(contentsOf: part, at: place.upperBound)
        }
        return Array(Self.joined(lines).prefix(Self.maximumBytes))
    }

    private mutating func step(_ bytes: [UInt8]) -> [UInt8] {
        switch dice.int(0...9) {
        case 0, 1, 2: moveLines(bytes)
        case 3, 4: replaceWord(bytes)
        case 5: insert(bytes)
        case 6: cut(bytes)
        case 7: anchor(bytes)
        case 8: relayout(bytes)
        default: extreme(bytes)
        }
    }

    // MARK: Lines

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    }

    private static func joined(_ lines: [[UInt8]]) -> [UInt8] { Array(lines.joined(separator: [0x0A])) }

    private static func indent(_ line: [UInt8]) -> Int { line.prefix { $0 == 0x20 }.count }

    private static func indented(_ lines: [[UInt8]], to depth: Int) -> [[UInt8]] {
        let own = lines.first.map(indent) ?? 0
        return lines.map { line in
            [UInt8](repeating: 0x20, count: max(0, indent(line) - own + depth)) + line.drop { $0 == 0x20 }
        }
    }

    /// A line and those below it that are indented deeper.
    private mutating func block(of lines: [[UInt8]]) -> Range<Int>? {
        guard let start = dice.pick(Array(lines.indices)) else { return nil }
        let depth = Self.indent(lines[start])
        var end = start + 1
        while end < lines.count, Self.indent(lines[end]) > depth, end - start < 60 { end += 1 }
        return start..<end
    }

    private mutating func moveLines(_ bytes: [UInt8]) -> [UInt8] {
        var lines = Self.lines(bytes)
        guard let taken = block(of: lines), let place = block(of: lines)?.lowerBound else { return bytes }
        let part = Array(lines[taken])
        switch dice.int(0...5) {
        case 0: lines.removeSubrange(taken)
        case 1: lines.insert(contentsOf: part, at: taken.upperBound)
        case 2: lines.insert(contentsOf: Self.indented(part, to: Self.indent(lines[place])), at: place)
        case 3:
            for index in taken { lines[index] = [0x20, 0x20] + lines[index] }
        case 4:
            for index in taken where lines[index].starts(with: [0x20, 0x20]) { lines[index].removeFirst(2) }
        default:
            let depth = Self.indent(lines[place])
            lines.removeSubrange(taken)
            lines.insert(contentsOf: Self.indented(part, to: depth), at: min(place, lines.count))
        }
        return Self.joined(lines)
    }

    // MARK: Words

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || "_-.@+".utf8.contains(byte)
    }

    /// The word at or behind a random place.
    private mutating func word(in bytes: [UInt8]) -> Range<Int>? {
        guard let place = dice.pick(Array(bytes.indices)) else { return nil }
        guard let start = bytes[place...].firstIndex(where: Self.isWord) else { return nil }
        let end = bytes[start...].firstIndex { !Self.isWord($0) } ?? bytes.count
        return start..<end
    }

    private mutating func replaceWord(_ bytes: [UInt8]) -> [UInt8] {
        guard let place = word(in: bytes) else { return bytes }
        var bytes = bytes
        if dice.oneIn(3), let other = word(in: bytes) {
            bytes.replaceSubrange(place, with: Array(bytes[other]))
        } else {
            bytes.replaceSubrange(place, with: Array((dice.pick(Vocabulary.words) ?? "").utf8))
        }
        return bytes
    }

    private mutating func insert(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let place = dice.int(0...bytes.count)
        bytes.insert(contentsOf: (dice.pick(Vocabulary.fragments) ?? "").utf8, at: place)
        if dice.oneIn(6) { bytes.insert(UInt8(dice.int(0...255)), at: dice.int(0...bytes.count)) }
        return bytes
    }

    private mutating func cut(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let place = dice.int(0...bytes.count)
        let end = min(bytes.count, place + dice.int(1...9))
        switch dice.int(0...3) {
        case 0: bytes.removeSubrange(end...)
        case 1 where place < bytes.count: bytes[place] = UInt8(dice.int(0...255))
        case 2: bytes.insert(contentsOf: Array(bytes[place..<end]), at: dice.int(0...bytes.count))
        default: bytes.removeSubrange(place..<end)
        }
        return bytes
    }

    // MARK: Structure

    /// Marks a value, and refers to it elsewhere.
    private mutating func anchor(_ bytes: [UInt8]) -> [UInt8] {
        var lines = Self.lines(bytes)
        let keys = lines.indices.filter { lines[$0].contains(UInt8(ascii: ":")) }
        guard let marked = dice.pick(keys), let colon = lines[marked].firstIndex(of: UInt8(ascii: ":")),
            let place = dice.pick(keys), let other = lines[place].firstIndex(of: UInt8(ascii: ":"))
        else { return bytes }
        let name = dice.pick("a", "b", "é")
        lines[marked].insert(contentsOf: " &\(name)".utf8, at: colon + 1)
        switch dice.int(0...2) {
        case 0: lines[place] = Array(lines[place][...other]) + Array(" *\(name)".utf8)
        case 1:
            let depth = String(repeating: " ", count: Self.indent(lines[place]))
            lines.insert(Array("\(depth)<<: *\(name)".utf8), at: place)
        default:
            let depth = String(repeating: " ", count: Self.indent(lines[place]))
            lines.insert(Array("\(depth)x-\(name): [*\(name), {<<: [*\(name), *\(name)]}]".utf8), at: place)
        }
        return Self.joined(lines)
    }

    /// The same text with other line ends, marks or indentation.
    private mutating func relayout(_ bytes: [UInt8]) -> [UInt8] {
        switch dice.int(0...5) {
        case 0: return Array(Self.lines(bytes).joined(separator: [0x0D, 0x0A]))
        case 1: return Array(Self.lines(bytes).joined(separator: [0x0D]))
        case 2: return [0xEF, 0xBB, 0xBF] + bytes
        case 3: return Array("%YAML 1.2\n---\n".utf8) + bytes
        case 4: return bytes + Array("\n...\n---\nb: 1\n".utf8)
        default: return bytes.flatMap { $0 == 0x20 && dice.oneIn(40) ? [0x09] : [$0] }
        }
    }

    private mutating func extreme(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let place = word(in: bytes) ?? 0..<0
        let count = dice.pick(10, 100, 300, 2000, 20_000)
        let text: String
        switch dice.int(0...7) {
        case 0: text = String(repeating: dice.pick("[", "{a: ", "- ", "? ", "!!seq ["), count: count)
        case 1: text = String(repeating: dice.pick("a", "é", "9", "\\", "0x", "😀"), count: count)
        case 2: text = "\"" + String(repeating: dice.pick("\\n", "\\u00e9", "a ", "\n  "), count: count) + "\""
        case 3: text = String(repeating: "[", count: count / 2) + String(repeating: "]", count: count / 2)
        case 4: text = "[" + (0..<count).map(String.init).joined(separator: ", ") + "]"
        case 5: text = "|\n" + String(repeating: "    a\n\n", count: count)
        case 6: text = "(" + String(repeating: dice.pick("a?", "(", "[a-z]", "a|", "!"), count: count / 4) + ")"
        default: text = (0..<min(count, 2000)).map { "\nk\($0): {name: a, needs: [b]}" }.joined()
        }
        bytes.replaceSubrange(place, with: Array(text.utf8))
        return bytes
    }
}
