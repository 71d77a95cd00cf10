package import ImflowDiagnostics
import ImflowSyntax

/// What must hold of every located tree and every finding, whatever the bytes.
package struct TreeSoundness {
    private let source: Source
    /// Where the bytes stop being UTF-8; their count when they all are.
    private let textEnd: Int
    package private(set) var faults: [String] = []

    /// Reads `source` as YAML and as JSON, and compares the two.
    package init(_ source: Source) {
        self.source = source
        textEnd = Self.validPrefix(source.bytes)
        let (yaml, json) = (parseYAML(source), parseJSON(source))
        look(at: yaml, "YAML")
        look(at: json, "JSON")
        if json.diagnostics.isEmpty { compare(yaml, json) }
    }

    /// Whether a place lies in its source, with its ends between characters.
    package static func isExact(_ span: Span) -> Bool {
        let bytes = span.source.bytes
        guard span.range.lowerBound >= 0, span.range.upperBound <= bytes.count else { return false }
        let end = validPrefix(bytes)
        return [span.range.lowerBound, span.range.upperBound].allSatisfy {
            $0 >= end || bytes[$0] & 0xC0 != 0x80
        }
    }

    private static func validPrefix(_ bytes: [UInt8]) -> Int {
        if bytes.allSatisfy({ $0 < 0x80 }) || String(validating: bytes, as: UTF8.self) != nil { return bytes.count }
        var rest = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        var end = 0
        while case .valid(let scalar) = parser.parseScalar(from: &rest) { end += scalar.count }
        return end
    }

    private mutating func look(at result: SyntaxResult, _ language: String) {
        let tree = result.tree
        let found = result.diagnostics + duplicateKeys(in: tree) + mergeKeys(in: tree)
        if !tree.isComplete, result.diagnostics.isEmpty { faults.append("\(language): not complete, and no finding") }
        for diagnostic in found {
            let labels = [diagnostic.primary] + diagnostic.secondary
            let spans = labels.map(\.span) + diagnostic.fixes.flatMap(\.edits).map(\.span)
            for span in spans where !Self.isExact(span) {
                faults.append("\(language): \(diagnostic.code) points at \(span.range) of \(source.bytes.count)")
            }
        }
        if let fault = shapeFault(tree) { faults.append("\(language): \(fault)") }
        guard let root = tree.root else { return }
        _ = root.jsonValue()
        _ = tree.comments(startingWith: "imflow:")
        if language == "YAML" { lookAtTexts(of: tree) }
    }

    /// Every node lies in its parent, behind its elder sibling, and between characters.
    private func shapeFault(_ tree: SyntaxTree) -> String? {
        var open: [(next: Int, end: Int, place: Int)] = []
        for (index, record) in tree.records.enumerated() {
            let (start, end, next) = (Int(record.start), Int(record.end), Int(record.next))
            while let top = open.last, top.next <= index { open.removeLast() }
            guard start >= 0, start <= end, end <= source.bytes.count else { return "node \(index) is outside" }
            for place in [start, end] where place < textEnd && source.bytes[place] & 0xC0 == 0x80 {
                return "node \(index) ends within a character"
            }
            guard next > index, next <= tree.records.count else { return "node \(index) has no subtree" }
            if let parent = open.last {
                guard start >= parent.place, end <= parent.end, next <= parent.next else {
                    return "node \(index) is not in its parent"
                }
                open[open.count - 1].place = end
            } else if index > 0 {
                return "node \(index) is a second root"
            }
            let isCollection = record.kind == .mapping || record.kind == .sequence
            if isCollection { open.append((next, end, start)) }
            if !isCollection, next != index + 1 { return "leaf \(index) has children" }
            if record.kind == .mapping, !hasPairs(tree, index) { return "mapping \(index) has a key without a value" }
        }
        return nil
    }

    private func hasPairs(_ tree: SyntaxTree, _ index: Int) -> Bool {
        var child = index + 1
        var count = 0
        while child < Int(tree.records[index].next) {
            count += 1
            child = Int(tree.records[child].next)
        }
        return count % 2 == 0
    }

    /// Whether a line ends in the bytes. libyaml also ends lines, as YAML 1.1 did, at U+0085, U+2028 and U+2029.
    private static func hasBreak(_ bytes: ArraySlice<UInt8>) -> Bool {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.contains { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) }
    }

    /// A plain scalar on one line says what its bytes say; a quoted one begins and ends with its quote.
    private mutating func lookAtTexts(of tree: SyntaxTree) {
        for (index, record) in tree.records.enumerated() where record.kind == .scalar {
            let bytes = source.bytes[Int(record.start)..<Int(record.end)]
            switch record.style {
            case .plain where !Self.hasBreak(bytes):
                let text = tree.texts[Int(record.payload)]
                if !bytes.elementsEqual(text.utf8) { faults.append("YAML: node \(index) is not its own bytes") }
            case .singleQuoted where bytes.first != 0x27 || bytes.last != 0x27 || bytes.count < 2,
                .doubleQuoted where bytes.first != 0x22 || bytes.last != 0x22 || bytes.count < 2:
                faults.append("YAML: node \(index) has not its quotes")
            case .literal where bytes.first != UInt8(ascii: "|"), .folded where bytes.first != UInt8(ascii: ">"):
                faults.append("YAML: node \(index) does not begin with its mark")
            default: break
            }
        }
    }

    /// JSON is YAML 1.2 but for what ``isBeyondYAML`` lists: then both readers give one tree.
    private mutating func compare(_ yaml: SyntaxResult, _ json: SyntaxResult) {
        if isBeyondYAML { return }
        if let problem = yaml.diagnostics.first {
            faults.append("YAML refuses this JSON: \(problem.headline)")
            return
        }
        guard yaml.tree.records.count == json.tree.records.count else {
            faults.append("YAML and JSON differ: \(yaml.tree.records.count), \(json.tree.records.count) nodes")
            return
        }
        for index in json.tree.records.indices {
            let (one, other) = (yaml.tree.records[index], json.tree.records[index])
            let isSame =
                one.kind == other.kind && one.style == other.style && one.start == other.start && one.end == other.end
                && one.next == other.next
            let (left, right) = (SyntaxNode(tree: yaml.tree, index: index), SyntaxNode(tree: json.tree, index: index))
            if !isSame || left.coreValue != right.coreValue { faults.append("YAML and JSON differ at node \(index)") }
        }
    }

    /// Tabs that indent, keys of more than 1024 characters or over several lines, escaped surrogates and control
    /// characters that JSON lets stand in strings are no YAML. U+2028 and U+2029 end lines in YAML 1.1, as libyaml reads
    /// it, and not in 1.2.
    private var isBeyondYAML: Bool {
        let text = String(decoding: source.bytes, as: UTF8.self)
        return source.bytes.contains(0x09) || source.bytes.contains(0x7F) || source.bytes.count > 1000
            || text.contains("\\ud") || text.contains("\\uD")
            || text.unicodeScalars.contains { (0x80..<0xA0).contains($0.value) || $0.value & 0xFFFE == 0xFFFE }
            || text.unicodeScalars.contains { $0 == "\u{2028}" || $0 == "\u{2029}" }
            || text.unicodeScalars.dropFirst().contains("\u{FEFF}") || hasKeyAcrossLines
    }

    /// YAML wants the `:` on the line of its key.
    private var hasKeyAcrossLines: Bool {
        var isBroken = false
        var inString = false
        var isEscaped = false
        for byte in source.bytes {
            if inString {
                if isEscaped { isEscaped = false } else if byte == 0x5C { isEscaped = true } else if byte == 0x22 {
                    inString = false
                    isBroken = false
                }
            } else if byte == 0x22 {
                inString = true
            } else if byte == 0x0A || byte == 0x0D {
                isBroken = true
            } else if byte == UInt8(ascii: ":"), isBroken {
                return true
            }
        }
        return false
    }
}
