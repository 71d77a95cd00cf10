import ImflowDiagnostics
import ImflowSyntax

/// Why a text that can be read keeps its layout.
struct FormatProblem: Error {
    /// A clause about the place: `a key behind `?` has no other layout`.
    var message: String
    var span: Span
}

/// Makes a ``FormatDocument`` of a tree that was read to its end: every comment, anchor and tag goes to the entry that
/// it stands at.
struct FormatTreeBuilder {
    private let tree: SyntaxTree
    private let source: Source
    private let comments: [Trivia.Comment]
    private let properties: [Trivia.Property]
    private let trivia: Trivia
    private var nextComment = 0
    private var nextProperty = 0
    /// Names of the anchors, without `&`, by the node that they mark.
    private(set) var anchors: [Int: [UInt8]] = [:]

    init(_ tree: SyntaxTree) throws(FormatProblem) {
        self.tree = tree
        source = tree.source
        trivia = Trivia(tree)
        comments = trivia.comments
        properties = trivia.properties
        if let offset = trivia.explicitKey {
            throw FormatProblem(message: "a key behind `?` has no other layout", span: span(offset..<offset + 1))
        }
        if let offset = Self.lineSeparator(in: source.bytes) {
            throw FormatProblem(
                message: "a line separator other than the line feed stands here", span: span(offset..<offset))
        }
    }

    mutating func document() throws(FormatProblem) -> FormatDocument {
        var document = FormatDocument(root: FormatNode(content: .mapping([])))
        if let start = trivia.documentStart { document.prelude = try prelude(start) }
        let isFlow = tree.records[0].style == .flow
        let above = isFlow ? takeComments(before: Int(tree.records[0].start)) : []
        document.root = try node(0, outerColumn: -1, blockColumn: -1)
        document.root.footer += takeComments(before: .max)
        if isFlow {
            document.header = above
            document.isBlankAfterHeader = !above.isEmpty && isBehindBlankLine(Int(tree.records[0].start))
        } else {
            splitHeader(&document)
        }
        return document
    }

    /// NEL, LS and PS end a line for some readers of YAML and not for others.
    private static func lineSeparator(in bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast().first { index in
            switch (bytes[index], bytes[index + 1]) {
            case (0xC2, 0x85): true
            case (0xE2, 0x80): index + 2 < bytes.count && (bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9)
            default: false
            }
        }
    }

    private mutating func prelude(_ start: Int) throws(FormatProblem) -> [[UInt8]] {
        let last = line(start)
        let end = source.lineRange(last).upperBound
        let rest = source.bytes[start + 3..<end].drop(while: Trivia.isBlank)
        guard rest.isEmpty || rest.first == UInt8(ascii: "#") else {
            throw FormatProblem(message: "the text begins in the line of `---`", span: span(start..<start + 3))
        }
        _ = takeComments(before: end)
        return (1...last).map { number in
            let line = source.bytes[source.lineRange(number)]
            return Array(line[..<(line.lastIndex { !Trivia.isBlank($0) }.map { $0 + 1 } ?? line.startIndex)])
        }
    }

    /// The comments at the top stay there, but for those that a blank line parts from them, and those for imflow.
    private func splitHeader(_ document: inout FormatDocument) {
        guard var first = document.root.entries.first, !first.leading.isEmpty else { return }
        var header = first.leading.count
        if !first.isAfterBlankLine {
            if let parted = first.leading.lastIndex(where: \.isAfterBlankLine), parted > 0 {
                header = parted
            } else if let directive = first.leading.firstIndex(where: \.isDirective) {
                header = directive
            }
        }
        document.header = Array(first.leading[..<header])
        document.isBlankAfterHeader =
            header < first.leading.count ? first.leading[header].isAfterBlankLine : first.isAfterBlankLine
        first.leading.removeFirst(header)
        if first.leading.isEmpty { first.isAfterBlankLine = false }
        document.root.entries[0] = first
    }

    // MARK: Nodes

    /// - Parameters:
    ///   - outerColumn: the column of the block collection around this node.
    ///   - blockColumn: the column that block scalars in it count from.
    private mutating func node(_ index: Int, outerColumn: Int, blockColumn: Int) throws(FormatProblem) -> FormatNode {
        let record = tree.records[index]
        let range = Int(record.start)..<Int(record.end)
        let properties = try takeProperties(before: range.lowerBound, of: index)
        var node = FormatNode(content: .mapping([]), properties: properties)
        node.isFlow = record.style == .flow
        node.isOnOneLine = line(range.lowerBound) == line(max(range.lowerBound, range.upperBound - 1))
        switch record.kind {
        case .scalar: node.content = .scalar(scalar(index, blockColumn: blockColumn))
        case .alias: node.content = .alias(Array(source.bytes[range]))
        case .mapping, .sequence:
            let column = node.isFlow ? blockColumn : source.byteColumn(of: range.lowerBound)
            let entries =
                record.kind == .mapping
                ? try members(index, column, node.isFlow) : try items(index, column, node.isFlow)
            node.content = record.kind == .mapping ? .mapping(entries) : .sequence(entries)
            node.footer =
                node.isFlow
                ? takeComments(before: range.upperBound) : takeFooter(index, column, outerColumn: outerColumn)
        case .hole: throw FormatProblem(message: "a value could not be read", span: span(range))
        }
        return node
    }

    private func scalar(_ index: Int, blockColumn: Int) -> FormatScalar {
        let record = tree.records[index]
        var end = Int(record.end)
        if record.style == .literal || record.style == .folded {
            end = blockScalarEnd(end, number: line(Int(record.start)))
        }
        return FormatScalar(
            style: record.style, bytes: Array(source.bytes[Int(record.start)..<end]),
            text: tree.texts[Int(record.payload)], blockColumn: blockColumn)
    }

