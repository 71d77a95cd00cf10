import ImflowSyntax

/// Writes a document: two spaces a level, one after `:`, blank lines at most one, flow collections on one line or not
/// at all. Comments that would stand between a `-` and its mapping must have been moved: see ``lifted(_:)``.
struct YAMLLayout {
    /// Columns that a flow collection may reach.
    static let width = 120

    private var out: [UInt8] = []
    private var lineStart = 0
    /// Blank lines right here would belong to a text above.
    private var isBehindKeptBreaks = false

    static func text(of document: FormatDocument) -> [UInt8] {
        var layout = YAMLLayout()
        for line in document.prelude { layout.line(line) }
        for (index, comment) in document.header.enumerated() {
            layout.write(comment, indent: 0, allowsBlank: index > 0)
        }
        let root = document.root
        let needsBlank = document.isBlankAfterHeader || root.entries.first?.leading.isEmpty == false
        if !document.header.isEmpty, needsBlank { layout.line([]) }
        for property in root.properties { layout.line(property) }
        if let flow = FlowText.text(of: root, limit: width) {
            layout.line(flow)
        } else {
            layout.block(root, indent: 0, continuesLine: false)
        }
        layout.footer(root, indent: 0)
        return layout.out
    }

    /// Moves the comments above the first entry of an item up to the item.
    static func lifted(_ node: FormatNode) -> FormatNode {
        var node = node
        var entries = node.entries
        for index in entries.indices {
            entries[index].value = lifted(entries[index].value)
            guard entries[index].key == nil, var first = entries[index].value.entries.first, !first.leading.isEmpty
            else { continue }
            var moved = first.leading
            first.leading = []
            moved[0].isAfterBlankLine = moved[0].isAfterBlankLine || entries[index].isAfterBlankLine
            entries[index].leading += moved
            entries[index].isAfterBlankLine = first.isAfterBlankLine
            first.isAfterBlankLine = false
            entries[index].value.entries[0] = first
        }
        node.entries = entries
        return node
    }

    // MARK: Collections

    /// The entries of a collection; with `continuesLine` the first goes on where the line stands.
    private mutating func block(_ node: FormatNode, indent: Int, continuesLine: Bool) {
        for (index, entry) in node.entries.enumerated() {
            write(entry, indent: indent, isFirst: index == 0, continuesLine: continuesLine && index == 0)
        }
    }

    private mutating func footer(_ node: FormatNode, indent: Int) {
        for (index, comment) in node.footer.enumerated() {
            write(comment, indent: indent, allowsBlank: index > 0 || !out.isEmpty)
        }
    }

    private mutating func write(_ entry: FormatEntry, indent: Int, isFirst: Bool, continuesLine: Bool) {
        let isItem = entry.key == nil
        let flow = flowText(entry, indent: indent)
        let isBlock = entry.value.isCollection && flow == nil
        var leading = entry.leading
        var comment = entry.comment
        if isItem, isBlock, let behind = comment {
            leading.append(behind)
            comment = nil
        }
        if !continuesLine {
            for (index, above) in leading.enumerated() {
                write(above, indent: indent, allowsBlank: !isFirst || index > 0)
            }
            if entry.isAfterBlankLine, !isFirst || !leading.isEmpty { blankLine() }
            pad(indent)
        }
        head(entry)
        for property in entry.value.properties {
            space()
            put(property)
        }
        if !isBlock {
            switch entry.value.content {
            case .alias(let name):
                space()
                put(name)
            case .scalar(let scalar): value(scalar, entry, indent: indent)
            case .mapping, .sequence:
                space()
                put(flow ?? [])
            }
            return end(comment)
        }
        let continues = isItem && entry.value.properties.isEmpty
        if continues { space() } else { end(comment) }
        block(entry.value, indent: indent + 2, continuesLine: continues)
        footer(entry.value, indent: indent + 2)
    }

    private mutating func head(_ entry: FormatEntry) {
        isBehindKeptBreaks = false
        guard let key = entry.key else { return put([UInt8(ascii: "-")]) }
        for property in entry.keyProperties {
            put(property)
            space()
        }
        put(ScalarText.simplified(key, isTagged: entry.keyProperties.contains { $0.first == UInt8(ascii: "!") }))
        put([UInt8(ascii: ":")])
    }

    /// A flow collection as one line; nil when it is none, or has no place in one.
    private func flowText(_ entry: FormatEntry, indent: Int) -> [UInt8]? {
        guard entry.value.isFlow else { return nil }
        // What silences findings of a line must stay in their line.
        let isBound = entry.value.isOnOneLine && entry.comment?.isDirective == true
        let head = entry.key.map { $0.bytes.count + 2 } ?? 2
        let properties = entry.value.properties.reduce(0) { $0 + $1.count + 1 }
        return FlowText.text(of: entry.value, limit: isBound ? .max : Self.width - indent - head - properties)
    }

    // MARK: Scalars

    private mutating func value(_ scalar: FormatScalar, _ entry: FormatEntry, indent: Int) {
        if scalar.bytes.isEmpty { return }
        if scalar.isBlock {
            let text = BlockScalarText(scalar, indent: indent)
            space()
            put(text.header)
            for line in text.lines {
                newLine()
                put(line)
            }
            isBehindKeptBreaks = text.keepsBreaks
            return
        }
        let isTagged = entry.value.properties.contains { $0.first == UInt8(ascii: "!") }
        let lines = ScalarText.lines(scalar, isTagged: isTagged)
        let isLong = lines.count > 1 || out.count - lineStart + 1 + lines[0].count > Self.width
        if entry.isValueBelow, isLong, entry.key != nil {
            newLine()
            pad(indent + 2)
        } else {
            space()
        }
        for (index, line) in lines.enumerated() {
            if index > 0 {
                newLine()
                if !line.isEmpty { pad(indent + 2) }
            }
            put(line)
        }
    }

    // MARK: Lines

    private mutating func write(_ comment: Trivia.Comment, indent: Int, allowsBlank: Bool) {
        if comment.isAfterBlankLine, allowsBlank { blankLine() }
        pad(indent)
        put(comment.text)
        newLine()
        isBehindKeptBreaks = false
    }

    /// Ends a line, with a comment in it: in its own column where the author had set it off.
    private mutating func end(_ comment: Trivia.Comment?) {
        if let comment {
            let column = out.count - lineStart
            put(repeatElement(0x20, count: comment.gap > 1 && !comment.isOwnLine ? max(1, comment.column - column) : 1))
            put(comment.text)
            isBehindKeptBreaks = false
        }
        newLine()
    }

    private mutating func line(_ bytes: [UInt8]) {
        put(bytes)
        newLine()
    }

    private mutating func blankLine() {
        if !isBehindKeptBreaks, !out.isEmpty { newLine() }
    }

    private mutating func newLine() {
        out.append(0x0A)
        lineStart = out.count
    }

    private mutating func space() { out.append(0x20) }
    private mutating func pad(_ count: Int) { put(repeatElement(0x20, count: count)) }
    private mutating func put(_ bytes: some Sequence<UInt8>) { out.append(contentsOf: bytes) }
}
