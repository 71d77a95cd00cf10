package import ImflowJSON
import ImflowSyntax

/// Writes a value as YAML in any style, or as JSON, and notes where everything stands.
package struct Emitter {
    private let style: EmitterStyle
    /// What stands here is written out: neither marked nor referred to.
    private let targets: [[String]]
    /// A member to write twice: the second stands at its path with `#2` behind.
    private let doubled: [String]?
    private var dice: Dice
    private var out = Emitted()
    private var anchors: [String: String] = [:]
    private var marks = 0
    /// Whether a block scalar was written last: a comment below it could be a part of it.
    private var endsLiteral = false
    private var maps: [(name: String, members: JSONObject)] = []

    package init(_ style: EmitterStyle, targets: [[String]] = [], doubled: [String]? = nil, _ dice: Dice) {
        self.style = style
        self.targets = targets
        self.doubled = doubled
        self.dice = dice
    }

    /// The value as a document.
    package mutating func emit(_ value: JSONValue) -> Emitted {
        if style.hasMark { out.bytes += [0xEF, 0xBB, 0xBF] }
        if style.isJSON {
            flow(value, [], depth: 0)
        } else {
            if dice.oneIn(5) { write("# é 😀 drawn") }
            if dice.oneIn(6) {
                line(0)
                write("---")
            }
            if case .object(let members) = value { block(members, [], indent: 0, isInline: out.bytes.count < 4) }
        }
        newline()
        return out
    }

    // MARK: Writing

    private mutating func write(_ text: String) { out.bytes += Array(text.utf8) }
    private mutating func newline() { out.bytes += style.hasCRLF ? [0x0D, 0x0A] : [0x0A] }

    /// A new line, and one with a comment before it now and then.
    private mutating func line(_ indent: Int) {
        defer { endsLiteral = false }
        if style.comments > 0, !endsLiteral, dice.oneIn(style.comments) {
            if dice.oneIn(2) { write(dice.pick(" # a: b", "  # é 😀 [", " #")) }
            newline()
            if dice.oneIn(2) {
                write(String(repeating: " ", count: dice.int(0...6)) + dice.pick("# - x: 1", "# \"", ""))
                newline()
            }
        } else {
            newline()
        }
        write(String(repeating: " ", count: indent))
    }

    private mutating func note(_ path: [String], key: Range<Int>? = nil, value: Range<Int>? = nil) {
        var place = out.places[path] ?? Emitted.Place()
        if let key { place.key = key }
        if let value { place.value = value }
        out.places[path] = place
    }

    // MARK: Block style

    private mutating func block(_ members: JSONObject, _ path: [String], indent: Int, isInline: Bool) {
        var isFirst = isInline
        var members = members
        if let merged = mergeable(members, path) {
            if !isFirst { line(indent) }
            isFirst = false
            write("<<: *\(merged.name)")
            for key in merged.members.keys { members[key] = nil }
        }
        for (name, value) in members {
            if !isFirst { line(indent) }
            isFirst = false
            member(name, value, path + [name], indent)
        }
        if let doubled, Array(doubled.dropLast()) == path, let name = doubled.last, let value = members[name] {
            line(indent)
            member(name, value, doubled + ["#2"], indent)
        }
    }

    private mutating func member(_ name: String, _ value: JSONValue, _ path: [String], _ indent: Int) {
        note(path, key: scalar(.string(name), inFlow: false, isKey: true))
        write(":")
        if refer(to: value, path) { return }
        mark(value, path)
        switch value {
        case .object(let inner) where !inner.isEmpty && !isFlow(value):
            block(inner, path, indent: indent + style.step, isInline: false)
        case .array(let items) where !items.isEmpty && !isFlow(value):
            for (index, item) in items.enumerated() {
                line(indent + (style.indentsLists ? style.step : 0))
                self.item(item, path + [String(index)], indent + (style.indentsLists ? style.step : 0))
            }
        case .string(let text) where isLiteral(text): literal(text, path, indent)
        default:
            write(dice.oneIn(8) ? "   " : " ")
            flow(value, path, depth: 0)
        }
    }

    private mutating func item(_ value: JSONValue, _ path: [String], _ indent: Int) {
        write("-")
        if refer(to: value, path) { return }
        if case .object(let inner) = value, !inner.isEmpty, !isFlow(value) {
            write(" ")
            block(inner, path, indent: indent + 2, isInline: true)
        } else {
            write(" ")
            flow(value, path, depth: 0)
        }
    }

    private func isLiteral(_ text: String) -> Bool {
        text.contains("\n") && !text.hasPrefix(" ") && !text.hasPrefix("\n") && !text.hasSuffix("\n")
    }

    private mutating func literal(_ text: String, _ path: [String], _ indent: Int) {
        write(" ")
        let start = out.bytes.count
        write("|-")
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            newline()
            if !part.isEmpty { write(String(repeating: " ", count: indent + style.step) + part) }
        }
        note(path, value: start..<out.bytes.count)
        endsLiteral = true
    }

    // MARK: Anchors

    private func holdsTarget(_ path: [String]) -> Bool { targets.contains { $0.starts(with: path) } }

    private mutating func mark(_ value: JSONValue, _ path: [String]) {
        guard style.anchors > 0, !holdsTarget(path), dice.oneIn(style.anchors) else { return }
        switch value {
        case .object(let members) where !members.isEmpty:
            marks += 1
            let name = "m\(marks)"
            maps.append((name, members))
            anchors[value.canonicalText] = name
            write(" &\(name)")
        case .string(let text) where !text.contains("\n"):
            marks += 1
            let name = "s-\(marks)"
            anchors[value.canonicalText] = name
            write(" &\(name)")
        default: break
        }
    }

    private mutating func refer(to value: JSONValue, _ path: [String]) -> Bool {
        guard style.anchors > 0, !holdsTarget(path), let name = anchors[value.canonicalText], dice.oneIn(2) else {
            return false
        }
        write(" *\(name)")
        return true
    }

    /// A marked mapping that this one repeats and adds to.
    private mutating func mergeable(_ members: JSONObject, _ path: [String]) -> (name: String, members: JSONObject)? {
        guard style.merges > 0, !holdsTarget(path), dice.oneIn(style.merges) else { return nil }
        return maps.first { map in
            map.members.count < members.count && map.members.allSatisfy { members[$0.key] == $0.value }
        }
    }

    // MARK: Flow style and JSON

    private mutating func isFlow(_ value: JSONValue) -> Bool {
        style.flow > 0 && value.canonicalText.utf8.count < 400 && dice.oneIn(style.flow)
    }

    private mutating func flow(_ value: JSONValue, _ path: [String], depth: Int) {
        switch value {
        case .object(let members): flowObject(members, path, depth)
        case .array(let items):
            let start = out.bytes.count
            write("[")
            for (index, item) in items.enumerated() {
                if index > 0 { write(dice.pick(",", ", ")) }
                flow(item, path + [String(index)], depth: depth + 1)
            }
            write("]")
            note(path, value: start..<out.bytes.count)
        default: note(path, value: scalar(value, inFlow: true, isKey: false))
        }
    }

    private mutating func flowObject(_ members: JSONObject, _ path: [String], _ depth: Int) {
        let start = out.bytes.count
        let isTall = style.isJSON && depth < 3 && !members.isEmpty
        write("{")
        var entries = members.map { ($0.key, $0.value, path + [$0.key]) }
        if let doubled, Array(doubled.dropLast()) == path, let name = doubled.last, let value = members[name] {
            entries.append((name, value, doubled + ["#2"]))
        }
        for (index, (name, value, path)) in entries.enumerated() {
            if index > 0 { write(dice.pick(",", ", ")) }
            if isTall {
                newline()
                write(String(repeating: dice.oneIn(9) && style.isJSON ? "\t" : "  ", count: depth + 1))
            }
            note(path, key: scalar(.string(name), inFlow: true, isKey: true))
            write(style.isJSON ? dice.pick(":", ": ", " : ") : ": ")
            flow(value, path, depth: depth + 1)
        }
        if isTall { newline() }
        write("}")
        note(path, value: start..<out.bytes.count)
    }

    // MARK: Scalars

    private mutating func scalar(_ value: JSONValue, inFlow: Bool, isKey: Bool) -> Range<Int> {
        let start = out.bytes.count
        guard case .string(let text) = value else {
            write(value.text)
            return start..<out.bytes.count
        }
        let wantsQuotes = style.isJSON || (style.quotes > 0 && dice.oneIn(style.quotes))
        if !wantsQuotes, Self.isPlain(text) {
            write(text)
        } else if !style.isJSON, dice.oneIn(2), !text.contains("\n") {
            write("'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'")
        } else {
            write(doubleQuoted(text))
        }
        return start..<out.bytes.count
    }

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.last != UInt8(ascii: ":") else { return false }
        func isWord(_ byte: UInt8) -> Bool {
            byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x5F || byte == 0x2F || byte == 0x2E
        }
        guard isWord(first), text.utf8.allSatisfy({ isWord($0) || ":@-+%".utf8.contains($0) }) else { return false }
        return CoreScalar(plain: text) == .string(text) && text != "---" && text != "..."
    }

    private mutating func doubleQuoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            default:
                if scalar.value < 0x10000, scalar.value > 0x20, dice.oneIn(40) {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    quoted.unicodeScalars.append(scalar)
                }
            }
        }
        return quoted + "\""
    }
}