    /// The tree ends a block scalar before the blanks at its end, which may be a part of its text.
    private func blockScalarEnd(_ end: Int, number header: Int) -> Int {
        let number = line(max(0, end - 1))
        return number == header ? end : max(end, source.lineRange(number).upperBound)
    }

    private mutating func members(
        _ index: Int, _ column: Int, _ isFlow: Bool
    ) throws(FormatProblem) -> [FormatEntry] {
        var entries: [FormatEntry] = []
        var child = index + 1
        while child < Int(tree.records[index].next) {
            let key = tree.records[child]
            let value = Int(key.next)
            guard value < Int(tree.records[index].next) else { break }
            let keyRange = Int(key.start)..<Int(key.end)
            guard key.kind == .scalar, !keyRange.isEmpty, line(keyRange.lowerBound) == line(keyRange.upperBound) else {
                throw FormatProblem(message: "a key that is no word has no other layout", span: span(keyRange))
            }
            let leading = takeComments(before: keyRange.lowerBound)
            let blank = isBehindBlankLine(keyRange.lowerBound)
            let properties = try takeProperties(before: keyRange.lowerBound, of: child)
            var entry = FormatEntry(
                leading: leading, isAfterBlankLine: blank, key: scalar(child, blockColumn: column),
                keyProperties: properties, value: FormatNode(content: .alias([])),
                nodes: child..<Int(tree.records[value].next))
            try read(value, into: &entry, headLine: line(keyRange.upperBound), column, isFlow)
            entries.append(entry)
            child = Int(tree.records[value].next)
        }
        return entries
    }

    private mutating func items(_ index: Int, _ column: Int, _ isFlow: Bool) throws(FormatProblem) -> [FormatEntry] {
        var entries: [FormatEntry] = []
        var child = index + 1
        while child < Int(tree.records[index].next) {
            let start = Int(tree.records[child].start)
            let leading = takeComments(before: start)
            var entry = FormatEntry(
                leading: leading, isAfterBlankLine: isBehindBlankLine(start),
                value: FormatNode(content: .alias([])), nodes: child..<Int(tree.records[child].next))
            try read(child, into: &entry, headLine: line(start), column, isFlow)
            entries.append(entry)
            child = Int(tree.records[child].next)
        }
        return entries
    }

    /// Reads an entry's value and the comments around it.
    private mutating func read(
        _ index: Int, into entry: inout FormatEntry, headLine: Int, _ column: Int, _ isFlow: Bool
    ) throws(FormatProblem) {
        let record = tree.records[index]
        let isBlockCollection = record.style == .block
        var head: Trivia.Comment?
        if let next = peek(), next.start < Int(record.start), next.line == headLine, !next.isOwnLine {
            head = next
            nextComment += 1
        }
        if !isBlockCollection { entry.leading += takeComments(before: Int(record.start)) }
        entry.isValueBelow = line(Int(record.start)) > headLine
        entry.value = try node(index, outerColumn: column, blockColumn: column)
        if isBlockCollection {
            entry.comment = head
            return
        }
        if entry.value.entries.isEmpty {
            entry.leading += entry.value.footer
            entry.value.footer = []
        }
        entry.comment = takeTrailing(after: Int(record.end), isFlow)
        guard let head else { return }
        let isBlockScalar = record.style == .literal || record.style == .folded
        if entry.comment == nil, !isBlockScalar { entry.comment = head } else { entry.leading.append(head) }
    }

    // MARK: Comments and properties

    private func peek() -> Trivia.Comment? { nextComment < comments.count ? comments[nextComment] : nil }

    private mutating func takeComments(before offset: Int) -> [Trivia.Comment] {
        let first = nextComment
        while let comment = peek(), comment.start < offset { nextComment += 1 }
        return Array(comments[first..<nextComment])
    }

    private mutating func takeTrailing(after end: Int, _ isFlow: Bool) -> Trivia.Comment? {
        guard let comment = peek(), !comment.isOwnLine, comment.start >= end,
            source.bytes[end..<comment.start].allSatisfy({ Trivia.isBlank($0) || isFlow && $0 == UInt8(ascii: ",") })
        else { return nil }
        nextComment += 1
        return comment
    }

    /// Comments behind the last entry of a block collection that are indented as its entries are.
    private mutating func takeFooter(_ index: Int, _ column: Int, outerColumn: Int) -> [Trivia.Comment] {
        let following = Int(tree.records[index].next)
        let limit = following < tree.records.count ? Int(tree.records[following].start) : .max
        let least = column > outerColumn ? column : column + 1
        let first = nextComment
        while let comment = peek(), comment.start < limit, comment.isOwnLine, comment.column >= least {
            nextComment += 1
        }
        return Array(comments[first..<nextComment])
    }

    private mutating func takeProperties(before offset: Int, of index: Int) throws(FormatProblem) -> [[UInt8]] {
        let first = nextProperty
        while nextProperty < properties.count, properties[nextProperty].start < offset {
            let property = properties[nextProperty]
            if property.isAnchor { anchors[index] = Array(property.text.dropFirst()) }
            nextProperty += 1
        }
        let taken = properties[first..<nextProperty]
        if taken.count > 2 || taken.count(where: \.isAnchor) > 1 {
            throw FormatProblem(
                message: "anchors and tags of two values stand together",
                span: span(taken[first].start..<taken[first].start + 1))
        }
        return taken.map(\.text)
    }

    private func isBehindBlankLine(_ offset: Int) -> Bool { trivia.isBehindBlankLine(line(offset)) }
    private func line(_ offset: Int) -> Int { source.line(of: offset) }
    private func span(_ range: Range<Int>) -> Span { Span(source, range) }
}
