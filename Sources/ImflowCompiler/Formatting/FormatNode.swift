import ImflowSyntax

/// A YAML value with all that was written of it, free of its place.
struct FormatNode {
    enum Content {
        case scalar(FormatScalar)
        /// `*name`
        case alias([UInt8])
        case mapping([FormatEntry])
        case sequence([FormatEntry])
    }

    var content: Content
    /// Anchors and tags, as written.
    var properties: [[UInt8]] = []
    var isFlow = false
    /// Whether it ended in the line that it began in.
    var isOnOneLine = true
    /// Comments behind the last entry.
    var footer: [Trivia.Comment] = []

    /// The members or items; none of a scalar.
    var entries: [FormatEntry] {
        get {
            switch content {
            case .mapping(let entries), .sequence(let entries): entries
            case .scalar, .alias: []
            }
        }
        set {
            switch content {
            case .mapping: content = .mapping(newValue)
            case .sequence: content = .sequence(newValue)
            case .scalar, .alias: break
            }
        }
    }

    var isCollection: Bool {
        switch content {
        case .mapping, .sequence: true
        case .scalar, .alias: false
        }
    }
}

/// A member of a mapping, or an item of a sequence.
struct FormatEntry {
    /// Comments above it.
    var leading: [Trivia.Comment] = []
    /// Whether a blank line stands between it and what is above.
    var isAfterBlankLine = false
    /// Nil for an item.
    var key: FormatScalar?
    var keyProperties: [[UInt8]] = []
    var value: FormatNode
    /// Whether the value began in a line below the key's.
    var isValueBelow = false
    /// The comment in its line: behind `key:` when the value is a block collection, else behind the value.
    var comment: Trivia.Comment?
    /// Its nodes in the tree.
    var nodes: Range<Int>
}

/// A scalar as written.
struct FormatScalar {
    var style: SyntaxTree.Style
    /// The author's bytes; of a block scalar also the blanks that end its last line.
    var bytes: [UInt8]
    /// What it means.
    var text: String
    /// The column that the innermost block collection around it had.
    var blockColumn: Int

    var isBlock: Bool { style == .literal || style == .folded }

    /// The lines of the author's bytes, without their breaks.
    var lines: [[UInt8]] {
        var lines: [[UInt8]] = [[]]
        var previous: UInt8 = 0
        for byte in bytes {
            switch byte {
            case 0x0A where previous == 0x0D: break
            case 0x0A, 0x0D: lines.append([])
            default: lines[lines.count - 1].append(byte)
            }
            previous = byte
        }
        return lines
    }
}

/// A whole YAML text, ready to be laid out.
struct FormatDocument {
    var root: FormatNode
    /// The lines down to `---`, as written.
    var prelude: [[UInt8]] = []
    /// The comments at the top, which stay there.
    var header: [Trivia.Comment] = []
    var isBlankAfterHeader = false
}
